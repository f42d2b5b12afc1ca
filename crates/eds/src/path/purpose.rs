//! What a certificate is for: key usage and extended key usage.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ANY_EXTENDED_KEY_USAGE, ID_KP_CLIENT_AUTH, ID_KP_EMAIL_PROTECTION, ID_KP_OCSP_SIGNING, ID_KP_SERVER_AUTH,
    ID_KP_TIME_STAMPING,
};

use crate::Certificate;

/// Signing of documents (RFC 9336).
pub(crate) const DOCUMENT_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36");

/// What a certificate is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The EDS of a person, an organisation or NAIS.
    Signature,
    /// The client's side of TLS.
    TlsClient,
    /// The server's side of TLS.
    TlsServer,
    /// Answers about the status of certificates.
    OcspSigning,
    /// Time stamps.
    TimeStamping,
    /// Attribute certificates.
    Attributes,
}

impl Purpose {
    /// The extended key usage our own authority writes; who issues attribute certificates is named in another way.
    pub(crate) fn extended_key_usage(self) -> Option<ObjectIdentifier> {
        match self {
            Self::Signature => Some(DOCUMENT_SIGNING),
            Self::TlsClient => Some(ID_KP_CLIENT_AUTH),
            Self::TlsServer => Some(ID_KP_SERVER_AUTH),
            Self::OcspSigning => Some(ID_KP_OCSP_SIGNING),
            Self::TimeStamping => Some(ID_KP_TIME_STAMPING),
            Self::Attributes => None,
        }
    }

    /// An extended key usage that lets a key serve this purpose.
    fn is_served_by(self, usage: &ObjectIdentifier) -> bool {
        Some(*usage) == self.extended_key_usage() || (self == Self::Signature && *usage == ID_KP_EMAIL_PROTECTION)
    }

    /// The end certificate's key may be used for this.
    ///
    /// An authority's key signs certificates and nothing else. Where a certificate says nothing, a signature is
    /// allowed (RFC 5280 §4.2.1.12) but the special roles are not.
    pub(super) fn allows_end(self, certificate: &Certificate) -> bool {
        let Some(uses) = certificate.key_usage() else {
            return false;
        };
        if certificate.is_authority() || uses.key_cert_sign() || !(uses.digital_signature() || uses.non_repudiation()) {
            return false;
        }
        // TLS signs with the key in the handshake, which is not a commitment to content.
        if matches!(self, Self::TlsClient | Self::TlsServer) && !uses.digital_signature() {
            return false;
        }
        match (self, certificate.extended_key_usage()) {
            (Self::Signature, None) => !certificate.is_attribute_authority(),
            // X.509 §15.5.1.2.1: a source of authority is called one.
            (Self::Attributes, None) => certificate.is_attribute_authority(),
            (_, None) => false,
            // RFC 3161 §2.3: this and no other, and critical.
            (Self::TimeStamping, Some(usages)) => usages == [ID_KP_TIME_STAMPING] && certificate.extended_is_critical(),
            (Self::OcspSigning, Some(usages)) => usages.contains(&ID_KP_OCSP_SIGNING),
            (_, Some(usages)) => self.is_among(usages),
        }
    }

    /// An authority that limits itself to some usages may stand above this purpose.
    pub(super) fn allows_authority(self, certificate: &Certificate) -> bool {
        certificate.extended_key_usage().is_none_or(|usages| self.is_among(usages))
    }

    fn is_among(self, usages: &[ObjectIdentifier]) -> bool {
        usages.iter().any(|usage| *usage == ANY_EXTENDED_KEY_USAGE || self.is_served_by(usage))
    }
}
