//! Building a path and judging it.

use jiff::Timestamp;

use super::names::Names;
use super::{PathError, Purpose, Revocation, Trust};
use crate::ocsp::Status;
use crate::{Certificate, Crl};

/// Certificates in a chain, root and end included.
const DEPTH: usize = 6;
/// Signatures tried for one end certificate: cross-signed authorities must not cost more.
const SIGNATURES: usize = 24;

/// One question to a trust.
pub(super) struct Walk<'a> {
    pub(super) trust: &'a Trust,
    pub(super) purpose: Purpose,
    pub(super) at: Timestamp,
    /// When the question is asked: the lists are those of this moment. Later than `at` only for the past.
    pub(super) asked: Timestamp,
}

impl<'a> Walk<'a> {
    /// The certificate is trusted; until when nothing can change that.
    pub(super) fn from(&self, end: &'a Certificate) -> Result<Timestamp, PathError> {
        self.climb(&mut vec![end], &mut SIGNATURES.clone())
    }

    /// Tries every issuer of the chain's last certificate. Of many reasons the first that is more than "unknown
    /// issuer" is told.
    fn climb(&self, chain: &mut Vec<&'a Certificate>, tries: &mut usize) -> Result<Timestamp, PathError> {
        let mut reason = PathError::UnknownIssuer;
        let Some(last) = chain.last().copied() else {
            return Err(reason);
        };
        let anchors = self.trust.roots.iter().map(|root| (true, root));
        let others = self.trust.intermediates.iter().map(|authority| (false, authority));
        for (is_anchor, issuer) in anchors.chain(others).filter(|(_, issuer)| may_issue(issuer, last)) {
            if chain.contains(&issuer) {
                continue;
            }
            let Some(left) = tries.checked_sub(1) else {
                return Err(reason);
            };
            *tries = left;
            let verdict = if chain.len() >= DEPTH {
                Err(PathError::PathTooLong)
            } else if !last.is_signed_by(issuer.verifying_key()) {
                Err(PathError::BadSignature)
            } else {
                chain.push(issuer);
                let verdict = if is_anchor { self.judge(chain) } else { self.climb(chain, tries) };
                chain.pop();
                verdict
            };
            match verdict {
                Ok(until) => return Ok(until),
                Err(error) if reason == PathError::UnknownIssuer => reason = error,
                Err(_) => {}
            }
        }
        Err(reason)
    }

    /// Everything but the signatures, which hold. `chain` leads from the end certificate to the root.
    fn judge(&self, chain: &[&Certificate]) -> Result<Timestamp, PathError> {
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
        if end.name_constraints().is_some() {
            return Err(PathError::UnknownCritical);
        }
        self.judge_authorities(end, authorities)?;
        if !self.purpose.allows_end(end) {
            return Err(PathError::WrongPurpose);
        }
        for pair in chain.windows(2) {
            if let [certificate, issuer] = pair {
                until = until.min(self.judge_status(certificate, issuer)?);
            }
        }
        Ok(until)
    }

    /// Each authority is one, may have what stands below it, and may issue these names.
    fn judge_authorities(&self, end: &Certificate, authorities: &[&Certificate]) -> Result<(), PathError> {
        let mut below: Vec<&Certificate> = vec![end];
        let mut depth = 0_usize;
        for authority in authorities {
            if !authority.is_authority() || authority.key_usage().is_some_and(|uses| !uses.key_cert_sign()) {
                return Err(PathError::WrongPurpose);
            }
            if !self.purpose.allows_authority(authority) {
                return Err(PathError::WrongPurpose);
            }
            if authority.path_length().is_some_and(|allowed| depth > usize::from(allowed)) {
                return Err(PathError::PathTooLong);
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

    /// Its issuer does not call it revoked, neither in its lists nor in its answers; until when that is known.
    fn judge_status(&self, certificate: &Certificate, issuer: &Certificate) -> Result<Timestamp, PathError> {
        let by_lists = self.judge_lists(certificate, issuer);
        if matches!(by_lists, Err(PathError::Revoked { .. })) {
            return by_lists;
        }
        match self.judge_responses(certificate, issuer)? {
            Some(until) if by_lists.is_err() => Ok(until),
            _ => by_lists,
        }
    }

    /// No answer calls it revoked; until when one calls it good.
    fn judge_responses(&self, certificate: &Certificate, issuer: &Certificate) -> Result<Option<Timestamp>, PathError> {
        let mut good = None;
        for response in &self.trust.responses {
            match response.status_until(certificate, issuer, self.asked) {
                Ok((Status::Revoked { at }, _)) if self.asked == self.at || at <= self.at => {
                    return Err(PathError::Revoked { at });
                }
                Ok((Status::Good | Status::Revoked { .. }, until)) if until >= self.asked => {
                    good = good.max(Some(until));
                }
                Ok(_) | Err(_) => {}
            }
        }
        Ok(good)
    }

    fn judge_lists(&self, certificate: &Certificate, issuer: &Certificate) -> Result<Timestamp, PathError> {
        let may_sign = issuer.key_usage().is_none_or(|uses| uses.crl_sign());
        let lists = self.trust.crls.get(certificate.issuer_der()).map_or(&[][..], Vec::as_slice);
        let mut lists: Vec<&Crl> = lists.iter().filter(|_| may_sign).collect();
        lists.sort_by_key(|crl| std::cmp::Reverse(crl.this_update()));
        // Sorted first, so that one signature is checked and not one a list.
        let mut signed = lists.into_iter().filter(|crl| crl.is_signed_by(issuer.verifying_key()));
        match self.trust.revocation {
            Revocation::Required => {
                let mut newer = false;
                let known = signed.find(|crl| {
                    newer |= crl.this_update() > self.asked;
                    crl.this_update() <= self.asked
                });
                match known {
                    None if newer => Err(PathError::CrlStale),
                    None => Err(PathError::CrlMissing),
                    Some(crl) => match crl.revoked_at(certificate.serial()) {
                        // Announced for later it counts at once, unless the question is about the past.
                        Some(at) if self.asked == self.at || at <= self.at => Err(PathError::Revoked { at }),
                        _ if crl.next_update() < self.asked => Err(PathError::CrlStale),
                        _ => Ok(crl.next_update()),
                    },
                }
            }
            Revocation::IfKnown => match signed.next().and_then(|crl| crl.revoked_at(certificate.serial())) {
                Some(at) if at <= self.at => Err(PathError::Revoked { at }),
                Some(at) => Ok(at),
                None => Ok(Timestamp::MAX),
            },
        }
    }
}

/// The name fits, and the key identifiers when both tell one.
fn may_issue(issuer: &Certificate, subject: &Certificate) -> bool {
    issuer.subject_der() == subject.issuer_der()
        && match (subject.authority_key_identifier(), issuer.key_identifier()) {
            (Some(wanted), Some(have)) => wanted == have,
            _ => true,
        }
}
