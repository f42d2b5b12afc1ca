//! Every way in which a consent does not cover a question, and that nothing else is refused.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const PERSON: &str = "3010190A001PB9";

fn message() -> Value {
    json!({
        "cover": {
            "message_id": "3B1C0000-0000-4000-8000-000000000001",
            "message_type": {"code": "88", "type": -2},
            "message_time": "2026-06-02T10:00:00.000+03:00",
            "message_source": {"code": "NOTARY", "type": 80},
            "agreement": {
                "consent_id": "0199f1a0-7c00-7000-8000-000000000001",
                "operator_info": "Belarusian Notary Chamber, Minsk",
                "operator_unp": "191000015",
                "target": "succession case",
                "rights": [1, 4, 9],
                "issue_date": "2026-06-01T00:00:00Z",
                "expiry_date": "2026-06-30T00:00:00Z",
                "assignee_persons": ["notary"],
            },
            "dataset": [4, 9],
        },
        "request": {"person_request": [{"request_id": "1", "identif_number": PERSON}]},
    })
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The code for a message changed so, signed by this number at this moment, asked at that.
fn code(change: impl FnOnce(&mut Value), signer: Option<&str>, signed_at: &str, now: &str) -> &'static str {
    let mut message = message();
    change(&mut message);
    let envelope = Envelope::read(&message).unwrap();
    let consumer = Unp::parse("191000015").unwrap();
    let ask = Question { envelope: &envelope, consumer: &consumer, signer, signed_at: at(signed_at), now: at(now) };
    match permits(&ask) {
        Ok(given) => {
            assert_eq!(given.subject.as_str(), PERSON);
            ""
        }
        Err(refusal) => refusal.code,
    }
}

const NOON: &str = "2026-06-10T12:00:00Z";

#[test]
fn a_consent_covers_what_it_says() {
    assert_eq!(code(|_| {}, Some(PERSON), NOON, NOON), "");
    let twice = |message: &mut Value| {
        message["request"]["person_request"] =
            json!([{"request_id": "1", "identif_number": PERSON}, {"request_id": "2", "identif_number": PERSON}]);
    };
    assert_eq!(code(twice, Some(PERSON), NOON, NOON), "");
}

#[test]
fn every_reason_has_its_code() {
    let agreement =
        |name: &'static str, value: Value| move |message: &mut Value| message["cover"]["agreement"][name] = value;
    let nobody = |message: &mut Value| {
        message["cover"].as_object_mut().unwrap().remove("agreement");
    };
    let asked = |number: &'static str| {
        move |message: &mut Value| message["request"]["person_request"][0]["identif_number"] = json!(number)
    };
    assert_eq!(code(nobody, Some(PERSON), NOON, NOON), "consent-agreement-missing");
    assert_eq!(code(asked("3010190A001PB8"), Some(PERSON), NOON, NOON), "schema", "the check digit is wrong");
    assert_eq!(code(|_| {}, None, NOON, NOON), "consent-wrong-person");
    assert_eq!(code(|_| {}, Some("no number"), NOON, NOON), "consent-wrong-person");
    let other = |message: &mut Value| {
        let second = json!({"request_id": "2", "identif_number": "7653412K123PB3"});
        message["request"]["person_request"].as_array_mut().unwrap().push(second);
    };
    assert_ne!(code(other, Some(PERSON), NOON, NOON), "");
    assert_eq!(code(agreement("operator_unp", json!("191000028")), Some(PERSON), NOON, NOON), "consent-wrong-operator");
    assert_eq!(code(agreement("rights", json!([4])), Some(PERSON), NOON, NOON), "consent-not-covering");
    assert_eq!(code(|_| {}, Some(PERSON), NOON, "2026-05-31T23:59:59Z"), "consent-not-yet-valid");
    assert_eq!(code(|_| {}, Some(PERSON), NOON, "2026-06-30T00:00:00Z"), "consent-expired");
    assert_eq!(code(|_| {}, Some(PERSON), "2026-05-31T23:59:59Z", NOON), "consent-signed-out-of-term");
    assert_eq!(code(|_| {}, Some(PERSON), "2026-06-10T12:01:01Z", NOON), "consent-signed-out-of-term");
    assert_eq!(code(|_| {}, Some(PERSON), "2026-06-10T12:01:00Z", NOON), "", "clocks differ a little");
}

#[test]
fn spelling_makes_no_other_agreement() {
    let snake = Envelope::read(&message()).unwrap().agreement.unwrap();
    let mut message = message();
    let unp = message["cover"]["agreement"].as_object_mut().unwrap().remove("operator_unp").unwrap();
    message["cover"]["agreement"]["operatorUnp"] = unp;
    message["cover"]["agreement"]["rights"] = json!([9, 4, 1, 1]);
    let camel = Envelope::read(&message).unwrap().agreement.unwrap();
    assert_eq!(canonical(&snake).unwrap(), canonical(&camel).unwrap());
    message["cover"]["agreement"]["uses"] = json!(3);
    let other = Envelope::read(&message).unwrap().agreement.unwrap();
    assert_ne!(canonical(&snake).unwrap(), canonical(&other).unwrap());
}

proptest! {
    #[test]
    fn exactly_what_is_consented_to_is_permitted(
        rights in proptest::collection::btree_set(1u16..=30, 1..8),
        dataset in proptest::collection::btree_set(1u16..=30, 1..8),
        now in -40i64..40,
        signed in -40i64..40,
        own in any::<bool>(),
    ) {
        let mut message = message();
        message["cover"]["agreement"]["rights"] = json!(rights);
        message["cover"]["dataset"] = json!(dataset);
        let envelope = Envelope::read(&message).unwrap();
        let agreement = envelope.agreement.clone().unwrap();
        let middle = at(NOON);
        let day = |count: i64| middle + SignedDuration::from_hours(24 * count);
        let consumer = Unp::parse(if own { "191000015" } else { "191000028" }).unwrap();
        let ask = Question {
            envelope: &envelope, consumer: &consumer, signer: Some(PERSON), signed_at: day(signed), now: day(now),
        };
        let wanted = own
            && dataset.is_subset(&rights)
            && agreement.in_term(day(now))
            && agreement.in_term(day(signed))
            && signed <= now;
        prop_assert_eq!(permits(&ask).is_ok(), wanted);
    }
}
