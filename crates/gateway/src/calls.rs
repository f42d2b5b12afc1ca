//! The call log that the operator must show each user (ETT §5.3): own calls, newest first.

use model::{Kind, Refusal};
use serde::Serialize;
use store::{Db, Error, Tx};
use uuid::Uuid;

store::statements! {
    /// Remembers a call.
    CALL_REMEMBERED = "INSERT INTO call_log (consumer, at, request_id, service, method, status, code, ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// A consumer's calls of a period, newest first, from a point on.
    CALLS = "SELECT at, request_id, service, method, status, code, ms FROM call_log
        WHERE consumer = $1 AND at >= $2 AND at <= $3 AND (at < $4 OR (at = $4 AND request_id < $5))
          AND (service = $6 OR $6 = '') AND (status = $7 OR $7 = 0)
        ORDER BY at DESC, request_id DESC LIMIT $8";
}

/// One call, as it is remembered.
pub(crate) struct Call<'a> {
    pub consumer: &'a str,
    pub at: i64,
    pub request_id: &'a [u8; 16],
    pub service: &'a str,
    pub method: &'a str,
    pub status: u16,
    pub code: &'a str,
    pub ms: i64,
}

/// Remembers a call in the transaction that answers it.
pub(crate) fn remember(tx: &mut Tx<'_>, call: &Call<'_>) -> Result<(), Error> {
    tx.execute(
        &CALL_REMEMBERED,
        &[
            call.consumer.into(),
            call.at.into(),
            call.request_id.into(),
            call.service.into(),
            call.method.into(),
            i64::from(call.status).into(),
            call.code.into(),
            call.ms.into(),
        ],
    )
    .map(|_| ())
}

/// One line of the list.
#[derive(Debug, Serialize)]
struct Line {
    request_id: Uuid,
    time: String,
    service: String,
    method: String,
    status: i64,
    code: String,
    ms: i64,
}

#[derive(Serialize)]
struct Page {
    calls: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// Lines of one page.
pub(crate) const PAGE: usize = 100;

/// What is asked for; times in microseconds.
pub(crate) struct Wanted {
    from: i64,
    to: i64,
    service: String,
    status: i64,
    before: (i64, [u8; 16]),
    limit: usize,
}

impl Wanted {
    /// Reads `from`, `to`, `service`, `status`, `limit`, `cursor`.
    pub(crate) fn read(query: &[(String, String)]) -> Result<Self, Refusal> {
        let mut wanted = Self {
            from: 0,
            to: i64::MAX,
            service: String::new(),
            status: 0,
            before: (i64::MAX, [0xff; 16]),
            limit: PAGE,
        };
        for (name, value) in query {
            let wrong = || Refusal::new(Kind::Malformed, "query-malformed").with("parameter", name);
            if value.contains('\0') {
                return Err(wrong()); // no text in PostgreSQL holds it
            }
            match name.as_str() {
                "from" => wanted.from = moment(value, false).ok_or_else(wrong)?,
                "to" => wanted.to = moment(value, true).ok_or_else(wrong)?,
                "service" => wanted.service.clone_from(value),
                "status" => wanted.status = value.parse::<u16>().map_err(|_| wrong())?.into(),
                "limit" => {
                    wanted.limit = value.parse().ok().filter(|n| (1..=1000).contains(n)).ok_or_else(wrong)?;
                }
                "cursor" => {
                    wanted.before = point(value).ok_or_else(|| Refusal::new(Kind::Malformed, "cursor-malformed"))?;
                }
                _ => return Err(Refusal::new(Kind::Malformed, "query-unknown").with("parameter", name)),
            }
        }
        Ok(wanted)
    }
}

/// A date (`2026-11-21`, the whole day in Minsk) or a date and time, as microseconds.
fn moment(text: &str, end: bool) -> Option<i64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_microsecond());
    }
    let day: jiff::civil::Date = text.parse().ok()?;
    let start = day.to_datetime(jiff::civil::Time::midnight());
    let minsk = jiff::tz::TimeZone::fixed(jiff::tz::offset(3));
    let at = minsk.to_timestamp(start).ok()?.as_microsecond();
    Some(if end { at + 24 * 3600 * 1_000_000 - 1 } else { at })
}

fn point(cursor: &str) -> Option<(i64, [u8; 16])> {
    let (at, id) = cursor.split_once('.')?;
    Some((at.parse().ok()?, *Uuid::try_parse(id).ok()?.as_bytes()))
}

/// A page of a consumer's own calls, as JSON.
pub(crate) async fn list(db: &Db, consumer: String, wanted: Wanted) -> Result<Vec<u8>, Refusal> {
    let limit = wanted.limit;
    let mut calls = db
        .read(move |tx| {
            tx.query(
                &CALLS,
                &[
                    (&consumer).into(),
                    wanted.from.into(),
                    wanted.to.into(),
                    wanted.before.0.into(),
                    (&wanted.before.1).into(),
                    (&wanted.service).into(),
                    wanted.status.into(),
                    (limit as i64 + 1).into(),
                ],
                |row| {
                    let at = jiff::Timestamp::from_microsecond(row.int(0)?).map_err(Error::broken)?;
                    Ok(Line {
                        request_id: Uuid::from_bytes(row.array(1)?),
                        time: at.to_string(),
                        service: row.text(2)?.to_owned(),
                        method: row.text(3)?.to_owned(),
                        status: row.int(4)?,
                        code: row.text(5)?.to_owned(),
                        ms: row.int(6)?,
                    })
                },
            )
        })
        .await
        .map_err(Error::refusal)?;
    let cursor = if calls.len() > limit {
        calls.truncate(limit);
        calls.last().and_then(|last| {
            let at: jiff::Timestamp = last.time.parse().ok()?;
            Some(format!("{}.{}", at.as_microsecond(), last.request_id))
        })
    } else {
        None
    };
    serde_json::to_vec(&Page { calls, cursor }).map_err(|_| Refusal::new(Kind::Internal, "internal"))
}
