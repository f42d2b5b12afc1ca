//! What can go wrong with storage, and whose fault it is.

use model::{Kind, Refusal};

/// An error of storage. None of them carries a value that was stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A unique key exists already; the statement's name.
    #[error("a row with the same key exists already ({0})")]
    Duplicate(&'static str),
    /// The disk or the table space is full. Nothing of the transaction was kept.
    #[error("storage is full")]
    Full,
    /// The engine cannot be reached or refused to work. Nothing of the transaction was kept.
    #[error("storage is not available: {0}")]
    Unavailable(String),
    /// COMMIT was sent and its outcome is not known.
    #[error("the outcome of a commit is not known")]
    Uncertain,
    /// Too much work is waiting already.
    #[error("too much work is waiting")]
    Overloaded,
    /// A statement, a type or a stored value is not what the program expects: our fault.
    #[error("storage: {0}")]
    Broken(String),
    /// A job's own refusal, passed through the transaction unchanged; its effects were rolled back.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Error {
    /// A value in storage that cannot be understood.
    pub fn broken(what: impl std::fmt::Display) -> Self {
        Self::Broken(what.to_string())
    }

    /// The refusal that a caller sees.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Full | Self::Unavailable(_) | Self::Uncertain => {
                Refusal::new(Kind::Unavailable, "storage-unavailable").retry_after(2)
            }
            Self::Overloaded => Refusal::new(Kind::Unavailable, "overloaded").retry_after(1),
            Self::Duplicate(_) | Self::Broken(_) => Refusal::new(Kind::Internal, "internal"),
        }
    }
}
