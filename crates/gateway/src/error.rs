//! What can go wrong when a gateway is set up.

/// An error of the gateway's set-up; requests get refusals.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The signing key and its certificate do not fit together.
    #[error(transparent)]
    Eds(#[from] eds::Error),
    /// The signing certificate does not fit into a header.
    #[error("the gateway's signing certificate is too large or unreadable")]
    Certificate,
    /// An upstream address or its TLS set-up is wrong.
    #[error("upstream: {0}")]
    Upstream(String),
}
