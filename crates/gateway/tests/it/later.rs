//! What a caller prefers: an answer to be fetched later, or one that its receipt alone covers.

use jiff::SignedDuration;
use model::access::State;
use model::{Kind, Refusal};
use serde_json::Value;

use crate::ask::Question;
use crate::house::{ALL_ALPHA, House, everywhere};
use crate::message::signed;
use crate::party::{Party, days};
use crate::services::Way;
use crate::told::Told;

/// Asks for the answer until it is there: each time is a commit, so that the worker has its turn.
async fn fetched(house: &House, party: &Party, place: &str) -> Told {
    for _ in 0..10_000 {
        let told = Question::get(party, place).ask(house).await;
        if told.status != 202 {
            return told;
        }
        assert_eq!(told.header("location"), place);
        told.sealed(house, "answered").await;
    }
    panic!("{place} was never answered");
}

/// Where the answer will be.
async fn accepted(house: &House, told: &Told) -> String {
    assert_eq!(told.answered(house, 202).await["location"], told.header("location"));
    assert!(told.has("retry-after"));
    // The log keeps calls by their moment and identifier, and the answer bears the question's identifier.
    house.pass(SignedDuration::from_millis(1));
    told.header("location").to_owned()
}

#[tokio::test]
async fn a_question_is_kept_and_its_answer_fetched() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let place =
            accepted(&house, &Question::submit(&party, "x").with("prefer", "respond-async").ask(&house).await).await;
        assert!(place.starts_with("/queue/"), "{place}");
        // Nobody works yet: it waits.
        let waiting = Question::get(&party, &place).ask(&house).await;
        assert_eq!(accepted(&house, &waiting).await, place);
        assert_eq!(house.done().await, 0);
        let worker = tokio::spawn(gateway::queue::work(house.gateway.clone()));
        let told = fetched(&house, &party, &place).await;
        let answer = told.answered(&house, 201).await;
        assert_eq!(house.done().await, 1);
        assert_eq!(format!("/queue/{}", answer["done"].as_str().unwrap()), place);
        assert_eq!(fetched(&house, &party, &place).await.answered(&house, 201).await, answer, "until its term");
        house.pass(days(1));
        Question::get(&party, &place).ask(&house).await.refused(&house, 404, "queue-gone").await;
        worker.abort();
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_its_askers_only() {
    everywhere(async |house| {
        let one = house.party("one", 0, &[ALL_ALPHA]).await;
        let two = house.party("two", 1, &[ALL_ALPHA]).await;
        let told = Question::search(&one).with("prefer", "wait=1, respond-async; x=1").ask(&house).await;
        let place = accepted(&house, &told).await;
        let worker = tokio::spawn(gateway::queue::work(house.gateway.clone()));
        for question in [Question::get(&two, &place), Question::get(&two, &place).signed_by(&two.sign)] {
            question.ask(&house).await.refused(&house, 404, "queue-unknown").await;
        }
        let answer = fetched(&house, &one, &place).await;
        assert_eq!(answer.answered(&house, 200).await["secret"], "canary");
        Question::get(&two, &place).ask(&house).await.refused(&house, 404, "queue-unknown").await;
        for unknown in ["/queue/", "/queue/x", "/queue/11111111-2222-4333-8444-555555555555"] {
            Question::get(&one, unknown).ask(&house).await.refused(&house, 404, "queue-unknown").await;
        }
        worker.abort();
    })
    .await;
}

#[tokio::test]
async fn what_is_no_question_is_refused_at_once() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let later = |question: Question| question.with("prefer", "respond-async");
        later(Question::post(&party, "/alpha/v1/records/search", "{}"))
            .ask(&house)
            .await
            .refused(&house, 400, "schema")
            .await;
        later(Question::get(&party, "/nowhere")).ask(&house).await.refused(&house, 404, "not-found").await;
        // The gateway's own pages are there at once.
        later(Question::get(&party, "/services")).ask(&house).await.answered(&house, 200).await;
        let ask = signed(&house, later(Question::search(&party)), &party.sign);
        accepted(&house, &ask.ask(&house).await).await;
        ask.ask(&house).await.refused(&house, 409, "replayed-nonce").await;
    })
    .await;
}

#[tokio::test]
async fn a_kept_question_is_answered_by_what_holds_then() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let told = Question::submit(&party, "x").with("prefer", "respond-async").ask(&house).await;
        let place = accepted(&house, &told).await;
        gateway::operator::transition(&house.desk(), "T-one-0", State::SuspendedUnpaid).await.unwrap();
        house.gateway.renew().await.unwrap();
        let worker = tokio::spawn(gateway::queue::work(house.gateway.clone()));
        let told = fetched(&house, &party, &place).await;
        // The fetching itself is answered; what is fetched is the refusal.
        told.problem_of_a_kept_question(&house, 403, "treaty-not-in-force").await;
        assert_eq!(house.done().await, 0);
        worker.abort();
    })
    .await;
}

#[tokio::test]
async fn the_owners_refusal_is_kept_as_the_answer() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        house.fake.behave(Way::Refusing(Refusal::new(Kind::NotFound, "unknown-proceeding")));
        let told = Question::search(&party).with("prefer", "respond-async").ask(&house).await;
        let place = accepted(&house, &told).await;
        let worker = tokio::spawn(gateway::queue::work(house.gateway.clone()));
        let told = fetched(&house, &party, &place).await;
        told.problem_of_a_kept_question(&house, 404, "unknown-proceeding").await;
        worker.abort();
    })
    .await;
}

#[tokio::test]
async fn an_effect_kept_for_later_is_done_once_under_its_key() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = Question::submit(&party, "x").with("idempotency-key", "key").with("prefer", "respond-async");
        let place = accepted(&house, &ask.ask(&house).await).await;
        assert_eq!(accepted(&house, &ask.ask(&house).await).await, place, "the same key, the same answer");
        let other = Question { body: br#"{"what":"y"}"#.to_vec(), ..ask.clone() };
        other.ask(&house).await.refused(&house, 409, "idempotency-key-reused").await;
        let worker = tokio::spawn(gateway::queue::work(house.gateway.clone()));
        let first: Value = fetched(&house, &party, &place).await.answered(&house, 201).await;
        assert_eq!(accepted(&house, &ask.ask(&house).await).await, place);
        assert_eq!(fetched(&house, &party, &place).await.answered(&house, 201).await, first);
        assert_eq!(house.done().await, 1);
        worker.abort();
    })
    .await;
}

#[tokio::test]
async fn a_receipt_alone_covers_the_answer_for_who_prefers_it() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        for (question, status, decision) in [
            (Question::search(&party), 200, "answered"),
            (Question::submit(&party, "x"), 201, "answered"),
            (Question::get(&party, "/nowhere"), 404, "not-found"),
        ] {
            let told = question.with("prefer", "receipt").ask(&house).await;
            assert_eq!(told.status, status, "{}", told.text());
            assert_eq!(told.header("preference-applied"), "receipt");
            for name in ["sign", "certificate", "signature"] {
                assert!(!told.has(name), "{name}");
            }
            told.receipted(&house, decision).await;
        }
    })
    .await;
}
