//! What is sent twice is done once: idempotency keys and nonces, one after the other and at the same time.

use std::sync::Arc;

use serde_json::Value;

use crate::ask::Question;
use crate::house::{ALL_ALPHA, House, everywhere};
use crate::message::signed;
use crate::services::Way;
use crate::told::Told;

/// Sends these at the same time, each from a task of its own.
async fn at_once(house: House, questions: Vec<Question>) -> (Arc<House>, Vec<Told>) {
    let house = Arc::new(house);
    let sent = |question: Question| {
        let house = house.clone();
        tokio::spawn(async move { question.ask(&house).await })
    };
    let tasks: Vec<_> = questions.into_iter().map(sent).collect();
    let mut told = Vec::new();
    for task in tasks {
        told.push(task.await.unwrap());
    }
    (house, told)
}

#[tokio::test]
async fn a_key_gives_the_same_answer_again() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = Question::submit(&party, "x").with("idempotency-key", "key-1");
        let first = ask.ask(&house).await;
        first.answered(&house, 201).await;
        let again = ask.ask(&house).await;
        again.answered(&house, 201).await;
        assert_eq!(first.body, again.body);
        assert_ne!(first.request_id(), again.request_id());
        // A structured field's text is the same key.
        let quoted = ask.clone().instead("idempotency-key", "\"key-1\"").ask(&house).await;
        assert_eq!(quoted.answered(&house, 201).await, first.json());
        assert_eq!(house.done().await, 1);
        let other = Question::submit(&party, "y").with("idempotency-key", "key-1");
        other.ask(&house).await.refused(&house, 409, "idempotency-key-reused").await;
        other.instead("idempotency-key", "key-2").ask(&house).await.answered(&house, 201).await;
        assert_eq!(house.done().await, 2);
        // Without a key every call is a call.
        let bare = ask.without("idempotency-key");
        bare.ask(&house).await.answered(&house, 201).await;
        bare.ask(&house).await.answered(&house, 201).await;
        assert_eq!(house.done().await, 4);
    })
    .await;
}

#[tokio::test]
async fn keys_are_each_consumers_and_methods_own() {
    everywhere(async |house| {
        let one = house.party("one", 0, &[ALL_ALPHA]).await;
        let two = house.party("two", 1, &[ALL_ALPHA]).await;
        let ask = |party| Question::submit(party, "x").with("idempotency-key", "key");
        let first = ask(&one).ask(&house).await.answered(&house, 201).await;
        let second = ask(&two).ask(&house).await.answered(&house, 201).await;
        assert_ne!(first, second);
        assert_eq!(house.done().await, 2);
        // Reading keeps nothing.
        let search = Question::search(&one).with("idempotency-key", "key");
        search.ask(&house).await.answered(&house, 200).await;
        let other = Question { body: br#"{"number":"A2"}"#.to_vec(), ..search };
        other.ask(&house).await.answered(&house, 200).await;
    })
    .await;
}

#[tokio::test]
async fn a_refusal_uses_no_key_up() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = Question::submit(&party, "x").with("idempotency-key", "key");
        house.fake.behave(Way::Failing);
        ask.ask(&house).await.refused(&house, 500, "internal").await;
        assert_eq!(house.done().await, 0);
        house.fake.behave(Way::Well);
        ask.ask(&house).await.answered(&house, 201).await;
        // What the owner refuses inside its effect leaves nothing behind either.
        let refused = Question::submit(&party, "refuse").with("idempotency-key", "other");
        refused.ask(&house).await.refused(&house, 409, "replayed-message").await;
        assert_eq!(house.done().await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn duplicates_at_the_same_time_have_one_effect() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = Question::submit(&party, "x").with("idempotency-key", "key");
        let (house, told) = at_once(house, vec![ask; 32]).await;
        let mut answers: Vec<Value> = Vec::new();
        for one in &told {
            answers.push(one.answered(&house, 201).await);
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(house.done().await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_bodies_at_the_same_time_under_one_key_are_one_effect() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = |number: usize| {
            Question::submit(&party, if number.is_multiple_of(2) { "x" } else { "y" }).with("idempotency-key", "key")
        };
        let (house, told) = at_once(house, (0..32).map(ask).collect()).await;
        let accepted = told.iter().filter(|one| one.status == 201).count();
        for one in &told {
            match one.status {
                201 => drop(one.answered(&house, 201).await),
                _ => drop(one.refused(&house, 409, "idempotency-key-reused").await),
            }
        }
        assert_eq!((accepted, house.done().await), (16, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_signed_question_and_its_replays_one_is_accepted() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = signed(&house, Question::submit(&party, "x"), &party.sign);
        let (house, told) = at_once(house, vec![ask.clone(); 32]).await;
        for one in &told {
            match one.status {
                201 => drop(one.answered(&house, 201).await),
                _ => drop(one.refused(&house, 409, "replayed-nonce").await),
            }
        }
        assert_eq!(told.iter().filter(|one| one.status == 201).count(), 1);
        assert_eq!(house.done().await, 1);
        ask.ask(&house).await.refused(&house, 409, "replayed-nonce").await;
    })
    .await;
}
