//! The consent that goes with a question: as the header bears it, and whether it holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eds::cms::{self, Demand};
use eds::{Purpose, sha256};
use jiff::Timestamp;
use ledger::Evidence;

use super::check::Check;
use super::exchange::Question;
use super::identity::Identity;

/// CMS as the header bears it. Files hold it as DER, as PEM or already in base64.
pub fn header(file: &[u8]) -> String {
    match std::str::from_utf8(file) {
        Ok(text) => text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect(),
        Err(_) => STANDARD.encode(file),
    }
}

/// The consent was signed over exactly this question by somebody whose certificate holds, and the record of the answer
/// names it. None when the question bears none.
pub fn check(identity: &Identity, question: &Question, record: Result<&[u8], String>, now: Timestamp) -> Option<Check> {
    let header = question.headers.get("cms")?;
    let held = signed(identity, header.as_bytes(), &question.body, now).and_then(|(by, digest)| {
        named(record?, &digest)?;
        Ok(format!("signed by {by}, over exactly this question, and named in the record"))
    });
    Some(Check::new("consent", held))
}

/// Who signed, and the digest of the message.
fn signed(identity: &Identity, header: &[u8], body: &[u8], now: Timestamp) -> Result<(String, String), String> {
    let der = STANDARD.decode(header).map_err(|_| "the header cms is not base64".to_owned())?;
    let message = cms::verify(&der, None, &Demand::CONSENT).map_err(|error| error.to_string())?;
    if message.content() != body {
        return Err("it was signed over another question".to_owned());
    }
    let certificate = message.only().ok_or("more than one signed")?.certificate();
    let trusted = identity.trust.check(certificate, Purpose::Signature, now);
    trusted.map_err(|error| format!("the certificate of {} is not trusted: {error}", certificate.full_name()))?;
    Ok((certificate.full_name(), hex::encode(sha256(&der))))
}

fn named(record: &[u8], digest: &str) -> Result<(), String> {
    let evidence = Evidence::read(record).map_err(|error| error.to_string())?;
    match evidence.record.get("consent_digest").and_then(serde_json::Value::as_str) {
        Some(named) if named == digest => Ok(()),
        _ => Err("the record of the answer names no consent, or another".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consents_are_sent_as_one_line_of_base64() {
        assert_eq!(header(b"-----BEGIN CMS-----\nAAAA\nBBBB\n-----END CMS-----\n"), "AAAABBBB");
        assert_eq!(header(&[0x30, 0x82, 0xff]), "MIL/");
    }

    #[test]
    fn the_record_names_the_consent() {
        let record = br#"{"record":{"consent_digest":"ab"},"salt":"00"}"#;
        assert!(named(br#"{"consent_digest":"ab"}"#, "ab").is_ok());
        assert!(named(br#"{"consent_digest":"ab"}"#, "cd").is_err());
        assert!(named(br"{}", "ab").is_err());
        assert!(named(record, "ab").is_err(), "a salt that is none");
    }
}
