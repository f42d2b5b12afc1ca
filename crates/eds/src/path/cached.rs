//! A trust that remembers: on the request path a known certificate costs one look-up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;

use super::{PathError, Purpose, Trust};
use crate::ocsp::Response;
use crate::{AttributeCertificate, Certificate, Crl, sha256_of_parts};

/// Verdicts kept; past that the memory starts anew, so that strangers cannot fill it.
const KEPT: usize = 65_536;

/// A [`Trust`] shared by threads, with its verdicts kept until the earliest end of a certificate or CRL they rest on.
///
/// Replacing roots or CRLs drops every verdict at once, and every answer learnt.
#[derive(Debug)]
pub struct CachedTrust {
    state: RwLock<Arc<State>>,
    unknown: Mutex<Vec<Certificate>>,
}

/// Certificates of unknown status that are remembered for asking.
const WONDERED: usize = 64;
/// Answers kept; the oldest go first.
const LEARNT: usize = 1024;

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
        Self { state: RwLock::new(State::new(Arc::new(trust))), unknown: Mutex::default() }
    }

    /// As [`Trust::check`]; only the first time in a while are signatures verified.
    pub fn check(&self, certificate: &Certificate, purpose: Purpose, at: Timestamp) -> Result<(), PathError> {
        self.remember((certificate.fingerprint(), purpose), at, |trust| {
            let outcome = trust.check_until(certificate, purpose, at);
            if matches!(outcome, Err(PathError::CrlMissing | PathError::CrlStale)) {
                self.wonder(certificate);
            }
            outcome
        })
    }

    /// As [`Trust::check_attributes`], remembered likewise.
    pub fn check_attributes(
        &self,
        attributes: &AttributeCertificate,
        holder: &Certificate,
        at: Timestamp,
    ) -> Result<(), PathError> {
        let both = sha256_of_parts(&[&attributes.fingerprint(), &holder.fingerprint()]);
        self.remember((both, Purpose::Attributes), at, |trust| trust.check_attributes(attributes, holder, at))
    }

    /// The verdict under this key, kept or made.
    fn remember(
        &self,
        key: ([u8; 32], Purpose),
        at: Timestamp,
        judge: impl FnOnce(&Trust) -> Result<Timestamp, PathError>,
    ) -> Result<(), PathError> {
        let state = self.state();
        let known = state.verdicts.read().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some(verdict) = known
            && (verdict.since..=verdict.until).contains(&at)
        {
            return verdict.result;
        }
        let outcome = judge(&state.trust);
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

    /// Certificates that could not be judged because nobody told their status, since this was asked last.
    pub fn unknown(&self) -> Vec<Certificate> {
        std::mem::take(&mut *self.unknown.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wonder(&self, certificate: &Certificate) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() < WONDERED && !unknown.contains(certificate) {
            unknown.push(certificate.clone());
        }
    }

    /// The same trust with these answers about single certificates; those that are no longer in force go. Verdicts are
    /// made anew: an answer may say that one was wrong.
    pub fn learn(&self, responses: impl IntoIterator<Item = Response>, now: Timestamp) {
        let mut fresh = Trust::clone(&self.trust());
        fresh.responses.retain(|known| known.is_in_force(now));
        fresh.responses.extend(responses);
        let excess = fresh.responses.len().saturating_sub(LEARNT);
        fresh.responses.drain(..excess);
        self.replace(fresh);
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
        let mut fresh = Trust::clone(&self.trust());
        fresh.crls.clear();
        let fresh = fresh.with_crls(crls);
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
