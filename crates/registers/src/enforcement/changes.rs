//! The course of execution as a feed: every version in the order it was committed, none skipped, none told twice.

use gateway::{Ask, Reply};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{Kind, Refusal};
use serde::Serialize;
use store::{Db, Error, Tx, Vault};

use super::load::open;
use super::record::Day;
use super::{cursor, sql};

/// Changes on a page when the request names no limit.
const PAGE: i64 = 500;
/// Most changes on a page.
const MAX_PAGE: i64 = 1000;
/// What cursors of the feed are bound to.
const FEED: &[u8] = b"changes";

/// From where the feed is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// After the version with this number.
    Version(i64),
    /// From this moment on, in microseconds since 1970.
    Moment(i64),
}

/// One change: a version of a proceeding was committed.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    #[serde(skip)]
    seq: i64,
    proceeding_number: String,
    changed_at: Timestamp,
    #[serde(skip)]
    subject: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    changes: Vec<Change>,
    cursor: String,
}

/// Answers `proceedings/changes`.
pub(super) async fn answer(vault: &Vault, db: &Db, ask: &Ask) -> Result<Reply, Refusal> {
    let asker = ask.asker.id.as_str();
    let since = match ask.param("since") {
        None | Some("") => Since::Version(0),
        Some(given) => since(vault, asker, given)?,
    };
    let limit = match ask.param("limit") {
        None => PAGE,
        Some(text) => text.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit)).ok_or_else(|| {
            Refusal::new(Kind::Malformed, "parameter-malformed").with("name", "limit").with("expected", "1–1000")
        })?,
    };
    let opener = vault.clone();
    let (changes, last) = db.read(move |tx| read(tx, &opener, since, limit)).await.map_err(Error::refusal)?;
    let mut subjects: Vec<String> = changes.iter().filter_map(|change| change.subject.clone()).collect();
    subjects.sort_unstable();
    subjects.dedup();
    // The cursor is always given: a feed has no last page, only a moment when nothing more has happened yet.
    let answer = Answer { changes, cursor: cursor::write(vault, asker, FEED, (last, 0)) };
    let body = serde_json::to_vec(&answer).map_err(|e| Error::broken(e).refusal())?;
    Ok(Reply { status: 200, body, subjects })
}

/// Changes from `since` on, and the place to go on from.
pub(super) fn read(tx: &mut Tx<'_>, vault: &Vault, since: Since, limit: i64) -> Result<(Vec<Change>, i64), Error> {
    let after = match since {
        Since::Version(number) => number,
        Since::Moment(at) => match tx.query_opt(&sql::FIRST_SINCE, &[at.into()], |row| row.int(0))? {
            Some(first) => first - 1,
            // Nothing that late yet. Times never go back, so what comes next is late enough.
            None => tx.query_opt(&sql::LAST, &[], |row| row.int(0))?.unwrap_or(0),
        },
    };
    let changes = tx.query(&sql::CHANGES, &[after.into(), limit.into()], |row| {
        let (seq, changed_at) = (row.int(0)?, row.int(1)?);
        let proceeding = open(vault, seq, row.bytes(2)?)?;
        Ok(Change {
            seq,
            proceeding_number: proceeding.proceeding_number.clone(),
            changed_at: Timestamp::from_microsecond(changed_at).map_err(Error::broken)?,
            subject: proceeding.debtor.number().map(str::to_owned),
        })
    })?;
    let last = changes.last().map_or(after, |change| change.seq);
    Ok((changes, last))
}

/// A cursor of ours, a date-time, or a day (its beginning in Minsk).
fn since(vault: &Vault, asker: &str, given: &str) -> Result<Since, Refusal> {
    // A plus sign that the sender did not encode arrives as a space.
    let text = given.trim().replace(' ', "+");
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Since::Moment(at.as_microsecond()));
    }
    if let Some(Day(day)) = Day::parse(&text) {
        let minsk = TimeZone::fixed(jiff::tz::offset(3));
        let at = day.to_zoned(minsk).map_err(|e| Error::broken(e).refusal())?;
        return Ok(Since::Moment(at.timestamp().as_microsecond()));
    }
    let place = cursor::read(vault, asker, FEED, &text);
    place.map(|(seq, _)| Since::Version(seq)).map_err(|_| Refusal::new(Kind::Malformed, "since-malformed"))
}
