//! What can go wrong with messages.

use std::path::PathBuf;

use model::Kind;

/// An error of messages. None of them carries an address or a text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not one mailbox of the form `name@domain`.
    #[error("an e-mail address has the form name@example.com, in Latin letters, at most 254 characters")]
    Address,
    /// A subject with control characters, or an empty or overlong one.
    #[error("a subject is one line of 1 to {max} characters", max = crate::message::SUBJECT)]
    Subject,
    /// A text with control characters, or an empty or overlong one.
    #[error("a text has 1 to {max} bytes and no control characters", max = crate::message::TEXT)]
    Text,
    /// The password file cannot be read, or others may read it.
    #[error("{path}: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The settings make no SMTP client.
    #[error("mail.smtp: {0}")]
    Smtp(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// Who is at fault.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Address | Self::Subject | Self::Text => Kind::Malformed,
            Self::File { .. } | Self::Smtp(_) | Self::Store(_) => Kind::Internal,
        }
    }
}
