//! What belongs to one request: its identifier, its language, its trace, and its one log line.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Body;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use jiff::Timestamp;
use model::{Clock, Lang, Refusal, clock};
use uuid::Uuid;

use crate::problem::{Occasion, Problems};

/// How many random bytes are drawn at once.
const POOL: usize = 1000;

/// The source of randomness: `store::random`.
pub type Random = fn() -> [u8; POOL];

/// One request. An extension of it; clones are the same request.
#[derive(Clone, Debug)]
pub struct Context(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: Uuid,
    at: Timestamp,
    clock: Clock,
    path: Option<PathAndQuery>,
    accept_language: Option<HeaderValue>,
    traceparent: Option<HeaderValue>,
    problems: Arc<Problems>,
    line: Line,
}

/// What the log line says of the answer and of the time it took, which only the edge knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) status: StatusCode,
    pub(crate) bytes_out: u64,
    pub(crate) total: Duration,
}

/// What the request's log line and metrics will say, filled in by whoever learns it. Codes and numbers only: never a
/// name, a number of a person, a query or a body.
#[derive(Debug, Default)]
pub struct Line {
    consumer: OnceLock<Arc<str>>,
    service: OnceLock<Arc<str>>,
    method: OnceLock<Arc<str>>,
    code: OnceLock<&'static str>,
    bytes_in: AtomicU64,
    db_micros: AtomicU64,
    provider_micros: AtomicU64,
    ledger: OnceLock<u64>,
}

impl Context {
    /// The context of a request with this target and these header fields.
    pub fn new(problems: &Arc<Problems>, clock: &Clock, random: Random, uri: &Uri, headers: &HeaderMap) -> Self {
        let at = clock.now();
        Self(Arc::new(Inner {
            id: clock::uuid_at(at, draw(random)),
            at,
            clock: clock.clone(),
            path: uri.path_and_query().cloned(),
            accept_language: headers.get(header::ACCEPT_LANGUAGE).cloned(),
            traceparent: headers.get("traceparent").cloned(),
            problems: problems.clone(),
            line: Line::default(),
        }))
    }

    /// The request's identifier, a UUID version 7.
    pub fn id(&self) -> Uuid {
        self.0.id
    }

    /// When the request's head had arrived.
    pub fn at(&self) -> Timestamp {
        self.0.at
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The language that the caller reads best.
    pub fn lang(&self) -> Lang {
        let header = self.0.accept_language.as_ref().and_then(|value| value.to_str().ok());
        header.map_or(Lang::En, Lang::negotiate)
    }

    /// The trace this request belongs to, to be passed on; `None` unless it has the form W3C Trace Context gives it.
    pub fn traceparent(&self) -> Option<&str> {
        let value = self.0.traceparent.as_ref()?.to_str().ok()?;
        is_traceparent(value).then_some(value)
    }

    /// The path asked for, without its query.
    pub fn path(&self) -> &str {
        self.0.path.as_ref().map_or("/", PathAndQuery::path)
    }

    /// The path asked for with its query, whatever a nested router has cut off it.
    pub(crate) fn target(&self) -> Option<&PathAndQuery> {
        self.0.path.as_ref()
    }

    /// The request's log line, to be filled in.
    pub fn line(&self) -> &Line {
        &self.0.line
    }

    /// The texts and the form of problems.
    pub fn problems(&self) -> &Problems {
        &self.0.problems
    }

    /// The refusal as an answer in the caller's language; the log line has its code.
    pub fn refuse(&self, refusal: &Refusal) -> Response<Body> {
        self.line().code(refusal.code);
        let occasion =
            Occasion { lang: self.lang(), instance: self.path(), request_id: self.id(), now: self.clock().now() };
        self.problems().response(refusal, &occasion)
    }

    pub(crate) fn log(&self, verb: &str, outcome: &Outcome) {
        let line = self.line();
        tracing::info!(
            target: "request",
            request_id = %self.id(),
            consumer = line.consumer.get().map(|name| &**name),
            service = line.service.get().map(|name| &**name),
            method = line.method.get().map_or(verb, |name| &**name),
            status = outcome.status.as_u16(),
            code = line.code.get().copied(),
            bytes_in = line.bytes_in.load(Ordering::Relaxed),
            bytes_out = outcome.bytes_out,
            total_ms = millis(outcome.total),
            db_ms = millis(Duration::from_micros(line.db_micros.load(Ordering::Relaxed))),
            provider_ms = millis(Duration::from_micros(line.provider_micros.load(Ordering::Relaxed))),
            ledger = line.ledger.get().copied(),
        );
    }
}

impl Line {
    /// Which system asks, by its code.
    pub fn consumer(&self, code: impl Into<Arc<str>>) {
        // Whoever knows first is right: here and below.
        let _ = self.consumer.set(code.into());
    }

    /// Which service is asked, by its code.
    pub fn service(&self, code: impl Into<Arc<str>>) {
        let _ = self.service.set(code.into());
    }

    /// Which method of the service, such as `crossings/submit`.
    pub fn method(&self, name: impl Into<Arc<str>>) {
        let _ = self.method.set(name.into());
    }

    /// Under which code the request was refused.
    pub fn code(&self, code: &'static str) {
        let _ = self.code.set(code);
    }

    /// How long the body was.
    pub fn bytes_in(&self, count: u64) {
        self.bytes_in.store(count, Ordering::Relaxed);
    }

    /// Adds time spent in the database.
    pub fn add_db(&self, time: Duration) {
        add(&self.db_micros, time);
    }

    /// Adds time spent waiting for the provider.
    pub fn add_provider(&self, time: Duration) {
        add(&self.provider_micros, time);
    }

    /// Which leaf of the ledger holds the request.
    pub fn ledger(&self, index: u64) {
        let _ = self.ledger.set(index);
    }

    pub(crate) fn refused_as(&self) -> Option<&'static str> {
        self.code.get().copied()
    }

    pub(crate) fn service_code(&self) -> Option<&str> {
        self.service.get().map(|code| &**code)
    }
}

fn add(sum: &AtomicU64, time: Duration) {
    sum.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// `00-` trace `-` parent `-` flags, lower-case hex, neither identifier all zero.
fn is_traceparent(value: &str) -> bool {
    let hex = |part: &str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let zero = |part: &str| part.bytes().all(|b| b == b'0');
    let mut parts = value.split('-');
    match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("00"), Some(trace), Some(parent), Some(flags), None) => {
            trace.len() == 32
                && parent.len() == 16
                && flags.len() == 2
                && [trace, parent, flags].into_iter().all(hex)
                && !zero(trace)
                && !zero(parent)
        }
        _ => false,
    }
}

/// Ten random bytes, from a supply that each thread draws for a hundred requests at once: a draw costs a system call's
/// worth of time however small it is.
fn draw(random: Random) -> [u8; 10] {
    thread_local! {
        static SUPPLY: RefCell<([u8; POOL], usize)> = const { RefCell::new(([0; POOL], POOL)) };
    }
    SUPPLY.with_borrow_mut(|(bytes, used)| {
        if *used + 10 > POOL {
            *bytes = random();
            *used = 0;
        }
        let drawn = bytes.get(*used..).and_then(<[u8]>::first_chunk::<10>).copied().unwrap_or_default();
        *used += 10;
        drawn
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_passed_on_only_in_its_form() {
        assert!(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert!(!is_traceparent(wrong), "{wrong}");
        }
    }

    #[test]
    fn no_two_requests_have_the_same_identifier() {
        fn counted() -> [u8; POOL] {
            static NEXT: AtomicU64 = AtomicU64::new(0);
            std::array::from_fn(|_| NEXT.fetch_add(1, Ordering::Relaxed).to_le_bytes()[0])
        }
        assert_ne!(draw(counted), draw(counted));
    }
}
