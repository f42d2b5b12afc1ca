//! A trust that remembers: on the request path a known certificate costs one look-up.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;

use super::{PathError, Purpose, Trust};
use crate::{Certificate, Crl};

/// Verdicts kept; past that the memory starts anew, so that strangers cannot fill it.
const KEPT: usize = 65_536;

/// A [`Trust`] shared by threads, with its verdicts kept until the earliest end of a certificate or CRL they rest on.
///
/// Replacing roots or CRLs drops every verdict at once.
#[derive(Debug)]
pub struct CachedTrust {
    state: RwLock<Arc<State>>,
}

#[derive(Debug)]
struct State {
    trust: Arc<Trust>,
    verdicts: RwLock<HashMap<([u8; 32], Purpose), Verdict>>,
}

#[derive(Clone, Copy, Debug)]
struct Verdict {
    since: Timestamp,
    until: Timestamp,
    result: Result<(), PathError>,
}

impl CachedTrust {
    /// Remembers for this trust.
    pub fn new(trust: Trust) -> Self {
        Self { state: RwLock::new(State::new(Arc::new(trust))) }
    }

    /// As [`Trust::check`]; only the first time in a while are signatures verified.
    pub fn check(&self, certificate: &Certificate, purpose: Purpose, at: Timestamp) -> Result<(), PathError> {
        let state = self.state();
        let key = (certificate.fingerprint(), purpose);
        let known = state.verdicts.read().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some(verdict) = known
            && (verdict.since..=verdict.until).contains(&at)
        {
            return verdict.result;
        }
        let outcome = state.trust.check_until(certificate, purpose, at);
        let until = match outcome {
            Ok(until) => until,
            // Nobody is un-revoked without a new CRL; other refusals are cheap or pass with time.
            Err(PathError::Revoked { .. }) => Timestamp::MAX,
            Err(error) => return Err(error),
        };
        let verdict = Verdict { since: at, until, result: outcome.map(drop) };
        let mut verdicts = state.verdicts.write().unwrap_or_else(PoisonError::into_inner);
        if verdicts.len() >= KEPT {
            verdicts.clear();
        }
        verdicts.insert(key, verdict);
        verdict.result
    }

    /// Trusts this from now on, and nothing remembered.
    pub fn replace(&self, trust: Trust) {
        self.put(State::new(Arc::new(trust)));
    }

    /// The trust in use.
    pub fn trust(&self) -> Arc<Trust> {
        self.state().trust.clone()
    }

    /// The same roots, authorities and responses with these CRLs in place of the old ones.
    pub fn replace_crls(&self, crls: impl IntoIterator<Item = Crl>) {
        let old = self.trust();
        let fresh = Trust::new(old.roots.iter().cloned())
            .with_intermediates(old.intermediates.iter().cloned())
            .with_revocation(old.revocation)
            .with_responses(old.responses.iter().cloned())
            .with_crls(crls);
        self.replace(fresh);
    }

    fn state(&self) -> Arc<State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, state: Arc<State>) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

impl State {
    fn new(trust: Arc<Trust>) -> Arc<Self> {
        Arc::new(Self { trust, verdicts: RwLock::default() })
    }
}
