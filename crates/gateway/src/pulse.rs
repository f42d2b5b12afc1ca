//! How the owners' systems do just now: the last exchanges of each service, in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many exchanges of a service are remembered.
const REMEMBERED: usize = 256;

/// The last exchanges of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// How many are remembered.
    pub count: usize,
    /// How many of them failed by our or the owner's fault.
    pub failed: usize,
    /// Half of them took no longer.
    pub median: Duration,
    /// All but one in a hundred took no longer.
    pub p99: Duration,
}

/// The last exchanges of all services.
#[derive(Debug, Default)]
pub(crate) struct Pulses(Mutex<HashMap<String, VecDeque<(u32, bool)>>>);

impl Pulses {
    /// Remembers an exchange.
    pub(crate) fn beat(&self, service: &str, time: Duration, failed: bool) {
        let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains_key(service) {
            all.insert(service.to_owned(), VecDeque::with_capacity(REMEMBERED));
        }
        if let Some(beats) = all.get_mut(service) {
            if beats.len() == REMEMBERED {
                beats.pop_front();
            }
            beats.push_back((micros, failed));
        }
    }

    /// How a service does; none when nobody has asked it yet.
    pub(crate) fn of(&self, service: &str) -> Option<Pulse> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let beats = all.get(service)?;
        let mut times: Vec<u32> = beats.iter().map(|(micros, _)| *micros).collect();
        times.sort_unstable();
        let at = |share: usize| {
            let place = times.len().saturating_mul(share).div_ceil(100).saturating_sub(1);
            Duration::from_micros(times.get(place).copied().unwrap_or(0).into())
        };
        let failed = beats.iter().filter(|(_, failed)| *failed).count();
        Some(Pulse { count: beats.len(), failed, median: at(50), p99: at(99) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_exchanges_are_remembered() {
        let pulses = Pulses::default();
        assert_eq!(pulses.of("3.88.01"), None);
        for millis in 1..=1_000_u64 {
            pulses.beat("3.88.01", Duration::from_millis(millis), millis % 100 == 0);
        }
        let pulse = pulses.of("3.88.01").unwrap();
        assert_eq!((pulse.count, pulse.failed), (256, 3));
        assert_eq!((pulse.median, pulse.p99), (Duration::from_millis(872), Duration::from_millis(998)));
    }
}
