//! A certificate with those between it and a root.

use std::path::Path;

use clap::ValueEnum;
use eds::{Certificate, Purpose, Revocation};
use jiff::Timestamp;
use serde_json::json;

use super::Args;
use crate::exit::{Error, Outcome};
use crate::print::{self, Tone};

/// What a certificate is for, as the command line names it.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PurposeArg {
    /// The EDS of a person, an organisation or NAIS
    Signature,
    /// The client's side of TLS
    TlsClient,
    /// The server's side of TLS
    TlsServer,
    /// Answers about the status of certificates
    OcspSigning,
    /// Time stamps
    TimeStamping,
}

impl From<PurposeArg> for Purpose {
    fn from(purpose: PurposeArg) -> Self {
        match purpose {
            PurposeArg::Signature => Self::Signature,
            PurposeArg::TlsClient => Self::TlsClient,
            PurposeArg::TlsServer => Self::TlsServer,
            PurposeArg::OcspSigning => Self::OcspSigning,
            PurposeArg::TimeStamping => Self::TimeStamping,
        }
    }
}

/// Checks the first certificate of `content`; the others may lead from it to a root.
pub(super) fn verify(args: &Args, path: &Path, content: &[u8], now: Timestamp) -> Result<Outcome, Error> {
    let roots = args.roots.as_ref();
    let roots = roots.ok_or_else(|| Error::usage("--roots FILE: name the root certificates that are trusted"))?;
    let text = String::from_utf8_lossy(content);
    let chain = match Certificate::chain_from_pem(&text) {
        Ok(chain) => chain,
        Err(error) => return Ok(refuse(args, &error.to_string())),
    };
    let mut chain = chain.into_iter();
    let first = chain.next().ok_or_else(|| Error::config(path, "", "expected a certificate in PEM".to_owned()))?;
    let (trust, rule) = super::trust(args, roots, chain.collect())?;
    let wrong = trust.check(&first, args.purpose.into(), now).err().map(|error| error.to_string());
    let unchecked = match rule {
        Revocation::IfKnown => Some("whether it was revoked: give --crl FILE"),
        Revocation::Required => None,
    };
    tell(args, &first, now, wrong.as_deref(), unchecked);
    Ok(Outcome::of(wrong.is_none()))
}

fn refuse(args: &Args, why: &str) -> Outcome {
    if args.json {
        print::json(&json!({ "valid": false, "wrong": why }));
    } else {
        print::line(format_args!("{}: {why}", print::tinted(Tone::Bad, "certificate NOT valid")));
    }
    Outcome::SaidNo
}

fn tell(args: &Args, certificate: &Certificate, at: Timestamp, wrong: Option<&str>, unchecked: Option<&str>) {
    if args.json {
        print::json(&json!({
            "valid": wrong.is_none(),
            "wrong": wrong,
            "subject": certificate.subject(),
            "serial": certificate.serial_hex(),
            "fingerprint": certificate.fingerprint_hex(),
            "not_before": certificate.not_before().to_string(),
            "not_after": certificate.not_after().to_string(),
            "at": at.to_string(),
            "unchecked": unchecked,
        }));
        return;
    }
    describe(certificate);
    match wrong {
        None => print::line(format_args!("{} at {at}", print::tinted(Tone::Good, "certificate valid"))),
        Some(why) => print::line(format_args!("{} at {at}: {why}", print::tinted(Tone::Bad, "certificate NOT valid"))),
    }
    if let Some(unchecked) = unchecked {
        print::line(format_args!("{}: {unchecked}", print::tinted(Tone::Note, "not checked")));
    }
}

/// A certificate's particulars, line by line.
pub fn describe(certificate: &Certificate) {
    let row = |name: &str, value: &str| print::line(format_args!("{name:<12} {}", print::printable(value)));
    row("who", &certificate.subject());
    if let Some(unp) = certificate.unp() {
        row("UNP", unp);
    }
    if let Some(title) = certificate.job_title() {
        row("job title", title);
    }
    row("from", &certificate.not_before().to_string());
    row("until", &certificate.not_after().to_string());
    row("serial", &certificate.serial_hex());
    row("fingerprint", &certificate.fingerprint_hex());
}
