//! How long records are kept: dated rules, a list of what will go, and its removal in portions.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use model::clock::uuid_at;
use model::error::Error as Faulty;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Error, Tx, Vault};
use uuid::Uuid;

use super::directory::{self, Names};
use super::kind::RecordKind;
use super::prepare::{body_place, natural_key, term, terms};
use super::sequence::{Place, record_id};
use super::view::{Criterion, View};
use super::{calendar, mark, sql};

const FILE: &str = "retention.toml";
/// The rules that come with the program.
const BUILT_IN: &str = include_str!("../../../../services/3.88.01/retention.toml");

/// Rules of retention: for each kind, dated rows.
#[derive(Debug)]
pub struct Retention {
    rules: BTreeMap<RecordKind, Vec<Rule>>,
    packages: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    keep_months: i64,
    valid_from: i64,
    act: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    keep: Vec<WrittenRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    kind: String,
    months: u16,
    valid_from: String,
    act: String,
}

/// What goes, or would go: a line of the warning list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The kind's word, or `packages`.
    pub kind: String,
    /// Month of the events, such as `2019-06`; for packages the day before which they were received.
    pub month: String,
    /// How many.
    pub records: u64,
    /// By which act.
    pub act: String,
}

/// What a purge did. Counts and acts only: it may be a ledger leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// What went, or would go.
    pub lines: Vec<Warning>,
    /// How many records were removed now.
    pub removed: u64,
    /// Whether the portion was used up and more remains.
    pub more: bool,
}

impl Retention {
    /// The rules that come with the program.
    pub fn built_in() -> Result<Self, Faulty> {
        Self::parse(BUILT_IN)
    }

    /// The rules of a text; an error names the key and what was expected.
    pub fn parse(text: &str) -> Result<Self, Faulty> {
        let written: Written = model::file::toml(FILE, text)?;
        let mut out = Self { rules: BTreeMap::new(), packages: Vec::new() };
        for rule in written.keep {
            let wrong = |name: &str, expected: &str| Faulty::file(FILE, format!("keep.{}.{name}", rule.kind), expected);
            let valid_from = calendar::day_start(&rule.valid_from);
            let row = Rule {
                keep_months: i64::from(rule.months),
                valid_from: valid_from.ok_or_else(|| wrong("valid_from", "a day, YYYY-MM-DD"))?,
                act: rule.act.clone(),
            };
            if row.keep_months == 0 || row.act.is_empty() {
                return Err(wrong("months", "at least 1, and an act"));
            }
            match (rule.kind.as_str(), RecordKind::from_path(&rule.kind)) {
                ("packages", _) => out.packages.push(row),
                (_, Some(kind)) => out.rules.entry(kind).or_default().push(row),
                _ => return Err(wrong("kind", "a kind's word, or packages")),
            }
        }
        Ok(out)
    }

    /// The rule in force for a kind at `now`.
    fn rule(rules: &[Rule], now: i64) -> Option<&Rule> {
        rules.iter().filter(|rule| rule.valid_from <= now).max_by_key(|rule| rule.valid_from)
    }
}

/// Removes what need not be kept any longer, at most `portion` records; with `dry_run` only says what would go.
///
/// Whole months go, by the time of the event. Call again while [`Purged::more`]. Persons of whom nothing is left leave
/// the directory too. An object in force is kept whatever its age.
pub fn purge(
    tx: &mut Tx<'_>,
    vault: &Vault,
    retention: &Retention,
    now: i64,
    portion: usize,
    dry_run: bool,
) -> Result<Purged, Error> {
    let mut out = Purged::default();
    let months = tx.query(&sql::MONTHS, &[], |row| Ok((row.int(0)?, row.int(1)?)))?;
    let mut sweep = Sweep { vault, now, left: portion, persons: HashMap::new(), codes: kinds_of(&months) };
    for (code, month) in months {
        let Some(kind) = RecordKind::from_code(code) else {
            continue;
        };
        let Some(rule) = Retention::rule(retention.rules.get(&kind).map_or(&[], Vec::as_slice), now) else {
            continue;
        };
        if month >= calendar::month_of(now) - rule.keep_months {
            continue;
        }
        let records = tx.query_opt(&sql::COUNT_RECORDS, &[month.into(), code.into()], |row| row.int(0))?.unwrap_or(0);
        out.lines.push(Warning {
            kind: kind.path().to_owned(),
            month: format!("{:04}-{:02}", 1970 + month.div_euclid(12), month.rem_euclid(12) + 1),
            records: u64::try_from(records).unwrap_or(0),
            act: rule.act.clone(),
        });
        if !dry_run {
            let (removed, done) = sweep.month(tx, kind, month)?;
            out.removed += removed;
            out.more |= !done;
        }
    }
    packages(tx, retention, now, portion, dry_run, &mut out)?;
    sweep.persons(tx)?;
    Ok(out)
}

fn packages(
    tx: &mut Tx<'_>,
    retention: &Retention,
    now: i64,
    portion: usize,
    dry_run: bool,
    out: &mut Purged,
) -> Result<(), Error> {
    let Some(rule) = Retention::rule(&retention.packages, now) else {
        return Ok(());
    };
    let month = calendar::month_of(now) - rule.keep_months;
    let day = format!("{:04}-{:02}-01", 1970 + month.div_euclid(12), month.rem_euclid(12) + 1);
    let Some(before) = calendar::day_start(&day).and_then(|micros| Timestamp::from_microsecond(micros).ok()) else {
        return Ok(());
    };
    let first_kept = uuid_at(before, [0; 10]).into_bytes();
    let records = tx.query_opt(&sql::COUNT_PACKAGES, &[(&first_kept).into()], |row| row.int(0))?.unwrap_or(0);
    let records = u64::try_from(records).unwrap_or(0);
    if records == 0 {
        return Ok(());
    }
    out.lines.push(Warning { kind: "packages".to_owned(), month: day, records, act: rule.act.clone() });
    if !dry_run {
        let portion = i64::try_from(portion).unwrap_or(i64::MAX);
        let removed = tx.execute(&sql::DROP_PACKAGES, &[(&first_kept).into(), portion.into()])?;
        out.more |= removed < records;
    }
    Ok(())
}

fn kinds_of(months: &[(i64, i64)]) -> HashSet<i64> {
    months.iter().map(|(code, _)| *code).collect()
}

/// One run of a purge.
struct Sweep<'a> {
    vault: &'a Vault,
    now: i64,
    left: usize,
    persons: HashMap<i64, Names>,
    codes: HashSet<i64>,
}

/// A record on its way out.
struct Old {
    place: Place,
    at: i64,
    received_at: i64,
    source: String,
    members: Map<String, Value>,
}

impl Sweep<'_> {
    /// Removes a month of a kind as far as the portion reaches: how many went, and whether nothing removable is left.
    fn month(&mut self, tx: &mut Tx<'_>, kind: RecordKind, month: i64) -> Result<(u64, bool), Error> {
        let mut removed = 0;
        let mut kept = false;
        let mut after = i64::MIN;
        loop {
            let want = self.left.min(500);
            if want == 0 {
                return Ok((removed, false));
            }
            let old = self.oldest(tx, kind, month, after, want)?;
            let last = old.last().map(|record| record.place.seq);
            let all = old.len() < want;
            for record in old {
                if self.is_in_force(&record, kind) {
                    kept = true;
                    continue;
                }
                self.remove(tx, kind, &record)?;
                removed += 1;
                self.left = self.left.saturating_sub(1);
            }
            match last.filter(|_| !all) {
                Some(last) => after = last,
                None => break,
            }
        }
        if !kept {
            tx.execute(&sql::DROP_MONTH, &[i64::from(kind.code()).into(), month.into()])?;
        }
        Ok((removed, true))
    }

    fn oldest(
        &self,
        tx: &mut Tx<'_>,
        kind: RecordKind,
        month: i64,
        after: i64,
        want: usize,
    ) -> Result<Vec<Old>, Error> {
        let want = i64::try_from(want).unwrap_or(i64::MAX);
        let params = [month.into(), i64::from(kind.code()).into(), after.into(), want.into()];
        tx.query(&sql::OLD_RECORDS, &params, |row| {
            let place = Place { month, seq: row.int(0)? };
            let received_at = row.int(2)?;
            let id: Uuid = record_id(self.vault, received_at, place);
            let raw = self.vault.open(&body_place(id), row.bytes(4)?)?;
            let members = serde_json::from_slice(&raw).map_err(Error::broken)?;
            Ok(Old { place, at: row.int(1)?, received_at, source: row.text(3)?.to_owned(), members })
        })
    }

    fn is_in_force(&self, record: &Old, kind: RecordKind) -> bool {
        View { kind, members: &record.members }.ends().is_some_and(|ends| ends >= self.now)
    }

    fn remove(&mut self, tx: &mut Tx<'_>, kind: RecordKind, record: &Old) -> Result<(), Error> {
        let view = View { kind, members: &record.members };
        let Place { month, seq } = record.place;
        for term in terms(self.vault, &view) {
            tx.execute(&sql::DROP_TERM, &[month.into(), term.into(), record.at.into(), seq.into()])?;
        }
        let natural = natural_key(self.vault, &view.natural(&record.source));
        tx.execute(&sql::DROP_KEY, &[natural.into(), month.into(), seq.into()])?;
        tx.execute(&sql::DROP_MARKS, &[mark::record(self.vault, seq).into()])?;
        if let Some(object) = view.object().filter(|_| view.deed().is_some()) {
            let subject = mark::object(self.vault, &object);
            tx.execute(&sql::DROP_MARK, &[subject.into(), record.received_at.into(), seq.into()])?;
        }
        tx.execute(&sql::DROP_RECORD, &[month.into(), seq.into()])?;
        if let Some(names) = Names::of(&view) {
            self.persons.insert(names.person(self.vault), names);
        }
        Ok(())
    }

    /// Strikes persons of whom no record of any kind is left.
    fn persons(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let mut struck = false;
        for names in self.persons.values() {
            if !self.has_records(tx, names)? {
                directory::strike(tx, &names.row(self.vault))?;
                struck = true;
            }
        }
        if struck {
            tx.execute(&sql::NEXT_EPOCH, &[])?;
        }
        Ok(())
    }

    fn has_records(&self, tx: &mut Tx<'_>, names: &Names) -> Result<bool, Error> {
        for kind in RecordKind::ALL.into_iter().filter(|kind| self.codes.contains(&i64::from(kind.code()))) {
            let term = term(self.vault, kind, Criterion::Name, &names.key());
            let params = [i64::from(kind.code()).into(), term.into()];
            if tx.query_opt(&sql::TERM_USED, &params, |_| Ok(()))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_rule_in_force_counts() {
        let text = "[[keep]]\nkind = \"crossings\"\nmonths = 60\nvalid_from = \"2025-04-01\"\nact = \"A\"\n\
            [[keep]]\nkind = \"crossings\"\nmonths = 120\nvalid_from = \"2026-01-01\"\nact = \"B\"";
        let retention = Retention::parse(text).unwrap();
        let rules = &retention.rules[&RecordKind::Crossings];
        let at = |day| Retention::rule(rules, calendar::day_start(day).unwrap()).map(|rule| rule.keep_months);
        assert_eq!(at("2025-03-31"), None);
        assert_eq!(at("2025-04-01"), Some(60));
        assert_eq!(at("2026-01-01"), Some(120));
    }

    #[test]
    fn the_rules_of_the_service_name_every_kind() {
        let retention = Retention::built_in().unwrap();
        assert_eq!(retention.rules.len(), RecordKind::ALL.len());
        assert!(!retention.packages.is_empty());
        assert!(
            Retention::parse("[[keep]]\nkind = \"x\"\nmonths = 1\nvalid_from = \"2025-01-01\"\nact = \"A\"").is_err()
        );
    }
}
