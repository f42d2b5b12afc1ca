//! Asking for a time stamp, and whether the answer is one to that question.

use const_oid::ObjectIdentifier;
use der::Encode;
use der::asn1::Int;

use super::Token;
use super::form::{Imprint, TimeStampReq, TimeStampResp};
use crate::cms::CmsError;
use crate::encode::strict;
use crate::{Algorithm, Error};

/// The largest answer read.
const ANSWER_LIMIT: usize = 256 * 1024;
/// Granted, as asked or with changes (RFC 3161 §2.4.2).
const GRANTED: std::ops::RangeInclusive<u8> = 0..=1;

/// A request for a time stamp of some bytes, which do not leave.
#[derive(Clone, Debug)]
pub struct Request {
    imprint: Imprint,
    policy: Option<ObjectIdentifier>,
    nonce: Option<Int>,
}

impl Request {
    /// For these bytes, by the algorithm's digest. For a signature they are [`crate::cms::signature_value`].
    pub fn new(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self { imprint: Imprint::of(algorithm, bytes)?, policy: None, nonce: None })
    }

    /// The same, to be answered with this random number: no older answer fits.
    pub fn with_nonce(mut self, nonce: u64) -> Result<Self, Error> {
        let digits = nonce.to_be_bytes();
        let skip = digits.iter().take_while(|digit| **digit == 0).count().min(7);
        // A zero in front, for the number is positive.
        let mut number = vec![0];
        number.extend(digits.get(skip..).unwrap_or_default());
        let keep = usize::from(number.get(1).is_some_and(|digit| *digit < 0x80));
        self.nonce = Some(Int::new(number.get(keep..).unwrap_or_default()).map_err(|_| Error::Library)?);
        Ok(self)
    }

    /// The same, to be stamped under this policy: dotted numbers.
    pub fn with_policy(mut self, policy: &str) -> Result<Self, Error> {
        self.policy = Some(ObjectIdentifier::new(policy).map_err(|_| Error::Authority("not an object identifier"))?);
        Ok(self)
    }

    /// The request as it is sent (`application/timestamp-query`).
    pub fn to_der(&self) -> Result<Vec<u8>, Error> {
        let request = TimeStampReq {
            version: 1,
            imprint: self.imprint.clone(),
            policy: self.policy,
            nonce: self.nonce.clone(),
            certificate: true,
            extensions: None,
        };
        request.to_der().map_err(|_| Error::Library)
    }

    /// The token in the answer (`application/timestamp-reply`): granted, of our bytes, with our number, under our
    /// policy. Whether its authority is trusted is [`Token::judge`]'s to say.
    pub fn answered(&self, answer: &[u8]) -> Result<Token, Error> {
        if answer.len() > ANSWER_LIMIT {
            return Err(CmsError::TooLarge.into());
        }
        let answer: TimeStampResp = strict(answer).ok_or(CmsError::Unreadable)?;
        let Some(token) = answer.token.filter(|_| GRANTED.contains(&answer.status.status)) else {
            return Err(Error::Authority("the time-stamp authority refused"));
        };
        let token = Token::read(&token.to_der().map_err(|_| CmsError::Unreadable)?)?;
        let is_ours = token.imprint().is(&self.imprint)
            && token.nonce() == self.nonce.as_ref()
            && self.policy.is_none_or(|policy| policy == token.policy_oid());
        if is_ours { Ok(token) } else { Err(CmsError::TimeStamp.into()) }
    }
}
