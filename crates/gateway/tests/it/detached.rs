//! The plain EDS: `sign` and `certificate` over the exact bytes.

use eds::Algorithm;
use gateway::operator;

use crate::ask::{Question, SEARCH};
use crate::house::{ALL_ALPHA, ALL_BETA, everywhere};
use crate::party::{Identity, Pki, days, term};

#[tokio::test]
async fn a_signature_holds_over_body_or_request_line() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA, ALL_BETA]).await;
        let p256 = house.enrol(&party, Algorithm::EcdsaP256Sha256).await;
        for identity in [&party.sign, &p256] {
            for question in [
                Question::search(&party),
                Question::post(&party, "/beta/v1/records/search", SEARCH),
                Question::get(&party, "/beta/v1/records/list?since=2026-01-01"),
            ] {
                question.signed_by(identity).ask(&house).await.answered(&house, 200).await;
            }
        }
        let unsigned = Question::post(&party, "/beta/v1/records/search", SEARCH);
        unsigned.ask(&house).await.refused(&house, 403, "eds-missing").await;
        assert_eq!(house.fake.asked(), 6);
    })
    .await;
}

#[tokio::test]
async fn nothing_may_be_changed_after_signing() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = Question::search(&party).signed_by(&party.sign);
        for body in [r#"{"number":"A2"}"#, r#"{"number":"A1"} "#, "{\"number\":\"A1\"}\n", r#"{ "number":"A1"}"#] {
            let altered = Question { body: body.as_bytes().to_vec(), ..ask.clone() };
            altered.ask(&house).await.refused(&house, 401, "eds-invalid").await;
        }
        let list = Question::get(&party, "/alpha/v1/records/list?since=2026-01-01").signed_by(&party.sign);
        for target in ["/alpha/v1/records/list?since=2026-01-02", "/alpha/v1/records/list"] {
            let altered = Question { target: target.to_owned(), ..list.clone() };
            altered.ask(&house).await.refused(&house, 401, "eds-invalid").await;
        }
        assert_eq!(house.fake.asked(), 0);
    })
    .await;
}

#[tokio::test]
async fn half_a_pair_and_unreadable_halves_are_malformed() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = Question::search(&party).signed_by(&party.sign);
        for name in ["sign", "certificate"] {
            ask.clone().without(name).ask(&house).await.refused(&house, 400, "eds-incomplete").await;
            let twice = ask.clone().with(name, ask.header(name));
            twice.ask(&house).await.refused(&house, 400, "header-duplicate").await;
            for value in ["", "*", "AAA", "-_-_", "Zm9v Zm9v", "подпис"] {
                let told = ask.clone().instead(name, value).ask(&house).await;
                told.refused(&house, 400, if value == "подпис" { "header-malformed" } else { "eds-unreadable" }).await;
            }
        }
        ask.clone().instead("certificate", "AAAA").ask(&house).await.refused(&house, 400, "eds-unreadable").await;
        ask.instead("sign", "AAAA").ask(&house).await.refused(&house, 401, "eds-invalid").await;
    })
    .await;
}

#[tokio::test]
async fn the_signer_is_the_consumers_and_in_force() {
    everywhere(async |house| {
        let one = house.party("one", 0, &[ALL_ALPHA]).await;
        let two = house.party("two", 1, &[ALL_ALPHA]).await;
        let ask = Question::search(&one);
        let by = |identity: &Identity| ask.clone().signed_by(identity);
        by(&two.sign).ask(&house).await.refused(&house, 403, "eds-wrong-unp").await;
        let signing = |unp, term| house.pki.signing("one", unp, Algorithm::Ed25519, term);
        by(&signing(None, term(-1, 9))).ask(&house).await.refused(&house, 403, "eds-wrong-unp").await;
        let unp = Some(one.unp.as_str());
        by(&signing(unp, term(-1, 9))).ask(&house).await.answered(&house, 200).await;
        by(&signing(unp, term(-9, -1))).ask(&house).await.refused(&house, 401, "certificate-expired").await;
        by(&signing(unp, term(1, 9))).ask(&house).await.refused(&house, 401, "certificate-not-yet-valid").await;
        let foreign = Pki::new("Other").signing("one", unp, Algorithm::Ed25519, term(-1, 9));
        by(&foreign).ask(&house).await.refused(&house, 401, "certificate-untrusted").await;
        // The certificate of one key with the signature of another.
        let mixed = Identity { key: two.sign.key.clone(), ..one.sign.clone() };
        by(&mixed).ask(&house).await.refused(&house, 401, "eds-invalid").await;
        let tls_key = eds::SigningKey::generate(Algorithm::Ed25519).unwrap();
        let mut profile = eds::pki::Profile::new(eds::pki::Subject::new("one"), [eds::Purpose::TlsClient], term(-1, 9));
        profile.unp = Some(one.unp.clone());
        let tls = Identity { certificate: house.pki.issue(&profile, &tls_key), key: tls_key };
        by(&tls).ask(&house).await.refused(&house, 401, "certificate-wrong-purpose").await;
        assert_eq!(house.fake.asked(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_certificate_taken_back_signs_no_more() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let second = house.enrol(&party, Algorithm::EcdsaP256Sha256).await;
        let ask = Question::search(&party);
        ask.clone().signed_by(&second).ask(&house).await.answered(&house, 200).await;
        // By the operator, at once and without a list.
        operator::strike(&house.desk(), &second.certificate.fingerprint_hex()).await.unwrap();
        house.gateway.renew().await.unwrap();
        ask.clone().signed_by(&second).ask(&house).await.refused(&house, 401, "certificate-revoked").await;
        // By its issuer.
        ask.clone().signed_by(&party.sign).ask(&house).await.answered(&house, 200).await;
        house.pki.revoke(&party.sign.certificate, &house.trust);
        ask.clone().signed_by(&party.sign).ask(&house).await.refused(&house, 401, "certificate-revoked").await;
        // An EDS that was given must hold, even where none is needed.
        house.pass(days(1));
        ask.ask(&house).await.answered(&house, 200).await;
    })
    .await;
}
