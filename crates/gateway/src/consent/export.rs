//! A consent as a record that other systems read (ISO/IEC TS 27560): what was allowed and what became of it, and of the
//! person nothing but the pseudonym.

use eds::cms::{self, Demand};
use jiff::Timestamp;
use model::agreement::{Agreement, Envelope};
use model::{Kind, Refusal};
use serde_json::{Value, json};
use store::{Db, Error, Vault};
use uuid::Uuid;

use super::list::{self, Kept};
use super::{aad, record};

/// The consent record as it is at `now`.
pub async fn export(db: &Db, vault: &Vault, id: Uuid, now: Timestamp) -> Result<Value, Error> {
    let found = db.read(move |tx| Ok((list::one(tx, &id)?, record::original(tx, &id)?))).await?;
    let (Some(kept), sealed) = found else {
        return Err(Error::Refused(Refusal::new(Kind::NotFound, "unknown-consent").with("consent", id)));
    };
    whole(vault, &kept, sealed.as_deref(), now)
}

/// The same of what is kept of the consent and of its first use.
pub(super) fn whole(vault: &Vault, kept: &Kept, sealed: Option<&[u8]>, now: Timestamp) -> Result<Value, Error> {
    let mut value = frame(kept, now);
    let Some(sealed) = sealed else {
        return Ok(value); // withdrawn before anybody used it: what it allowed was never shown to us
    };
    let (evidence, agreement) = original(vault, kept, sealed)?;
    if let Some(members) = value.as_object_mut() {
        members.extend(allowed(&agreement));
        members.insert("evidence".to_owned(), evidence);
    }
    Ok(value)
}

/// What was allowed. The message was verified when it was taken, and nobody can have altered it below the seal since.
pub(super) fn agreed(vault: &Vault, kept: &Kept, sealed: &[u8]) -> Result<Agreement, Error> {
    let cms = vault.open(&aad(&kept.consent_id), sealed)?;
    agreement(&cms::content(&cms, &Demand::CONSENT).map_err(Error::broken)?)
}

fn agreement(content: &[u8]) -> Result<Agreement, Error> {
    let body: Value = serde_json::from_slice(content).map_err(Error::broken)?;
    let envelope = Envelope::read(&body).map_err(|_| Error::broken("a kept consent cannot be read"))?;
    envelope.agreement.ok_or_else(|| Error::broken("a kept consent has no agreement"))
}

/// What was signed at the first use: its evidence and what it allowed.
fn original(vault: &Vault, kept: &Kept, sealed: &[u8]) -> Result<(Value, Agreement), Error> {
    let cms = vault.open(&aad(&kept.consent_id), sealed)?;
    let message = cms::verify(&cms, None, &Demand::CONSENT).map_err(Error::broken)?;
    let agreement = agreement(message.content())?;
    let evidence = json!({
        "type": "CMS SignedData",
        "sha256": hex::encode(eds::sha256(&cms)),
        "signed_at": message.only().and_then(cms::Signature::signed_at),
    });
    Ok((evidence, agreement))
}

/// Identity, state and events.
fn frame(kept: &Kept, now: Timestamp) -> Value {
    let moments = [
        ("given", (!kept.consumer.is_empty()).then_some(kept.given_at)),
        ("ended", kept.ended_at),
        ("withdrawn", kept.withdrawn_at),
    ];
    let events: Vec<Value> = moments
        .into_iter()
        .filter_map(|(state, at)| Some(json!({ "event_type": state, "event_time": at?, "entity_id": kept.subject })))
        .collect();
    json!({
        "schema_version": "ISO/IEC TS 27560:2023",
        "record_id": kept.consent_id,
        "pii_principal_id": kept.subject,
        "state": kept.state(now).as_str(),
        "uses": { "allowed": kept.uses_allowed, "made": kept.uses_made },
        "valid_from": kept.valid_from,
        "valid_until": kept.valid_to,
        "events": events,
    })
}

/// What the person allowed.
fn allowed(agreement: &Agreement) -> [(String, Value); 3] {
    let controller = json!([{
        "name_and_address": agreement.operator_info,
        "unp": agreement.operator_unp.to_string(),
        "authorised_persons": agreement.authorised_persons,
    }]);
    let categories: Vec<Value> =
        agreement.rights.iter().map(|group| json!({ "classifier": -16, "code": group })).collect();
    let processing = json!([{
        "purpose": agreement.target,
        "lawful_basis": "consent",
        "consent_type": "expressed",
        "method": "electronic signature",
        "pii_categories": categories,
        "operations": agreement.actions,
        "recipients": agreement.assignee_persons,
        "jurisdiction": "BY",
        "withdrawal": "in the private office, or by a wish that the same person signs, at any time",
    }]);
    let notice = json!({
        "language": agreement.language.map(model::Lang::code),
        "sha256": agreement.text_digest.map(hex::encode),
    });
    [
        ("pii_controllers".to_owned(), controller),
        ("pii_processing".to_owned(), processing),
        ("privacy_notice".to_owned(), notice),
    ]
}
