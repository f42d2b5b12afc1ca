//! The open connections of a listener: caps by address and in all, and the way to tell them to end.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::sync::Notify;

/// What connections should do; only ever moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Serve.
    Open = 0,
    /// Answer what was asked and end.
    Draining = 1,
    /// End.
    Ended = 2,
}

/// Most connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    pub(crate) total: usize,
    pub(crate) per_address: usize,
    pub(crate) per_loopback: usize,
}

/// The open connections. Locked when one opens or ends, never while it serves.
pub(crate) struct Registry {
    caps: Caps,
    phase: AtomicU8,
    open: Mutex<Open>,
    emptied: Notify,
}

#[derive(Default)]
struct Open {
    next: u64,
    count: usize,
    by_address: HashMap<IpAddr, usize>,
    wakers: HashMap<u64, Waker>,
}

/// The right to be connected; given back when dropped.
pub(crate) struct Ticket {
    registry: Arc<Registry>,
    id: u64,
    address: IpAddr,
}

impl Registry {
    pub(crate) fn new(caps: Caps) -> Arc<Self> {
        Arc::new(Self { caps, phase: AtomicU8::new(0), open: Mutex::default(), emptied: Notify::new() })
    }

    /// Room for one more connection from there, unless there are too many.
    pub(crate) fn admit(self: &Arc<Self>, remote: IpAddr) -> Option<Ticket> {
        let address = network(remote);
        let cap = if address.is_loopback() { self.caps.per_loopback } else { self.caps.per_address };
        let mut open = self.lock();
        if open.count >= self.caps.total {
            return None;
        }
        let here = open.by_address.entry(address).or_default();
        if *here >= cap {
            return None;
        }
        *here += 1;
        open.count += 1;
        open.next += 1;
        Some(Ticket { registry: self.clone(), id: open.next, address })
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.lock().count
    }

    /// Every connection has ended: in its own time, or cut off after `within`.
    pub(crate) async fn drain(&self, within: Duration) {
        self.enter(Phase::Draining);
        if tokio::time::timeout(within, self.wait_empty()).await.is_err() {
            self.enter(Phase::Ended);
            let _ = tokio::time::timeout(Duration::from_millis(500), self.wait_empty()).await;
        }
    }

    async fn wait_empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.count() == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn enter(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::SeqCst);
        let wakers: Vec<Waker> = self.lock().wakers.values().cloned().collect();
        wakers.iter().for_each(Waker::wake_by_ref);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Whoever is behind `waker` is woken when the phase changes.
    pub(crate) fn register(&self, waker: &Waker) {
        self.registry.lock().wakers.insert(self.id, waker.clone());
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.registry.phase.load(Ordering::Acquire) {
            0 => Phase::Open,
            1 => Phase::Draining,
            _ => Phase::Ended,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.registry.lock();
        open.wakers.remove(&self.id);
        open.count = open.count.saturating_sub(1);
        if let Some(here) = open.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                open.by_address.remove(&self.address);
            }
        }
        if open.count == 0 {
            self.registry.emptied.notify_waiters();
        }
    }
}

/// What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_has_one_allowance() {
        let registry = Registry::new(Caps { total: 10, per_address: 1, per_loopback: 3 });
        let first = registry.admit("2001:db8::1".parse().unwrap());
        assert!(first.is_some());
        assert!(registry.admit("2001:db8::2".parse().unwrap()).is_none());
        assert!(registry.admit("2001:db8:0:1::2".parse().unwrap()).is_some());
        drop(first);
        assert!(registry.admit("2001:db8::2".parse().unwrap()).is_some());
        assert_eq!(registry.count(), 0);
    }

    #[test]
    fn there_is_room_for_so_many_in_all() {
        let registry = Registry::new(Caps { total: 2, per_address: 9, per_loopback: 9 });
        let held: Vec<_> = (0..3).map(|_| registry.admit([127, 0, 0, 1].into())).collect();
        assert_eq!(held.iter().flatten().count(), 2);
    }
}
