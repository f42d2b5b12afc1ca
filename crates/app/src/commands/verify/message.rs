//! A signed file (CMS): who signed what, when, and what that rests on.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eds::cms::{self, Demand, Message, Signature};
use eds::{CmsError, PathError, Revocation, Trust, sha256};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::certificate::describe;
use super::{Args, stamp};
use crate::exit::{Error, Outcome};
use crate::files;
use crate::print::{self, Tone};

/// Where the stand's root lies, which is taken when no other is named.
const ROOTS: &str = "stand/pki/root.pem";
/// How a message in PEM begins: `openssl cms` and older programs.
const PEM: [&str; 2] = ["-----BEGIN CMS-----", "-----BEGIN PKCS7-----"];

/// The content may be a message: as it is, in PEM or in base64.
pub(super) fn is_message(content: &[u8]) -> bool {
    let text = std::str::from_utf8(content).unwrap_or_default().trim_start();
    content.first() == Some(&0x30) && content.get(1).is_some_and(|length| *length >= 0x80)
        || PEM.iter().any(|begin| text.starts_with(begin))
        || text.starts_with("MI") && decoded(text).is_some()
}

/// What was found about one signature.
struct Finding<'a> {
    signature: &'a Signature,
    wrong: Option<String>,
    unchecked: Vec<&'static str>,
    /// The message itself carries what proves it (CAdES-B-LT).
    kept: bool,
}

/// Checks the message in `content`, with its content in `rest` when that is detached.
pub(super) fn verify(args: &Args, content: &[u8], rest: &[PathBuf], now: Timestamp) -> Result<Outcome, Error> {
    let content = bytes(content);
    if stamp::is_stamp(&content) {
        return stamp::verify(args, &content, rest, now);
    }
    let beside = match rest {
        [] => None,
        [one] => Some(files::bytes(one)?),
        _ => return Err(Error::usage("FILE: a signed file is checked with at most one other, its content")),
    };
    let read = read(&content, beside.as_deref());
    let message = match read {
        Ok(message) => message,
        Err(eds::Error::Cms(CmsError::ContentMissing)) => {
            return Err(Error::usage("FILE: the signature is detached: name the file that was signed too"));
        }
        Err(error) => return Ok(refuse(args, &error)),
    };
    let (trust, rule) = trust(args, &message)?;
    let found: Vec<Finding<'_>> =
        message.signatures().iter().map(|signature| judge(signature, &trust, rule, now)).collect();
    if args.json {
        print::json(&as_json(&message, &found));
    } else {
        tell(&message, &found);
    }
    Ok(Outcome::of(found.iter().all(|finding| finding.wrong.is_none())))
}

/// The message with as many signers as it has.
fn read(message: &[u8], beside: Option<&[u8]>) -> Result<Message, eds::Error> {
    match cms::verify(message, beside, &Demand::ONE) {
        Err(eds::Error::Cms(CmsError::Signers { found, .. })) => cms::verify(message, beside, &Demand::of(found)),
        verdict => verdict,
    }
}

/// The roots that are named, or the stand's.
pub(super) fn roots(args: &Args) -> Result<&Path, Error> {
    let stand = Path::new(ROOTS);
    let roots = args.roots.as_deref().or_else(|| stand.exists().then_some(stand));
    roots.ok_or_else(|| Error::usage("--roots FILE: name the root certificates that are trusted"))
}

fn trust(args: &Args, message: &Message) -> Result<(Trust, Revocation), Error> {
    let mut through = message.certificates().to_vec();
    for stamp in message.signatures().iter().filter_map(Signature::stamp) {
        through.extend_from_slice(stamp.certificates());
    }
    let (trust, rule) = super::trust(args, roots(args)?, through)?;
    Ok((trust.with_crls(message.lists()).with_responses(message.responses().iter().cloned()), rule))
}

fn judge<'a>(signature: &'a Signature, trust: &Trust, rule: Revocation, now: Timestamp) -> Finding<'a> {
    let mut unchecked = Vec::new();
    // What the message kept from the time of its stamp (CAdES-B-LT) tells of revocation without any list of today.
    let kept = signature.judge_kept(trust, now).is_ok();
    if rule == Revocation::IfKnown && !kept {
        unchecked.push("whether a certificate was revoked: give --crl FILE");
    }
    if signature.stamp().is_none() {
        unchecked.push("when it was signed: only the signer says so, there is no time stamp");
    }
    if !signature.names_certificate() {
        unchecked.push("that the signer meant this certificate: it is not named in what was signed");
    }
    let today = signature.judge(trust, now);
    // Silence of today's lists is made good by what was kept; a revocation known today is not.
    let silent = matches!(today, Err(eds::Error::Path(PathError::CrlMissing | PathError::CrlStale)));
    let wrong = today.err().filter(|_| !(silent && kept)).map(|error| error.to_string());
    Finding { signature, wrong, unchecked, kept }
}

fn refuse(args: &Args, error: &eds::Error) -> Outcome {
    if args.json {
        print::json(&json!({ "valid": false, "wrong": error.to_string(), "code": error.refusal().code }));
    } else {
        print::line(format_args!("{}: {error}", print::tinted(Tone::Bad, "signature NOT valid")));
    }
    Outcome::SaidNo
}

fn as_json(message: &Message, found: &[Finding<'_>]) -> Value {
    let moment = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let signatures = found.iter().map(|Finding { signature, wrong, unchecked, kept }| {
        json!({
            "valid": wrong.is_none(),
            "wrong": wrong,
            "subject": signature.certificate().subject(),
            "serial": signature.certificate().serial_hex(),
            "fingerprint": signature.certificate().fingerprint_hex(),
            "signed_at": moment(signature.signed_at()),
            "stamped_at": moment(signature.stamp().map(eds::tsp::Token::at)),
            "unchecked": unchecked,
            "evidence_inside": kept,
        })
    });
    json!({
        "valid": found.iter().all(|finding| finding.wrong.is_none()),
        "content": { "bytes": message.content().len(), "sha256": hex::encode(sha256(message.content())) },
        "signatures": signatures.collect::<Vec<_>>(),
    })
}

fn tell(message: &Message, found: &[Finding<'_>]) {
    let row = |name: &str, value: &str| print::line(format_args!("{name:<12} {}", print::printable(value)));
    row("what", &format!("{} bytes, SHA-256 {}", message.content().len(), hex::encode(sha256(message.content()))));
    for Finding { signature, wrong, unchecked, kept } in found {
        describe(signature.certificate());
        match (signature.stamp(), signature.signed_at()) {
            (Some(stamp), _) => {
                row("when", &stamp.at().to_string());
                row("stamped by", &stamp.certificate().subject());
            }
            (None, Some(at)) => row("when", &format!("{at}, as the signer says")),
            (None, None) => row("when", "the signer does not say"),
        }
        match wrong {
            None => print::line(print::tinted(Tone::Good, "signature valid")),
            Some(why) => print::line(format_args!("{}: {why}", print::tinted(Tone::Bad, "signature NOT valid"))),
        }
        if *kept {
            row("evidence", "inside: certificates and their status at the stamp (CAdES-B-LT)");
        }
        for what in unchecked {
            print::line(format_args!("{}: {what}", print::tinted(Tone::Note, "not checked")));
        }
    }
}

/// The message's bytes, out of PEM or base64 if need be.
fn bytes(content: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(content).unwrap_or_default();
    decoded(text).unwrap_or_else(|| content.to_vec())
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let is_base64 = |line: &&str| !line.starts_with("-----");
    let body: String = text.lines().map(str::trim).filter(is_base64).collect();
    if body.is_empty() { None } else { STANDARD.decode(body).ok() }
}
