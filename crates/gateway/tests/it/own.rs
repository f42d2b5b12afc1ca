//! The gateway's own pages: what one may call, one's calls, descriptions, one's entries in the ledger.

use jiff::SignedDuration;
use ledger::Evidence;
use model::access::State;
use serde_json::{Value, json};

use crate::ask::Question;
use crate::house::{ALL_ALPHA, ALL_BETA, House, everywhere};
use crate::party::{Party, days};
use crate::services::{ALPHA, BETA};

async fn get(house: &House, party: &Party, target: &str) -> Value {
    Question::get(party, target).ask(house).await.answered(house, 200).await
}

#[tokio::test]
async fn services_are_those_that_may_be_called_now() {
    everywhere(async |house| {
        let one = house.party("one", 0, &[(ALPHA, &["records/search", "records/list"], &["*"], 60), ALL_BETA]).await;
        let two = house.party("two", 1, &[(BETA, &["records/list"], &["*"], 5)]).await;
        let nobody = house.stranger("nobody", 2, &["reader"]).await;
        let alpha = json!({"code": ALPHA, "context": "alpha/v1", "methods": ["POST records/search", "GET records/list"],
            "quota": 60});
        let beta = |methods: Value, quota: u32| json!({"code": BETA, "context": "beta/v1", "methods": methods, "quota": quota});
        let all = beta(json!(["POST records/search", "GET records/list"]), 10_000);
        assert_eq!(get(&house, &one, "/services").await, json!({"services": [alpha, all]}));
        assert_eq!(get(&house, &two, "/services").await, json!({"services": [beta(json!(["GET records/list"]), 5)]}));
        assert_eq!(get(&house, &nobody, "/services").await, json!({"services": []}));
        gateway::operator::transition(&house.desk(), "T-one-0", State::SuspendedUnpaid).await.unwrap();
        house.gateway.renew().await.unwrap();
        assert_eq!(get(&house, &one, "/services").await, json!({"services": [all]}));
        Question::get(&one, "/services").without("authorization").ask(&house).await.turned_away(401, "token-missing");
    })
    .await;
}

#[tokio::test]
async fn a_service_is_described_in_the_callers_language() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let described = get(&house, &party, "/alpha/v1/openapi.json").await;
        assert_eq!(described["openapi"], "3.1.0");
        assert_eq!(described["servers"][0]["url"], "https://gateway.example:8247");
        let paths: Vec<&String> = described["paths"].as_object().unwrap().keys().collect();
        assert_eq!(paths.len(), 4, "{paths:?}");
        let search = &described["paths"]["/alpha/v1/records/search"]["post"];
        let schema = &search["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(schema["required"], json!(["number"]));
        let list = &described["paths"]["/alpha/v1/records/list"]["get"];
        assert_eq!((&list["parameters"][0]["name"], &list["parameters"][0]["in"]), (&json!("since"), &json!("query")));
        for (lang, title) in [("be", "Запісы"), ("ru", "Записи"), ("en", "Records")] {
            let ask = Question::get(&party, "/alpha/v1/openapi.json").with("accept-language", lang);
            let described = ask.ask(&house).await.answered(&house, 200).await;
            assert!(described["info"]["title"].as_str().unwrap().contains(title), "{lang}");
        }
        // A description is no data: whoever holds a token may read it before there is a treaty; nobody else may.
        let nobody = house.stranger("nobody", 1, &[]).await;
        get(&house, &nobody, "/beta/v1/openapi.json").await;
        let ask = Question::get(&nobody, "/alpha/v1/openapi.json");
        ask.clone().without("authorization").ask(&house).await.turned_away(401, "token-missing");
        ask.by_peer(&party.tls).ask(&house).await.turned_away(401, "token-certificate-mismatch");
    })
    .await;
}

fn ids(page: &Value) -> Vec<&str> {
    page["calls"].as_array().unwrap().iter().map(|call| call["request_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_consumer_sees_its_own_calls_newest_first() {
    everywhere(async |house| {
        let one = house.party("one", 0, &[ALL_ALPHA]).await;
        let two = house.party("two", 1, &[ALL_ALPHA]).await;
        let mut made = Vec::new();
        for (question, status, code) in [
            (Question::search(&one), 200, ""),
            (Question::search(&two), 200, ""),
            (Question::post(&one, "/alpha/v1/records/search", "{}"), 400, "schema"),
            (Question::get(&one, "/nowhere"), 404, "not-found"),
            (Question::submit(&one, "x"), 201, ""),
        ] {
            let told = question.ask(&house).await;
            assert_eq!(told.status, status, "{}", told.text());
            if question.header("authorization").ends_with(&one.token) {
                made.insert(0, (told.request_id().to_string(), status, code));
            }
            house.pass(SignedDuration::from_secs(1));
        }
        Question::search(&one).without("authorization").ask(&house).await.turned_away(401, "token-missing");
        let page = get(&house, &one, "/log/v1/calls/list").await;
        let calls = page["calls"].as_array().unwrap();
        assert_eq!(calls.len(), made.len(), "{page}");
        for (call, (id, status, code)) in calls.iter().zip(&made) {
            assert_eq!(
                (call["request_id"].as_str(), call["status"].as_u64()),
                (Some(id.as_str()), Some(u64::from(*status)))
            );
            assert_eq!(call["code"], *code);
        }
        assert_eq!((&calls[0]["service"], &calls[0]["method"]), (&json!(ALPHA), &json!("records/submit")));
        assert_eq!((&calls[3]["time"], calls[3]["ms"].is_u64()), (&json!("2026-07-01T06:00:00Z"), true));
        assert_eq!(page.get("cursor"), None);
        assert_eq!(ids(&get(&house, &two, "/log/v1/calls/list").await).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn calls_are_chosen_and_paged() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let mut made = Vec::new();
        for number in 0..7 {
            // Some in the same microsecond.
            let told = if number == 4 { Question::get(&party, "/x") } else { Question::search(&party) };
            made.push(told.ask(&house).await.request_id().to_string());
            house.pass(days(i64::from(number % 2)));
        }
        let list = async |query: &str| get(&house, &party, &format!("/log/v1/calls/list?{query}")).await;
        let (mut seen, mut query) = (Vec::new(), "to=2026-07-31&limit=2&service=1.1.1".to_owned());
        loop {
            let page = list(&query).await;
            assert!(ids(&page).len() <= 2);
            seen.extend(ids(&page).into_iter().map(str::to_owned));
            let Some(cursor) = page["cursor"].as_str() else { break };
            query = format!("to=2026-07-31&limit=2&service=1.1.1&cursor={cursor}");
        }
        let lost = made.remove(4);
        let mut sorted = seen.clone();
        sorted.sort();
        made.sort();
        assert_eq!(sorted, made);
        assert_eq!(ids(&list("status=404").await), [lost.as_str()]);
        assert_eq!(ids(&list("from=2026-07-02&to=2026-07-02&service=1.1.1").await).len(), 2);
        assert_eq!(ids(&list("from=2026-07-02T06:00:00Z&to=2026-07-02T06:00:00Z&service=1.1.1").await).len(), 2);
        assert_eq!(ids(&list("from=2027-01-01").await).len(), 0);
        for (query, code) in [
            ("from=yesterday", "query-malformed"),
            ("status=ok", "query-malformed"),
            ("limit=0", "query-malformed"),
            ("limit=1001", "query-malformed"),
            ("service=%00", "query-malformed"),
            ("cursor=x", "cursor-malformed"),
            ("consumer=two", "query-unknown"),
        ] {
            let told = Question::get(&party, &format!("/log/v1/calls/list?{query}")).ask(&house).await;
            told.refused(&house, 400, code).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_entry_is_for_the_consumer_the_owner_and_an_auditor() {
    everywhere(async |house| {
        let one = house.party("one", 0, &[ALL_ALPHA]).await;
        let two = house.party("two", 1, &[ALL_ALPHA]).await;
        let owner = house.stranger("alpha-owner", 2, &[]).await;
        let other = house.stranger("beta-owner", 3, &[]).await;
        let auditor = house.stranger("auditor", 4, &["auditor"]).await;
        let told = Question::search(&one).ask(&house).await;
        let place = format!("/ledger/v1/entries/{}", told.request_id());
        for party in [&one, &owner, &auditor] {
            let entry = get(&house, party, &place).await;
            let evidence = Evidence::read(entry.to_string().as_bytes()).unwrap();
            let receipt = told.header("nais-receipt").as_bytes();
            ledger::verify_receipt(receipt, &evidence, house.log.vkey(), &[], house.now()).unwrap();
            assert_eq!(entry["record"]["consumer"], "one");
        }
        for party in [&two, &other] {
            Question::get(party, &place).ask(&house).await.refused(&house, 404, "unknown-entry").await;
        }
        for id in ["x", "", "11111111-2222-4333-8444-555555555555"] {
            let ask = Question::get(&one, &format!("/ledger/v1/entries/{id}"));
            ask.ask(&house).await.refused(&house, 404, "unknown-entry").await;
        }
    })
    .await;
}
