//! `nais keys`: the keys under which personal data are sealed.

use std::path::Path;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand};
use jiff::Timestamp;
use model::Clock;
use serde_json::json;

use super::Shared;
use crate::config::Config;
use crate::exit::{Error, Outcome};
use crate::files::{self, Readers};
use crate::node::keys;
use crate::print;

/// The keys that seal personal data: list them, turn to a new one.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais keys list --config stand/nais.toml
  nais keys rotate --config stand/nais.toml")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// List the keys and from when on each seals
    #[command(after_help = "Example:\n  nais keys list --config stand/nais.toml --json")]
    List(Shared),
    /// Add a key that seals from a moment on; what earlier keys sealed stays readable
    Rotate(Rotate),
}

/// `nais keys rotate`
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais keys rotate --config stand/nais.toml --after-minutes 30

Nodes read the file within a second; no restart is needed. Copy it to every node, and to where copies of keys are kept,
before the moment comes: a node without the key could not read what others seal with it.")]
struct Rotate {
    /// Minutes until the key begins to seal
    #[arg(long, default_value_t = 10, value_name = "MINUTES")]
    after_minutes: u32,
    #[command(flatten)]
    shared: Shared,
}

/// Does what was asked.
pub fn run(args: Args) -> Result<Outcome, Error> {
    match args.act {
        Act::List(shared) => list(&shared),
        Act::Rotate(args) => rotate(&args),
    }?;
    Ok(Outcome::Done)
}

fn list(shared: &Shared) -> Result<(), Error> {
    let masters = keys::masters(&Config::read(&shared.config)?)?;
    let from = |from: Option<Timestamp>| from.map_or_else(|| "the beginning".to_owned(), |from| from.to_string());
    let rows: Vec<_> =
        (1..).zip(&masters).map(|(number, master): (u8, _)| vec![number.to_string(), from(master.from)]).collect();
    let values: Vec<_> =
        (1..).zip(&masters).map(|(number, master): (u8, _)| json!({ "key": number, "from": master.from })).collect();
    shared.list("keys", &["key", "seals from"], &rows, &values);
    Ok(())
}

fn rotate(args: &Rotate) -> Result<(), Error> {
    let config = Config::read(&args.shared.config)?;
    let number = keys::masters(&config)?.len() + 1;
    if number > usize::from(store::MOST_KEYS) {
        return Err(Error::usage("there are as many keys as a vault can have"));
    }
    let path = config.path(&config.keys.master);
    let from = Clock::system().now() + Duration::from_secs(60 * u64::from(args.after_minutes));
    add(&path, from)?;
    if args.shared.json {
        print::json(&json!({ "key": number, "from": from }));
    } else {
        print::line(format_args!("key {number} seals from {from} on"));
        print::note(format_args!("copy {} to every node, and to where keys are kept, before that", path.display()));
    }
    Ok(())
}

fn add(path: &Path, from: Timestamp) -> Result<(), Error> {
    let mut text = zeroize::Zeroizing::new(files::text(path)?);
    let end = text.trim_end().len();
    text.truncate(end);
    text.push_str(&format!("\n{} {from}\n", hex::encode(store::random::<32>())));
    files::replace_for(Readers::Owner, path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_added_after_the_others_and_stays_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        files::create(&path, &[b'7'; 64], Readers::Owner).unwrap();
        for (number, from) in [(2, "2026-07-01T12:00:00Z"), (3, "2026-07-02T12:00:00Z")] {
            add(&path, from.parse().unwrap()).unwrap();
            let text = files::text(&path).unwrap();
            assert!(text.starts_with(&"7".repeat(64)) && text.lines().count() == number);
            let (key, moment) = text.lines().last().unwrap().split_once(' ').unwrap();
            assert_eq!((key.len(), moment), (64, from));
        }
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
    }
}
