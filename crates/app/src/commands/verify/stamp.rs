//! A time stamp by itself: the token (RFC 3161), or the authority's whole answer.

use std::path::PathBuf;

use eds::Revocation;
use eds::tsp::Token;
use jiff::Timestamp;
use serde_json::json;

use super::Args;
use super::message;
use crate::exit::{Error, Outcome};
use crate::files;
use crate::print::{self, Tone};

/// DER of id-ct-TSTInfo, by which a stamp is told from other messages.
const STAMP: [u8; 13] = [0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
/// Where it stands at the latest: after the status of the answer. In signed files stamps come behind what is signed.
const BEGINNING: usize = 128;

/// The message is a time stamp.
pub(super) fn is_stamp(message: &[u8]) -> bool {
    message.get(..message.len().min(BEGINNING)).is_some_and(|begin| begin.windows(STAMP.len()).any(|at| at == STAMP))
}

/// Checks the stamp, and that the file beside it is what was stamped.
pub(super) fn verify(args: &Args, message: &[u8], rest: &[PathBuf], now: Timestamp) -> Result<Outcome, Error> {
    let stamped = match rest {
        [] => None,
        [one] => Some(files::bytes(one)?),
        _ => return Err(Error::usage("FILE: a time stamp is checked with at most one other, what was stamped")),
    };
    let mut unchecked = Vec::new();
    let found = match Token::find(message) {
        Err(error) => Err((None, error)),
        Ok(token) => {
            let (trust, rule) = super::trust(args, message::roots(args)?, token.certificates().to_vec())?;
            if rule == Revocation::IfKnown {
                unchecked.push("whether the certificate was revoked: give --crl FILE");
            }
            let covers = stamped.as_deref().map_or(Ok(()), |bytes| token.covers(bytes));
            match covers.and_then(|()| token.judge(&trust, now)) {
                Ok(()) => Ok(token),
                Err(error) => Err((Some(token), error)),
            }
        }
    };
    if stamped.is_none() {
        unchecked.push("what was stamped: name that file too");
    }
    let (token, wrong) = match &found {
        Ok(token) => (Some(token), None),
        Err((token, error)) => (token.as_ref(), Some(error)),
    };
    if args.json {
        let (at, by) = (token.map(|one| one.at().to_string()), token.map(|one| one.certificate().subject()));
        let wrong = wrong.map(ToString::to_string);
        print::json(
            &json!({ "valid": wrong.is_none(), "wrong": wrong, "stamped_at": at, "by": by, "unchecked": unchecked }),
        );
    } else {
        if let Some(token) = token {
            print::line(format_args!("stamped    {}\nby         {}", token.at(), token.certificate().subject()));
        }
        match wrong {
            None => print::line(print::tinted(Tone::Good, "time stamp valid")),
            Some(error) => print::line(format_args!("{}: {error}", print::tinted(Tone::Bad, "time stamp NOT valid"))),
        }
        unchecked.iter().for_each(|what| print::line(format_args!("not checked: {what}")));
    }
    Ok(Outcome::of(wrong.is_none()))
}
