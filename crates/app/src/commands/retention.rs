//! `nais retention`: what ISOS need not keep any longer, shown as a list and removed with a leaf for every portion.

use std::borrow::Cow;

use clap::{Args as ClapArgs, Subcommand};
use gateway::operator::Desk;
use ledger::record::{self, Record};
use model::clock::uuid_at;
use registers::foreigners::{Purged, Retention, purge};
use serde_json::json;
use store::Stamp;

use super::{Office, Shared};
use crate::config::Config;
use crate::exit::{Error, Outcome};
use crate::print;

/// Records that one transaction removes: the node beside goes on working.
const PORTION: usize = 1000;

/// The terms for which ISOS keeps records: list what is over, remove it.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais retention list --config stand/nais.toml
  nais retention purge --config stand/nais.toml

The terms are dated rules in retention.toml of the folder of service 3.88.01.")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// List the months that `purge` would remove, with the act that says so
    #[command(after_help = "Example:\n  nais retention list --config stand/nais.toml --json")]
    List(Shared),
    /// Remove what need not be kept any longer; each portion is a leaf of the ledger
    #[command(after_help = "Example:\n  nais retention purge --config stand/nais.toml\n\nLook at `list` first.")]
    Purge(Shared),
}

/// Does what was asked.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    match args.act {
        Act::List(shared) => list(&shared).await,
        Act::Purge(shared) => remove(&shared).await,
    }?;
    Ok(Outcome::Done)
}

/// The rules of the configured folder of services.
fn rules(shared: &Shared) -> Result<Retention, Error> {
    let config = Config::read(&shared.config)?;
    let file = config.path(&config.services).join("3.88.01").join("retention.toml");
    let text = std::fs::read_to_string(&file).map_err(|error| Error::config(&file, "", error.to_string()))?;
    Retention::parse(&text).map_err(|error| match error {
        model::Error::File { key, expected, .. } => Error::config(&file, &key, expected),
        error => Error::config(&file, "", error.to_string()),
    })
}

async fn list(shared: &Shared) -> Result<(), Error> {
    let rules = rules(shared)?;
    let office = Office::open(shared).await?;
    let desk = office.desk();
    let (vault, now) = (desk.vault.clone(), desk.now.as_microsecond());
    let due = desk.db.read(move |tx| purge(tx, &vault, &rules, now, 0, true)).await?;
    if due.lines.is_empty() && !shared.json {
        print::line("nothing is due");
        return Ok(());
    }
    let row = |line: &registers::foreigners::Warning| {
        vec![line.kind.clone(), line.month.clone(), line.records.to_string(), line.act.clone()]
    };
    let rows: Vec<Vec<String>> = due.lines.iter().map(row).collect();
    shared.list("due", &["KIND", "MONTH", "RECORDS", "ACT"], &rows, &due.lines);
    Ok(())
}

async fn remove(shared: &Shared) -> Result<(), Error> {
    let rules = std::sync::Arc::new(rules(shared)?);
    let office = Office::open(shared).await?;
    let desk = office.desk();
    let (mut removed, mut last) = (0, None);
    loop {
        let (purged, stamp) = portion(&desk, rules.clone()).await?;
        removed += purged.removed;
        last = stamp.or(last);
        if !purged.more {
            break;
        }
    }
    match last {
        Some(stamp) => shared.done(&format!("{removed} records removed"), json!({ "removed": removed }), &stamp),
        None if shared.json => print::json(&json!({ "removed": 0 })),
        None => print::line("nothing was due"),
    }
    Ok(())
}

/// Removes one portion together with the leaf that names it; no leaf when nothing was due.
async fn portion(desk: &Desk, rules: std::sync::Arc<Retention>) -> Result<(Purged, Option<Stamp>), Error> {
    let (vault, at) = (desk.vault.clone(), desk.now);
    let removed = desk.db.commit(move |tx, entries| {
        let purged = purge(tx, &vault, &rules, at.as_microsecond(), PORTION, false)?;
        if !purged.lines.is_empty() {
            let mut record = Record::new(record::Kind::Purge, at, uuid_at(at, store::random()), "operator");
            record.service = Some(Cow::Borrowed("3.88.01"));
            record.decision = Cow::Borrowed("purged");
            record.details.insert(Cow::Borrowed("removed"), purged.removed.to_string());
            for line in &purged.lines {
                let due = format!("{} were due: {}", line.records, line.act);
                record.details.insert(Cow::Owned(format!("{} {}", line.kind, line.month)), due);
            }
            entries.push(record::entry(&record, &store::random(), &vault).map_err(store::Error::broken)?);
        }
        Ok(purged)
    });
    let (purged, stamps) = removed.await?;
    Ok((purged, stamps.into_iter().next()))
}
