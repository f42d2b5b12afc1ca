//! The read interface `c2sp.org/tlog-tiles` under `/ledger/`.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;

use crate::Error;
use crate::read::LogReader;
use crate::tile::TilePath;

/// `/ledger/checkpoint`, `/ledger/tile/{L}/{N}[.p/{W}]` and `/ledger/tile/entries/{N}[.p/{W}]`.
pub fn router(reader: LogReader) -> Router {
    Router::new()
        .route("/ledger/checkpoint", get(checkpoint))
        .route("/ledger/tile/{*path}", get(tile))
        .with_state(reader)
}

async fn checkpoint(State(reader): State<LogReader>) -> Response {
    match reader.checkpoint().await {
        Ok(note) => answer("text/plain; charset=utf-8", "no-cache", Bytes::copy_from_slice(note.as_bytes())),
        Err(error) => failure(&error),
    }
}

/// The path as it was sent: nothing in a tile's path needs an escape, so that one with any is of no tile.
async fn tile(State(reader): State<LogReader>, uri: Uri) -> Response {
    let path = uri.path().strip_prefix("/ledger/tile/").and_then(TilePath::parse);
    let Some(path) = path else {
        return absent();
    };
    match reader.tile(path).await {
        Ok(Some(bytes)) => answer("application/octet-stream", "public, max-age=31536000, immutable", bytes),
        Ok(None) => absent(),
        Err(error) => failure(&error),
    }
}

fn answer(media_type: &'static str, caching: &'static str, body: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")), // anybody may audit, from anywhere
    ];
    (headers, body).into_response()
}

/// What the tree does not have now it may have in a second: not to be cached.
fn absent() -> Response {
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")], "not in the log\n").into_response()
}

fn failure(error: &Error) -> Response {
    tracing::error!(%error, "the ledger cannot be read");
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::RETRY_AFTER, "2")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, "the ledger cannot be read at the moment\n").into_response()
}
