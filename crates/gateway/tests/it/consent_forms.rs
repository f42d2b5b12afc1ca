//! Consents whose form is wrong, whose status nobody knows, whose term is over, or that meet a full disk.

use eds::cms::{Place, Signer, sign_together};
use eds::{Purpose, Trust};
use gateway::consent::{self, State};
use model::agreement::Envelope;
use model::wording;
use model::{IdentificationNumber, Lang};
use serde_json::{Value, json};

use crate::house::{ALL_GAMMA, House, everywhere};
use crate::party::{Identity, days, term};
use crate::person::{PERSON, asked, bare, bearing, fresh, message, other_number, person, sign};
use crate::services;

fn signed(content: &[u8], by: &[&Identity], at: Option<jiff::Timestamp>) -> Vec<u8> {
    let signers: Vec<_> =
        by.iter().map(|one| Signer { key: &one.key, certificate: &one.certificate, chain: &[] }).collect();
    sign_together(content, Place::Attached, &signers, at).unwrap()
}

#[tokio::test]
async fn one_person_signs_and_says_when() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let (citizen, other) = (person(&house), house.pki.person(&other_number(), Purpose::Signature, term(-1, 9)));
        let bare = bare(&party, &message(&party, fresh(), None));
        let at = Some(house.now());
        for (cms, code) in [
            (signed(&bare.body, &[&citizen, &other], at), "cms-signers"),
            (signed(&bare.body, &[&citizen], None), "cms-no-signing-time"),
            ([signed(&bare.body, &[&citizen], at), b"\n".to_vec()].concat(), "cms-leftovers"),
        ] {
            let problem = bearing(bare.clone(), &cms).ask(&house).await.refused(&house, 400, code).await;
            assert!(!problem.to_string().contains(PERSON), "{problem}");
        }
        assert_eq!(house.fake.asked(), 0);
        bearing(bare.clone(), &signed(&bare.body, &[&citizen], at)).ask(&house).await.answered(&house, 200).await;
    })
    .await;
}

#[tokio::test]
async fn bytes_of_another_encoding_are_hashed_as_they_are() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let citizen = person(&house);
        let mut text = bare(&party, &message(&party, fresh(), None));
        // "справа" in cp1251, where the purpose stands: the signature holds over these bytes, but JSON is UTF-8.
        let place = text.body.windows(10).position(|part| part == b"succession").unwrap();
        text.body.splice(place..place + 10, *b"\xf1\xef\xf0\xe0\xe2\xe0");
        let cms = sign(&text.body, &citizen, house.now());
        bearing(text, &cms).ask(&house).await.refused(&house, 400, "body-not-utf8").await;
        assert_eq!(house.fake.asked(), 0);
    })
    .await;
}

/// What is shown is what is signed (contract §5.4): a digest in the agreement must be that of the service's own text.
#[tokio::test]
async fn the_wording_is_the_services_own() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let (citizen, own) = (person(&house), services::gamma().wording.clone().unwrap());
        for lang in Lang::ALL {
            let mut message = message(&party, fresh(), Some(3));
            let envelope = Envelope::read(&message).unwrap();
            let text = own.text(lang, &envelope.agreement.unwrap(), &number(), "Person");
            let shown = |message: &mut Value, text: &str| wording::record(message, lang, eds::sha256(text.as_bytes()));
            for other in [text.trim_end(), &text.replace("3", "4"), "Agreed."] {
                shown(&mut message, other);
                let told = asked(&house, &party, &message, &citizen).ask(&house).await;
                told.refused(&house, 403, "consent-wording").await;
            }
            shown(&mut message, &text);
            asked(&house, &party, &message, &citizen).ask(&house).await.answered(&house, 200).await;
            // Another text under a consent that was given is another agreement.
            message["cover"]["message_id"] = json!(fresh());
            shown(&mut message, "Agreed.");
            let told = asked(&house, &party, &message, &citizen).ask(&house).await;
            told.refused(&house, 403, "consent-changed").await;
        }
        assert_eq!(house.fake.asked(), 3);
    })
    .await;
}

fn number() -> IdentificationNumber {
    IdentificationNumber::parse(PERSON).unwrap()
}

#[tokio::test]
async fn without_status_nothing_is_furnished() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let citizen = person(&house);
        let ask = || asked(&house, &party, &message(&party, fresh(), None), &citizen);
        ask().ask(&house).await.answered(&house, 200).await;
        // The lists that there are have run out for the person's authority, and for nobody else's.
        let others = crate::party::Pki::new("Persons");
        let person = others.person(PERSON, Purpose::Signature, term(-1, 900));
        let with = Trust::new([house.pki.root(), others.root()]).with_crls([house.pki.list()]);
        house.trust.replace(with);
        let theirs = asked(&house, &party, &message(&party, fresh(), None), &person);
        theirs.ask(&house).await.refused(&house, 403, "consent-certificate-status-unknown").await;
        ask().ask(&house).await.answered(&house, 200).await;
        house.trust.replace(Trust::new([house.pki.root(), others.root()]).with_crls([house.pki.list(), others.list()]));
        let theirs = asked(&house, &party, &message(&party, fresh(), None), &person);
        theirs.ask(&house).await.answered(&house, 200).await;
    })
    .await;
}

#[tokio::test]
async fn a_consent_ends_with_its_term() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let (citizen, id) = (person(&house), fresh());
        let ask = || asked(&house, &party, &message(&party, id, None), &citizen);
        ask().ask(&house).await.answered(&house, 200).await;
        house.pass(days(28));
        assert_eq!(state(&house).await, State::Used);
        house.pass(days(2));
        ask().ask(&house).await.refused(&house, 403, "consent-expired").await;
        assert_eq!(state(&house).await, State::Expired);
        assert_eq!(house.fake.asked(), 1);
    })
    .await;
}

async fn state(house: &House) -> State {
    consent::consents(&house.db).await.unwrap()[0].state(house.now())
}

/// What cannot be recorded is not furnished, and uses nothing.
#[tokio::test]
async fn a_full_disk_furnishes_nothing() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let (citizen, id) = (person(&house), fresh());
        if house.db.write(|tx| tx.batch("PRAGMA max_page_count = 1")).await.is_err() {
            return; // PostgreSQL's disk cannot be made full from here; the store's own tests do that
        }
        let mut answered = 0;
        loop {
            let told = asked(&house, &party, &message(&party, id, None), &citizen).ask(&house).await;
            if told.status == 503 {
                break;
            }
            told.answered(&house, 200).await;
            answered += 1;
            assert!(answered < 500, "the disk is not full");
        }
        house.db.write(|tx| tx.batch("PRAGMA max_page_count = 1000000")).await.unwrap();
        let told = asked(&house, &party, &message(&party, id, None), &citizen).ask(&house).await;
        told.answered(&house, 200).await;
        let kept = consent::consents(&house.db).await.unwrap();
        assert_eq!(kept[0].uses_made, answered + 1, "only what was furnished is counted");
    })
    .await;
}
