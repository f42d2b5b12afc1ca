//! What the operator granted: treaty, subscription, category, fields, quota. Refusals are recorded and signed.

use jiff::civil::date;
use model::access::{State, Treaty};
use model::{Kind, Mode, Refusal};
use serde_json::json;

use crate::ask::Question;
use crate::house::{ALL_ALPHA, ALL_BETA, House, everywhere};
use crate::party::{Party, days};
use crate::services::{ALPHA, Way};

async fn search(house: &House, party: &Party) -> crate::told::Told {
    Question::search(party).ask(house).await
}

#[tokio::test]
async fn without_a_subscription_nothing_is_answered() {
    everywhere(async |house| {
        let party = house.stranger("one", 0, &["reader", "state-body"]).await;
        let ask = Question::search(&party);
        // Another service's treaty is no ground for this one.
        house.treaty(&party, "T-1", State::Active, &ALL_BETA).await;
        search(&house, &party).await.refused(&house, 403, "no-subscription").await;
        house.treaty(&party, "T-2", State::Active, &(ALPHA, &["records/list"], &["*"], 100)).await;
        search(&house, &party).await.refused(&house, 403, "no-subscription").await;
        Question::get(&party, "/alpha/v1/records/list").ask(&house).await.answered(&house, 200).await;
        house.subscribe("T-2", Mode::System, &(ALPHA, &["records/search"], &["*"], 100)).await;
        ask.ask(&house).await.answered(&house, 200).await;
        gateway::operator::unsubscribe(&house.desk(), "T-2", &model::ServiceCode::parse(ALPHA).unwrap(), Mode::System)
            .await
            .unwrap();
        house.gateway.renew().await.unwrap();
        search(&house, &party).await.refused(&house, 403, "no-subscription").await;
        assert_eq!(house.fake.asked(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_treaty_is_with_the_owner_of_the_data() {
    everywhere(async |house| {
        let party = house.stranger("one", 0, &["reader"]).await;
        let treaty = Treaty {
            number: "T-1".to_owned(),
            consumer: "one".to_owned(),
            owner: "beta-owner".to_owned(),
            valid_from: date(2026, 1, 1),
            valid_to: None,
            identity_to: None,
            state: State::Active,
        };
        house.conclude(&treaty, Mode::System, &ALL_ALPHA).await;
        search(&house, &party).await.refused(&house, 403, "no-treaty").await;
        assert_eq!(house.fake.asked(), 0);
    })
    .await;
}

#[tokio::test]
async fn only_a_treaty_in_force_is_a_ground() {
    everywhere(async |house| {
        for (number, state) in State::ALL.into_iter().enumerate() {
            let party = house.stranger(&format!("c-{number}"), number, &["reader"]).await;
            house.treaty(&party, &format!("T-{number}"), state, &ALL_ALPHA).await;
            let told = search(&house, &party).await;
            if state == State::Active {
                told.answered(&house, 200).await;
            } else {
                let problem = told.refused(&house, 403, "treaty-not-in-force").await;
                assert!(problem["detail"].as_str().unwrap().contains(state.as_str()), "{problem}");
            }
        }
        assert_eq!(house.fake.asked(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_treaty_is_in_force_by_the_days_of_minsk() {
    everywhere(async |house| {
        let party = house.stranger("one", 0, &["reader"]).await;
        let day = |text: &str| text.parse().unwrap();
        let treaty = Treaty {
            number: "T-1".to_owned(),
            consumer: "one".to_owned(),
            owner: "alpha-owner".to_owned(),
            valid_from: day("2026-07-03"),
            valid_to: Some(day("2026-07-03")),
            identity_to: None,
            state: State::Active,
        };
        house.conclude(&treaty, Mode::System, &ALL_ALPHA).await;
        // It is 09:00 of 1 July in Minsk; 15 hours later 2 July begins there.
        search(&house, &party).await.refused(&house, 403, "treaty-not-in-force").await;
        house.pass(jiff::SignedDuration::from_hours(39) - jiff::SignedDuration::from_micros(1));
        search(&house, &party).await.refused(&house, 403, "treaty-not-in-force").await;
        house.pass(jiff::SignedDuration::from_micros(1));
        search(&house, &party).await.answered(&house, 200).await;
        house.pass(days(1) - jiff::SignedDuration::from_micros(1));
        search(&house, &party).await.answered(&house, 200).await;
        house.pass(jiff::SignedDuration::from_micros(1));
        search(&house, &party).await.refused(&house, 403, "treaty-not-in-force").await;
    })
    .await;
}

#[tokio::test]
async fn a_suspended_treaty_stops_the_next_call_and_a_resumed_one_lets_it_pass() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        for state in [State::SuspendedUnpaid, State::Active, State::SuspendedViolation, State::Active] {
            gateway::operator::transition(&house.desk(), "T-one-0", state).await.unwrap();
            house.gateway.renew().await.unwrap();
            let told = search(&house, &party).await;
            match state {
                State::Active => drop(told.answered(&house, 200).await),
                _ => drop(told.refused(&house, 403, "treaty-not-in-force").await),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn recipients_and_modes_are_the_passports() {
    everywhere(async |house| {
        let nobody = house.stranger("nobody", 0, &["bank"]).await;
        house.treaty(&nobody, "T-0", State::Active, &ALL_ALPHA).await;
        let problem = search(&house, &nobody).await.refused(&house, 403, "category-not-served").await;
        assert!(problem["detail"].as_str().unwrap().contains("reader"), "{problem}");
        // A reader that is no state body may not use the mode for state bodies.
        let reader = house.stranger("reader", 1, &["reader"]).await;
        house.treaty(&reader, "T-1", State::Active, &ALL_BETA).await;
        let ask = Question::post(&reader, "/beta/v1/records/search", crate::ask::SEARCH);
        ask.ask(&house).await.refused(&house, 403, "mode-not-open").await;
        // Nor is a subscription of the portal good for systems.
        let portal = house.stranger("portal", 2, &["reader"]).await;
        let treaty = Treaty {
            number: "T-2".to_owned(),
            consumer: "portal".to_owned(),
            owner: "alpha-owner".to_owned(),
            valid_from: date(2026, 1, 1),
            valid_to: None,
            identity_to: None,
            state: State::Active,
        };
        house.conclude(&treaty, Mode::Strong, &ALL_ALPHA).await;
        search(&house, &portal).await.refused(&house, 403, "mode-not-open").await;
        assert_eq!(house.fake.asked(), 0);
    })
    .await;
}

#[tokio::test]
async fn answers_are_cut_to_what_is_granted() {
    everywhere(async |house| {
        let fields: &[&str] = &["name", "address.city"];
        let party = house.party("one", 0, &[(ALPHA, &["records/search"], fields, 100)]).await;
        let told = search(&house, &party).await;
        assert_eq!(told.answered(&house, 200).await, json!({"name": "Вера", "address": {"city": "Мінск"}}));
        // What the passport holds back nobody gets: `*` means all that it permits.
        let all = house.party("two", 1, &[ALL_ALPHA]).await;
        let short = Question::post(&all, "/alpha/v1/records/short", crate::ask::SEARCH).ask(&house).await;
        assert_eq!(short.answered(&house, 200).await, json!({"name": "Вера", "address": {"city": "Мінск"}}));
        let more = house.party("three", 2, &[(ALPHA, &["*"], &["name", "secret"], 100)]).await;
        let short = Question::post(&more, "/alpha/v1/records/short", crate::ask::SEARCH).ask(&house).await;
        let problem = short.refused(&house, 403, "field-not-granted").await;
        assert!(problem["detail"].as_str().unwrap().contains("secret"), "{problem}");
        // What cannot be read cannot be cut, so it does not leave.
        house.fake.behave(Way::Bytes(b"{\"name\":\"canary\""));
        let told = search(&house, &party).await;
        told.refused(&house, 502, "provider-answer-invalid").await;
        assert!(!told.text().contains("canary"));
    })
    .await;
}

#[tokio::test]
async fn quotas_are_counted_by_subscription_and_by_token() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[(ALPHA, &["*"], &["*"], 2), ALL_BETA]).await;
        for _ in 0..2 {
            search(&house, &party).await.answered(&house, 200).await;
        }
        let told = search(&house, &party).await;
        told.refused(&house, 429, "quota-exceeded").await;
        let wait: u32 = told.header("retry-after").parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        // A change elsewhere refills nothing, and the other service goes on.
        house.party("two", 1, &[ALL_ALPHA]).await;
        search(&house, &party).await.refused(&house, 429, "quota-exceeded").await;
        let beta = Question::get(&party, "/beta/v1/records/list").signed_by(&party.sign);
        beta.ask(&house).await.answered(&house, 200).await;
        assert_eq!(house.fake.asked(), 3);

        let few = Party { token: house.token("one", &party.tls, 0, 9, 1).await, ..party };
        Question::get(&few, "/services").ask(&house).await.answered(&house, 200).await;
        let told = Question::get(&few, "/services").ask(&house).await;
        told.refused(&house, 429, "quota-exceeded").await;
        assert!((1..=60).contains(&told.header("retry-after").parse::<u32>().unwrap()));
    })
    .await;
}

#[tokio::test]
async fn a_refusal_of_the_owner_is_told_as_it_is() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        for (kind, code, status) in [
            (Kind::NotFound, "unknown-proceeding", 404),
            (Kind::Forbidden, "message-source-foreign", 403),
            (Kind::Conflict, "replayed-message", 409),
            (Kind::Internal, "internal", 500),
        ] {
            house.fake.behave(Way::Refusing(Refusal::new(kind, code)));
            search(&house, &party).await.refused(&house, status, code).await;
        }
    })
    .await;
}
