//! Time as a parameter: whoever needs the time of day takes a [`Clock`].

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

/// Tells the time. Cheap to clone; the system's clock in production, a fixed or shifted one in tests.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The computer's own clock.
    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// Always the same moment.
    pub fn fixed(at: Timestamp) -> Self {
        Self(Arc::new(move || at))
    }

    /// This clock, `by` later (or earlier when negative).
    pub fn shifted(&self, by: SignedDuration) -> Self {
        let inner = self.clone();
        Self(Arc::new(move || inner.now().checked_add(by).unwrap_or(Timestamp::MAX)))
    }

    /// A clock of one's own, for tests that move time.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The moment, UTC, with microseconds.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }

    /// The moment as microseconds since 1970, the form rows keep.
    pub fn micros(&self) -> i64 {
        self.now().as_microsecond()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

/// A UUID version 7 of moment `at` with `random` as its lower bits: identifiers that sort by time.
pub fn uuid_at(at: Timestamp, random: [u8; 10]) -> uuid::Uuid {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_sort_by_time() {
        let at = Timestamp::from_second(1_760_000_000).unwrap();
        let later = at.checked_add(SignedDuration::from_millis(1)).unwrap();
        assert!(uuid_at(at, [255; 10]) < uuid_at(later, [0; 10]));
        assert_eq!(uuid_at(at, [1; 10]).get_version_num(), 7);
    }

    #[test]
    fn a_shifted_clock_is_later() {
        let clock = Clock::fixed(Timestamp::from_second(100).unwrap());
        assert_eq!(clock.shifted(SignedDuration::from_secs(5)).now().as_second(), 105);
    }
}
