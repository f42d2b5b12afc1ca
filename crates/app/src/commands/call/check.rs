//! What a consumer checks of every answer: signatures, digests, receipt. Pure: the answer and the record come in.

use eds::detached::Detached;
use eds::http_signature::{ResponseView, check_content_digest, verify_response};
use eds::{Certificate, Purpose, sha256};
use jiff::Timestamp;
use ledger::{Evidence, Receipt, Report, verify_receipt};
use serde::Serialize;

use super::exchange::Answer;
use super::identity::Identity;

/// What was found about one property of the answer.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Which property.
    pub check: &'static str,
    /// What was found.
    pub result: Found,
    /// Whose, where, or why not.
    pub about: String,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// It holds.
    Valid,
    /// It was not looked at, and need not be.
    NotNeeded,
    /// It is not there, and should be.
    Missing,
    /// It does not hold.
    Invalid,
}

impl Found {
    /// The exchange may be relied on as far as this goes.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Valid | Self::NotNeeded)
    }

    /// As people read it after the name of the check.
    pub fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NotNeeded => "not checked",
            Self::Missing => "missing",
            Self::Invalid => "NOT valid",
        }
    }
}

impl Check {
    pub(super) fn new(check: &'static str, outcome: Result<String, String>) -> Self {
        match outcome {
            Ok(about) => Self { check, result: Found::Valid, about },
            Err(about) => Self { check, result: Found::Invalid, about },
        }
    }

    fn of(check: &'static str, result: Found, about: impl Into<String>) -> Self {
        Self { check, result, about: about.into() }
    }
}

/// The checks that need nothing but the answer.
pub fn answer(identity: &Identity, request_body: &[u8], answer: &Answer, now: Timestamp) -> Vec<Check> {
    let mut checks = Vec::new();
    let receipt_only = answer.header("preference-applied").is_some_and(|applied| applied.contains("receipt"));
    match signer(answer) {
        Ok(Some(signature)) => {
            let by = name(&signature.certificate);
            checks.push(Check::new("signature", trusted(identity, &signature, answer, now).map(|()| by)));
            checks.push(Check::new("HTTP signature", http_signature(&signature.certificate, answer, now)));
        }
        Ok(None) if receipt_only => {
            checks.push(Check::of(
                "signature",
                Found::NotNeeded,
                "left out as preferred: the receipt covers the answer",
            ));
        }
        Ok(None) => checks.push(Check::of("signature", Found::Missing, unsigned(answer))),
        Err(why) => checks.push(Check::of("signature", Found::Invalid, why)),
    }
    checks.push(match answer.header("nais-request-digest") {
        Some(digest) => Check::new("request digest", request_digest(digest, request_body)),
        None => Check::of("request digest", Found::Missing, unsigned(answer)),
    });
    checks
}

/// Why an answer may bear nothing at all.
fn unsigned(answer: &Answer) -> &'static str {
    if answer.is_answered() {
        "an answer must bear it"
    } else {
        "NAIS refused before it knew who asks, or could record nothing; such a refusal is neither signed nor recorded"
    }
}

struct Signature {
    detached: Detached,
    certificate: Certificate,
}

fn signer(answer: &Answer) -> Result<Option<Signature>, String> {
    let header = |name: &str| answer.headers.get(name).map(|value| value.as_bytes());
    let Some(detached) = Detached::read(header("sign"), header("certificate")).map_err(|error| error.to_string())?
    else {
        return Ok(None);
    };
    let certificate = Certificate::from_der(detached.certificate_der()).map_err(|error| error.to_string())?;
    Ok(Some(Signature { detached, certificate }))
}

/// The EDS is over the exact bytes, by a certificate that leads to the root and is NAIS' own.
fn trusted(identity: &Identity, signature: &Signature, answer: &Answer, now: Timestamp) -> Result<(), String> {
    let certificate = &signature.certificate;
    signature
        .detached
        .verify(&answer.body, certificate)
        .map_err(|_| "the EDS is not over these bytes: the answer was changed after signing".to_owned())?;
    identity
        .trust
        .check(certificate, Purpose::Signature, now)
        .map_err(|error| format!("the certificate of {} is not trusted: {error}", name(certificate)))?;
    match &identity.pinned {
        Some(pinned) if pinned != certificate => {
            Err(format!("signed by {}, not by the certificate that `signer` of consumer.toml names", name(certificate)))
        }
        _ => Ok(()),
    }
}

fn http_signature(certificate: &Certificate, answer: &Answer, now: Timestamp) -> Result<String, String> {
    let lines: Vec<(&str, &[u8])> =
        answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let view = ResponseView {
        status: answer.status,
        headers: &lines,
        body: &answer.body,
        request_signature: &answer.request_signature,
    };
    let key_of = |keyid: &str| (keyid == certificate.fingerprint_hex()).then(|| certificate.verifying_key().clone());
    let signed = verify_response(&view, now, key_of).map_err(|error| error.to_string())?;
    Ok(format!("RFC 9421, bound to this request, made {}", signed.created))
}

fn request_digest(header: &str, body: &[u8]) -> Result<String, String> {
    check_content_digest(header, body).map_err(|error| format!("the answer is to another request: {error}"))?;
    Ok("the answer is to exactly the bytes sent".to_owned())
}

/// A certificate's subject for people.
fn name(certificate: &Certificate) -> String {
    certificate.common_name().map_or_else(|| certificate.subject(), str::to_owned)
}

/// What the receipt proves about this very exchange.
pub fn receipt(
    identity: &Identity,
    request_body: &[u8],
    answer: &Answer,
    record: Result<&[u8], String>,
    now: Timestamp,
) -> (Check, Option<Report>) {
    const NAME: &str = "receipt";
    let Some(header) = answer.header("nais-receipt") else {
        return (Check::of(NAME, Found::Missing, unsigned(answer)), None);
    };
    let record = match record {
        Ok(record) => record,
        Err(why) => return (Check::of(NAME, Found::Invalid, why), None),
    };
    if answer.status == 202 && is_of_another_entry(header, record) {
        let about = "the question was answered meanwhile: its later record is handed out now";
        return (Check::of(NAME, Found::NotNeeded, about), None);
    }
    match proven(identity, request_body, answer, header, record, now) {
        Ok(report) => {
            let about = format!("entry {} of {} in the log {}", report.index, report.tree_size, report.origin);
            (Check::of(NAME, Found::Valid, about), Some(report))
        }
        Err(why) => (Check::of(NAME, Found::Invalid, why), None),
    }
}

fn is_of_another_entry(receipt: &str, record: &[u8]) -> bool {
    let index =
        serde_json::from_slice::<serde_json::Value>(record).ok().and_then(|record| record.get("index")?.as_u64());
    let receipt = Receipt::read(receipt.as_bytes());
    matches!((index, receipt), (Some(index), Ok(receipt)) if index != receipt.index)
}

fn proven(
    identity: &Identity,
    request_body: &[u8],
    answer: &Answer,
    receipt: &str,
    record: &[u8],
    now: Timestamp,
) -> Result<Report, String> {
    let evidence = Evidence::read(record).map_err(|error| error.to_string())?;
    // Clocks differ by a little; a record from further ahead is reported by `from_the_future`.
    let report =
        verify_receipt(receipt.as_bytes(), &evidence, &identity.log, &[], now).map_err(|error| error.to_string())?;
    let member = |name: &str| evidence.record.get(name).and_then(serde_json::Value::as_str);
    if report.answer_digest.as_deref() != Some(&*hex::encode(sha256(&answer.body))) {
        return Err("the record is of another answer: the answer was changed, or the record is not its".to_owned());
    }
    if member("request_digest") != Some(&*hex::encode(sha256(request_body))) {
        return Err("the record is of another request".to_owned());
    }
    if report.request_id.as_deref() != answer.header("nais-request-id") {
        return Err("the record bears another request identifier".to_owned());
    }
    Ok(report)
}
