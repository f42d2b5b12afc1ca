//! Overload: so many requests at once, a short wait for the next, and an immediate refusal for the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use model::{Kind, Refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// After how many seconds whoever was refused may come again.
const RETRY_AFTER: u32 = 1;
/// How long a connection is left unread after a refusal for overload: as long as `Retry-After` asks to wait. Who does not
/// would otherwise have us busy with refusals, while others could be answered.
pub(crate) const HOLD: Duration = Duration::from_secs(1);

/// Mark of an answer after which the connection is left unread for [`HOLD`].
#[derive(Clone, Copy)]
struct HeldBack;

pub(crate) fn hold_back(response: &mut Response<Body>) {
    response.extensions_mut().insert(HeldBack);
}

pub(crate) fn is_held_back(response: &Response<Body>) -> bool {
    response.extensions().get::<HeldBack>().is_some()
}

/// How much is taken on.
#[derive(Clone, Copy, Debug)]
pub struct ShedLimits {
    /// Requests at work at once.
    pub at_once: usize,
    /// Requests that may wait.
    pub waiting: usize,
    /// How long they may wait.
    pub wait: Duration,
}

/// The gate before the work. Clones share one count, so that several listeners can share one capacity.
#[derive(Clone, Debug)]
pub struct Shed {
    limits: ShedLimits,
    room: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

/// The right to work; given back when dropped.
#[derive(Debug)]
pub struct Admission(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shed {
    /// A gate with these limits.
    pub fn new(limits: ShedLimits) -> Self {
        Self { limits, room: Arc::new(Semaphore::new(limits.at_once)), waiting: Arc::default() }
    }

    /// Room to work, at once or after a short wait.
    ///
    /// # Errors
    /// `overloaded`, with nothing done: at once when too many wait already, else when the wait is over.
    pub async fn admit(&self) -> Result<Admission, Refusal> {
        if let Ok(permit) = self.room.clone().try_acquire_owned() {
            return Ok(Admission(permit));
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _place = Place(&self.waiting);
        if before >= self.limits.waiting {
            return Err(overloaded());
        }
        match tokio::time::timeout(self.limits.wait, self.room.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Admission(permit)),
            _ => Err(overloaded()),
        }
    }

    /// How many wait now.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Code of the refusal.
pub(crate) const OVERLOADED: &str = "overloaded";

fn overloaded() -> Refusal {
    Refusal::new(Kind::Unavailable, OVERLOADED).retry_after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn beyond_the_queue_the_answer_is_immediate() {
        let shed = Shed::new(ShedLimits { at_once: 1, waiting: 1, wait: Duration::from_secs(3600) });
        let first = shed.admit().await.unwrap();
        let second = tokio::spawn({
            let shed = shed.clone();
            async move { shed.admit().await.is_ok() }
        });
        while shed.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        let third = shed.admit().await.unwrap_err();
        assert_eq!((third.code, third.retry_after), ("overloaded", Some(1)));
        drop(first);
        assert!(second.await.unwrap());
        assert_eq!(shed.waiting(), 0);
    }

    #[tokio::test]
    async fn waiting_ends() {
        let shed = Shed::new(ShedLimits { at_once: 1, waiting: 9, wait: Duration::from_millis(20) });
        let _first = shed.admit().await.unwrap();
        assert_eq!(shed.admit().await.unwrap_err().code, "overloaded");
        assert_eq!(shed.waiting(), 0);
    }
}
