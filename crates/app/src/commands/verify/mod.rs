//! `nais verify`: checks what NAIS hands out, offline. One file a kind; a file's kind is told by its content.

mod certificate;
mod message;
mod receipt;
mod stamp;

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use eds::{Certificate, Crl, Revocation, Trust};
use jiff::Timestamp;
use model::Clock;

use crate::exit::{Error, Outcome};
use crate::files;

pub use certificate::PurposeArg;

/// Check receipts, signed files and certificates without a network: says who, when, what, and what it could not check.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais verify saved/receipt saved/record.json --key stand/pki/log.vkey --answer saved/answer
  nais verify stand/pki/gateway.pem --roots stand/pki/root.pem --crl stand/pki/crl
  nais verify consent.p7s --roots stand/pki/root.pem --crl stand/pki/crl.pem
  nais verify detached.p7s document.pdf --roots stand/pki/root.pem

A receipt is checked together with its record, which GET /ledger/v1/entries/{request_id} or `nais call --save` gives.
A detached signature is checked together with what was signed, byte for byte.
Without --key the file log.vkey beside the receipt is taken, else stand/pki/log.vkey.")]
pub struct Args {
    /// A receipt and its record, a signed file (.p7s) and its content if that is detached, a time stamp (.tst, .tsr)
    /// and what was stamped, or a certificate with those between it and the root (PEM)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The log's verifier key: a file or the text itself
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// A witness's verifier key: a file or the text itself; may be given several times
    #[arg(long = "witness", value_name = "VKEY")]
    witnesses: Vec<String>,
    /// The answer's exact bytes, to be compared with the record's digest
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// The request's exact bytes, to be compared with the record's digest
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Root certificates that are trusted (PEM)
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// Revocation lists (PEM); may be given several times
    #[arg(long = "crl", value_name = "FILE")]
    lists: Vec<PathBuf>,
    /// What the certificate should be good for
    #[arg(long, value_enum, default_value = "signature")]
    purpose: PurposeArg,
    /// The moment to look at, such as 2026-11-02T10:00:00Z; now by default
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print one JSON value instead of lines
    #[arg(long)]
    json: bool,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Receipt,
    Certificates,
    Message,
    Unknown,
}

impl Kind {
    fn of(content: &[u8]) -> Self {
        let text = std::str::from_utf8(content).unwrap_or_default();
        if text.contains("-----BEGIN CERTIFICATE-----") {
            Self::Certificates
        } else if ["c2sp.org/tlog-proof", "YzJzcC5vcmcvdGxvZy1wcm9vZ"]
            .iter()
            .any(|begin| text.trim_start().starts_with(begin))
        {
            Self::Receipt
        } else if message::is_message(content) {
            Self::Message
        } else {
            Self::Unknown
        }
    }
}

/// The trust that the options name, through these authorities, and whether revocation can be checked.
fn trust(args: &Args, roots: &Path, through: Vec<Certificate>) -> Result<(Trust, Revocation), Error> {
    let trusted = files::certificates(roots, "")?;
    let mut lists = Vec::new();
    for file in &args.lists {
        let read = Crl::all_from_pem(&files::text(file)?);
        lists.extend(read.map_err(|error| Error::config(file, "", error.to_string()))?);
    }
    let rule = if lists.is_empty() { Revocation::IfKnown } else { Revocation::Required };
    Ok((Trust::new(trusted).with_intermediates(through).with_crls(lists).with_revocation(rule), rule))
}

/// Checks the files.
#[expect(clippy::unused_async, reason = "every command is awaited alike")]
pub async fn run(args: Args) -> Result<Outcome, Error> {
    let now = args.at.unwrap_or_else(|| Clock::system().now());
    let (first, rest) = args.files.split_first().ok_or_else(|| Error::usage("FILE: name what to check"))?;
    let content = files::bytes(first)?;
    match Kind::of(&content) {
        Kind::Receipt => receipt::verify(&args, first, &content, rest, now),
        Kind::Certificates if rest.is_empty() => certificate::verify(&args, first, &content, now),
        Kind::Certificates => Err(Error::usage("FILE: give one certificate chain at a time")),
        Kind::Message => message::verify(&args, &content, rest, now),
        Kind::Unknown => Err(Error::config(
            first,
            "",
            "neither a receipt (c2sp.org/tlog-proof@v1, as text or base64), nor a signed file (CMS as DER, PEM or \
             base64), nor certificates (PEM)"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn content_tells_the_kind() {
        let receipt = "c2sp.org/tlog-proof@v1\nindex 0\n\nx\n";
        assert_eq!(Kind::of(receipt.as_bytes()), Kind::Receipt);
        let encoded = base64::engine::general_purpose::STANDARD.encode(receipt);
        assert_eq!(Kind::of(encoded.as_bytes()), Kind::Receipt);
        assert_eq!(Kind::of(b"x\n-----BEGIN CERTIFICATE-----\n"), Kind::Certificates);
        assert_eq!(Kind::of(&[0x30, 0x80, 0x06]), Kind::Message);
        assert_eq!(Kind::of(b"-----BEGIN CMS-----\n"), Kind::Message);
        assert_eq!(Kind::of(b"MIIGXQYJKoZIhvcNAQcCoIIG"), Kind::Message);
        assert_eq!(Kind::of(b"%PDF-1.7"), Kind::Unknown);
        assert_eq!(Kind::of(&[0xff, 0x00]), Kind::Unknown);
    }
}
