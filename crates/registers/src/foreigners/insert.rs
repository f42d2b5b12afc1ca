//! Writing prepared records: rows, terms, marks, months, persons.

use std::collections::{HashMap, HashSet};

use store::{Db, Error, Param, Statement, Tx, Vault, dialect};

use super::directory::{self, Names};
use super::prepare::Prepared;
use super::view::Deed;
use super::{mark, sql};

/// A row of the inverted index.
type Term = [i64; 4];

/// How many rows one statement takes.
///
/// A statement with several rows saves a round trip to a server. In the embedded engine it costs: such a statement opens
/// a savepoint of its own, whose release walks through what the transaction has touched (measured: a fifth of the time).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// One.
    One,
    /// As many as there are statements for.
    Several,
}

impl Rows {
    /// What suits this database.
    pub(crate) fn of(db: &Db) -> Self {
        if db.sqlite_path().is_some() { Self::One } else { Self::Several }
    }

    /// `all` in portions of the largest of these sizes that fit; the last size is one.
    fn portions<'s, 'r, T, const N: usize>(
        self,
        sizes: [(usize, &'s Statement); N],
        all: &'r [T],
    ) -> Vec<(&'s Statement, &'r [T])> {
        let mut out = Vec::new();
        let mut rest = all;
        for (size, statement) in sizes {
            if size > 1 && self == Self::One {
                continue;
            }
            while let Some((portion, after)) = rest.split_at_checked(size) {
                out.push((statement, portion));
                rest = after;
            }
        }
        out
    }
}

/// Where records come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// Code of the sender.
    pub source: &'a str,
    /// The package, when there is one.
    pub package: Option<&'a [u8; 16]>,
}

/// Writes records whose natural keys are claimed already: rows, terms, marks and months.
pub(crate) fn records(
    tx: &mut Tx<'_>,
    vault: &Vault,
    records: &[&Prepared],
    origin: Origin<'_>,
    rows: Rows,
    known_months: &HashSet<(i64, i64)>,
) -> Result<(), Error> {
    months(tx, records, known_months)?;
    for (statement, portion) in rows.portions([(4, &sql::ADD_RECORDS_4), (1, &sql::ADD_RECORD)], records) {
        add_records(tx, statement, portion, origin)?;
    }
    let mut terms: Vec<Term> =
        records.iter().flat_map(|r| r.terms.iter().map(|term| [r.place.month, *term, r.at, r.place.seq])).collect();
    terms.sort_unstable(); // the order of the tree: neighbours share pages
    add_terms(tx, &terms, rows)?;
    for record in records {
        add_marks(tx, vault, record)?;
    }
    Ok(())
}

/// Claims natural keys; the index of each record that got its key.
pub(crate) fn claim(tx: &mut Tx<'_>, records: &[&Prepared], rows: Rows) -> Result<HashSet<i64>, Error> {
    let mut claimed = HashSet::with_capacity(records.len());
    for (statement, portion) in rows.portions([(8, &sql::ADD_KEYS_8), (1, &sql::ADD_KEY)], records) {
        if let [record] = portion {
            if tx.execute(statement, &key(record))? > 0 {
                claimed.insert(record.natural);
            }
            continue;
        }
        let params: Vec<Param<'_>> = portion.iter().flat_map(|record| key(record)).collect();
        claimed.extend(tx.query(statement, &params, |row| row.int(0))?);
    }
    Ok(claimed)
}

/// Makes a correction the newest version under its natural key.
pub(crate) fn take_over(tx: &mut Tx<'_>, record: &Prepared) -> Result<(), Error> {
    tx.execute(&sql::MOVE_KEY, &key(record)).map(|_| ())
}

fn key(record: &Prepared) -> [Param<'static>; 3] {
    [record.natural.into(), record.place.month.into(), record.place.seq.into()]
}

fn add_records(tx: &mut Tx<'_>, statement: &Statement, records: &[&Prepared], origin: Origin<'_>) -> Result<(), Error> {
    let package = origin.package.map_or(Param::Null, |id| Param::Bytes(id));
    let mut params = Vec::with_capacity(records.len() * 9);
    for record in records {
        params.extend([
            Param::Int(record.place.month),
            Param::Int(record.place.seq),
            Param::Int(i64::from(record.kind.code())),
            Param::Int(record.at),
            Param::Int(record.received_at),
            Param::Text(origin.source),
            package,
            record.corrects.as_ref().map_or(Param::Null, |(id, _, _)| Param::Bytes(id.as_bytes())),
            Param::Bytes(&record.body),
        ]);
    }
    tx.execute(statement, &params).map(|_| ())
}

fn add_terms(tx: &mut Tx<'_>, terms: &[Term], rows: Rows) -> Result<(), Error> {
    let sizes = [(8, &sql::ADD_TERMS_8), (4, &sql::ADD_TERMS_4), (2, &sql::ADD_TERMS_2), (1, &sql::ADD_TERM)];
    let mut params: Vec<Param<'_>> = Vec::with_capacity(32);
    for (statement, portion) in rows.portions(sizes, terms) {
        params.clear();
        params.extend(portion.iter().flatten().map(|value| Param::Int(*value)));
        tx.execute(statement, &params)?;
    }
    Ok(())
}

fn add_marks(tx: &mut Tx<'_>, vault: &Vault, record: &Prepared) -> Result<(), Error> {
    if let Some((_, corrected, _)) = &record.corrects {
        add_mark(tx, record, mark::record(vault, corrected.seq), Deed::Corrected, record.received_at)?;
    }
    if let Some((subject, deed, from)) = record.deed {
        add_mark(tx, record, subject, deed, from)?;
    }
    Ok(())
}

fn add_mark(tx: &mut Tx<'_>, record: &Prepared, subject: i64, deed: Deed, from: i64) -> Result<(), Error> {
    let params = [
        subject.into(),
        record.received_at.into(),
        record.place.seq.into(),
        record.place.month.into(),
        Param::Int(i64::from(deed as u8)),
        from.into(),
    ];
    tx.execute(&sql::ADD_MARK, &params).map(|_| ())
}

fn months(tx: &mut Tx<'_>, records: &[&Prepared], known: &HashSet<(i64, i64)>) -> Result<(), Error> {
    let mut fresh: HashSet<(i64, i64)> = records.iter().map(|r| (i64::from(r.kind.code()), r.place.month)).collect();
    fresh.retain(|month| !known.contains(month));
    for (kind, month) in fresh {
        if tx.execute(&sql::ADD_MONTH, &[kind.into(), month.into()])? > 0 {
            dialect::month_partition(tx, "isos_record", month)?;
            dialect::month_partition(tx, "isos_term", month)?;
        }
    }
    Ok(())
}

/// Writes records that need no answer: synthetic data and imports. Persons are added too; duplicates are left out.
///
/// Returns how many records were new.
pub fn load(tx: &mut Tx<'_>, vault: &Vault, source: &str, prepared: &[Prepared]) -> Result<usize, Error> {
    let all: Vec<&Prepared> = prepared.iter().collect();
    let claimed = claim(tx, &all, Rows::One)?;
    let mut first = HashSet::new();
    let new: Vec<&Prepared> =
        all.into_iter().filter(|r| claimed.contains(&r.natural) && first.insert(r.natural)).collect();
    let origin = Origin { source, package: None };
    records(tx, vault, &new, origin, Rows::One, &HashSet::new())?;
    let mut persons: HashMap<i64, &Names> = HashMap::new();
    for names in new.iter().filter_map(|record| record.names.as_ref()) {
        persons.entry(names.person(vault)).or_insert(names);
    }
    for names in persons.into_values() {
        directory::enlist(tx, &names.row(vault))?;
    }
    Ok(new.len())
}
