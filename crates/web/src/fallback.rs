//! What a router answers where it has nothing: problems like every other refusal.
//!
//! `Router::fallback(web::fallback::not_found)`, `Router::method_not_allowed_fallback(web::fallback::verb_not_allowed)`.

use axum::Extension;
use axum::body::Body;
use axum::http::Response;
use model::{Kind, Refusal};

use crate::context::Context;

/// No such path.
pub async fn not_found(Extension(context): Extension<Context>) -> Response<Body> {
    context.refuse(&Refusal::new(Kind::NotFound, "not-found"))
}

/// The path is known, the verb is not; axum adds the verbs it knows as `Allow`.
pub async fn verb_not_allowed(Extension(context): Extension<Context>) -> Response<Body> {
    context.refuse(&Refusal::new(Kind::VerbNotAllowed, "verb-not-allowed"))
}
