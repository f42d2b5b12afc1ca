//! Whether a person's consent lets a question be asked: pure, decided from the message, the signer and the moments.
//!
//! Law 99-Z art. 5 says what a consent names; the Register takes it inside the signed message (`domain.md` §4.6, §6.1).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::agreement::{Agreement, Envelope};
use crate::error::Error;
use crate::identifier::{IdentificationNumber, Unp};
use crate::refusal::{Kind, Refusal};

/// By how much the clock of a signer's computer may be ahead of ours.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What is asked, by whom, and who signed it.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The message that the person signed.
    pub envelope: &'a Envelope,
    /// The taxpayer number of the consumer that asks.
    pub consumer: &'a Unp,
    /// The identification number in the signer's certificate.
    pub signer: Option<&'a str>,
    /// When the signer says they signed.
    pub signed_at: Timestamp,
    /// The gateway's clock.
    pub now: Timestamp,
}

/// Why the data of this person may be furnished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given<'a> {
    /// What the person allowed.
    pub agreement: &'a Agreement,
    /// The person: signer and asked for.
    pub subject: &'a IdentificationNumber,
}

/// The consent covers this question, or the first reason why it does not, in the order in which a person can mend them:
/// what was signed, by whom, for whom, for which data, for when.
pub fn permits<'a>(ask: &Question<'a>) -> Result<Given<'a>, Refusal> {
    let Some(agreement) = &ask.envelope.agreement else {
        return Err(Refusal::new(Kind::Forbidden, "consent-agreement-missing"));
    };
    let faults: Vec<_> = ask.envelope.asked.iter().filter_map(|one| one.number.as_ref().err().cloned()).collect();
    if !faults.is_empty() {
        return Err(Refusal::new(Kind::Malformed, "schema").faults(faults));
    }
    let signer = ask.signer.and_then(|number| IdentificationNumber::parse(number).ok());
    let subject = match ask.envelope.subject() {
        Some(subject) if signer.as_ref() == Some(subject) => subject,
        _ => return Err(Refusal::new(Kind::Forbidden, "consent-wrong-person")),
    };
    if agreement.operator_unp != *ask.consumer {
        return Err(Refusal::new(Kind::Forbidden, "consent-wrong-operator"));
    }
    if let Some(group) = agreement.missing(&ask.envelope.dataset) {
        return Err(Refusal::new(Kind::Forbidden, "consent-not-covering").with("group", group));
    }
    if ask.now < agreement.issue_date {
        return Err(Refusal::new(Kind::Forbidden, "consent-not-yet-valid").with("from", agreement.issue_date));
    }
    if !agreement.in_term(ask.now) {
        return Err(Refusal::new(Kind::Forbidden, "consent-expired").with("until", agreement.expiry_date));
    }
    let ahead = ask.signed_at.duration_since(ask.now) > CLOCK_SKEW;
    if ahead || !agreement.in_term(ask.signed_at) {
        return Err(Refusal::new(Kind::Forbidden, "consent-signed-out-of-term"));
    }
    Ok(Given { agreement, subject })
}

/// The agreement in the one spelling that NAIS writes, RFC 8785: equal bytes are one agreement.
pub fn canonical(agreement: &Agreement) -> Result<Vec<u8>, Error> {
    let mut value = json!({
        "consent_id": agreement.consent_id,
        "operator_info": agreement.operator_info,
        "operator_unp": agreement.operator_unp.to_string(),
        "target": agreement.target,
        "rights": agreement.rights,
        "actions": agreement.actions,
        "issue_date": agreement.issue_date.to_string(),
        "expiry_date": agreement.expiry_date.to_string(),
        "assignee_persons": agreement.assignee_persons,
        "authorised_persons": agreement.authorised_persons,
    });
    let digest =
        agreement.text_digest.map(|digest| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let optional = [
        ("uses", agreement.uses.map(Value::from)),
        ("language", agreement.language.map(|lang| Value::from(lang.code()))),
        ("text_digest", digest.map(Value::from)),
    ];
    if let Some(members) = value.as_object_mut() {
        members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    crate::json::canonical(&value)
}

#[cfg(test)]
#[path = "consent_tests.rs"]
mod tests;
