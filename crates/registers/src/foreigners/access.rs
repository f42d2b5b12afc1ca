//! Who may send and who may search which kinds: the service's `access.toml`.

use std::collections::{HashMap, HashSet};

use model::error::Error;
use model::{Kind, Refusal};
use serde::Deserialize;

use super::kind::RecordKind;

/// The matrix that comes with the program.
pub(crate) const BUILT_IN: &str = include_str!("../../../../services/3.88.01/access.toml");
const FILE: &str = "access.toml";

/// The matrix of senders and readers.
#[derive(Debug)]
pub struct Access(HashMap<String, Rights>);

#[derive(Debug)]
struct Rights {
    submit: HashSet<RecordKind>,
    search: HashSet<RecordKind>,
    history: HashSet<RecordKind>,
    own_only: bool,
    all_packages: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    consumer: Vec<WrittenRights>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRights {
    id: String,
    #[serde(default)]
    submit: Vec<String>,
    #[serde(default)]
    search: Vec<String>,
    #[serde(default)]
    history: Vec<String>,
    #[serde(default)]
    own_only: bool,
    #[serde(default)]
    all_packages: bool,
}

/// What is wanted with a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Sending records.
    Submit,
    /// Searching.
    Search,
}

impl Access {
    /// The matrix of a text; an error names the key and what was expected.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let written: Written = model::file::toml(FILE, text)?;
        let mut all = HashMap::new();
        for rights in written.consumer {
            let key = |name: &str| format!("consumer.{}.{name}", rights.id);
            let row = Rights {
                submit: kinds(&rights.submit, key("submit"))?,
                search: kinds(&rights.search, key("search"))?,
                history: kinds(&rights.history, key("history"))?,
                own_only: rights.own_only,
                all_packages: rights.all_packages,
            };
            if all.insert(rights.id.clone(), row).is_some() {
                return Err(Error::file(FILE, key("id"), "each consumer once only"));
            }
        }
        Ok(Self(all))
    }

    /// `consumer` may do it with this kind, or 403.
    pub(crate) fn check(&self, consumer: &str, wish: Wish, kind: RecordKind) -> Result<(), Refusal> {
        let rights = self.0.get(consumer);
        let may = rights.is_some_and(|rights| match wish {
            Wish::Submit => rights.submit.contains(&kind),
            Wish::Search => rights.search.contains(&kind),
        });
        if may { Ok(()) } else { Err(refused(consumer, wish_word(wish), kind.path())) }
    }

    /// The kinds of which `consumer` may see a person's history, or 403.
    pub(crate) fn history(&self, consumer: &str) -> Result<&HashSet<RecordKind>, Refusal> {
        let kinds = self.0.get(consumer).map(|rights| &rights.history).filter(|kinds| !kinds.is_empty());
        kinds.ok_or_else(|| refused(consumer, "search", "persons/history"))
    }

    /// Whether it sees only what it sent itself.
    pub(crate) fn sees_own_only(&self, consumer: &str) -> bool {
        self.0.get(consumer).is_none_or(|rights| rights.own_only)
    }

    /// Whether it may ask for the state of everybody's packages.
    pub(crate) fn sees_all_packages(&self, consumer: &str) -> bool {
        self.0.get(consumer).is_some_and(|rights| rights.all_packages)
    }
}

const fn wish_word(wish: Wish) -> &'static str {
    match wish {
        Wish::Submit => "submit",
        Wish::Search => "search",
    }
}

fn refused(consumer: &str, action: &str, kind: &str) -> Refusal {
    Refusal::new(Kind::Forbidden, "kind-not-permitted")
        .with("consumer", consumer)
        .with("action", action)
        .with("kind", kind)
}

fn kinds(words: &[String], key: String) -> Result<HashSet<RecordKind>, Error> {
    let mut out = HashSet::new();
    for word in words {
        if word == "*" {
            out.extend(RecordKind::ALL);
            continue;
        }
        let kind = RecordKind::from_path(word);
        out.insert(kind.ok_or_else(|| Error::file(FILE, key.clone(), format!("a kind's word, not {word}")))?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every consumer × every kind × both wishes, as `domain.md` §3.3 and the contract lay down.
    #[test]
    fn the_matrix_is_the_law() {
        let access = Access::parse(BUILT_IN).unwrap();
        let mia = &RecordKind::ALL[3..12];
        for kind in RecordKind::ALL {
            for (consumer, submits, searches) in [
                ("border-committee", kind == RecordKind::Crossings, true),
                ("mfa", matches!(kind.code(), 2 | 3), matches!(kind.code(), 1..=3)),
                ("mia", mia.contains(&kind), true),
                ("ticket-operator", matches!(kind.code(), 13 | 14), matches!(kind.code(), 13 | 14)),
                ("supreme-court", false, false),
                ("bank", false, false),
            ] {
                assert_eq!(access.check(consumer, Wish::Submit, kind).is_ok(), submits, "{consumer} {kind:?}");
                assert_eq!(access.check(consumer, Wish::Search, kind).is_ok(), searches, "{consumer} {kind:?}");
            }
        }
        assert_eq!(access.history("mfa").unwrap().len(), 2);
        assert!(access.history("ticket-operator").is_err());
        assert!(access.sees_own_only("ticket-operator") && !access.sees_own_only("mia"));
        assert!(access.sees_all_packages("mia") && !access.sees_all_packages("mfa"));
    }

    #[test]
    fn slips_in_the_file_are_named() {
        let wrong = Access::parse("[[consumer]]\nid = \"x\"\nsubmit = [\"crossing\"]").unwrap_err().to_string();
        assert_eq!(wrong, "access.toml: consumer.x.submit: a kind's word, not crossing");
        assert!(Access::parse("[[consumer]]\nid = \"x\"\n[[consumer]]\nid = \"x\"").is_err());
    }
}
