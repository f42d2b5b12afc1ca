//! A person who consents, and the messages that they sign.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::Purpose;
use eds::cms::{self, Place, Signer};
use jiff::Timestamp;
use model::IdentificationNumber;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ask::Question;
use crate::house::House;
use crate::party::{Identity, Party, morning, term};

/// Whom requests ask for.
pub(crate) const PERSON: &str = "3010190A001PB9";

/// Another number that is one.
pub(crate) fn other_number() -> String {
    let parsed = (0..10).map(|digit| format!("3010190A002PB{digit}"));
    parsed.into_iter().find(|number| IdentificationNumber::parse(number).is_ok()).unwrap()
}

/// The person with a certificate in force.
pub(crate) fn person(house: &House) -> Identity {
    house.pki.person(PERSON, Purpose::Signature, term(-10, 900))
}

/// A message under this consent, with an identifier of its own.
pub(crate) fn message(party: &Party, consent: Uuid, uses: Option<u32>) -> Value {
    let mut message = json!({
        "cover": {
            "message_id": fresh(),
            "message_type": {"code": "88", "type": -2},
            "message_time": "2026-07-01T09:00:00.000+03:00",
            "message_source": {"code": "ONE", "type": 80},
            "agreement": {
                "consent_id": consent,
                "operator_info": "One, Minsk",
                "operator_unp": party.unp,
                "target": "succession case",
                "rights": [4, 9],
                "issue_date": "2026-06-30",
                "expiry_date": "2026-07-30",
                "assignee_persons": ["notary"],
                "actions": ["provision"],
            },
            "dataset": [4],
        },
        "request": {"person_request": [{"request_id": "1", "identif_number": PERSON}]},
    });
    if let Some(uses) = uses {
        message["cover"]["agreement"]["uses"] = json!(uses);
    }
    message
}

pub(crate) fn fresh() -> Uuid {
    uuid::Builder::from_random_bytes(store::random()).into_uuid()
}

pub(crate) fn sign(content: &[u8], by: &Identity, at: Timestamp) -> Vec<u8> {
    let signer = Signer { key: &by.key, certificate: &by.certificate, chain: &[] };
    cms::sign(content, Place::Attached, &signer, at).unwrap()
}

/// The question with the consent that `by` signs now.
pub(crate) fn asked(house: &House, party: &Party, message: &Value, by: &Identity) -> Question {
    let bare = bare(party, message);
    let cms = sign(&bare.body, by, house.now());
    bearing(bare, &cms)
}

pub(crate) fn bare(party: &Party, message: &Value) -> Question {
    Question::post(party, "/gamma/v1/common/register", &message.to_string())
}

pub(crate) fn bearing(question: Question, cms: &[u8]) -> Question {
    question.with("cms", &BASE64_STANDARD.encode(cms))
}

/// What a person signs to take a consent back.
pub(crate) fn withdrawal(consent: Uuid, by: &Identity) -> Vec<u8> {
    let wish = json!({"consent_id": consent, "withdraw": true, "time": "2026-07-01T09:00:00+03:00"});
    sign(wish.to_string().as_bytes(), by, morning())
}
