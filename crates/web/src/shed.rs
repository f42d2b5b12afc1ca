//! Overload: so many requests at once, a short wait for the next, and an immediate refusal for the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use model::{Kind, Refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// After how many seconds whoever was refused may come again.
const RETRY_AFTER: u32 = 1;
/// How long a connection is left unread after a refusal for overload, while there is no room: as long as `Retry-After`
/// asks to wait. Who does not would otherwise have us busy with refusals, while others could be answered.
const HOLD: Duration = Duration::from_secs(1);
/// How often a connection that is left unread looks whether there is room.
const LOOK: Duration = Duration::from_millis(200);
/// So many in a row that are held back begin to look at different moments.
const SPREAD: u32 = 16;

/// Mark of an answer after which the connection is left unread; the gate that refused.
#[derive(Clone)]
struct HeldBack(Shed);

pub(crate) fn hold_back(response: &mut Response<Body>, by: &Shed) {
    response.extensions_mut().insert(HeldBack(by.clone()));
}

/// The gate that will have the connection wait.
pub(crate) fn held_back_by(response: &Response<Body>) -> Option<Shed> {
    response.extensions().get::<HeldBack>().map(|held| held.0.clone())
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
    held: Arc<AtomicU32>,
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
        Self { limits, room: Arc::new(Semaphore::new(limits.at_once)), waiting: Arc::default(), held: Arc::default() }
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

    /// Ends when whoever was refused may come again, or sooner when there is room.
    pub(crate) async fn hold(self) {
        let until = Instant::now() + HOLD;
        tokio::time::sleep(first_wait(self.held.fetch_add(1, Ordering::Relaxed))).await;
        while Instant::now() < until {
            tokio::time::sleep(LOOK).await;
            if self.room.available_permits() > 0 && self.waiting() == 0 {
                break;
            }
        }
    }

    /// How many wait now.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// How long who is held back in this turn waits before the first look: those who were refused together must not come
/// back together.
fn first_wait(turn: u32) -> Duration {
    LOOK * (turn % SPREAD) / SPREAD
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
    async fn a_connection_is_held_until_there_is_room() {
        let gate = || Shed::new(ShedLimits { at_once: 1, waiting: 0, wait: Duration::ZERO });
        let (full, free) = (gate(), gate());
        let _busy = full.admit().await.unwrap();
        let begun = Instant::now();
        let (longer, sooner) = (tokio::spawn(full.hold()), tokio::spawn(free.hold()));
        sooner.await.unwrap();
        assert!(!longer.is_finished(), "there is no room");
        longer.await.unwrap();
        assert!(begun.elapsed() >= HOLD, "as long as it was told to wait");
    }

    #[test]
    fn who_were_refused_together_do_not_come_back_together() {
        let waits: std::collections::BTreeSet<Duration> = (0..SPREAD).map(first_wait).collect();
        assert_eq!(waits.len(), SPREAD as usize);
        assert!(waits.iter().all(|wait| *wait < LOOK));
        assert_eq!(first_wait(u32::MAX), first_wait(SPREAD - 1), "counting goes round");
    }

    #[tokio::test]
    async fn waiting_ends() {
        let shed = Shed::new(ShedLimits { at_once: 1, waiting: 9, wait: Duration::from_millis(20) });
        let _first = shed.admit().await.unwrap();
        assert_eq!(shed.admit().await.unwrap_err().code, "overloaded");
        assert_eq!(shed.waiting(), 0);
    }
}
