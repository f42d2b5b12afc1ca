//! Going through the index: records under terms, newest first, opened and checked against the criteria.

use serde_json::{Map, Value};
use store::{Error, Param, Tx};
use uuid::Uuid;

use super::super::directory::Names;
use super::super::kind::RecordKind;
use super::super::prepare::{body_place, term};
use super::super::sequence::{Place, record_id};
use super::super::view::{Criterion, View};
use super::super::{Core, calendar, sql};
use super::closeness::{Closeness, closeness};
use super::criteria::Criteria;
use super::cursor::Position;

/// How many rows are taken from the index at once, at least.
const PORTION: usize = 16;

/// A record found.
#[derive(Debug)]
pub(crate) struct Found {
    pub place: Place,
    pub at: i64,
    pub received_at: i64,
    pub source: String,
    pub corrects: Option<Uuid>,
    pub record_id: Uuid,
    pub kind: RecordKind,
    /// The record as sent.
    pub raw: String,
    pub members: Map<String, Value>,
    pub closeness: Option<Closeness>,
}

impl Found {
    /// Its place in the order.
    pub(crate) fn position(&self) -> Position {
        Position { at: self.at, seq: self.place.seq }
    }

    /// The record as its kind sees it.
    pub(crate) fn view(&self) -> View<'_> {
        View { kind: self.kind, members: &self.members }
    }
}

impl Sealed {
    fn position(&self) -> Position {
        Position { at: self.at, seq: self.place.seq }
    }
}

/// A way through one kind's index.
pub(crate) struct Walk<'a> {
    pub core: &'a Core,
    pub kind: RecordKind,
    pub criteria: &'a Criteria,
    /// Records received until then.
    pub until: i64,
}

/// A row as it is stored.
struct Sealed {
    place: Place,
    at: i64,
    received_at: i64,
    source: String,
    corrects: Option<Uuid>,
    body: Vec<u8>,
}

impl Walk<'_> {
    /// At most `wanted` records below `before` that fit, newest first, of all the given terms together.
    pub(crate) fn newest(
        &self,
        tx: &mut Tx<'_>,
        terms: &[(Criterion, String)],
        before: Option<Position>,
        wanted: usize,
    ) -> Result<Vec<Found>, Error> {
        let keyed: Vec<i64> =
            terms.iter().map(|(criterion, value)| term(&self.core.vault, self.kind, *criterion, value)).collect();
        let top = Position { at: self.criteria.to, seq: i64::MAX };
        let mut before = before.map_or(top, |before| before.min(top));
        let portion = wanted.max(PORTION);
        let mut found = Vec::new();
        loop {
            let rows = self.merged(tx, &keyed, before, portion)?;
            let more = rows.len() == portion;
            for row in rows {
                before = row.position();
                if let Some(record) = self.opened(row)? {
                    found.push(record);
                    if found.len() == wanted {
                        return Ok(found);
                    }
                }
            }
            if !more {
                return Ok(found);
            }
        }
    }

    /// The newest `portion` of rows below `before` under any of the terms, still sealed.
    fn merged(&self, tx: &mut Tx<'_>, terms: &[i64], before: Position, portion: usize) -> Result<Vec<Sealed>, Error> {
        let mut rows = Vec::new();
        for term in terms {
            rows.extend(self.rows(tx, *term, before, portion)?);
        }
        if terms.len() > 1 {
            rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.position()));
            rows.dedup_by_key(|row| row.place.seq);
            rows.truncate(portion);
        }
        Ok(rows)
    }

    fn rows(&self, tx: &mut Tx<'_>, term: i64, before: Position, portion: usize) -> Result<Vec<Sealed>, Error> {
        let month = |at: i64| match at {
            i64::MIN | i64::MAX => at,
            at => calendar::month_of(at),
        };
        let params = [
            Param::Int(i64::from(self.kind.code())),
            term.into(),
            month(self.criteria.from).into(),
            month(before.at).into(),
            before.at.into(),
            before.seq.into(),
            self.criteria.from.into(),
            self.until.into(),
            Param::Int(i64::try_from(portion).unwrap_or(i64::MAX)),
        ];
        tx.query(&sql::BY_TERM, &params, |row| {
            Ok(Sealed {
                place: Place { month: row.int(0)?, seq: row.int(1)? },
                at: row.int(2)?,
                received_at: row.int(3)?,
                source: row.text(4)?.to_owned(),
                corrects: row.opt_bytes(5)?.and_then(|id| Uuid::from_slice(id).ok()),
                body: row.bytes(6)?.to_vec(),
            })
        })
    }

    /// The record, opened, when it truly fits: a keyed value may meet another's, and then nothing may leave.
    fn opened(&self, row: Sealed) -> Result<Option<Found>, Error> {
        if self.criteria.source.as_ref().is_some_and(|own| *own != row.source) {
            return Ok(None);
        }
        let record_id = record_id(&self.core.vault, row.received_at, row.place);
        let raw = self.core.vault.open(&body_place(record_id), &row.body)?;
        let raw = String::from_utf8(raw).map_err(Error::broken)?;
        let members: Map<String, Value> = serde_json::from_str(&raw).map_err(Error::broken)?;
        let view = View { kind: self.kind, members: &members };
        if !self.criteria.fits(&view, &row.source) {
            return Ok(None);
        }
        let mut close = None;
        if self.criteria.close {
            close = Names::of(&view).and_then(|names| closeness(&self.criteria.names, &names));
            if close.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(Found {
            place: row.place,
            at: row.at,
            received_at: row.received_at,
            source: row.source,
            corrects: row.corrects,
            record_id,
            kind: self.kind,
            raw,
            members,
            closeness: close,
        }))
    }
}
