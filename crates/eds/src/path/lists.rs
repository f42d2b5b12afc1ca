//! Whether a certificate is revoked: by its issuer's lists, and by answers about it.

use jiff::Timestamp;

use super::walk::{Role, SIGNERS_OF_LISTS, Walk};
use super::{PathError, Revocation};
use crate::certificate::FoldedName;
use crate::ocsp::Status;
use crate::{AttributeCertificate, Certificate, Crl};

/// What lists are asked about.
struct Listed<'l> {
    issuer: &'l FoldedName,
    serial: &'l [u8],
    /// Whether a list would name it if it were revoked.
    covered: &'l dyn Fn(&Crl) -> bool,
}

impl<'a> Walk<'a> {
    /// Its issuer does not call it revoked, neither in its lists nor in its answers; until when that is known.
    pub(super) fn judge_status(
        &self,
        certificate: &'a Certificate,
        issuer: &'a Certificate,
    ) -> Result<Timestamp, PathError> {
        let covered = |crl: &Crl| crl.covers(certificate);
        let listed = Listed { issuer: certificate.folded_issuer(), serial: certificate.serial(), covered: &covered };
        let by_lists = self.judge_lists(&listed, issuer);
        if matches!(by_lists, Err(PathError::Revoked { .. } | PathError::TooComplex)) {
            return by_lists;
        }
        match self.judge_responses(certificate, issuer)? {
            Some(until) if by_lists.is_err() => Ok(until),
            _ => by_lists,
        }
    }

    /// The authority that issued the attribute certificate does not call it revoked in its lists; until when that is known.
    pub(super) fn judge_attributes(
        &self,
        attributes: &AttributeCertificate,
        issuer: &'a Certificate,
    ) -> Result<Timestamp, PathError> {
        let listed =
            Listed { issuer: attributes.issuer(), serial: attributes.serial(), covered: &Crl::covers_attributes };
        self.judge_lists(&listed, issuer)
    }

    /// No answer calls it revoked; until when one calls it good.
    fn judge_responses(&self, certificate: &Certificate, issuer: &Certificate) -> Result<Option<Timestamp>, PathError> {
        let mut good = None;
        for response in self.trust.responses.iter().filter(|response| response.is_about(certificate, issuer)) {
            self.spend()?;
            let asked = if self.kept { self.asked.max(response.produced_at()) } else { self.asked };
            match response.status_until(certificate, issuer, asked) {
                Ok((Status::Revoked { at }, _)) if self.counts(at) => return Err(PathError::Revoked { at }),
                Ok((Status::Good | Status::Revoked { .. }, until)) if until >= self.asked => {
                    good = good.max(Some(until));
                }
                Ok(_) | Err(_) => {}
            }
        }
        Ok(good)
    }

    fn judge_lists(&self, listed: &Listed<'_>, issuer: &'a Certificate) -> Result<Timestamp, PathError> {
        let lists = self.trust.crls.get(listed.issuer).map_or(&[][..], Vec::as_slice);
        let mut lists: Vec<&Crl> = lists.iter().map(|crl| &**crl).filter(|crl| (listed.covered)(crl)).collect();
        // Sorted first, so that one signature is checked and not one a list.
        lists.sort_by_key(|crl| std::cmp::Reverse(crl.this_update()));
        let mut newer = false;
        for crl in lists {
            if self.rule() == Revocation::Required && !self.kept && crl.this_update() > self.asked {
                newer = true;
            } else if self.is_signed(crl, issuer)? {
                return self.judge_list(crl, listed.serial);
            }
        }
        match self.rule() {
            Revocation::Required if newer => Err(PathError::CrlStale),
            Revocation::Required => Err(PathError::CrlMissing),
            Revocation::IfKnown => Ok(Timestamp::MAX),
        }
    }

    /// What was kept must speak: its silence proves nothing, whatever the rule of today is.
    fn rule(&self) -> Revocation {
        if self.kept { Revocation::Required } else { self.trust.revocation }
    }

    fn judge_list(&self, crl: &Crl, serial: &[u8]) -> Result<Timestamp, PathError> {
        let revoked = crl.revoked_at(serial);
        match (self.rule(), revoked) {
            (Revocation::Required, Some(at)) if self.counts(at) => Err(PathError::Revoked { at }),
            (Revocation::Required, _) if crl.next_update() < self.asked => Err(PathError::CrlStale),
            (Revocation::Required, _) => Ok(crl.next_update()),
            (Revocation::IfKnown, Some(at)) if at <= self.at => Err(PathError::Revoked { at }),
            (Revocation::IfKnown, at) => Ok(at.unwrap_or(Timestamp::MAX)),
        }
    }

    /// A revocation from then on undoes the certificate. Announced for later it counts at once, unless the question is
    /// about the past.
    fn counts(&self, at: Timestamp) -> bool {
        at <= self.at || (self.asked == self.at && !self.kept)
    }

    /// The list is signed by the issuer's key, or by another that the same authority has for its lists (RFC 5280
    /// §6.3.3 f): a certificate of the same name with a path of its own.
    fn is_signed(&self, crl: &Crl, issuer: &'a Certificate) -> Result<bool, PathError> {
        let may_sign = issuer.key_usage().is_none_or(|uses| uses.crl_sign());
        if may_sign && self.holds(|| crl.is_signed_by(issuer.verifying_key()))? {
            return Ok(true);
        }
        if matches!(self.role, Role::Lists(SIGNERS_OF_LISTS..)) {
            return Ok(false);
        }
        let is_other = |other: &&'a Certificate| {
            other.folded_subject() == issuer.folded_subject()
                && other.verifying_key() != issuer.verifying_key()
                && other.key_usage().is_some_and(|uses| uses.crl_sign())
        };
        for other in self.trust.intermediates.iter().filter(is_other) {
            if self.holds(|| crl.is_signed_by(other.verifying_key()))? {
                match self.as_signer_of_lists().from(other) {
                    Ok(_) => return Ok(true),
                    Err(PathError::TooComplex) => return Err(PathError::TooComplex),
                    Err(_) => {}
                }
            }
        }
        Ok(false)
    }
}
