//! Files that pages need: served under names that change with their content, so that a browser asks for each once.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::routing::get;

/// A file that `assets/build.mjs` has made.
struct File {
    /// What templates call it.
    name: &'static str,
    /// Where it is served.
    url: &'static str,
    media: &'static str,
    plain: &'static [u8],
    /// `None` for what is compressed in itself.
    packed: Option<Packed>,
}

struct Packed {
    gzip: &'static [u8],
    brotli: &'static [u8],
}

const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The style of a page's top, which stands in the page: the first thing is seen without asking for a second file.
pub(super) const TOP_STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/head.css"));

/// A name with a hash in it never means anything else.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const A_DAY: &str = "public, max-age=86400";

/// The address of the file with this name.
pub(super) fn url(name: &str) -> Option<&'static str> {
    FILES.iter().find(|file| file.name == name).map(|file| file.url)
}

/// `/assets/…`, and the picture that browsers ask for by themselves.
pub(super) fn router() -> Router {
    Router::new().route("/assets/{name}", get(asset)).route("/favicon.svg", get(favicon))
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response<Body> {
    let found = FILES.iter().find(|file| file.url.strip_prefix("/assets/") == Some(&*name));
    answer(found, &headers, FOR_EVER)
}

async fn favicon(headers: HeaderMap) -> Response<Body> {
    answer(FILES.iter().find(|file| file.name == "favicon.svg"), &headers, A_DAY)
}

fn answer(file: Option<&File>, asked: &HeaderMap, keep: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let Some(file) = file else {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    let mut bytes = file.plain;
    if let Some(packed) = &file.packed {
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        for (coding, packed) in [("br", packed.brotli), ("gzip", packed.gzip)] {
            if accepts(asked, coding) {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
                bytes = packed;
                break;
            }
        }
    }
    *response.body_mut() = Body::from(bytes);
    response
}

/// The coding is named with a weight above zero (RFC 9110 §12.5.3). `*` is not taken for ours: nobody needs it.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let fields = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    fields.flat_map(|value| value.split(',')).any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0));
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(path: &str, encoding: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = axum::http::Request::get(path).header(ACCEPT_ENCODING, encoding).body(Body::empty()).unwrap();
        let response = router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
        (parts.status, parts.headers, bytes.to_vec())
    }

    #[tokio::test]
    async fn a_file_comes_as_the_browser_reads_it_and_is_kept() {
        let css = url("app.css").unwrap();
        let (status, headers, plain) = ask(css, "").await;
        assert_eq!((status, &headers[CACHE_CONTROL]), (StatusCode::OK, &HeaderValue::from_static(FOR_EVER)));
        assert_eq!(headers[CONTENT_TYPE], "text/css; charset=utf-8");
        assert!(String::from_utf8(plain.clone()).unwrap().contains("Golos Text"));
        for (asked, given) in [
            ("br", Some("br")),
            ("gzip, deflate, br;q=0.9", Some("br")),
            ("gzip, br;q=0", Some("gzip")),
            ("GZIP;q=1.0", Some("gzip")),
            ("gzip;q=0.0", None),
            ("identity", None),
        ] {
            let (_, headers, bytes) = ask(css, asked).await;
            let coding = headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap());
            assert_eq!(coding, given, "{asked}");
            assert_eq!(bytes == plain, given.is_none());
            assert_eq!(headers[VARY], "Accept-Encoding");
        }
    }

    #[tokio::test]
    async fn what_has_no_name_is_not_there() {
        for path in ["/assets/app.css", "/assets/", "/assets/..%2Fapp.css", "/assets/x"] {
            assert_eq!(ask(path, "br").await.0, StatusCode::NOT_FOUND, "{path}");
        }
        let (status, headers, bytes) = ask("/favicon.svg", "").await;
        assert_eq!((status, &headers[CONTENT_TYPE]), (StatusCode::OK, &HeaderValue::from_static("image/svg+xml")));
        assert!(bytes.starts_with(b"<svg"));
    }

    #[test]
    fn the_letters_are_all_there_and_nothing_of_anybody_else() {
        let style = FILES.iter().find(|file| file.name == "app.css").unwrap();
        let style = std::str::from_utf8(style.plain).unwrap();
        for part in ["golos-latin.woff2", "golos-cyrillic.woff2"] {
            let address = url(part).unwrap();
            assert!(TOP_STYLE.contains(&format!("url({address})")), "{address}");
        }
        assert!(!style.contains("GDS Transport") && !style.contains("crown"));
    }

    /// What a first page weighs without its letters; 8 KB are left for the page itself.
    #[test]
    fn style_and_script_are_light() {
        let gzip =
            |name: &str| FILES.iter().find(|file| file.name == name).unwrap().packed.as_ref().unwrap().gzip.len();
        assert!(gzip("app.css") + gzip("app.js") < 32 * 1024, "{} and {}", gzip("app.css"), gzip("app.js"));
        assert!(TOP_STYLE.len() < 10 * 1024, "{}", TOP_STYLE.len());
    }
}
