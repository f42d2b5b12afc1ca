//! At the door: token and TLS certificate. Nobody is known yet, so a refusal is neither signed nor recorded.

use eds::Algorithm;
use gateway::operator;
use jiff::SignedDuration;

use crate::ask::Question;
use crate::house::{ALL_ALPHA, everywhere};
use crate::party::{Party, Pki, days, term};

#[tokio::test]
async fn a_token_must_be_there_and_known() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = Question::search(&party);
        ask.ask(&house).await.answered(&house, 200).await;
        ask.clone().without("authorization").ask(&house).await.turned_away(401, "token-missing");
        let upper = party.token.to_ascii_uppercase();
        for (value, code) in [
            ("Bearer", "token-missing"),
            ("", "token-missing"),
            ("Basic dXNlcjpwYXNz", "token-missing"),
            (party.token.as_str(), "token-missing"),
            ("Bearer ", "token-unknown"),
            ("Bearer none", "token-unknown"),
            ("Bearer 11111111-2222-4333-8444-555555555555", "token-unknown"),
            (&format!("Bearer {} {}", party.token, party.token), "token-unknown"),
        ] {
            ask.clone().instead("authorization", value).ask(&house).await.turned_away(401, code);
        }
        // A GUID has several spellings, and a scheme has no case (RFC 9110 §11.1).
        for value in [format!("bearer {}", party.token), format!("Bearer {upper}")] {
            ask.clone().instead("authorization", &value).ask(&house).await.answered(&house, 200).await;
        }
        let twice = ask.with("authorization", &format!("Bearer {}", party.token));
        twice.ask(&house).await.turned_away(400, "header-duplicate");
    })
    .await;
}

#[tokio::test]
async fn a_token_has_a_term_and_can_be_taken_back() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let tomorrow = Party { token: house.token("one", &party.tls, 1, 2, 100).await, ..party.clone() };
        Question::search(&tomorrow).ask(&house).await.turned_away(401, "token-expired");
        house.pass(days(1));
        Question::search(&tomorrow).ask(&house).await.answered(&house, 200).await;
        house.pass(days(1) - SignedDuration::from_micros(1));
        Question::search(&tomorrow).ask(&house).await.answered(&house, 200).await;
        house.pass(SignedDuration::from_micros(1));
        Question::search(&tomorrow).ask(&house).await.turned_away(401, "token-expired");

        Question::search(&party).ask(&house).await.answered(&house, 200).await;
        operator::revoke(&house.desk(), &party.token).await.unwrap();
        house.gateway.renew().await.unwrap();
        Question::search(&party).ask(&house).await.turned_away(401, "token-revoked");
    })
    .await;
}

#[tokio::test]
async fn a_token_is_good_with_its_own_certificate_only() {
    everywhere(async |house| {
        let (one, two) = (house.party("one", 0, &[ALL_ALPHA]).await, house.party("two", 1, &[ALL_ALPHA]).await);
        let ask = Question::search(&one);
        ask.clone().by_peer(&two.tls).ask(&house).await.turned_away(401, "token-certificate-mismatch");
        let renewed = house.pki.tls("one", term(-1, 900));
        ask.clone().by_peer(&renewed).ask(&house).await.turned_away(401, "token-certificate-mismatch");
        let without = Question { peer: None, ..ask.clone() };
        without.ask(&house).await.turned_away(401, "certificate-missing");
        let garbage = Question { peer: Some(b"no certificate".to_vec()), ..ask.clone() };
        garbage.ask(&house).await.turned_away(401, "certificate-missing");
        let signature = ask.clone().by_peer(&one.sign.certificate);
        signature.ask(&house).await.turned_away(401, "certificate-wrong-purpose");
        let foreign = Pki::new("Other").tls("one", term(-1, 900));
        ask.by_peer(&foreign).ask(&house).await.turned_away(401, "certificate-untrusted");
    })
    .await;
}

#[tokio::test]
async fn a_bound_certificate_must_hold_itself() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let other = Pki::new("Other");
        let signing = house.pki.signing("one", None, Algorithm::Ed25519, term(-1, 900)).certificate;
        for (tls, code) in [
            (house.pki.tls("late", term(-10, -1)), "certificate-expired"),
            (house.pki.tls("early", term(1, 10)), "certificate-not-yet-valid"),
            (other.tls("foreign", term(-1, 10)), "certificate-untrusted"),
            (signing, "certificate-wrong-purpose"),
        ] {
            let token = house.token("one", &tls, 0, 10, 100).await;
            let bound = Party { token, tls, ..party.clone() };
            Question::search(&bound).ask(&house).await.turned_away(401, code);
        }
        let two = house.party("two", 1, &[ALL_ALPHA]).await;
        Question::search(&two).ask(&house).await.answered(&house, 200).await;
        house.pki.revoke(&two.tls, &house.trust);
        Question::search(&two).ask(&house).await.turned_away(401, "certificate-revoked");
        Question::search(&party).ask(&house).await.answered(&house, 200).await;
    })
    .await;
}

#[tokio::test]
async fn silence_about_revocation_is_no_consent() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        Question::search(&party).ask(&house).await.answered(&house, 200).await;
        house.pass(days(301));
        Question::search(&party).ask(&house).await.turned_away(401, "certificate-status-unknown");
    })
    .await;
}

#[tokio::test]
async fn heads_that_nobody_understands_are_refused_before_anybody_is_asked_for() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = Question::submit(&party, "x");
        let long = "k".repeat(201);
        for key in ["", "\"\"", "a b", &long, "ключ"] {
            let told = ask.clone().with("idempotency-key", key).ask(&house).await;
            let code = if key == "ключ" { "header-malformed" } else { "idempotency-key-malformed" };
            told.turned_away(400, code);
        }
        let twice = ask.clone().with("idempotency-key", "a").with("idempotency-key", "a");
        twice.ask(&house).await.turned_away(400, "header-duplicate");
        ask.with("prefer", "квитанция").ask(&house).await.turned_away(400, "header-malformed");
        assert_eq!((house.done().await, house.fake.asked()), (0, 0));
    })
    .await;
}
