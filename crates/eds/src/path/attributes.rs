//! Attribute certificates: whose they are, and whether the authority that issued them may, and still stands by it.

use jiff::Timestamp;

use super::walk::Walk;
use super::{PathError, Purpose, Trust};
use crate::{AttributeCertificate, Certificate};

impl Trust {
    /// What the attribute certificate says of the holder of this certificate holds at `at`; until when nothing can change
    /// that. The holder's own certificate is judged by itself.
    pub fn check_attributes(
        &self,
        attributes: &AttributeCertificate,
        holder: &Certificate,
        at: Timestamp,
    ) -> Result<Timestamp, PathError> {
        if !attributes.is_of(holder) {
            return Err(PathError::WrongHolder);
        }
        if attributes.has_unknown_critical() {
            return Err(PathError::UnknownCritical);
        }
        if at < attributes.not_before() {
            return Err(PathError::NotYetValid);
        }
        if at > attributes.not_after() {
            return Err(PathError::Expired);
        }
        let walk = Walk::new(self, Purpose::Attributes, at, at);
        let mut reason = PathError::UnknownIssuer;
        for authority in self.attribute_authorities.iter().filter(|one| one.folded_subject() == attributes.issuer()) {
            match judge(&walk, attributes, authority) {
                Ok(until) => return Ok(until.min(attributes.not_after())),
                Err(PathError::TooComplex) => return Err(PathError::TooComplex),
                Err(error) if reason == PathError::UnknownIssuer => reason = error,
                Err(_) => {}
            }
        }
        Err(reason)
    }
}

fn judge<'a>(
    walk: &Walk<'a>,
    attributes: &AttributeCertificate,
    authority: &'a Certificate,
) -> Result<Timestamp, PathError> {
    if !walk.holds(|| attributes.is_signed_by(authority.verifying_key()))? {
        return Err(PathError::BadSignature);
    }
    let until = walk.from(authority)?;
    if attributes.is_never_revoked() {
        return Ok(until);
    }
    Ok(until.min(walk.judge_attributes(attributes, authority)?))
}
