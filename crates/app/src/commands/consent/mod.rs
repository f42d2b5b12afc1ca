//! `nais consent`: consents that people gave, as the operator sees them; their withdrawal, signed by the person; the text
//! that a person is shown.

mod wording;

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::{Args as ClapArgs, Subcommand};
use eds::CachedTrust;
use gateway::consent;
use serde_json::json;
use uuid::Uuid;

use super::{Office, Shared};
use crate::config::Config;
use crate::exit::{Error, Outcome};
use crate::node::keys;
use crate::{files, print};

/// Consents of people: list, export, wording, withdraw.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais consent list --config stand/nais.toml
  nais consent export 0199c1de-8f7a-7c3e-b9a1-2f6d0c5e4b3a --config stand/nais.toml
  nais consent withdraw wish.p7s --config stand/nais.toml
  nais consent wording request.json --folder stand/services/3.40.01-1 --name \"КОВАЛЁВ ИВАН ПЕТРОВИЧ\" --lang ru

A consent is known here from its first use. People stand under pseudonyms.")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// List consents with their state, term and uses
    #[command(after_help = "Example:\n  nais consent list --config stand/nais.toml --json")]
    List(Shared),
    /// Print a consent as a record of ISO/IEC TS 27560, in JSON
    Export(Export),
    /// Print the text that a person is shown before signing
    Wording(wording::Wording),
    /// Withdraw a consent on the person's signed wish: the next request under it is refused
    Withdraw(Withdraw),
}

/// `nais consent export`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais consent export 0199c1de-8f7a-7c3e-b9a1-2f6d0c5e4b3a --config stand/nais.toml")]
struct Export {
    /// `agreement.consent_id`
    consent: Uuid,
    #[command(flatten)]
    shared: Shared,
}

/// `nais consent withdraw`
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais card sign --card stand/cards/ivan.card --pin2 PIN --out wish.p7s wish.json
  nais consent withdraw wish.p7s --config stand/nais.toml

wish.json: {\"consent_id\": \"0199c1de-…\", \"withdraw\": true, \"time\": \"2026-11-22T10:00:00+03:00\"}")]
struct Withdraw {
    /// CMS over the wish, signed by who gave the consent (DER or base64)
    signed: PathBuf,
    #[command(flatten)]
    shared: Shared,
}

/// Does what was asked.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    match args.act {
        Act::List(shared) => list(&shared).await,
        Act::Export(args) => export(args).await,
        Act::Wording(args) => wording::run(&args),
        Act::Withdraw(args) => withdraw(args).await,
    }?;
    Ok(Outcome::Done)
}

async fn list(shared: &Shared) -> Result<(), Error> {
    let office = Office::open(shared).await?;
    let desk = office.desk();
    let all = consent::consents(&desk.db).await?;
    let row = |kept: &consent::Kept| {
        let uses = kept.uses_allowed.map_or_else(|| "any".to_owned(), |uses| uses.to_string());
        vec![
            kept.consent_id.to_string(),
            kept.consumer.clone(),
            kept.state(desk.now).as_str().to_owned(),
            kept.valid_to.to_string(),
            format!("{} of {uses}", kept.uses_made),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    shared.list("consents", &["CONSENT", "CONSUMER", "STATE", "UNTIL", "USES"], &rows, &all);
    Ok(())
}

async fn export(args: Export) -> Result<(), Error> {
    let office = Office::open(&args.shared).await?;
    let desk = office.desk();
    print::json(&consent::export(&desk.db, &desk.vault, args.consent, desk.now).await?);
    Ok(())
}

async fn withdraw(args: Withdraw) -> Result<(), Error> {
    let bytes = files::bytes(&args.signed)?;
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let cms = BASE64_STANDARD.decode(text).unwrap_or(bytes); // DER is never base64
    let trust = CachedTrust::new(keys::trust(&Config::read(&args.shared.config)?)?);
    let office = Office::open(&args.shared).await?;
    let done = consent::withdraw(&office.desk(), &trust, &cms).await?;
    let value = json!({ "consent_id": done.consent_id, "withdrawn_at": done.at.to_string() });
    match done.stamp {
        Some(stamp) => args.shared.done(&format!("{} is withdrawn", done.consent_id), value, &stamp),
        None if args.shared.json => print::json(&value),
        None => print::line(format_args!("{} was withdrawn at {}", done.consent_id, done.at)),
    }
    Ok(())
}
