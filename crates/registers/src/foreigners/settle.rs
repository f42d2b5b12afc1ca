//! What becomes of a package inside its transaction: duplicates, corrections, alerts, and the rows.

use std::collections::HashSet;
use std::sync::Arc;

use gateway::Reply;
use model::{Fault, Lang};
use store::{Error, Tx};
use uuid::Uuid;

use super::among::{Among, among};
use super::directory::{self, Entry};
use super::insert::{self, Origin, Rows};
use super::mark::{self, Marks};
use super::package::Message;
use super::prepare::{Notice, Prepared};
use super::result::{self, Verdict};
use super::sequence::{Place, record_id};
use super::{Core, sql};

/// A record of the package before the transaction.
pub(crate) enum Slot {
    Rejected(Vec<Fault>),
    Ready(Box<Prepared>, Vec<Notice>),
    /// The same natural key as an earlier record of the package.
    Twin(usize),
}

/// A package on its way into the database.
pub(crate) struct Package {
    pub core: Arc<Core>,
    pub lang: Lang,
    pub source: String,
    pub message: Message,
    pub slots: Vec<Slot>,
    pub persons: Vec<Entry>,
    /// The epoch in which the persons left out were known; none when none was left out.
    pub epoch: Option<i64>,
    pub months: Arc<HashSet<(i64, i64)>>,
    pub rows: Rows,
}

impl Package {
    /// The records that passed their checks.
    pub(crate) fn ready(&self) -> impl Iterator<Item = &Prepared> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Ready(prepared, _) => Some(&**prepared),
            _ => None,
        })
    }

    /// Prepares rows of the directory for persons of whom the node does not know that they are there.
    pub(crate) fn enlist_unknown(&mut self) {
        let core = Arc::clone(&self.core);
        let epoch = core.known.epoch();
        let mut seen = HashSet::new();
        let mut persons = Vec::new();
        let mut left_out = false;
        for names in self.ready().filter_map(|record| record.names.as_ref()) {
            let person = names.person(&core.vault);
            if core.known.has(person) {
                left_out = true;
            } else if seen.insert(person) {
                persons.push(names.row(&core.vault));
            }
        }
        self.persons = persons;
        self.epoch = left_out.then_some(epoch);
    }

    /// The answer that storing would give.
    pub(crate) fn check_only(&self, tx: &mut Tx<'_>) -> Result<Vec<u8>, Error> {
        let fresh = self.ready().filter(|record| record.corrects.is_none()).map(|record| record.natural);
        let fresh: HashSet<i64> = fresh.collect();
        let taken = among(tx, &Among { one: &sql::KEY, many: &sql::KEYS_TAKEN }, fresh.iter().copied())?;
        let free = fresh.difference(&taken).copied().collect();
        let verdicts = self.judge(tx, &free, false)?;
        result::receipt(&self.core.texts, self.lang, self.message.package_id, false, &verdicts)
    }

    /// Stores the package; the answer is durable with it.
    pub(crate) fn store(self, tx: &mut Tx<'_>) -> Result<Reply, Error> {
        if let Some(body) = self.message.answered(tx, &self.core.vault)? {
            return Ok(Reply { status: 200, body, subjects: Vec::new() });
        }
        let fresh: Vec<&Prepared> = self.ready().filter(|record| record.corrects.is_none()).collect();
        let claimed = insert::claim(tx, &fresh, self.rows)?;
        let verdicts = self.judge(tx, &claimed, true)?;
        let accepted: Vec<&Prepared> = self
            .slots
            .iter()
            .zip(&verdicts)
            .filter_map(|(slot, verdict)| match (slot, verdict) {
                (Slot::Ready(prepared, _), Verdict::Accepted { .. }) => Some(&**prepared),
                _ => None,
            })
            .collect();
        let origin = Origin { source: &self.source, package: Some(self.message.package_id.as_bytes()) };
        insert::records(tx, &self.core.vault, &accepted, origin, self.rows, &self.months)?;
        self.enlist(tx, &accepted)?;
        let body = result::receipt(&self.core.texts, self.lang, self.message.package_id, true, &verdicts)?;
        self.message.keep(tx, &self.core.vault, &self.source, &body)?;
        Ok(Reply { status: 200, body, subjects: Vec::new() })
    }

    fn enlist(&self, tx: &mut Tx<'_>, accepted: &[&Prepared]) -> Result<(), Error> {
        if accepted.is_empty() {
            return Ok(());
        }
        if let Some(known_in) = self.epoch {
            let epoch = tx.query_opt(&sql::EPOCH, &[], |row| row.int(0))?.unwrap_or(0);
            if epoch != known_in {
                // The directory was thinned out since: whoever was left out is looked at again.
                for names in accepted.iter().filter_map(|record| record.names.as_ref()) {
                    directory::enlist(tx, &names.row(&self.core.vault))?;
                }
                return Ok(());
            }
        }
        for entry in &self.persons {
            directory::enlist(tx, entry)?;
            self.core.known.sight(entry.person);
        }
        Ok(())
    }

    /// What becomes of each record; `free` are the natural keys that were not taken.
    fn judge(&self, tx: &mut Tx<'_>, free: &HashSet<i64>, stored: bool) -> Result<Vec<Verdict>, Error> {
        let mut marks = Marks::new(&self.core.vault, i64::MAX);
        let watched = self.ready().flat_map(|record| record.watched.iter().map(|watched| watched.subject));
        marks.foresee(tx, &watched.collect::<Vec<_>>())?;
        let mut verdicts: Vec<Verdict> = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            let verdict = match slot {
                Slot::Rejected(faults) => Verdict::Rejected(faults.clone()),
                Slot::Twin(first) => twin(*first, verdicts.get(*first)),
                Slot::Ready(record, warnings) => match self.refuse(tx, record, free, stored)? {
                    Some(verdict) => verdict,
                    None => self.accept(tx, &mut marks, record, warnings, stored)?,
                },
            };
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    /// Why a record is not accepted: a duplicate, or a correction of nothing.
    fn refuse(
        &self,
        tx: &mut Tx<'_>,
        record: &Prepared,
        free: &HashSet<i64>,
        stored: bool,
    ) -> Result<Option<Verdict>, Error> {
        let Some((_, corrected, millis)) = record.corrects else {
            return if free.contains(&record.natural) { Ok(None) } else { self.duplicate(tx, record).map(Some) };
        };
        let rejected = |fault| Ok(Some(Verdict::Rejected(vec![fault])));
        let head = tx.query_opt(&sql::RECORD_HEAD, &[corrected.month.into(), corrected.seq.into()], |row| {
            let own = row.int(0)? == i64::from(record.kind.code())
                && row.int(1)?.div_euclid(1000) == millis
                && row.text(2)? == self.source;
            Ok(own)
        })?;
        if head != Some(true) {
            return rejected(Fault::new("/corrects", "02", "corrects-unknown"));
        }
        let newest = tx
            .query_opt(&sql::KEY, &[record.natural.into()], |row| Ok(Place { month: row.int(0)?, seq: row.int(1)? }))?;
        if newest.is_some_and(|newest| newest != corrected) {
            return self.duplicate(tx, record).map(Some);
        }
        if let Some(by) = self.corrected_by(tx, corrected)? {
            return rejected(Fault::new("/corrects", "02", "corrects-corrected").with("by", by));
        }
        if stored {
            insert::take_over(tx, record)?;
        }
        Ok(None)
    }

    fn duplicate(&self, tx: &mut Tx<'_>, record: &Prepared) -> Result<Verdict, Error> {
        let place = tx
            .query_opt(&sql::KEY, &[record.natural.into()], |row| Ok(Place { month: row.int(0)?, seq: row.int(1)? }))?;
        let mut of = None;
        if let Some(place) = place {
            let params = [place.month.into(), place.seq.into()];
            let received_at = tx.query_opt(&sql::RECORD_HEAD, &params, |row| row.int(1))?;
            of = received_at.map(|at| record_id(&self.core.vault, at, place));
        }
        Ok(Verdict::Duplicate { of, of_index: None })
    }

    fn corrected_by(&self, tx: &mut Tx<'_>, corrected: Place) -> Result<Option<Uuid>, Error> {
        let subject = mark::record(&self.core.vault, corrected.seq);
        tx.query_opt(&sql::MARKS, &[subject.into(), i64::MAX.into()], |row| {
            let place = Place { month: row.int(4)?, seq: row.int(2)? };
            Ok(record_id(&self.core.vault, row.int(3)?, place))
        })
    }

    fn accept(
        &self,
        tx: &mut Tx<'_>,
        marks: &mut Marks<'_>,
        record: &Prepared,
        warnings: &[Notice],
        stored: bool,
    ) -> Result<Verdict, Error> {
        let alerts = marks.alerts(tx, &record.watched, record.document_ends, record.at)?;
        let mut warnings = warnings.to_vec();
        if let Some(object) = record.concerned
            && tx.query_opt(&sql::KEY, &[object.into()], |_| Ok(()))?.is_none()
        {
            warnings.push(Notice { code: "unknown-object", text: "isos.notice.unknown-object", params: Vec::new() });
        }
        Ok(Verdict::Accepted { id: stored.then_some(record.record_id), alerts, warnings })
    }
}

fn twin(index: usize, first: Option<&Verdict>) -> Verdict {
    let of = match first {
        Some(Verdict::Accepted { id, .. }) => *id,
        Some(Verdict::Duplicate { of, .. }) => *of,
        _ => None,
    };
    Verdict::Duplicate { of, of_index: Some(index) }
}
