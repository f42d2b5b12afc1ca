//! `nais consent wording`: the text that a person is shown before signing, and its digest into the request.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use model::agreement::Envelope;
use model::{Lang, wording};
use serde_json::Value;

use crate::exit::Error;
use crate::{files, print, services};

/// `nais consent wording`
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais consent wording request.json --folder stand/services/3.40.01-1 --name \"КОВАЛЁВ ИВАН ПЕТРОВИЧ\" --lang ru --write
  nais card sign --card stand/cards/card-01.card --pin2 69796602 --out consent.p7s request.json

With --write the request's agreement says the language and the digest of the text (`language`, `text_digest`): what was
shown is what is signed, and NAIS takes no other text for it.")]
pub(super) struct Wording {
    /// The request with its agreement, JSON
    request: PathBuf,
    /// The service's folder
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// The person's name as their certificate has it: surname, given names and patronymic
    #[arg(long)]
    name: String,
    /// The person's language: en, be or ru
    #[arg(long, value_parser = crate::commands::language)]
    lang: Lang,
    /// Write language and digest into the request
    #[arg(long)]
    write: bool,
}

pub(super) fn run(args: &Wording) -> Result<(), Error> {
    let wrong = |key: &str, expected: &str| Error::config(&args.request, key, expected.to_owned());
    let service = services::read_folder(&args.folder)?;
    let none = || Error::config(&args.folder, "", "expected a service with consent.{en,be,ru}.toml".to_owned());
    let shown = service.wording.as_ref().ok_or_else(none)?;
    let mut request: Value = model::file::json(&args.request.display().to_string(), &files::text(&args.request)?)?;
    let envelope = Envelope::read(&request).map_err(|faults| {
        let pointers: Vec<_> = faults.into_iter().map(|fault| fault.pointer).collect();
        wrong(&pointers.join(", "), "expected a request of this service")
    })?;
    let agreement = envelope.agreement.as_ref().ok_or_else(|| wrong("cover.agreement", "expected an agreement"))?;
    let number = envelope.subject().ok_or_else(|| wrong("request", "expected questions about one person"))?;
    let text = shown.text(args.lang, agreement, number, &args.name);
    if args.write {
        wording::record(&mut request, args.lang, eds::sha256(text.as_bytes()));
        let mut bytes = serde_json::to_vec_pretty(&request).map_err(Error::failed)?;
        bytes.push(b'\n');
        files::replace(&args.request, &bytes)?;
    }
    print::line(text.trim_end());
    Ok(())
}
