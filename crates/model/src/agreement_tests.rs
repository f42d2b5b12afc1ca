//! The message as clients send it, in both spellings, and every way in which it goes wrong.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn message() -> Value {
    json!({
        "cover": {
            "message_id": "{3B1C0000-0000-4000-8000-000000000001}",
            "message_type": {"code": "88", "type": -2},
            "message_time": "2026-06-02T10:00:00.000+03:00",
            "message_source": {"code": "NOTARY", "type": 80},
            "agreement": {
                "consent_id": "0199f1a0-7c00-7000-8000-000000000001",
                "operator_info": "Belarusian Notary Chamber, Minsk",
                "operator_unp": "191000015",
                "target": "succession case",
                "rights": [4, 9, 1, 4],
                "issue_date": "2026-06-01",
                "expiry_date": "2026-06-30+03:00",
                "assignee_persons": ["notary"],
                "uses": 1,
                "language": "be",
                "text_digest": "00".repeat(32),
            },
            "dataset": [9, 4],
        },
        "request": {"person_request": [{"request_id": "1", "identif_number": "3010190A001PB9"}]},
    })
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut message = message();
    let (holder, name) = pointer.rsplit_once('/').unwrap();
    let holder = message.pointer_mut(holder).unwrap();
    match holder.as_array_mut() {
        Some(items) => items[name.parse::<usize>().unwrap()] = value,
        None => holder[name] = value,
    }
    message
}

fn fault(message: &Value) -> (String, String, &'static str) {
    let faults = Envelope::read(message).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    (faults[0].pointer.clone(), faults[0].code.to_string(), faults[0].text)
}

#[test]
fn a_message_is_read() {
    let envelope = Envelope::read(&message()).unwrap();
    assert_eq!(envelope.message_id, "{3B1C0000-0000-4000-8000-000000000001}", "echoed as it came");
    assert_eq!(envelope.message_uuid.to_string(), "3b1c0000-0000-4000-8000-000000000001");
    assert_eq!((envelope.source.as_str(), envelope.dataset.as_slice()), ("NOTARY", [4, 9].as_slice()));
    assert_eq!(envelope.subject().unwrap().as_str(), "3010190A001PB9");
    let agreement = envelope.agreement.unwrap();
    assert_eq!(agreement.rights, [1, 4, 9]);
    assert_eq!((agreement.missing(&[4, 9]), agreement.missing(&[4, 21, 9])), (None, Some(21)));
    assert_eq!((agreement.uses, agreement.language, agreement.text_digest), (Some(1), Some(Lang::Be), Some([0; 32])));
    // A bare day begins and ends in Minsk.
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(agreement.issue_date, at("2026-05-31T21:00:00Z"));
    assert_eq!(agreement.expiry_date, at("2026-06-30T21:00:00Z"));
    assert!(agreement.in_term(at("2026-06-30T20:59:59Z")) && !agreement.in_term(at("2026-06-30T21:00:00Z")));
    assert!(!agreement.in_term(at("2026-05-31T20:59:59Z")));
}

#[test]
fn both_spellings_are_one_agreement() {
    let snake = message();
    let mut camel = snake.clone();
    let agreement = &snake["cover"]["agreement"];
    camel["cover"]["agreement"] = json!({
        "consentId": agreement["consent_id"], "operatorInfo": agreement["operator_info"],
        "operatorUnp": agreement["operator_unp"], "target": agreement["target"], "rights": agreement["rights"],
        "issueDate": agreement["issue_date"], "expiryDate": agreement["expiry_date"],
        "assigneePersons": agreement["assignee_persons"], "uses": 1, "language": "be",
        "textDigest": agreement["text_digest"],
    });
    assert_eq!(Envelope::read(&snake).unwrap(), Envelope::read(&camel).unwrap());
    camel["cover"]["agreement"]["operator_unp"] = json!("191000028");
    let (pointer, code, text) = fault(&camel);
    assert_eq!((pointer.as_str(), code.as_str(), text), ("/cover/agreement/operatorUnp", "07", "duplicate-member"));
}

#[test]
fn every_fault_has_its_place_and_its_code() {
    for (pointer, value, code) in [
        ("/cover/message_id", json!("no GUID"), "02"),
        ("/cover/message_id", Value::Null, "06"),
        ("/cover/message_id", json!(1), "02"),
        ("/cover/message_time", json!("02.06.2026"), "03"),
        ("/cover/message_type/code", json!("89"), "04"),
        ("/cover/message_type/type", json!(80), "04"),
        ("/cover/message_source/code", json!(""), "06"),
        ("/cover/message_source/code", json!("longer than ten"), "02"),
        ("/cover/dataset", json!([]), "06"),
        ("/cover/dataset/0", json!(31), "04"),
        ("/cover/dataset/0", json!("4"), "04"),
        ("/cover/agreement/consent_id", Value::Null, "06"),
        ("/cover/agreement/operator_unp", json!("191000016"), "02"),
        ("/cover/agreement/target", json!("x".repeat(501)), "02"),
        ("/cover/agreement/issue_date", json!("2026-13-01"), "03"),
        ("/cover/agreement/issue_date", json!("2026-06-01+05:00"), "03"),
        ("/cover/agreement/expiry_date", json!("2026-05-01"), "11"),
        ("/cover/agreement/assignee_persons", json!([]), "06"),
        ("/cover/agreement/uses", json!(0), "02"),
        ("/cover/agreement/text_digest", json!("ab"), "02"),
        ("/request/person_request", json!([]), "06"),
        ("/request/person_request", json!({}), "02"),
        ("/request/person_request/0", json!({"identif_number": "3010190A001PB9"}), "06"),
    ] {
        let (place, found, _) = fault(&changed(pointer, value.clone()));
        assert_eq!(found, code, "{pointer} {value}");
        assert!(place.starts_with(pointer), "{place} {pointer}");
    }
    assert_eq!(Envelope::read(&json!({})).unwrap_err().len(), 2, "cover and request");
    assert_eq!(Envelope::read(&json!([])).unwrap_err()[0].text, "type");
}

#[test]
fn a_fault_in_one_question_harms_no_other() {
    let questions = json!([
        {"request_id": "1", "identif_number": "3010190A001PB8"},
        {"request_id": "2", "identif_number": "3010190а001рв9"},
        {"request_id": "3"},
        {"request_id": "2", "identif_number": "3010190A001PB9"},
    ]);
    let envelope = Envelope::read(&changed("/request/person_request", questions)).unwrap();
    let codes: Vec<_> =
        envelope.asked.iter().map(|asked| asked.number.as_ref().err().map(|f| f.code.as_ref())).collect();
    assert_eq!(codes, [Some("02"), None, Some("06"), Some("07")]);
    let wrong = envelope.asked[0].number.as_ref().unwrap_err();
    assert_eq!((wrong.text, wrong.params[0].1.as_str()), ("check-digit", "9"), "the digit that fits is told");
    assert_eq!(envelope.asked[1].number.as_ref().unwrap().as_str(), "3010190A001PB9", "look-alikes are folded");
    assert_eq!(envelope.subject(), None, "no single person");
}

proptest! {
    #[test]
    fn reading_never_panics(text in "\\PC{0,40}") {
        for pointer in ["/cover/message_id", "/cover/message_time", "/cover/agreement/issue_date", "/cover/agreement/text_digest"] {
            let _ = Envelope::read(&changed(pointer, json!(text)));
        }
    }
}
