//! What can be wrong with a CMS message; each fault has one meaning and one code.

use model::{Kind, Refusal};

/// Why a CMS message was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CmsError {
    /// The bytes are not a SignedData message in BER or DER.
    #[error("not a CMS SignedData message")]
    Unreadable,
    /// The message is larger than anybody needs.
    #[error("the message is too large")]
    TooLarge,
    /// Something stands behind the message.
    #[error("bytes stand behind the message")]
    Leftovers,
    /// Not as many signers as asked for.
    #[error("{found} signers where {wanted} should be")]
    Signers {
        /// As many were asked for.
        wanted: usize,
        /// As many are there.
        found: usize,
    },
    /// The content is neither in the message nor beside it.
    #[error("the content is missing")]
    ContentMissing,
    /// The content is both in the message and beside it.
    #[error("the content stands in the message and beside it")]
    ContentTwice,
    /// The content is of another type than was asked for, or than its signer named.
    #[error("the content is of another type")]
    ContentType,
    /// The content is not what was signed.
    #[error("the content was altered")]
    Altered,
    /// A signed attribute that must be there is not.
    #[error("the signed attribute {0} is missing")]
    AttributeMissing(&'static str),
    /// An attribute stands twice or has several values.
    #[error("the attribute {0} stands twice")]
    AttributeRepeated(&'static str),
    /// An attribute's value is not of its type.
    #[error("the attribute {0} cannot be read")]
    AttributeUnreadable(&'static str),
    /// The signed attributes do not stand in the order of DER, so it is unclear what was signed.
    #[error("the signed attributes are not in DER")]
    Disordered,
    /// The signer did not say when.
    #[error("the signing time is missing")]
    NoSigningTime,
    /// A digest or signature algorithm is not that of the signer's key, or not announced.
    #[error("an algorithm is not that of the signer's key")]
    Algorithm,
    /// The signer's certificate is not in the message, or is not unique in it.
    #[error("the signer's certificate is missing")]
    NoCertificate,
    /// The signer signed that another certificate is theirs.
    #[error("the signer named another certificate")]
    OtherCertificate,
    /// The signature does not hold.
    #[error("the signature does not hold")]
    Signature,
    /// A time stamp does not hold, or stamps something else.
    #[error("a time stamp does not hold")]
    TimeStamp,
}

impl CmsError {
    /// Who is at fault: the form of the message, or what it claims.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Altered
            | Self::Algorithm
            | Self::NoCertificate
            | Self::OtherCertificate
            | Self::Signature
            | Self::TimeStamp => Kind::Unauthenticated,
            _ => Kind::Malformed,
        }
    }

    /// The refusal a caller is told.
    pub fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Unreadable => "cms-unreadable",
            Self::TooLarge => "cms-too-large",
            Self::Leftovers => "cms-leftovers",
            Self::Signers { .. } => "cms-signers",
            Self::ContentMissing => "cms-content-missing",
            Self::ContentTwice => "cms-content-twice",
            Self::ContentType => "cms-content-type",
            Self::Altered => "cms-altered",
            Self::AttributeMissing(_) => "cms-attribute-missing",
            Self::AttributeRepeated(_) => "cms-attribute-repeated",
            Self::AttributeUnreadable(_) => "cms-attribute-unreadable",
            Self::Disordered => "cms-disordered",
            Self::NoSigningTime => "cms-no-signing-time",
            Self::Algorithm => "cms-algorithm",
            Self::NoCertificate => "cms-no-certificate",
            Self::OtherCertificate => "cms-other-certificate",
            Self::Signature => "cms-signature",
            Self::TimeStamp => "cms-time-stamp",
        };
        let refusal = Refusal::new(self.kind(), code);
        match self {
            Self::Signers { wanted, found } => refusal.with("wanted", wanted).with("found", found),
            Self::AttributeMissing(name) | Self::AttributeRepeated(name) | Self::AttributeUnreadable(name) => {
                refusal.with("attribute", name)
            }
            _ => refusal,
        }
    }
}
