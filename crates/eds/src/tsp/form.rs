//! The structures of RFC 3161 §2.4.

use const_oid::ObjectIdentifier;
use der::asn1::{Any, BitString, Int, OctetString};
use der::{Decode, Sequence, Tag, Tagged};
use jiff::{SignedDuration, Timestamp};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::pkix::name::GeneralName;

use crate::suite::{Suite, suite, suite_of_digest};
use crate::{Algorithm, Error};

/// id-ct-TSTInfo.
pub(super) const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// TimeStampReq.
#[derive(Sequence)]
pub(super) struct TimeStampReq {
    pub(super) version: u8,
    pub(super) imprint: Imprint,
    #[asn1(optional = "true")]
    pub(super) policy: Option<ObjectIdentifier>,
    #[asn1(optional = "true")]
    pub(super) nonce: Option<Int>,
    #[asn1(default = "Default::default")]
    pub(super) certificate: bool,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) extensions: Option<Vec<Any>>,
}

/// MessageImprint.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(super) struct Imprint {
    algorithm: AlgorithmIdentifierOwned,
    hash: OctetString,
}

impl Imprint {
    /// Of these bytes, with the algorithm's digest.
    pub(super) fn of(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, Error> {
        let suite = suite(algorithm);
        let hash = OctetString::new(suite.digest(&[bytes])).map_err(|_| Error::Library)?;
        Ok(Self { algorithm: suite.digest_identifier(), hash })
    }

    /// The suite of the digest, when it is one of ours and the hash has its length.
    pub(super) fn suite(&self) -> Option<&'static dyn Suite> {
        let suite = suite_of_digest(&self.algorithm)?;
        (suite.digest(&[]).len() == self.hash.as_bytes().len()).then_some(suite)
    }

    /// It is by the digest of that algorithm.
    pub(super) fn is_by(&self, algorithm: Algorithm) -> bool {
        suite(algorithm).is_digest(&self.algorithm)
    }

    /// It is that of these bytes.
    pub(super) fn is_of(&self, bytes: &[u8]) -> bool {
        self.suite().is_some_and(|suite| suite.digest(&[bytes]) == self.hash.as_bytes())
    }

    /// The same digest of the same bytes; absent parameters and NULL mean the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.algorithm.oid == other.algorithm.oid && self.hash == other.hash
    }
}

/// TimeStampResp.
#[derive(Sequence)]
pub(super) struct TimeStampResp {
    pub(super) status: Status,
    #[asn1(optional = "true")]
    pub(super) token: Option<Any>,
}

/// PKIStatusInfo.
#[derive(Sequence)]
pub(super) struct Status {
    pub(super) status: u8,
    #[asn1(optional = "true")]
    pub(super) text: Option<Vec<String>>,
    #[asn1(optional = "true")]
    pub(super) failure: Option<BitString>,
}

/// TSTInfo.
#[derive(Sequence)]
pub(super) struct TstInfo {
    pub(super) version: u8,
    pub(super) policy: ObjectIdentifier,
    pub(super) imprint: Imprint,
    pub(super) serial: Int,
    /// GeneralizedTime, perhaps with a fraction.
    pub(super) time: Any,
    #[asn1(optional = "true")]
    pub(super) accuracy: Option<Accuracy>,
    #[asn1(default = "Default::default")]
    pub(super) ordering: bool,
    #[asn1(optional = "true")]
    pub(super) nonce: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) authority: Option<GeneralName>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) extensions: Option<Vec<x509_cert::ext::Extension>>,
}

/// Accuracy.
#[derive(Sequence)]
pub(super) struct Accuracy {
    #[asn1(optional = "true")]
    seconds: Option<u32>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    millis: Option<u16>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    micros: Option<u16>,
}

/// The moment of a GeneralizedTime that may have a fraction of a second (RFC 3161 §2.4.2), which RFC 5280's may not.
pub(super) fn moment(time: &Any) -> Option<Timestamp> {
    if time.tag() != Tag::GeneralizedTime {
        return None;
    }
    let text = std::str::from_utf8(time.value()).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    // A fraction neither ends in zero nor is empty; more digits than nanoseconds say nothing.
    let needless = text.contains('.') && fraction.ends_with('0');
    if needless || fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
    let der = [&[0x18, u8::try_from(whole.len() + 1).ok()?], whole.as_bytes(), b"Z"].concat();
    let whole = der::asn1::GeneralizedTime::from_der(&der).ok()?.to_unix_duration();
    let whole = Timestamp::from_second(i64::try_from(whole.as_secs()).ok()?).ok()?;
    whole.checked_add(SignedDuration::new(0, nanos)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_a_second() {
        let read = |text: &str| moment(&Any::new(Tag::GeneralizedTime, text.as_bytes()).unwrap());
        assert_eq!(read("20261120120000Z"), Some("2026-11-20T12:00:00Z".parse().unwrap()));
        assert_eq!(read("20261120120000.25Z"), Some("2026-11-20T12:00:00.25Z".parse().unwrap()));
        for bad in ["20261120120000", "20261120120000.Z", "20261120120000.50Z", "20261120120000.+5Z", "202611201200Z"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
