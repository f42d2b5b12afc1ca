//! A consent's life: given, counted, used up, changed, withdrawn; and the order of its leaves.

use std::sync::Arc;

use eds::Purpose;
use gateway::consent::{self, State};
use jiff::SignedDuration;
use ledger::record::Kind;
use model::Refusal;
use serde_json::json;
use uuid::Uuid;

use crate::ask::Question;
use crate::house::{ALL_GAMMA, House, everywhere};
use crate::party::{Identity, Party, term};
use crate::person::{asked, fresh, message, other_number, person, withdrawal};
use crate::services::Way;

async fn withdraw(house: &House, id: Uuid, by: &Identity) -> Result<consent::Withdrawal, store::Error> {
    consent::withdraw(&house.desk(), &house.trust, &withdrawal(id, by)).await
}

fn code(error: store::Error) -> &'static str {
    match error {
        store::Error::Refused(refusal) => refusal.code,
        error => panic!("{error}"),
    }
}

async fn kinds(house: &House, told: &crate::told::Told) -> Vec<Kind> {
    house.records(told.request_id()).await.into_iter().map(|(private, _)| private.record.kind).collect()
}

fn again(house: &House, party: &Party, id: Uuid, uses: Option<u32>, by: &Identity) -> Question {
    asked(house, party, &message(party, id, uses), by)
}

#[tokio::test]
async fn uses_are_counted_with_their_leaves() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let (citizen, id) = (person(&house), fresh());
        let ask = || again(&house, &party, id, Some(2), &citizen);
        let first = ask();
        let told = first.ask(&house).await;
        told.answered(&house, 200).await;
        assert_eq!(kinds(&house, &told).await, [Kind::ConsentGiven, Kind::Exchange]);
        let records = house.records(told.request_id()).await;
        for (private, _) in &records {
            let record = &private.record;
            let cms = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, first.header("cms")).unwrap();
            assert_eq!(record.consent_digest, Some(eds::sha256(&cms)));
            assert_eq!(record.details["consent"], id.to_string());
        }
        // The same message again is a replay, and uses nothing; so is one with another body.
        first.ask(&house).await.refused(&house, 409, "replayed-message").await;
        let told = ask().ask(&house).await;
        told.answered(&house, 200).await;
        assert_eq!(kinds(&house, &told).await, [Kind::Exchange, Kind::ConsentEnded]);
        let told = ask().ask(&house).await;
        told.refused(&house, 403, "consent-used-up").await;
        assert_eq!(kinds(&house, &told).await, [Kind::Refusal]);
        let kept = consent::consents(&house.db).await.unwrap();
        assert_eq!((kept.len(), kept[0].uses_made, kept[0].state(house.now())), (1, 2, State::UsedUp));
        assert_eq!(house.fake.asked(), 2, "nothing is read in vain");
        let entry = Question::get(&party, &format!("/ledger/v1/entries/{}", records[0].0.record.request_id));
        assert_eq!(entry.ask(&house).await.answered(&house, 200).await["record"]["type"], "exchange");
    })
    .await;
}

#[tokio::test]
async fn what_was_not_answered_uses_nothing() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let ask = again(&house, &party, fresh(), Some(1), &person(&house));
        house.fake.behave(Way::Refusing(Refusal::new(model::Kind::Upstream, "provider-failed").retry_after(5)));
        ask.ask(&house).await.refused(&house, 502, "provider-failed").await;
        assert!(consent::consents(&house.db).await.unwrap().is_empty());
        house.fake.behave(Way::Well);
        // A preference for later is not granted: the answer is there at once.
        let told = ask.clone().with("prefer", "respond-async").ask(&house).await;
        told.answered(&house, 200).await;
        assert_eq!(kinds(&house, &told).await, [Kind::ConsentGiven, Kind::Exchange, Kind::ConsentEnded]);
    })
    .await;
}

#[tokio::test]
async fn a_consent_stays_what_it_was() {
    everywhere(async |house| {
        let one = house.party("one", 0, &[ALL_GAMMA]).await;
        let two = house.party("two", 1, &[ALL_GAMMA]).await;
        let (citizen, id) = (person(&house), fresh());
        again(&house, &one, id, None, &citizen).ask(&house).await.answered(&house, 200).await;
        let changed = "consent-changed";
        again(&house, &one, id, Some(5), &citizen).ask(&house).await.refused(&house, 403, changed).await;
        again(&house, &two, id, None, &citizen).ask(&house).await.refused(&house, 403, changed).await;
        let number = other_number();
        let other = house.pki.person(&number, Purpose::Signature, term(-1, 9));
        let mut theirs = message(&one, id, None);
        theirs["request"]["person_request"][0]["identif_number"] = json!(number);
        asked(&house, &one, &theirs, &other).ask(&house).await.refused(&house, 403, changed).await;
        again(&house, &one, id, None, &citizen).ask(&house).await.answered(&house, 200).await;
        // A message identifier is the consumer's: another may use the same.
        let message_id = fresh();
        for party in [&one, &two] {
            let mut message = message(party, fresh(), None);
            message["cover"]["message_id"] = json!(message_id);
            asked(&house, party, &message, &citizen).ask(&house).await.answered(&house, 200).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_person_withdraws_a_consent() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let (citizen, id) = (person(&house), fresh());
        let ask = || again(&house, &party, id, None, &citizen);
        ask().ask(&house).await.answered(&house, 200).await;
        let other = house.pki.person(&other_number(), Purpose::Signature, term(-1, 9));
        assert_eq!(code(withdraw(&house, id, &other).await.unwrap_err()), "consent-wrong-person");
        ask().ask(&house).await.answered(&house, 200).await;
        let first = withdraw(&house, id, &citizen).await.unwrap();
        assert!(first.stamp.is_some());
        house.pass(SignedDuration::from_secs(5));
        let second = withdraw(&house, id, &citizen).await.unwrap();
        assert_eq!((second.at, second.stamp.is_none()), (first.at, true), "idempotent");
        let told = ask().ask(&house).await;
        told.refused(&house, 403, "consent-withdrawn").await;
        let value = consent::export(&house.db, &house.vault, id, house.now()).await.unwrap();
        assert_eq!((value["state"].as_str(), value["uses"]["made"].as_i64()), (Some("withdrawn"), Some(2)));
        assert_eq!(value["pii_processing"][0]["pii_categories"].as_array().unwrap().len(), 2);
        assert!(!value.to_string().contains(crate::person::PERSON));
        // Withdrawn before it was ever used.
        let unused = fresh();
        withdraw(&house, unused, &citizen).await.unwrap();
        let told = again(&house, &party, unused, None, &citizen).ask(&house).await;
        told.refused(&house, 403, "consent-withdrawn").await;
        // What somebody else has withdrawn in advance, having learnt the identifier, is not the person's consent.
        let learnt = fresh();
        withdraw(&house, learnt, &other).await.unwrap();
        again(&house, &party, learnt, None, &citizen).ask(&house).await.answered(&house, 200).await;
    })
    .await;
}

#[tokio::test]
async fn a_person_sees_and_withdraws_their_own_consents_only() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let (citizen, id) = (person(&house), fresh());
        let ask = || again(&house, &party, id, Some(5), &citizen);
        ask().ask(&house).await.answered(&house, 200).await;
        let number = |text: &str| model::IdentificationNumber::parse(text).unwrap();
        let (me, other) = (number(crate::person::PERSON), number(&other_number()));
        let (db, vault, desk) = (&house.db, &house.vault, house.desk());
        let all = consent::own(db, vault, &me).await.unwrap();
        assert_eq!(all.len(), 1);
        let (kept, agreement) = (&all[0].kept, all[0].agreement.as_ref().unwrap());
        assert_eq!((kept.consent_id, kept.uses_made, kept.uses_allowed), (id, 1, Some(5)));
        assert_eq!((agreement.target.as_str(), agreement.rights.as_slice()), ("succession case", &[4, 9][..]));
        assert_eq!(all[0].operator.as_ref().unwrap().en, "one");
        // Another person's is as one that does not exist.
        assert!(consent::own(db, vault, &other).await.unwrap().is_empty());
        let unknown = |error| assert_eq!(code(error), "unknown-consent");
        unknown(consent::own_one(db, vault, &other, id).await.unwrap_err());
        unknown(consent::export_own(db, vault, &other, id, house.now()).await.unwrap_err());
        unknown(consent::withdraw_own(&desk, &other, id, "high").await.unwrap_err());
        unknown(consent::withdraw_own(&desk, &me, fresh(), "high").await.unwrap_err());
        ask().ask(&house).await.answered(&house, 200).await;
        let record = consent::export_own(db, vault, &me, id, house.now()).await.unwrap();
        assert_eq!(record, consent::export(db, vault, id, house.now()).await.unwrap());
        let first = consent::withdraw_own(&desk, &me, id, "substantial").await.unwrap();
        assert!(first.stamp.is_some());
        let second = consent::withdraw_own(&house.desk(), &me, id, "substantial").await.unwrap();
        assert_eq!((second.at, second.stamp.is_none()), (first.at, true), "idempotent");
        ask().ask(&house).await.refused(&house, 403, "consent-withdrawn").await;
        let one = consent::own_one(db, vault, &me, id).await.unwrap();
        assert_eq!((one.kept.state(house.now()), one.kept.uses_made), (State::Withdrawn, 2));
    })
    .await;
}

#[tokio::test]
async fn no_disclosure_stands_after_its_withdrawal() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_GAMMA]).await;
        let (citizen, id) = (person(&house), fresh());
        let house = Arc::new(house);
        again(&house, &party, id, None, &citizen).ask(&house).await.answered(&house, 200).await;
        let mut readers = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let questions: Vec<_> = (0..8).map(|_| again(&house, &party, id, None, &citizen)).collect();
            let house = house.clone();
            readers.spawn(async move {
                let mut told = Vec::new();
                for question in questions {
                    told.push(question.ask(&house).await);
                }
                told
            });
        }
        tokio::task::yield_now().await;
        let withdrawn = withdraw(&house, id, &citizen).await.unwrap().stamp.unwrap();
        let end = ledger::Receipt::read(withdrawn.as_bytes()).unwrap().index;
        let told: Vec<_> = readers.join_all().await.into_iter().flatten().collect();
        let (mut before, mut after) = (0, 0);
        for told in &told {
            for (private, index) in house.records(told.request_id()).await {
                match private.record.kind {
                    Kind::Exchange if index < end => before += 1,
                    Kind::Refusal => after += 1,
                    kind => panic!("{kind:?} at {index}, withdrawn at {end}"),
                }
            }
        }
        assert_eq!(before + after, told.len());
        let last = again(&house, &party, id, None, &citizen).ask(&house).await;
        last.refused(&house, 403, "consent-withdrawn").await;
    })
    .await;
}
