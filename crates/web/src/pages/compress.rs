//! Pages that hold nothing personal travel compressed.

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{Extensions, HeaderMap, HeaderValue, Response, StatusCode, Version};
use axum::middleware::{Next, from_fn};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

/// The asker has a cookie, so the answer may hold what is theirs.
#[derive(Clone, Copy)]
struct Personal;

/// Answers of these routes to whoever shows no cookie travel compressed, when they are pages.
///
/// The others do not: the length of a compressed page that holds both a secret and what somebody else chose tells of the
/// secret (BREACH, CVE-2013-3587). Whoever has no cookie is sent no secret twice.
pub fn compressed(router: Router) -> Router {
    let layer = CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest).compress_when(
        |_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions| {
            let kind = headers.get(CONTENT_TYPE).map_or(&[] as &[u8], HeaderValue::as_bytes);
            kind.starts_with(b"text/html") && extensions.get::<Personal>().is_none()
        },
    );
    router.layer(from_fn(mark)).layer(layer)
}

async fn mark(request: Request, next: Next) -> Response<axum::body::Body> {
    let personal = request.headers().contains_key(COOKIE);
    let mut response = next.run(request).await;
    if personal {
        response.extensions_mut().insert(Personal);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
    use axum::response::Html;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn only_a_page_for_somebody_without_a_cookie_is_compressed() {
        let page = "<p>word ".repeat(500);
        let whole = page.len();
        let text = page.clone();
        let router = Router::new().route("/page", get(|| async { Html(page) })).route("/text", get(|| async { text }));
        let router = compressed(router);
        for (path, coding, cookie, packed) in [
            ("/page", "gzip", None, true),
            ("/page", "identity", None, false),
            ("/page", "gzip", Some("nais-session=1"), false),
            ("/text", "gzip", None, false),
        ] {
            let mut request = Request::get(path).header(ACCEPT_ENCODING, coding);
            if let Some(cookie) = cookie {
                request = request.header(COOKIE, cookie);
            }
            let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(response.headers().get(CONTENT_ENCODING).is_some(), packed, "{path} {coding} {cookie:?}");
            if packed {
                assert!(response.headers().get_all(VARY).iter().any(|value| value == "accept-encoding"));
            }
            let bytes = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
            assert_eq!(bytes.len() < whole, packed);
        }
    }
}
