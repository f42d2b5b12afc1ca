//! Nothing leaves unless it is recorded: the ledger that cannot commit, and what an answer always bears.

use axum::http::header;
use model::{Kind, Refusal};

use crate::ask::Question;
use crate::house::{ALL_ALPHA, everywhere};
use crate::message::signed;
use crate::services::Way;

#[tokio::test]
async fn when_the_ledger_cannot_commit_nothing_leaves() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let size = house.log.head().edge.size();
        house.log.close("the test wants it");
        let questions = [
            Question::search(&party),
            Question::submit(&party, "x").with("idempotency-key", "key"),
            signed(&house, Question::submit(&party, "x"), &party.sign),
            Question::get(&party, "/services"),
            Question::get(&party, "/log/v1/calls/list"),
            Question::get(&party, "/alpha/v1/openapi.json"),
            Question::search(&party).with("prefer", "receipt"),
            Question::submit(&party, "x").with("prefer", "respond-async"),
            // Refusals cannot be recorded either.
            Question::get(&party, "/nowhere"),
            Question::post(&party, "/alpha/v1/records/search", "{"),
        ];
        for question in questions {
            let told = question.ask(&house).await;
            assert!(!told.text().contains("canary") && !told.has("location"), "{}", told.text());
            told.turned_away(503, "ledger-unavailable");
        }
        assert_eq!((house.done().await, house.log.head().edge.size()), (0, size));
        // Who is not known is told so as before.
        Question::search(&party).without("authorization").ask(&house).await.turned_away(401, "token-missing");
    })
    .await;
}

#[tokio::test]
async fn an_owner_that_is_busy_is_told_so_with_a_receipt() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        house.fake.behave(Way::Refusing(Refusal::new(Kind::Unavailable, "overloaded").retry_after(7)));
        let told = Question::search(&party).ask(&house).await;
        told.refused(&house, 503, "overloaded").await;
        assert_eq!(told.header("retry-after"), "7");
    })
    .await;
}

#[tokio::test]
async fn a_failed_effect_is_undone_and_told_without_its_cause() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        house.fake.behave(Way::Failing);
        let told = Question::submit(&party, "x").ask(&house).await;
        told.refused(&house, 500, "internal").await;
        assert!(!told.text().contains("as the test wants it"), "{}", told.text());
        assert_eq!(house.done().await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_answer_bears_what_is_promised() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let told = Question::search(&party).with("traceparent", trace).ask(&house).await;
        let answer = told.answered(&house, 200).await;
        assert_eq!(answer["asker"], "one");
        assert_eq!(told.header("traceparent"), trace);
        assert_eq!(told.header("cache-control"), "no-store");
        assert_eq!(told.request_id().get_version_num(), 7);
        let bad = Question::search(&party).with("traceparent", "x").ask(&house).await;
        assert!(!bad.has("traceparent"));
        // The record names the ground, the treaty and, as pseudonyms only, the people.
        let found = house.records(told.request_id()).await;
        let record = &found[0].0.record;
        assert_eq!((record.ground.as_deref(), record.treaty.as_deref()), (Some("Act 1"), Some("T-one-0")));
        assert_eq!((record.service.as_deref(), record.method.as_deref()), (Some("1.1.1"), Some("records/search")));
        assert_eq!(record.subjects, [house.vault.pseudonym("subject", b"subject-1")]);
        assert!(!serde_json::to_string(record).unwrap().contains("subject-1"));
    })
    .await;
}

#[tokio::test]
async fn problems_are_told_in_the_callers_language() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let mut titles = Vec::new();
        for (accept, lang) in [
            ("en", "en"),
            ("be", "be"),
            ("ru-RU, en;q=0.5", "ru"),
            ("be;q=0.1, ru;q=0.9", "ru"),
            ("fr, be;q=0.2", "be"),
            ("fr", "en"),
            ("*", "en"),
            ("", "en"),
        ] {
            let known = Question::get(&party, "/nowhere").with(header::ACCEPT_LANGUAGE.as_str(), accept);
            let told = known.ask(&house).await;
            let problem = told.refused(&house, 404, "not-found").await;
            assert_eq!(told.header("content-language"), lang, "{accept}");
            titles.push((lang, problem["title"].as_str().unwrap().to_owned()));
            let told = known.without("authorization").ask(&house).await;
            told.turned_away(401, "token-missing");
            assert_eq!(told.header("content-language"), lang, "{accept}");
        }
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), 3, "{titles:?}");
    })
    .await;
}
