//! `nais token`: access tokens, shown once when issued and kept as digests only.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use gateway::operator;
use jiff::SignedDuration;
use serde_json::json;
use store::Db;

use super::{Office, Shared};
use crate::exit::{Error, Outcome};
use crate::files;
use crate::print;

/// Access tokens: issue, list, revoke.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais token issue mia --certificate stand/consumers/mia/tls.pem --days 365 --config stand/nais.toml
  nais token list --config stand/nais.toml
  nais token revoke 3f2a9c01d4e5 --config stand/nais.toml

Running nodes follow within a second.")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Issue a token bound to a TLS certificate; its text is shown this once
    Issue(Issue),
    /// List tokens by the first digits of their digests
    List(List),
    /// Refuse a token from now on
    Revoke(Revoke),
}

/// `nais token issue`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais token issue mia --certificate mia-tls.pem --days 365")]
struct Issue {
    /// The consumer's name in NAIS
    consumer: String,
    /// The TLS certificate it is bound to (PEM)
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// Term in days
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Calls in a minute over all services
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    quota: u32,
    #[command(flatten)]
    shared: Shared,
}

/// `nais token list`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais token list --config stand/nais.toml --json")]
struct List {
    #[command(flatten)]
    shared: Shared,
}

/// `nais token revoke`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais token revoke 3f2a9c01d4e5   (of `nais token list`, or the token itself)")]
struct Revoke {
    /// The twelve digits of the list, or the token
    token: String,
    #[command(flatten)]
    shared: Shared,
}

/// Does what was asked.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    match args.act {
        Act::Issue(args) => issue(args).await,
        Act::List(args) => list(&args.shared).await,
        Act::Revoke(args) => revoke(args).await,
    }?;
    Ok(Outcome::Done)
}

/// The consumer is registered, or an error that says how to do that.
pub async fn known(db: &Db, id: &str) -> Result<(), Error> {
    if operator::consumers(db).await?.iter().any(|consumer| consumer.id == id) {
        return Ok(());
    }
    Err(Error::usage(format_args!("no consumer is called `{id}`: `nais consumer list` shows them all")))
}

async fn issue(args: Issue) -> Result<(), Error> {
    let certificate = files::certificate(&args.certificate, "")?;
    let office = Office::open(&args.shared).await?;
    let desk = office.desk();
    known(&desk.db, &args.consumer).await?;
    let term = SignedDuration::from_hours(24 * i64::from(args.days));
    let until = desk.now.checked_add(term).map_err(|_| Error::usage("--days: the term ends too far ahead"))?;
    let term = operator::Term { from: desk.now, to: until };
    let issued = operator::issue(&desk, &args.consumer, &certificate, term, args.quota).await?;
    let value = json!({ "consumer": args.consumer, "token": issued.token, "valid_to": until.to_string() });
    args.shared.done(&issued.token, value, &issued.stamp);
    if !args.shared.json {
        print::note(format_args!("the token of {} holds until {until}; it is shown this once", args.consumer));
    }
    Ok(())
}

async fn list(shared: &Shared) -> Result<(), Error> {
    let office = Office::open(shared).await?;
    let desk = office.desk();
    let tokens = operator::tokens(&desk.db).await?;
    let state = |token: &operator::Token| match token.revoked_at {
        Some(at) => format!("revoked {at}"),
        None if token.valid_to <= desk.now => "expired".to_owned(),
        None if token.valid_from > desk.now => "not yet valid".to_owned(),
        None => "valid".to_owned(),
    };
    let row = |token: &operator::Token| {
        let certificate = token.certificate.chars().take(16).collect();
        vec![token.id.clone(), token.consumer.clone(), certificate, token.valid_to.to_string(), state(token)]
    };
    let value = |token: &operator::Token| {
        json!({
            "id": token.id,
            "consumer": token.consumer,
            "certificate": token.certificate,
            "valid_from": token.valid_from.to_string(),
            "valid_to": token.valid_to.to_string(),
            "revoked_at": token.revoked_at.map(|at| at.to_string()),
            "state": state(token),
        })
    };
    let rows: Vec<_> = tokens.iter().map(row).collect();
    let values: Vec<_> = tokens.iter().map(value).collect();
    shared.list("tokens", &["id", "consumer", "certificate", "until", "state"], &rows, &values);
    Ok(())
}

async fn revoke(args: Revoke) -> Result<(), Error> {
    let office = Office::open(&args.shared).await?;
    let stamp = operator::revoke(&office.desk(), &args.token).await?;
    // The token itself may have been given: it is not repeated.
    args.shared.done("the token is refused from now on", json!({ "revoked": true }), &stamp);
    Ok(())
}
