//! `nais migrate`: the database is brought up to this release.

use std::path::PathBuf;

use serde_json::json;

use crate::config::Config;
use crate::exit::{Error, Outcome};
use crate::{node, print};

/// Bring the database up to this release. Safe to run twice, and while the last release runs.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  nais migrate --config stand/nais.toml")]
pub struct Args {
    /// The node's configuration
    #[arg(long, value_name = "FILE", default_value = "nais.toml")]
    config: PathBuf,
    /// Print one JSON value instead of lines
    #[arg(long)]
    json: bool,
}

/// Applies the steps that are missing.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    let config = Config::read(&args.config)?;
    let db = config.db()?;
    let applied =
        tokio::task::spawn_blocking(move || store::migrate(&db, &node::schema())).await.map_err(Error::failed)??;
    if args.json {
        print::json(&json!({ "applied": applied }));
    } else if applied == 0 {
        print::line("the database is up to date");
    } else {
        print::line(format_args!("{applied} steps applied; the database is up to date"));
    }
    Ok(Outcome::Done)
}
