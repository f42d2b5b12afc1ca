//! What can be wrong with a signature, a key or a certificate, and what the caller is told.

use model::{Kind, Refusal};

use crate::cms::CmsError;
use crate::path::PathError;

/// Why something signed was not believed, or something could not be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No signature with our tag is there at all; where none is required this is no fault.
    #[error("no signature with our tag")]
    Unsigned,
    /// The named header cannot be read.
    #[error("header {0} cannot be read")]
    Unreadable(&'static str),
    /// The signature does not cover this component or lacks this parameter.
    #[error("the signature lacks {0}")]
    ComponentMissing(&'static str),
    /// The signature covers something that the profile does not.
    #[error("the signature covers or carries {0}, which the profile does not have")]
    ComponentExtra(String),
    /// More than one signature bears our tag.
    #[error("several signatures bear our tag")]
    Several,
    /// Made too long ago, too far ahead, or for too long.
    #[error("the signature is out of time")]
    OutOfTime,
    /// Nobody has registered the key that `keyid` names.
    #[error("the key is not registered")]
    KeyUnknown,
    /// The signature does not hold.
    #[error("the signature does not hold")]
    Invalid,
    /// The algorithm is not the key's, or is none of ours.
    #[error("the algorithm is not the key's")]
    Algorithm,
    /// The digest is not that of the body.
    #[error("the digest is not that of the body")]
    DigestMismatch,
    /// The bytes are not a certificate or a CRL that we can read; the text says why.
    #[error("certificate or CRL: {0}")]
    Certificate(&'static str),
    /// The bytes are not an attribute certificate that we can read; the text says why.
    #[error("attribute certificate: {0}")]
    Attributes(&'static str),
    /// The bytes are not a key that we can read; the text says why.
    #[error("key: {0}")]
    Key(&'static str),
    /// The passphrase does not open the key.
    #[error("the passphrase does not open the key")]
    Passphrase,
    /// What was asked of the authority cannot be issued; the text says why.
    #[error("authority: {0}")]
    Authority(&'static str),
    /// The library or the computer's randomness failed.
    #[error("the cryptographic library failed")]
    Library,
    /// The certificate is not trusted for this.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The CMS message does not hold.
    #[error(transparent)]
    Cms(#[from] CmsError),
}

impl Error {
    /// Who is at fault.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unsigned => Kind::Forbidden,
            Self::Unreadable(_) | Self::Several | Self::DigestMismatch | Self::Certificate(_) | Self::Attributes(_) => {
                Kind::Malformed
            }
            Self::ComponentMissing(_)
            | Self::ComponentExtra(_)
            | Self::OutOfTime
            | Self::KeyUnknown
            | Self::Invalid
            | Self::Algorithm
            | Self::Path(_) => Kind::Unauthenticated,
            Self::Cms(error) => error.kind(),
            Self::Key(_) | Self::Passphrase | Self::Authority(_) | Self::Library => Kind::Internal,
        }
    }

    /// The refusal a caller is told.
    pub fn refusal(&self) -> Refusal {
        let plain = |code| Refusal::new(self.kind(), code);
        match self {
            Self::Unsigned => plain("eds-required"),
            Self::Unreadable(header) => plain("eds-unreadable").with("header", header),
            Self::ComponentMissing(component) => plain("eds-component-missing").with("component", component),
            Self::ComponentExtra(component) => plain("eds-component-extra").with("component", component),
            Self::Several => plain("eds-several"),
            Self::OutOfTime => plain("eds-out-of-time"),
            Self::KeyUnknown => plain("eds-key-unknown"),
            Self::Invalid => plain("eds-invalid"),
            Self::Algorithm => plain("eds-algorithm"),
            Self::DigestMismatch => plain("digest-mismatch"),
            Self::Certificate(_) => plain("certificate-unreadable"),
            Self::Attributes(_) => plain("attributes-unreadable"),
            Self::Path(error) => error.refusal(),
            Self::Cms(error) => error.refusal(),
            Self::Key(_) | Self::Passphrase | Self::Authority(_) | Self::Library => plain("internal"),
        }
    }
}
