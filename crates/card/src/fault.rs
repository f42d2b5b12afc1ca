//! What a card refuses.

use model::{Kind, Refusal};

/// Why a card did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// The PIN or PUK is not the card's.
    #[error("the PIN is wrong; tries left: {left}")]
    WrongPin {
        /// Tries left.
        left: u8,
    },
    /// The PIN is blocked; the PUK lifts it.
    #[error("the PIN is blocked")]
    Blocked,
    /// The PUK is blocked.
    #[error("the PUK is blocked")]
    Dead,
    /// A new PIN or PUK has not the form of one.
    #[error("a PIN is 4 to 12 digits, a PUK 8 to 12")]
    PinForm,
    /// The act is not one of the secret that the try was counted for.
    #[error("another PIN opens this")]
    OtherPin,
    /// The file is not a card's; the text says why.
    #[error("card: {0}")]
    Unreadable(&'static str),
}

impl CardError {
    /// Who is at fault.
    pub fn kind(&self) -> Kind {
        match self {
            Self::WrongPin { .. } => Kind::Unauthenticated,
            Self::Blocked | Self::Dead => Kind::Forbidden,
            Self::PinForm | Self::OtherPin | Self::Unreadable(_) => Kind::Malformed,
        }
    }

    /// The refusal a caller is told.
    pub fn refusal(&self) -> Refusal {
        let code = match self {
            Self::WrongPin { left } => return Refusal::new(self.kind(), "card-wrong-pin").with("left", left),
            Self::Blocked => "card-blocked",
            Self::Dead => "card-dead",
            Self::PinForm => "card-pin-form",
            Self::OtherPin => "card-other-pin",
            Self::Unreadable(_) => "card-unreadable",
        };
        Refusal::new(self.kind(), code)
    }
}

/// Why a card was not made, read or signed with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The card refused.
    #[error(transparent)]
    Card(#[from] CardError),
    /// A key or a certificate on it, or what was to be signed, is no good.
    #[error(transparent)]
    Eds(#[from] eds::Error),
}

impl Error {
    /// The refusal a caller is told.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Card(error) => error.refusal(),
            Self::Eds(error) => error.refusal(),
        }
    }
}
