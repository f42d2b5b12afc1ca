//! Building a path and judging it.

use std::cell::Cell;
use std::rc::Rc;

use jiff::Timestamp;

use super::names::Names;
use super::{PathError, Purpose, Trust};
use crate::Certificate;

/// Certificates in a chain, root and end included.
pub(super) const DEPTH: usize = 8;
/// Signatures verified for one question, those of lists and answers included: cross-signed authorities must not cost
/// more. A path of the greatest length with its lists takes half of it.
const SIGNATURES: usize = 32;

/// Lists may be signed with a key whose status is told by lists that are signed with another key, so many times.
pub(super) const SIGNERS_OF_LISTS: u8 = 2;

/// What the path's end is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// This.
    For(Purpose),
    /// Signing an authority's lists; so many such questions lead here, one from the other.
    Lists(u8),
}

/// One question to a trust.
pub(super) struct Walk<'a> {
    pub(super) trust: &'a Trust,
    pub(super) role: Role,
    pub(super) at: Timestamp,
    /// When the question is asked: the lists are those of this moment. Later than `at` only for the past.
    pub(super) asked: Timestamp,
    /// Lists and answers made after `at` count, and need not be in force any more.
    pub(super) kept: bool,
    left: Rc<Cell<usize>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(trust: &'a Trust, purpose: Purpose, at: Timestamp, asked: Timestamp) -> Self {
        Self { trust, role: Role::For(purpose), at, asked, kept: false, left: Rc::new(Cell::new(SIGNATURES)) }
    }

    /// The same question about who signs lists, out of the same purse.
    pub(super) fn as_signer_of_lists(&self) -> Self {
        let Self { trust, role, at, asked, kept, .. } = *self;
        let depth = match role {
            Role::For(_) => 1,
            Role::Lists(depth) => depth + 1,
        };
        Self { trust, role: Role::Lists(depth), at, asked, kept, left: self.left.clone() }
    }

    /// The same question, answered by what was kept.
    pub(super) fn with_kept_status(self) -> Self {
        Self { kept: true, ..self }
    }

    /// The certificate is trusted; until when nothing can change that.
    pub(super) fn from(&self, end: &'a Certificate) -> Result<Timestamp, PathError> {
        self.climb(&mut vec![end])
    }

    /// Pays for one signature.
    pub(super) fn spend(&self) -> Result<(), PathError> {
        self.left.set(self.left.get().checked_sub(1).ok_or(PathError::TooComplex)?);
        Ok(())
    }

    /// Pays for a signature and verifies it.
    pub(super) fn holds(&self, verify: impl FnOnce() -> bool) -> Result<bool, PathError> {
        self.spend()?;
        Ok(verify())
    }

    /// Tries every issuer of the chain's last certificate. Of many reasons the first that is more than "unknown
    /// issuer" is told.
    fn climb(&self, chain: &mut Vec<&'a Certificate>) -> Result<Timestamp, PathError> {
        let mut reason = PathError::UnknownIssuer;
        let Some(last) = chain.last().copied() else {
            return Err(reason);
        };
        let anchors = self.trust.roots.iter().map(|root| (true, root));
        let others = self.trust.intermediates.iter().map(|authority| (false, authority));
        for (is_anchor, issuer) in anchors.chain(others).filter(|(_, issuer)| may_issue(issuer, last)) {
            if chain.iter().any(|below| is_same_subject(below, issuer)) {
                continue;
            }
            let verdict = if chain.len() >= DEPTH {
                Err(PathError::PathTooLong)
            } else if !self.holds(|| last.is_signed_by(issuer.verifying_key()))? {
                Err(PathError::BadSignature)
            } else {
                chain.push(issuer);
                let verdict = if is_anchor { self.judge(chain) } else { self.climb(chain) };
                chain.pop();
                verdict
            };
            match verdict {
                Ok(until) => return Ok(until),
                Err(PathError::TooComplex) => return Err(PathError::TooComplex),
                Err(error) if reason == PathError::UnknownIssuer => reason = error,
                Err(_) => {}
            }
        }
        Err(reason)
    }

    /// Everything but the signatures, which hold. `chain` leads from the end certificate to the root.
    fn judge(&self, chain: &[&'a Certificate]) -> Result<Timestamp, PathError> {
        let Some((end, authorities)) = chain.split_first() else {
            return Err(PathError::UnknownIssuer);
        };
        let mut until = Timestamp::MAX;
        for certificate in chain {
            if certificate.has_unknown_critical() {
                return Err(PathError::UnknownCritical);
            }
            if self.at < certificate.not_before() {
                return Err(PathError::NotYetValid);
            }
            if self.at > certificate.not_after() {
                return Err(PathError::Expired);
            }
            until = until.min(certificate.not_after());
        }
        if end.name_constraints().is_some() && !end.is_authority() {
            return Err(PathError::UnknownCritical);
        }
        self.judge_authorities(end, authorities)?;
        if !self.allows_end(end) {
            return Err(PathError::WrongPurpose);
        }
        let below_root: Vec<&Certificate> = chain.iter().rev().skip(1).copied().collect();
        self.trust.policies.judge(&below_root)?;
        for pair in chain.windows(2) {
            if let [certificate, issuer] = pair {
                until = until.min(self.judge_status(certificate, issuer)?);
            }
        }
        Ok(until)
    }

    fn allows_end(&self, end: &Certificate) -> bool {
        match self.role {
            Role::For(purpose) => purpose.allows_end(end),
            Role::Lists(_) => end.key_usage().is_some_and(|uses| uses.crl_sign()),
        }
    }

    fn allows_authority(&self, authority: &Certificate) -> bool {
        match self.role {
            Role::For(purpose) => purpose.allows_authority(authority),
            Role::Lists(_) => true,
        }
    }

    /// Each authority is one, may have what stands below it, and may issue these names.
    fn judge_authorities(&self, end: &Certificate, authorities: &[&Certificate]) -> Result<(), PathError> {
        let mut below: Vec<&Certificate> = vec![end];
        let mut depth = 0_usize;
        for authority in authorities {
            if !authority.is_authority() || authority.key_usage().is_some_and(|uses| !uses.key_cert_sign()) {
                return Err(PathError::WrongPurpose);
            }
            if !self.allows_authority(authority) {
                return Err(PathError::WrongPurpose);
            }
            if authority.path_length().is_some_and(|allowed| depth > usize::from(allowed)) {
                return Err(PathError::PathTooLong);
            }
            // RFC 5280 §4.2.1.1, §4.2.1.2: by these the keys of one name are told apart.
            if authority.key_identifier().is_none() || below.iter().any(|one| one.authority_key_identifier().is_none())
            {
                return Err(PathError::Malformed);
            }
            if let Some(constraints) = authority.name_constraints() {
                let names = Names::new(constraints)?;
                // RFC 5280 §6.1.3 b: a key rolled over under the same name is not a subject of its own.
                let bound = below.iter().enumerate().filter(|(index, one)| *index == 0 || !one.is_self_issued());
                for (_, certificate) in bound {
                    names.permit(certificate)?;
                }
            }
            if !authority.is_self_issued() {
                depth += 1;
            }
            below.push(authority);
        }
        Ok(())
    }
}

/// The name fits, and the key identifiers when both tell one.
fn may_issue(issuer: &Certificate, subject: &Certificate) -> bool {
    issuer.folded_subject() == subject.folded_issuer()
        && match (subject.authority_key_identifier(), issuer.key_identifier()) {
            (Some(wanted), Some(have)) => wanted == have,
            _ => true,
        }
}

/// The same key under the same name: a path through it twice leads nowhere new.
fn is_same_subject(one: &Certificate, other: &Certificate) -> bool {
    one == other || (one.folded_subject() == other.folded_subject() && one.verifying_key() == other.verifying_key())
}
