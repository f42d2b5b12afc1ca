//! `nais ledger`: the whole log checked; a restored database adopted.

use std::path::Path;

use clap::{Args as ClapArgs, Subcommand};
use model::Clock;
use store::{Db, NoSeal};

use super::restore::Restored;
use super::{Office, Shared};
use crate::config::Config;
use crate::exit::{Error, Outcome};
use crate::node::keys;
use crate::print::{self, Progress, Tone};

/// The ledger: check all of it, adopt a restored database.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais ledger fsck --config stand/nais.toml
  nais ledger adopt --config stand/nais.toml")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Derive the whole log anew from its entries and compare
    Fsck(Fsck),
    /// Take a restored database into service, if the witnesses have seen nothing newer
    Adopt(Adopt),
}

/// `nais ledger fsck`
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais ledger fsck --config stand/nais.toml --json

May run beside a node: it looks at one snapshot. Ends with 1 when anything differs.")]
struct Fsck {
    #[command(flatten)]
    shared: Shared,
}

/// `nais ledger adopt`
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais ledger adopt --config stand/nais.toml

When a witness has signed for more entries than were restored, restore a newer backup.")]
struct Adopt {
    /// No witness is configured, and this is the newest copy there is
    #[arg(long)]
    without_witness: bool,
    #[command(flatten)]
    shared: Shared,
}

/// Does what was asked.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    match args.act {
        Act::Fsck(args) => fsck(&args.shared).await,
        Act::Adopt(args) => adopt(&args).await,
    }
}

/// The database of the configuration without its ledger's start-up check, which a damaged log would not pass.
pub fn attach(config: &Config) -> Result<Db, Error> {
    let db = config.db()?;
    if let Some(path) = db.url.strip_prefix("sqlite:").map(Path::new)
        && !path.exists()
    {
        return Err(Error::config(
            path,
            "",
            "there is no database; `nais migrate` or `nais stand` makes one".to_owned(),
        ));
    }
    Ok(Db::attach(&db, Box::new(NoSeal))?)
}

async fn fsck(shared: &Shared) -> Result<Outcome, Error> {
    let config = Config::read(&shared.config)?;
    let (vault, vkey) = (keys::vault(&config)?, keys::log_key(&config)?.vkey().clone());
    let db = attach(&config)?;
    let bar = Progress::new(0, "entries");
    let shown = bar.clone();
    let started = std::time::Instant::now();
    let report = ::ledger::fsck(&db, vkey, Some(vault), move |done, total| shown.at(done, total)).await?;
    bar.finish();
    if shared.json {
        print::json(&serde_json::to_value(&report).map_err(Error::failed)?);
        return Ok(Outcome::of(report.is_sound()));
    }
    print::line(format_args!(
        "{} entries, {} private records, {} destroyed, {} tiles, {} checkpoints in {:.1} s",
        report.entries,
        report.records,
        report.destroyed,
        report.tiles,
        report.checkpoints,
        started.elapsed().as_secs_f64()
    ));
    for fault in &report.first {
        print::line(format_args!("{}: {fault}", print::tinted(Tone::Bad, "fault")));
    }
    let named = u64::try_from(report.first.len()).unwrap_or(u64::MAX);
    if report.faults > named {
        print::line(format_args!("and {} more", report.faults - named));
    }
    if report.is_sound() {
        print::line(print::tinted(Tone::Good, "the ledger is sound"));
    } else {
        print::line(print::tinted(Tone::Bad, "the ledger is NOT sound"));
    }
    Ok(Outcome::of(report.is_sound()))
}

async fn adopt(args: &Adopt) -> Result<Outcome, Error> {
    let config = Config::read(&args.shared.config)?;
    let restored =
        Restored::of(&config)?.ok_or_else(|| Error::usage("no restored database waits to be adopted here"))?;
    let witnessed = config.witness.is_some() || config.ledger.witnesses.iter().any(|witness| witness.required);
    if !witnessed && !args.without_witness {
        return Err(Error::usage(
            "no witness is asked before the ledger opens; name one in [[ledger.witnesses]] with required = true, or \
             vouch with --without-witness that this is the newest copy",
        ));
    }
    // Opening asks the witnesses and compares; what was rolled back is refused there.
    let office = Office::open(&args.shared).await?;
    restored.settle()?;
    let size = office.size();
    if args.shared.json {
        print::json(&serde_json::json!({ "adopted": true, "size": size, "at": Clock::system().now().to_string() }));
    } else {
        print::line(format_args!("adopted: the ledger goes on from {size} entries"));
    }
    Ok(Outcome::Done)
}
