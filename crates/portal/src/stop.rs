//! What ends a handler before its page: another answer, given with `?`.

use axum::body::Body;
use axum::http::Response;
use axum::response::IntoResponse;

/// The answer that is given instead. In a box, because it is large and rare.
#[derive(Debug)]
pub(crate) struct Stop(Box<Response<Body>>);

/// What a handler answers: its page, or what is given instead.
pub(crate) type Answer = Result<Response<Body>, Stop>;

impl From<Response<Body>> for Stop {
    fn from(response: Response<Body>) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response<Body> {
        *self.0
    }
}
