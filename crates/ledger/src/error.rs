//! What can be wrong with the ledger, a proof or a receipt, and whose fault it is.

use model::Kind;

/// An error of the ledger. Names places and sizes, never what a record says.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Storage did not do what was asked.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A leaf or a tree size beyond the tree.
    #[error("{index} is outside of a tree of {size} leaves")]
    OutOfTree {
        /// What was asked for.
        index: u64,
        /// Leaves there are.
        size: u64,
    },
    /// A proof has too few or too many hashes for its place.
    #[error("the proof has the wrong number of hashes for its place in the tree")]
    ProofLength,
    /// A proof leads to another root.
    #[error("the proof does not lead to the root of the checkpoint")]
    ProofRoot,
    /// A text is not in its format.
    #[error("{what}: {expected}")]
    Format {
        /// Which text: `note`, `checkpoint`, `verifier key`, `receipt`, `record`, …
        what: &'static str,
        /// What was expected in it.
        expected: &'static str,
    },
    /// No signature of this key.
    #[error("not signed by the key {0}: another log, or another key than expected")]
    NotSigned(String),
    /// A signature of this key that does not hold.
    #[error("the signature of {0} does not hold: the text was changed after signing")]
    Signature(String),
    /// Record and salt do not lead to the checkpoint. Which of them or of the proof's hashes was changed cannot be told.
    #[error(
        "the record does not match the entry that the checkpoint covers: the record, its salt or the receipt's proof was \
         changed, or they belong to different requests"
    )]
    Commitment,
    /// The receipt says nothing about the log expected.
    #[error("the receipt is of the log {found}; expected {expected}")]
    Origin {
        /// Whose key was given.
        expected: String,
        /// What the checkpoint says.
        found: String,
    },
    /// A key cannot sign.
    #[error("the key {0} cannot sign")]
    Key(String),
    /// The database holds less, or other, than a witness has seen.
    #[error(
        "the ledger was rolled back: it has {own} entries, the witness has seen {witness}; restore the newer database"
    )]
    RolledBack {
        /// Entries here.
        own: u64,
        /// Entries the witness has signed for.
        witness: u64,
    },
    /// A witness has signed another tree of a size we have.
    #[error("the ledger of {size} entries differs from the one the witness {witness} signed: it was edited")]
    Forked {
        /// The size both know.
        size: u64,
        /// The witness's name.
        witness: String,
    },
    /// Rows do not make the tree the head row tells.
    #[error("the ledger's rows do not make the tree of its head row ({0}); run `nais ledger fsck`")]
    Damaged(String),
    /// A witness did not answer as it should.
    #[error("witness {name}: {what}")]
    Witness {
        /// Its name.
        name: String,
        /// What happened.
        what: String,
    },
    /// The witness's own files.
    #[error("{path}: {what}")]
    File {
        /// Which file.
        path: String,
        /// What happened.
        what: String,
    },
    /// Nothing is sealed before the start-up check, and nothing after a fault was found.
    #[error("the ledger is closed: {0}")]
    Closed(String),
}

impl Error {
    /// A text that is not in its format.
    pub(crate) fn format(what: &'static str, expected: &'static str) -> Self {
        Self::Format { what, expected }
    }

    /// Who is at fault.
    pub fn kind(&self) -> Kind {
        match self {
            Self::OutOfTree { .. } => Kind::NotFound,
            Self::Format { .. } | Self::ProofLength => Kind::Malformed,
            Self::NotSigned(_) | Self::Signature(_) | Self::Origin { .. } | Self::ProofRoot | Self::Commitment => {
                Kind::Forbidden
            }
            Self::Key(_) => Kind::Internal,
            Self::Store(_)
            | Self::RolledBack { .. }
            | Self::Forked { .. }
            | Self::Damaged(_)
            | Self::Witness { .. }
            | Self::File { .. }
            | Self::Closed(_) => Kind::Unavailable,
        }
    }
}
