//! Owners' systems over HTTP: slow, gone, answering garbage; asked again only where that is harmless.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response};
use gateway::Catalogue;
use gateway::forward::Forward;
use jiff::SignedDuration;
use model::terms::Upstream;
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::ask::{Question, SEARCH};
use crate::house::{ALL_ALPHA, House, everywhere};
use crate::message::signed;
use crate::party::Party;
use crate::services::remote;
use crate::told::Told;

/// What the owner's system does with a question.
#[derive(Clone, Debug)]
enum Act {
    Answer(u16, Vec<u8>),
    /// Never answers.
    Hang,
    /// Says that it was asked, and answers well when it may.
    Wait(Arc<Notify>, Arc<Notify>),
    /// Begins an answer and breaks off.
    Break,
}

/// A question as the owner's system gets it.
struct Heard {
    verb: String,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// An owner's system on a free port.
#[derive(Clone)]
struct Owner {
    url: String,
    acts: Arc<Mutex<VecDeque<Act>>>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Owner {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        let owner = Self { url, acts: Arc::default(), heard: Arc::default() };
        let (own, app) = (owner.clone(), Router::new());
        let app = app.fallback(move |request: Request<Body>| own.clone().answer(request));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        owner
    }

    /// Does these next, and answers well after them.
    fn will(&self, acts: impl IntoIterator<Item = Act>) {
        *self.acts.lock().unwrap() = acts.into_iter().collect();
    }

    fn asked(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    async fn answer(self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let target = parts.uri.to_string();
        let heard = Heard { verb: parts.method.to_string(), target, headers: parts.headers, body };
        let number = {
            let mut all = self.heard.lock().unwrap();
            all.push(heard);
            all.len()
        };
        let act = self.acts.lock().unwrap().pop_front();
        if let Some(Act::Wait(asked, may)) = &act {
            asked.notify_one();
            may.notified().await;
        }
        match act {
            None | Some(Act::Wait(..)) => {
                Response::new(Body::from(json!({"number": number, "name": "Вера"}).to_string()))
            }
            Some(Act::Answer(status, body)) => Response::builder().status(status).body(Body::from(body)).unwrap(),
            Some(Act::Hang) => std::future::pending().await,
            Some(Act::Break) => {
                let pieces = [Ok(&b"{\"a\":"[..]), Err(std::io::Error::other("gone"))];
                Response::new(Body::from_stream(futures_util::stream::iter(pieces)))
            }
        }
    }
}

/// The first service answered by the system at this address.
fn offer(house: &House, url: &str, timeout: Duration) {
    let upstream = Upstream { url: url.to_owned(), timeout_ms: 1, attempts: 3 };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let service = remote(url);
    let passport = &service.passport;
    let again = passport.methods.iter().filter(|m| m.idempotent || !m.effect).map(|m| m.path.clone()).collect();
    let forward = Forward::new(Forward::client(tls, timeout).unwrap(), &upstream, again).unwrap();
    house.gateway.offer(Catalogue::new(vec![(service, Arc::new(forward))]));
}

/// Long enough for the slowest machine.
const PATIENT: Duration = Duration::from_secs(30);

async fn settle(house: &House, timeout: Duration) -> (Party, Owner) {
    let owner = Owner::start().await;
    offer(house, &owner.url, timeout);
    (house.party("one", 0, &[ALL_ALPHA]).await, owner)
}

fn fails(status: u16) -> Act {
    Act::Answer(status, b"canary".to_vec())
}

#[tokio::test]
async fn a_question_is_passed_on_without_what_is_ours() {
    everywhere(async |house| {
        let (party, owner) = settle(&house, PATIENT).await;
        let ask = Question::search(&party).with("accept-language", "be").with("cookie", "a=b");
        let told = ask.signed_by(&party.sign).ask(&house).await;
        assert_eq!(told.answered(&house, 200).await["name"], "Вера");
        let list = Question::get(&party, "/alpha/v1/records/list?since=2026-01-01");
        list.ask(&house).await.answered(&house, 200).await;
        let heard = owner.heard.lock().unwrap();
        let (post, get) = (&heard[0], &heard[1]);
        assert_eq!((post.verb.as_str(), post.target.as_str()), ("POST", "/api/records/search"));
        assert_eq!((get.verb.as_str(), get.target.as_str()), ("GET", "/api/records/list?since=2026-01-01"));
        assert_eq!(post.body, SEARCH.as_bytes());
        assert_eq!(post.headers["nais-request-id"], told.request_id().to_string());
        assert_eq!(
            (&post.headers["nais-consumer"], &post.headers["accept-language"]),
            (&"one".parse().unwrap(), &"be".parse().unwrap())
        );
        for ours in ["authorization", "sign", "certificate", "cookie"] {
            assert!(!post.headers.contains_key(ours), "{ours}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_slow_owner_is_504_and_one_that_is_gone_502() {
    everywhere(async |house| {
        let (party, owner) = settle(&house, Duration::from_millis(50)).await;
        owner.will(vec![Act::Hang; 4]);
        let told = Question::submit(&party, "x").ask(&house).await;
        told.refused(&house, 504, "provider-timeout").await;
        assert_eq!((told.header("retry-after"), owner.asked()), ("5", 1));
        Question::search(&party).ask(&house).await.refused(&house, 504, "provider-timeout").await;
        assert_eq!(owner.asked(), 4, "a reading is tried three times");
        // Nobody listens there any more.
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        offer(&house, &format!("http://{gone}"), PATIENT);
        let told = Question::submit(&party, "x").ask(&house).await;
        told.refused(&house, 502, "provider-failed").await;
        assert_eq!(told.header("retry-after"), "5");
    })
    .await;
}

#[tokio::test]
async fn garbage_does_not_pass() {
    everywhere(async |house| {
        let (party, owner) = settle(&house, PATIENT).await;
        let large = [b"\"".as_slice(), &vec![b'x'; 10 * 1024 * 1024], b"\""].concat();
        let garbage = [
            Act::Answer(200, Vec::new()),
            Act::Answer(200, b"<html>canary</html>".to_vec()),
            Act::Answer(200, b"{\"canary\":1,\"canary\":2}".to_vec()),
            Act::Answer(200, b"{\"canary\":\"\xff\"}".to_vec()),
            Act::Answer(201, b"{\"canary\":".to_vec()),
            Act::Answer(200, large),
            Act::Break,
        ];
        for act in garbage {
            let called = format!("{act:.60?}");
            offer(&house, &owner.url, PATIENT); // a fresh circuit breaker
            owner.will([act]);
            let told = Question::submit(&party, "x").ask(&house).await;
            // What breaks off may do so before its head has left.
            let code = if called == "Break" { told.code() } else { "provider-answer-invalid".to_owned() };
            assert!(code.starts_with("provider-"), "{called}");
            told.refused(&house, 502, &code).await;
            assert!(!told.text().contains("canary"), "{called}");
        }
        for (answer, status, code) in [
            (301, 502, "provider-failed"),
            (204, 502, "provider-failed"),
            (401, 502, "provider-failed"),
            (403, 502, "provider-failed"),
            (500, 502, "provider-failed"),
            (503, 502, "provider-failed"),
            (504, 504, "provider-timeout"),
            (400, 400, "provider-refused"),
            (422, 400, "provider-refused"),
            (404, 404, "provider-refused"),
            (409, 409, "provider-refused"),
        ] {
            offer(&house, &owner.url, PATIENT);
            owner.will([Act::Answer(answer, if answer == 204 { Vec::new() } else { b"canary".to_vec() })]);
            let told = Question::submit(&party, "x").ask(&house).await;
            told.refused(&house, status, code).await;
            assert!(!told.text().contains("canary"), "{answer}");
        }
        assert_eq!(owner.asked(), 18, "a write is never tried again by itself");
    })
    .await;
}

#[tokio::test]
async fn only_what_is_harmless_is_tried_again() {
    everywhere(async |house| {
        let (party, owner) = settle(&house, PATIENT).await;
        owner.will([fails(500), fails(503)]);
        let told = Question::search(&party).ask(&house).await;
        assert_eq!(told.answered(&house, 200).await["number"], 3);
        owner.will([fails(500)]);
        Question::submit(&party, "x").ask(&house).await.refused(&house, 502, "provider-failed").await;
        assert_eq!(owner.asked(), 4);
        // A write that the passport calls idempotent may.
        owner.will([fails(500), fails(500)]);
        let put = Question::post(&party, "/alpha/v1/records/put", r#"{"what":"x"}"#);
        put.clone().ask(&house).await.answered(&house, 200).await;
        assert_eq!(owner.asked(), 7);
        owner.will([fails(500)]);
        put.with("idempotency-key", "k-1").ask(&house).await.answered(&house, 200).await;
        let keys: Vec<_> =
            owner.heard.lock().unwrap()[4..].iter().map(|one| one.headers["idempotency-key"].clone()).collect();
        assert!(keys[0] == keys[1] && keys[1] == keys[2] && keys[3] == keys[4] && keys[2] != keys[3], "{keys:?}");
        assert_eq!(owner.asked(), 9);
        // What the owner understood and refused is not asked again.
        owner.will([fails(404)]);
        Question::search(&party).ask(&house).await.refused(&house, 404, "provider-refused").await;
        assert_eq!(owner.asked(), 10);
        owner.will([fails(500), fails(500), fails(500)]);
        Question::search(&party).ask(&house).await.refused(&house, 502, "provider-failed").await;
        assert_eq!(owner.asked(), 13);
    })
    .await;
}

#[tokio::test]
async fn a_failing_owner_is_left_alone() {
    everywhere(async |house| {
        let (party, owner) = settle(&house, PATIENT).await;
        owner.will((0..5).map(|_| fails(500)));
        for _ in 0..5 {
            Question::submit(&party, "x").ask(&house).await.refused(&house, 502, "provider-failed").await;
        }
        let told = Question::search(&party).ask(&house).await;
        told.refused(&house, 502, "provider-unavailable").await;
        assert_eq!((told.header("retry-after"), owner.asked()), ("10", 5));
        let catalogue = house.gateway.catalogue();
        assert!(catalogue.providers().all(|(_, provider)| !provider.ready()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_reaches_the_owner_once() {
    everywhere(async |house| {
        let (party, owner) = settle(&house, PATIENT).await;
        let keyed = Question::submit(&party, "x").with("idempotency-key", "key");
        let first = keyed.ask(&house).await.answered(&house, 200).await;
        assert_eq!(keyed.ask(&house).await.answered(&house, 200).await, first);
        let other = Question { body: br#"{"what":"y"}"#.to_vec(), ..keyed };
        other.ask(&house).await.refused(&house, 409, "idempotency-key-reused").await;
        assert_eq!(owner.asked(), 1);
        let ask = signed(&house, Question::submit(&party, "x"), &party.sign);
        let house = Arc::new(house);
        let sent = |_| {
            let (house, ask) = (house.clone(), ask.clone());
            tokio::spawn(async move { ask.ask(&house).await })
        };
        let tasks: Vec<_> = (0..32).map(sent).collect();
        let mut accepted = 0;
        for task in tasks {
            let told = task.await.unwrap();
            accepted += usize::from(told.status == 200);
            match told.status {
                200 => drop(told.answered(&house, 200).await),
                _ => drop(told.refused(&house, 409, "replayed-nonce").await),
            }
        }
        assert_eq!((accepted, owner.asked()), (1, 2));
    })
    .await;
}

/// Asks in a task of its own, until the owner has the question; it answers when it may.
async fn under_way(house: &Arc<House>, owner: &Owner, question: &Question) -> (JoinHandle<Told>, Arc<Notify>) {
    let (asked, may) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    owner.will([Act::Wait(asked.clone(), may.clone())]);
    let (house, question) = (house.clone(), question.clone());
    let task = tokio::spawn(async move { question.ask(&house).await });
    asked.notified().await;
    (task, may)
}

#[tokio::test]
async fn a_key_in_hand_is_not_asked_again() {
    everywhere(async |house| {
        let (party, owner) = settle(&house, PATIENT).await;
        let house = Arc::new(house);
        let keyed = Question::submit(&party, "x").with("idempotency-key", "key");
        let (first, may) = under_way(&house, &owner, &keyed).await;
        keyed.ask(&house).await.refused(&house, 409, "idempotency-key-in-use").await;
        let other = Question { body: br#"{"what":"y"}"#.to_vec(), ..keyed.clone() };
        other.ask(&house).await.refused(&house, 409, "idempotency-key-reused").await;
        may.notify_one();
        let answer = first.await.unwrap().answered(&house, 200).await;
        assert_eq!(keyed.ask(&house).await.answered(&house, 200).await, answer);
        assert_eq!(owner.asked(), 1);
        // A failure gives the key back.
        let failing = keyed.instead("idempotency-key", "failing");
        owner.will([fails(500)]);
        failing.ask(&house).await.refused(&house, 502, "provider-failed").await;
        failing.ask(&house).await.answered(&house, 200).await;
        assert_eq!(owner.asked(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_key_whose_question_was_lost_is_free_after_a_while() {
    everywhere(async |house| {
        let (party, owner) = settle(&house, PATIENT).await;
        let house = Arc::new(house);
        let keyed = Question::submit(&party, "x").with("idempotency-key", "key");
        let (first, _) = under_way(&house, &owner, &keyed).await;
        first.abort();
        assert!(first.await.is_err_and(|ended| ended.is_cancelled()));
        house.pass(SignedDuration::from_secs(119));
        keyed.ask(&house).await.refused(&house, 409, "idempotency-key-in-use").await;
        house.pass(SignedDuration::from_secs(1));
        let answer = keyed.ask(&house).await.answered(&house, 200).await;
        assert_eq!(keyed.ask(&house).await.answered(&house, 200).await, answer);
        assert_eq!(owner.asked(), 2);
    })
    .await;
}
