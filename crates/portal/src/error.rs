//! What goes wrong in the portal itself.

/// Why the portal cannot be opened or a page cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Storage.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// UIS ILE did not answer, or not as OpenID Connect says.
    #[error("the identity provider: {0}")]
    Identity(String),
    /// The configuration.
    #[error("{0}")]
    Config(String),
    /// A service's form.
    #[error(transparent)]
    Form(#[from] model::Error),
}

impl Error {
    /// A fault of the identity provider.
    pub(crate) fn identity(what: impl std::fmt::Display) -> Self {
        Self::Identity(what.to_string())
    }
}
