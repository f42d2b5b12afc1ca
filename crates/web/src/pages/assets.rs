//! Files that pages need: served under names that change with their content, so that a browser asks for each once.

use axum::Router;

/// The address of the file with this name.
pub(super) fn url(_name: &str) -> Option<&'static str> {
    None
}

/// `/assets/…`.
pub(super) fn router() -> Router {
    Router::new()
}
