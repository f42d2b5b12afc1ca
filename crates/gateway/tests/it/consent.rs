//! Consents that do not let anything be furnished: each with its status and code, signed, receipted, using nothing.

use eds::Purpose;
use serde_json::{Value, json};

use crate::house::{ALL_GAMMA, everywhere};
use crate::party::{Pki, days, term};
use crate::person::{PERSON, asked, bare, bearing, fresh, message, other_number, person, sign};

#[tokio::test]
async fn what_is_not_a_consent_to_this_request_is_refused() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let citizen = person(&house);
        let message = message(&party, fresh(), None);
        let bare = bare(&party, &message);
        bare.ask(&house).await.refused(&house, 403, "consent-missing").await;
        for value in ["", "*", "AAAA", "bm8gY21z"] {
            bare.clone().with("cms", value).ask(&house).await.refused(&house, 400, "consent-unreadable").await;
        }
        let long = "A".repeat(90_000);
        bare.clone().with("cms", &long).ask(&house).await.refused(&house, 400, "consent-unreadable").await;
        let good = asked(&house, &party, &message, &citizen);
        let twice = good.clone().with("cms", good.header("cms"));
        twice.ask(&house).await.refused(&house, 400, "header-duplicate").await;
        let cms = sign(&bare.body, &citizen, house.now());
        let behind = [cms.as_slice(), b"x"].concat();
        bearing(bare.clone(), &behind).ask(&house).await.refused(&house, 400, "cms-leftovers").await;
        let mut altered = cms.clone();
        *altered.last_mut().unwrap() ^= 1;
        bearing(bare.clone(), &altered).ask(&house).await.refused(&house, 403, "cms-signature").await;
        let place = cms.windows(10).position(|part| part == b"succession").unwrap();
        let mut altered = cms.clone();
        altered[place] ^= 1;
        bearing(bare.clone(), &altered).ask(&house).await.refused(&house, 403, "cms-altered").await;
        // The body altered after signing, by a space.
        let mut spaced = good.clone();
        spaced.body.push(b' ');
        spaced.ask(&house).await.refused(&house, 403, "consent-other-request").await;
        // The same text in cp1251 is other bytes.
        let other = sign(b"{\"agreement\":\"\xd1\"}", &citizen, house.now());
        bearing(bare.clone(), &other).ask(&house).await.refused(&house, 403, "consent-other-request").await;
        assert_eq!(house.fake.asked(), 0);
        good.ask(&house).await.answered(&house, 200).await;
    })
    .await;
}

#[tokio::test]
async fn the_persons_certificate_must_be_good() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let of = |term| house.pki.person(PERSON, Purpose::Signature, term);
        let by = |identity| asked(&house, &party, &message(&party, fresh(), None), &identity);
        let wrong = |code| format!("consent-certificate-{code}");
        by(of(term(-9, -1))).ask(&house).await.refused(&house, 403, &wrong("expired")).await;
        by(of(term(1, 9))).ask(&house).await.refused(&house, 403, &wrong("not-yet-valid")).await;
        let foreign = Pki::new("Other").person(PERSON, Purpose::Signature, term(-1, 9));
        by(foreign).ask(&house).await.refused(&house, 403, &wrong("untrusted")).await;
        let tls = house.pki.person(PERSON, Purpose::TlsClient, term(-1, 9));
        by(tls).ask(&house).await.refused(&house, 403, &wrong("wrong-purpose")).await;
        let citizen = person(&house);
        by(citizen.clone()).ask(&house).await.answered(&house, 200).await;
        house.pki.revoke(&citizen.certificate, &house.trust);
        by(citizen).ask(&house).await.refused(&house, 403, &wrong("revoked")).await;
        let nobody = house.pki.signing("Person", None, eds::Algorithm::Ed25519, term(-1, 9));
        by(nobody).ask(&house).await.refused(&house, 403, "consent-wrong-person").await;
        let other = house.pki.person(&other_number(), Purpose::Signature, term(-1, 9));
        by(other).ask(&house).await.refused(&house, 403, "consent-wrong-person").await;
        assert_eq!(house.fake.asked(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_agreement_must_cover_the_question() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let two = house.party("two", 1, &[ALL_GAMMA]).await;
        let citizen = person(&house);
        let changed = |pointer: &str, value: Value| {
            let mut message = message(&party, fresh(), None);
            *message.pointer_mut(pointer).unwrap() = value;
            asked(&house, &party, &message, &citizen)
        };
        for (pointer, value, status, code) in [
            ("/cover/agreement", Value::Null, 403, "consent-agreement-missing"),
            ("/cover/agreement/operator_unp", json!(two.unp), 403, "consent-wrong-operator"),
            ("/cover/agreement/rights", json!([9]), 403, "consent-not-covering"),
            ("/cover/dataset", json!([4, 21]), 403, "consent-not-covering"),
            ("/cover/agreement/issue_date", json!("2026-07-02"), 403, "consent-not-yet-valid"),
            ("/cover/agreement/expiry_date", json!("2026-07-01T09:00:00+03:00"), 403, "consent-expired"),
            ("/request/person_request/0/identif_number", json!(other_number()), 403, "consent-wrong-person"),
            ("/request/person_request/0/identif_number", json!("3010190A001PB8"), 400, "schema"),
            ("/cover/message_id", json!("none"), 400, "schema"),
        ] {
            let told = changed(pointer, value).ask(&house).await;
            let problem = told.refused(&house, status, code).await;
            assert!(!problem.to_string().contains(PERSON), "{problem}");
        }
        // Signed before the term, or in the future.
        for offset in [days(-20), days(1)] {
            let bare = bare(&party, &message(&party, fresh(), None));
            let cms = sign(&bare.body, &citizen, house.now() + offset);
            bearing(bare, &cms).ask(&house).await.refused(&house, 403, "consent-signed-out-of-term").await;
        }
        assert_eq!(house.fake.asked(), 0);
    })
    .await;
}
