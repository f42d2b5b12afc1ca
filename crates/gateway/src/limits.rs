//! What callers have to keep within, for those who describe the gateway: the very numbers it works with.

use crate::{Gateway, calls, consent, memory, queue};

const HOUR: i64 = 3600 * 1_000_000;

/// Sizes, times and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Seconds that a signature of RFC 9421 may hold.
    pub signature_seconds: i64,
    /// Largest consent, in bytes.
    pub consent_bytes: usize,
    /// Hours that an answer is kept under its `Idempotency-Key`.
    pub kept_hours: i64,
    /// Hours that an answer of the queue can be fetched.
    pub queue_hours: i64,
    /// Tries of a question in the queue.
    pub queue_tries: i64,
    /// Lines of a page of the call log.
    pub calls_page: usize,
}

impl Gateway {
    /// What callers have to keep within.
    pub fn limits(&self) -> Limits {
        Limits {
            signature_seconds: eds::http_signature::TERM,
            consent_bytes: consent::claim::LARGEST,
            kept_hours: memory::KEPT_MICROS / HOUR,
            queue_hours: queue::TERM_MICROS / HOUR,
            queue_tries: queue::ATTEMPTS,
            calls_page: calls::PAGE,
        }
    }
}
