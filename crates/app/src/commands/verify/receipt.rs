//! A receipt with its record: what happened, and what that rests on.

use std::path::{Path, PathBuf};

use eds::sha256;
use jiff::Timestamp;
use ledger::{Evidence, Report, Vkey, verify_receipt};
use serde_json::{Value, json};

use super::Args;
use crate::exit::{Error, Outcome};
use crate::files;
use crate::print::{self, Tone};

/// Checks the receipt in `content` with the record in `rest`.
pub(super) fn verify(
    args: &Args,
    path: &Path,
    content: &[u8],
    rest: &[PathBuf],
    now: Timestamp,
) -> Result<Outcome, Error> {
    let [record] = rest else {
        return Err(Error::usage("FILE: a receipt is checked with its record: nais verify RECEIPT RECORD --key VKEY"));
    };
    let vkey = log_key(args, path)?;
    let mut witnesses = args.witnesses.iter().map(|given| key(given, "--witness")).collect::<Result<Vec<_>, _>>()?;
    witnesses.extend(national_key(args, path)?);
    let verdict = verdict(args, content, &files::bytes(record)?, &vkey, &witnesses, now)?;
    if args.json {
        print::json(&verdict.json());
    } else {
        verdict.tell();
    }
    Ok(Outcome::of(verdict.wrong.is_none()))
}

/// What was found.
struct Verdict {
    report: Option<Report>,
    /// Why it is not valid.
    wrong: Option<String>,
    unchecked: Vec<String>,
}

fn verdict(
    args: &Args,
    receipt: &[u8],
    record: &[u8],
    vkey: &Vkey,
    witnesses: &[Vkey],
    now: Timestamp,
) -> Result<Verdict, Error> {
    let outcome = Evidence::read(record)
        .and_then(|evidence| verify_receipt(receipt, &evidence, vkey, witnesses, now).map(|report| (evidence, report)));
    let (evidence, report) = match outcome {
        Ok(found) => found,
        Err(error) => {
            return Ok(Verdict { report: None, wrong: Some(error.to_string()), unchecked: Vec::new() });
        }
    };
    let mut wrong = None;
    let mut unchecked = Vec::new();
    for (name, file, option) in
        [("answer", args.answer.as_ref(), "--answer FILE"), ("request", args.request.as_ref(), "--request FILE")]
    {
        let digest = evidence.record.get(format!("{name}_digest")).and_then(Value::as_str);
        match (digest, file) {
            (None, Some(_)) => wrong = Some(format!("the record tells no digest of the {name}")),
            (Some(_), None) => unchecked.push(format!("the {name}'s bytes: give {option}")),
            (Some(digest), Some(file)) if digest != hex::encode(sha256(&files::bytes(file)?)) => {
                wrong = Some(format!("the {name} was changed: {} does not have the digest recorded", file.display()));
            }
            _ => {}
        }
    }
    if report.from_the_future {
        unchecked.push("the record's time is after the moment looked at: a clock is wrong".to_owned());
    }
    if report.witnesses.is_empty() {
        unchecked.push("that the log shows everybody the same tree: no witness's signature was checked".to_owned());
    }
    unchecked
        .extend(report.unchecked.iter().map(|name| format!("the signature line of {name}: its key was not given")));
    Ok(Verdict { report: Some(report), wrong, unchecked })
}

impl Verdict {
    fn json(&self) -> Value {
        json!({ "valid": self.wrong.is_none(), "wrong": self.wrong, "report": self.report, "unchecked": self.unchecked })
    }

    fn tell(&self) {
        if let Some(report) = &self.report {
            tell_report(report);
        }
        match &self.wrong {
            None => print::line(print::tinted(Tone::Good, "receipt valid")),
            Some(why) => print::line(format_args!("{}: {why}", print::tinted(Tone::Bad, "receipt NOT valid"))),
        }
        for what in &self.unchecked {
            print::line(format_args!("{}: {}", print::tinted(Tone::Note, "not checked"), print::printable(what)));
        }
    }
}

fn tell_report(report: &Report) {
    let row = |name: &str, value: &str| {
        if !value.is_empty() {
            print::line(format_args!("{name:<10} {}", print::printable(value)));
        }
    };
    let what: Vec<&str> = [report.service.as_deref(), report.method.as_deref()].into_iter().flatten().collect();
    row("who", &report.consumer);
    row("when", &report.time);
    row("what", &what.join(" "));
    row("outcome", &format!("{} ({})", report.decision.as_deref().unwrap_or("none recorded"), report.kind));
    row("request", report.request_id.as_deref().unwrap_or_default());
    row("log", &report.origin);
    row("entry", &format!("{} of a tree of {}", report.index, report.tree_size));
    row("root", &report.root);
    for seen in &report.witnesses {
        row("witness", &format!("{} at {}", seen.witness, seen.time));
    }
}

fn log_key(args: &Args, receipt: &Path) -> Result<Vkey, Error> {
    if let Some(given) = &args.key {
        return key(given, "--key");
    }
    let near = [receipt.with_file_name("log.vkey"), PathBuf::from("stand/pki/log.vkey")];
    match near.iter().find(|path| path.exists()) {
        Some(path) => key(&path.display().to_string(), "--key"),
        None => Err(Error::usage("--key VKEY: the log's verifier key is needed (stand/pki/log.vkey)")),
    }
}

/// The log's other key, which lies beside the first and signs every checkpoint with the national algorithm.
fn national_key(args: &Args, receipt: &Path) -> Result<Option<Vkey>, Error> {
    const FILE: &str = "log-bign.vkey";
    let beside = args.key.as_deref().map_or(receipt, Path::new).with_file_name(FILE);
    let near = [beside, Path::new("stand/pki").join(FILE)];
    let found = near.iter().find(|path| path.exists());
    found.map(|path| key(&path.display().to_string(), FILE)).transpose()
}

/// A verifier key given as text or as a file's name.
fn key(given: &str, option: &str) -> Result<Vkey, Error> {
    if !Path::new(given).exists()
        && let Ok(vkey) = Vkey::parse(given)
    {
        return Ok(vkey);
    }
    let path = Path::new(given);
    Vkey::parse(&files::text(path)?).map_err(|error| Error::config(path, option, error.to_string()))
}
