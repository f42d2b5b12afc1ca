//! The structures of RFC 5652 (§3, §5) and RFC 5035 (§5.4), as far as signatures need them.
//!
//! Sets behind an implicit tag are kept in the order sent: the order of certificates means nothing, that of signed
//! attributes is checked where they are read.

use const_oid::ObjectIdentifier;
use der::asn1::{Any, Int, OctetString, SetOfVec};
use der::{Choice, Sequence, ValueOrd};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::pkix::name::GeneralName;

/// id-data (RFC 5652 §4).
pub(crate) const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// id-signedData (RFC 5652 §5).
pub(super) const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// id-contentType (RFC 5652 §11.1).
pub(super) const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
/// id-messageDigest (RFC 5652 §11.2).
pub(super) const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// id-signingTime (RFC 5652 §11.3).
pub(super) const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
/// id-aa-signingCertificateV2 (RFC 5035 §3).
pub(super) const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// id-aa-timeStampToken (RFC 3161 appendix A).
pub(super) const TIME_STAMP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

/// ContentInfo.
#[derive(Sequence)]
pub(super) struct ContentInfo {
    pub(super) content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(super) content: SignedData,
}

/// SignedData.
#[derive(Sequence)]
pub(super) struct SignedData {
    pub(super) version: u8,
    pub(super) digest_algorithms: SetOfVec<AlgorithmIdentifierOwned>,
    pub(super) encapsulated: Encapsulated,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) certificates: Option<Vec<Any>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) lists: Option<Vec<Any>>,
    pub(super) signers: SetOfVec<SignerInfo>,
}

/// EncapsulatedContentInfo.
#[derive(Sequence)]
pub(super) struct Encapsulated {
    pub(super) content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) content: Option<OctetString>,
}

/// SignerInfo.
#[derive(Clone, Sequence, ValueOrd)]
pub(super) struct SignerInfo {
    pub(super) version: u8,
    pub(super) signer: SignerId,
    pub(super) digest_algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) signed: Option<Vec<Attribute>>,
    pub(super) signature_algorithm: AlgorithmIdentifierOwned,
    pub(super) signature: OctetString,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) unsigned: Option<Vec<Attribute>>,
}

/// SignerIdentifier.
#[derive(Clone, Choice, ValueOrd)]
pub(super) enum SignerId {
    /// issuerAndSerialNumber
    Issued(IssuerAndSerial),
    /// subjectKeyIdentifier
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Key(OctetString),
}

/// IssuerAndSerialNumber; the name stays as its bytes.
#[derive(Clone, Sequence, ValueOrd)]
pub(super) struct IssuerAndSerial {
    pub(super) issuer: Any,
    pub(super) serial: Int,
}

/// Attribute.
#[derive(Clone, Sequence, ValueOrd)]
pub(super) struct Attribute {
    pub(super) kind: ObjectIdentifier,
    pub(super) values: SetOfVec<Any>,
}

/// SigningCertificateV2 (RFC 5035 §3); policies are read by nobody.
#[derive(Sequence)]
pub(super) struct SigningCertificate {
    pub(super) certificates: Vec<CertificateId>,
    #[asn1(optional = "true")]
    pub(super) policies: Option<Any>,
}

/// ESSCertIDv2 (RFC 5035 §4).
#[derive(Sequence)]
pub(super) struct CertificateId {
    /// SHA-256 when left out.
    #[asn1(optional = "true")]
    pub(super) algorithm: Option<AlgorithmIdentifierOwned>,
    pub(super) hash: OctetString,
    #[asn1(optional = "true")]
    pub(super) issuer_serial: Option<IssuerSerial>,
}

/// IssuerSerial (RFC 5035 §5).
#[derive(Sequence)]
pub(super) struct IssuerSerial {
    pub(super) issuer: Vec<GeneralName>,
    pub(super) serial: Int,
}
