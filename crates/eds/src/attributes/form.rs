//! The structure of an attribute certificate (RFC 5755 §4.1), as far as its profile allows it.

use der::asn1::{Any, BitString, GeneralizedTime};
use der::{Sequence, ValueOrd};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attribute;
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::serial_number::SerialNumber;

/// `v2`, the only version there is.
pub(super) const VERSION: u8 = 1;

/// AttributeCertificate.
#[derive(Sequence)]
pub(super) struct Outer {
    pub(super) info: Info,
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) signature: BitString,
}

/// AttributeCertificateInfo.
#[derive(Clone, Sequence)]
pub(super) struct Info {
    pub(super) version: u8,
    pub(super) holder: Holder,
    /// V2Form; the profile forbids the other.
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    pub(super) issuer: Issuer,
    pub(super) signature: AlgorithmIdentifierOwned,
    pub(super) serial: SerialNumber,
    pub(super) validity: Validity,
    pub(super) attributes: Vec<Attribute>,
    #[asn1(optional = "true")]
    pub(super) issuer_unique: Option<BitString>,
    #[asn1(optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

/// Whose attributes they are: a certificate, or whoever bears a name.
#[derive(Clone, Sequence)]
pub(super) struct Holder {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) certificate: Option<IssuerSerial>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) name: Option<Vec<GeneralName>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) digest: Option<Vec<Any>>,
}

/// A certificate by its issuer and number.
#[derive(Clone, Sequence)]
pub(super) struct IssuerSerial {
    pub(super) issuer: Vec<GeneralName>,
    pub(super) serial: SerialNumber,
    #[asn1(optional = "true")]
    pub(super) unique: Option<BitString>,
}

/// V2Form: the profile wants one distinguished name and nothing else.
#[derive(Clone, Sequence)]
pub(super) struct Issuer {
    #[asn1(optional = "true")]
    pub(super) name: Option<Vec<GeneralName>>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) certificate: Option<IssuerSerial>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) digest: Option<Vec<Any>>,
}

/// AttCertValidityPeriod.
#[derive(Clone, Copy, PartialEq, Eq, Sequence, ValueOrd)]
pub(super) struct Validity {
    pub(super) not_before: GeneralizedTime,
    pub(super) not_after: GeneralizedTime,
}
