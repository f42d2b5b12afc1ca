//! Whether a signature that holds is also to be believed: the signer's path at the right moment.

use jiff::Timestamp;

use super::Signature;
use crate::{Error, PathError, Purpose, Trust};

/// The last word on a signature, and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The certificate was looked at as of this moment.
    pub at: Timestamp,
    /// A trusted authority stamped that moment; else it is the moment of asking.
    pub stamped: bool,
}

impl Signature {
    /// The signer's certificate was good for signatures when it counted (STB 34.101.80 §8.2.2): at the time stamp, when
    /// its authority is trusted; else now, for nobody but the signer vouches for an earlier moment.
    ///
    /// A revocation after the time stamp does not undo the signature; status is what is known `now`.
    pub fn judge(&self, trust: &Trust, now: Timestamp) -> Result<Judgement, Error> {
        let Some(stamp) = &self.stamp else {
            trust.check(&self.certificate, Purpose::Signature, now)?;
            return Ok(Judgement { at: now, stamped: false });
        };
        if stamp.at() > now {
            return Err(PathError::NotYetValid.into());
        }
        stamp.judge(trust, now)?;
        trust.check_past(&self.certificate, Purpose::Signature, stamp.at(), now)?;
        Ok(Judgement { at: stamp.at(), stamped: true })
    }
    /// As [`Self::judge`] when nobody answers any more: status is what lists and answers kept from that time say, in force
    /// at the stamp or made after it (STB 34.101.80 §8.2.2, profile B-LT). The stamp's own certificate must not have
    /// expired: then only an archive time stamp would help.
    pub fn judge_kept(&self, trust: &Trust, now: Timestamp) -> Result<Judgement, Error> {
        let stamp = self.stamp.as_ref().ok_or(PathError::CrlMissing)?;
        if stamp.at() > now {
            return Err(PathError::NotYetValid.into());
        }
        if stamp.certificate().not_after() < now {
            return Err(PathError::Expired.into());
        }
        trust.check_kept(stamp.certificate(), Purpose::TimeStamping, stamp.at())?;
        trust.check_kept(&self.certificate, Purpose::Signature, stamp.at())?;
        Ok(Judgement { at: stamp.at(), stamped: true })
    }
}
