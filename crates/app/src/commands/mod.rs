//! The commands, one file each, and the few things that several of them ask for alike.

pub mod backup;
pub mod call;
pub mod card;
pub mod check;
pub mod consent;
pub mod consumer;
pub mod keys;
pub mod ledger;
pub mod loadtest;
pub mod migrate;
pub mod pki;
pub mod restore;
pub mod retention;
pub mod service;
pub mod token;
pub mod treaty;
pub mod verify;
pub mod witness;

use std::path::PathBuf;

use gateway::operator::Desk;
use jiff::civil::Date;
use model::Lang;
use serde_json::Value;

use crate::config::Config;
use crate::exit::Error;
use crate::node::Tools;
use crate::print;

/// Which node's data a command works on, and how it prints.
#[derive(clap::Args)]
pub struct Shared {
    /// The node's configuration
    #[arg(long, value_name = "FILE", default_value = "nais.toml")]
    pub config: PathBuf,
    /// Print one JSON value instead of lines
    #[arg(long)]
    pub json: bool,
}

/// The operator's desk, open until dropped.
pub struct Office {
    /// Keeps the ledger open.
    tools: Tools,
}

impl Office {
    /// Opens the database and the ledger of the configuration.
    pub async fn open(shared: &Shared) -> Result<Self, Error> {
        Ok(Self { tools: Tools::open(&Config::read(&shared.config)?).await? })
    }

    /// What the next act needs.
    pub fn desk(&self) -> Desk {
        Desk { db: self.tools.db.clone(), vault: self.tools.vault.clone(), now: self.tools.clock.now() }
    }

    /// Entries of the ledger.
    pub fn size(&self) -> u64 {
        self.tools.log.head().edge.size()
    }

    /// The services of the configuration.
    pub fn services(&self) -> &[std::sync::Arc<model::Service>] {
        &self.tools.services
    }
}

impl Shared {
    /// Prints what was done: a sentence, or the value for a program. The receipt goes with both.
    pub fn done(&self, sentence: &str, mut value: Value, stamp: &store::Stamp) {
        if self.json {
            if let Some(members) = value.as_object_mut() {
                members.insert("receipt".to_owned(), Value::String(stamp.to_string()));
            }
            print::json(&value);
        } else {
            print::line(sentence);
            let place = ::ledger::Receipt::read(stamp.as_bytes()).map(|receipt| receipt.index);
            if let Ok(index) = place {
                print::line(print::tinted(print::Tone::Faint, format!("recorded in the ledger as entry {index}")));
            }
        }
    }

    /// Prints a list: a table, or the values under `name` for a program.
    pub fn list(&self, name: &str, heading: &[&str], rows: &[Vec<String>], values: &impl serde::Serialize) {
        if self.json {
            print::json(&serde_json::json!({ name: values }));
        } else if rows.is_empty() {
            print::line(format_args!("no {name}"));
        } else {
            print::line(print::table(heading, rows));
        }
    }
}

/// A language by its code.
pub fn language(text: &str) -> Result<Lang, String> {
    Lang::from_code(text).ok_or_else(|| "expected en, be or ru".to_owned())
}

/// A day of the calendar.
pub fn day(text: &str) -> Result<Date, String> {
    model::calendar::parse_day(text).map_err(|_| "expected a day such as 2026-12-31".to_owned())
}
