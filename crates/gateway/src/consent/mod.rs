//! Consent of a natural person, as an object: given with its first use, counted, used up, withdrawn, ended; each a leaf.
//!
//! A consent is immutable and goes by its `consent_id`: every request under it is signed anew, and subject, operator and
//! agreement stay those of the first. A use is counted when the owner answered (an answer that says "no such person"
//! answers too) and the disclosure is on disk; a refusal, ours or the owner's, uses nothing, and the same signed message
//! may be sent again.
//!
//! The order of the ledger's leaves is the order of what happened: use and withdrawal change the same row, so no
//! disclosure of a consent stands after its withdrawal (`security.md` row 8).

pub(crate) mod claim;
mod end;
mod export;
mod list;
mod own;
mod record;
mod withdraw;

use std::borrow::Cow;

use jiff::Timestamp;
use ledger::record::{Kind, Record};
use model::IdentificationNumber;
use store::{Statement, Vault};
use uuid::Uuid;

pub(crate) use claim::{decode, prove};
pub(crate) use end::expire;
pub use export::export;
pub use list::{Kept, State, consents};
pub use own::{Own, export_own, own, own_one, withdraw_own};
pub(crate) use record::{Admitted, admit, forget, standing};
pub use withdraw::{Withdrawal, withdraw};

/// Name of the detail by which records of one consent are found together.
pub(crate) const DETAIL: Cow<'static, str> = Cow::Borrowed("consent");

/// A consent that covers a question, as it goes to the storage thread.
#[derive(Clone)]
pub(crate) struct Presented {
    pub id: Uuid,
    /// Keyed pseudonym of the person, the same that the ledger's records bear.
    pub subject: [u8; 16],
    pub consumer: String,
    /// SHA-256 of the canonical agreement.
    pub agreement: [u8; 32],
    pub from: Timestamp,
    pub to: Timestamp,
    /// None: until it expires.
    pub uses: Option<u32>,
    /// `cover.message_id`.
    pub message: Uuid,
    /// When the request came.
    pub at: Timestamp,
    /// The agreement bears the digest of another text than NAIS shows for it.
    pub worded_otherwise: bool,
    /// The CMS itself.
    pub cms: Vec<u8>,
}

impl Presented {
    /// What the ledger says of the consent, beside the exchange of this record.
    pub(crate) fn leaf(&self, exchange: &Record, kind: Kind, decision: &'static str) -> Record {
        let mut record = Record::new(kind, exchange.time, exchange.request_id, exchange.consumer.clone());
        record.decision = Cow::Borrowed(decision);
        record.consent_digest = exchange.consent_digest;
        record.service.clone_from(&exchange.service);
        record.treaty.clone_from(&exchange.treaty);
        record.subjects = vec![self.subject];
        record.details.insert(DETAIL, self.id.to_string());
        record
    }
}

/// The pseudonym under which a person stands in rows and records.
pub(crate) fn subject(vault: &Vault, number: &IdentificationNumber) -> [u8; 16] {
    vault.pseudonym("subject", number.as_str().as_bytes())
}

/// What a CMS of this consent is sealed with.
fn aad(id: &Uuid) -> Vec<u8> {
    [b"consent.cms.".as_slice(), id.as_bytes()].concat()
}

/// All statements of this module.
pub(crate) fn statements() -> Vec<&'static Statement> {
    [record::STATEMENTS, withdraw::STATEMENTS, list::STATEMENTS, end::STATEMENTS, own::STATEMENTS].concat()
}
