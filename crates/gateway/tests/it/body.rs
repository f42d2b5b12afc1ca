//! Bodies, paths and verbs: what is not exactly what a method takes is refused, with the place of the fault.

use axum::body::{Body, Bytes};
use serde_json::{Value, json};

use crate::ask::{Question, SEARCH};
use crate::house::{ALL_ALPHA, ALL_BETA, everywhere};
use crate::told::Told;

/// Pointers and codes of the faults told.
fn faults(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_body_has_a_limit() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let path = "/alpha/v1/records/short";
        let padded = |bytes: usize| format!("{}{SEARCH}", " ".repeat(bytes - SEARCH.len()));
        Question::post(&party, path, &padded(64)).ask(&house).await.answered(&house, 200).await;
        // Of what was not read there is no digest, so the answer names that of nothing.
        let nothing = |ask: &Question| Question { body: Vec::new(), ..ask.clone() };
        let large = Question::post(&party, path, &padded(65));
        let told = nothing(&large).ask_with(&house, Body::from(padded(65))).await;
        told.refused(&house, 413, "body-too-large").await;
        // In pieces, of unknown length.
        let pieces = (0..3).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 30])));
        let stream = Body::from_stream(futures_util::stream::iter(pieces));
        nothing(&large).ask_with(&house, stream).await.refused(&house, 413, "body-too-large").await;
        // A path that nobody has takes little.
        let lost = Question::post(&party, "/nowhere", "");
        let told = lost.ask_with(&house, Body::from(vec![b' '; 70_000])).await;
        told.refused(&house, 413, "body-too-large").await;
        // A body that breaks off.
        let broken = [Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))];
        let stream = Body::from_stream(futures_util::stream::iter(broken));
        nothing(&large).ask_with(&house, stream).await.refused(&house, 400, "body-broken").await;
        assert_eq!(house.fake.asked(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_body_has_its_type() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = Question::search(&party);
        for taken in ["application/json", "Application/JSON; charset=utf-8", "application/json ;x=y"] {
            ask.clone().instead("content-type", taken).ask(&house).await.answered(&house, 200).await;
        }
        for other in ["text/plain", "application/json+x", "application/xml", "", "json", "application/json, text/plain"]
        {
            let told = ask.clone().instead("content-type", other).ask(&house).await;
            told.refused(&house, 415, "media-type").await;
        }
        ask.clone().without("content-type").ask(&house).await.refused(&house, 415, "media-type").await;
        let twice = ask.with("content-type", "application/json");
        twice.ask(&house).await.refused(&house, 415, "media-type").await;
        assert_eq!(house.fake.asked(), 3);
    })
    .await;
}

#[tokio::test]
async fn json_is_read_strictly() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = |body: &[u8]| {
            let question = Question::search(&party);
            Question { body: body.to_vec(), ..question }
        };
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let cases: Vec<(Vec<u8>, &str)> = vec![
            (b"{".to_vec(), "body-malformed"),
            (b"{}{}".to_vec(), "body-malformed"),
            (b"{\"number\":\"A1\",}".to_vec(), "body-malformed"),
            (b"{'number':'A1'}".to_vec(), "body-malformed"),
            (b"{\"number\":NaN}".to_vec(), "body-malformed"),
            (b"{\"number\":1e999}".to_vec(), "body-malformed"),
            (b"{\"number\":\"\\ud800\"}".to_vec(), "body-malformed"),
            (b"{\"number\":\"a\nb\"}".to_vec(), "body-malformed"),
            (b"<a/>".to_vec(), "body-malformed"),
            (b" ".to_vec(), "body-malformed"),
            (b"{\"number\":\"\xff\"}".to_vec(), "body-not-utf8"),
            (b"\xef\xbb\xbf{\"number\":\"A1\"}".to_vec(), "body-not-utf8"),
            ("\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect(), "body-not-utf8"),
            (b"{\"number\":\"A1\",\"number\":\"A2\"}".to_vec(), "body-duplicate-member"),
            (b"{\"number\":\"A1\",\"numb\\u0065r\":\"A2\"}".to_vec(), "body-duplicate-member"),
            (b"{\"number\":\"A1\",\"x\":[{\"a\":1,\"a\":1}]}".to_vec(), "body-duplicate-member"),
            (deep(65).into_bytes(), "body-too-deep"),
            (deep(20_000).into_bytes(), "body-too-deep"),
        ];
        for (body, code) in cases {
            let told = ask(&body).ask(&house).await;
            assert_eq!(told.code(), code, "{}", String::from_utf8_lossy(&body[..body.len().min(60)]));
            let problem = told.refused(&house, 400, code).await;
            assert_eq!(faults(&problem).len(), 1, "{problem}");
        }
        let problem = ask(b"{\"a\":[0,{\"b\":1,\"b\":1}]}").ask(&house).await;
        let problem = problem.refused(&house, 400, "body-duplicate-member").await;
        assert_eq!(problem["errors"][0]["pointer"], "/a/1/b", "{problem}");
        ask(b"").ask(&house).await.refused(&house, 400, "body-missing").await;
        // As deep as may be it is JSON, only not what the schema wants.
        ask(deep(64).as_bytes()).ask(&house).await.refused(&house, 400, "schema").await;
        assert_eq!(house.fake.asked(), 0);
    })
    .await;
}

#[tokio::test]
async fn faults_against_the_schema_are_placed() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let cases = [
            (json!({}), vec![("/number", "06")]),
            (json!({"number": "A1", "nope": 1}), vec![("/nope", "02")]),
            (json!({"number": "A1", "a/b~c": 1}), vec![("/a~1b~0c", "02")]),
            (json!({"number": 1}), vec![("/number", "02")]),
            (json!({"number": "A1", "limit": 0}), vec![("/limit", "02")]),
            (
                json!({"number": "A1", "within": [{"day": "2026-01-01"}, {"day": "2026-02-30"}]}),
                vec![("/within/1/day", "02")],
            ),
            (json!({"number": "A1", "within": [{"x": 1}]}), vec![("/within/0/x", "02")]),
            (json!([]), vec![("", "02")]),
            (json!("text"), vec![("", "02")]),
            (Value::Null, vec![("", "02")]),
        ];
        for (body, expected) in cases {
            let told = Question::post(&party, "/alpha/v1/records/search", &body.to_string()).ask(&house).await;
            let problem = told.refused(&house, 400, "schema").await;
            let found: Vec<_> = faults(&problem).into_iter().map(|(pointer, _)| pointer).collect();
            let wanted: Vec<_> = expected.iter().map(|(pointer, _)| *pointer).collect();
            assert_eq!(found, wanted, "{problem}");
        }
        let many = json!({"number": "", "limit": 101, "x": 1});
        let told = Question::post(&party, "/alpha/v1/records/search", &many.to_string()).ask(&house).await;
        let problem = told.refused(&house, 400, "schema").await;
        assert_eq!(faults(&problem).len(), 3, "{problem}");
        assert_eq!(house.fake.asked(), 0);
    })
    .await;
}

#[tokio::test]
async fn parameters_are_checked_like_bodies() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let get = async |query: &str| -> Told {
            Question::get(&party, &format!("/alpha/v1/records/list{query}")).ask(&house).await
        };
        for query in ["", "?", "?since=2026-01-01", "?since=2026%2D01-01", "?&since=2026-01-01&"] {
            get(query).await.answered(&house, 200).await;
        }
        for query in ["?since=x", "?since=", "?since", "?Since=2026-01-01", "?since=2026-01-01&x=1"] {
            let problem = get(query).await.refused(&house, 400, "schema").await;
            assert_eq!(faults(&problem).len(), 1, "{problem}");
        }
        for query in ["?since=%00", "?%00=1", "?since=2026-01-01%00"] {
            get(query).await.refused(&house, 400, "query-malformed").await;
        }
        get("?since=2026-01-01&since=2026-01-01").await.refused(&house, 400, "query-unknown").await;
        assert_eq!(house.fake.asked(), 5);
    })
    .await;
}

#[tokio::test]
async fn paths_and_verbs_are_the_passports() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA, ALL_BETA]).await;
        for (verb, target, allowed) in [
            ("GET", "/alpha/v1/records/search", "POST"),
            ("PUT", "/alpha/v1/records/search", "POST"),
            ("DELETE", "/alpha/v1/records/list", "GET"),
            ("OPTIONS", "/alpha/v1/records/list", "GET"),
            ("POST", "/services", "GET"),
            ("POST", "/alpha/v1/openapi.json", "GET"),
            ("PATCH", "/queue/1", "GET"),
        ] {
            let told = Question::new(&party, verb, target, b"").ask(&house).await;
            assert_eq!(told.header("allow"), allowed);
            told.refused(&house, 405, "verb-not-allowed").await;
        }
        // An answer to HEAD has no body to look at.
        let head = Question::new(&party, "HEAD", "/alpha/v1/records/list", b"").ask(&house).await;
        assert_eq!((head.status, head.header("allow"), head.body.len()), (405, "GET", 0));
        for target in [
            "/",
            "/alpha/v1",
            "/alpha/v1/",
            "/alpha/v2/records/search",
            "/alpha/v1/records/search/",
            "/alpha/v1/records//search",
            "/alpha/v1/records/%73earch",
            "/alpha/v1/../v1/records/search",
            "/Alpha/v1/records/search",
            "/omega/v1/openapi.json",
            "/services/",
            "/log/v1/calls",
        ] {
            Question::get(&party, target).ask(&house).await.refused(&house, 404, "not-found").await;
        }
        assert_eq!(house.fake.asked(), 0);
    })
    .await;
}
