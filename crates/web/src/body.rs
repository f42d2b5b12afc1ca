//! Reading a request's body once, whole, bounded in size and time.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use model::{Kind, Refusal};

/// How large a body may be and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Most bytes.
    pub bytes: usize,
    /// Longest time from now to its last byte.
    pub within: Duration,
}

impl Allowance {
    /// For JSON of one question: 64 KB.
    pub const QUESTION: Self = Self { bytes: 64 * 1024, within: Duration::from_secs(10) };
    /// For a package of records: 10 MB.
    pub const PACKAGE: Self = Self { bytes: 10 * 1024 * 1024, within: Duration::from_secs(20) };
    /// For a form with files: 10 MB, by a line of 2 Mbit/s.
    pub const UPLOAD: Self = Self { bytes: 10 * 1024 * 1024, within: Duration::from_secs(45) };
}

/// The whole body, which may be empty.
///
/// # Errors
/// `body-too-large` (before anything is read, when the peer says so itself), `body-timeout`, `body-broken`.
pub async fn read(body: Body, allowance: Allowance) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > allowance.bytes as u64 {
        return Err(too_large(allowance));
    }
    match tokio::time::timeout(allowance.within, collect(body, allowance)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(timeout()),
    }
}

/// The whole body, which must not be empty.
///
/// # Errors
/// As [`read`], and `body-missing`.
pub async fn require(body: Body, allowance: Allowance) -> Result<Bytes, Refusal> {
    let bytes = read(body, allowance).await?;
    if bytes.is_empty() { Err(Refusal::new(Kind::Malformed, "body-missing")) } else { Ok(bytes) }
}

/// The body is of this media type, whatever parameters (such as `charset`) it has.
///
/// # Errors
/// `media-type` names what was expected.
pub fn expect_type(headers: &HeaderMap, essence: &'static str) -> Result<(), Refusal> {
    if content_type(headers).is_some_and(|found| found.eq_ignore_ascii_case(essence)) {
        return Ok(());
    }
    Err(Refusal::new(Kind::UnsupportedMedia, "media-type").with("expected", essence))
}

/// `type/subtype` of the `Content-Type` field, without parameters; `None` when it stands twice.
pub fn content_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    Some(value.split(';').next().unwrap_or(value).trim())
}

/// Bodies mostly come in one piece, which is passed on as it is.
async fn collect(mut body: Body, allowance: Allowance) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut whole: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else {
            continue;
        };
        if first.len().max(whole.len()) + data.len() > allowance.bytes {
            return Err(too_large(allowance));
        }
        if first.is_empty() && whole.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            let coming = usize::try_from(body.size_hint().lower()).unwrap_or(0).min(allowance.bytes);
            whole.reserve(first.len() + data.len() + coming);
            whole.extend_from_slice(&std::mem::take(&mut first));
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.into() })
}

fn too_large(allowance: Allowance) -> Refusal {
    Refusal::new(Kind::TooLarge, "body-too-large").with("max", allowance.bytes)
}

fn timeout() -> Refusal {
    Refusal::new(Kind::Malformed, "body-timeout")
}

/// The guard ends a body that is late with `TimedOut`; everything else is the form or the connection.
fn broken(error: &axum::Error) -> Refusal {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        match inner.downcast_ref::<std::io::Error>() {
            Some(io) if io.kind() == std::io::ErrorKind::TimedOut => return timeout(),
            _ => cause = inner.source(),
        }
    }
    Refusal::new(Kind::Malformed, "body-broken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_essence_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(expect_type(&headers, "application/json").unwrap_err().kind, Kind::UnsupportedMedia);
        headers.insert(header::CONTENT_TYPE, "Application/JSON; charset=utf-8".parse().unwrap());
        assert!(expect_type(&headers, "application/json").is_ok());
        headers.append(header::CONTENT_TYPE, "text/plain".parse().unwrap());
        assert!(expect_type(&headers, "application/json").is_err());
    }

    #[tokio::test]
    async fn a_body_in_pieces_is_put_together_up_to_the_limit() {
        let pieces = |count: usize| {
            let pieces = (0..count).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"abc")));
            Body::from_stream(futures_util::stream::iter(pieces))
        };
        let allowance = Allowance { bytes: 9, within: Duration::from_secs(1) };
        assert_eq!(read(pieces(3), allowance).await.unwrap(), "abcabcabc");
        assert_eq!(read(pieces(4), allowance).await.unwrap_err().code, "body-too-large");
        assert_eq!(read(Body::from("0123456789"), allowance).await.unwrap_err().code, "body-too-large");
        assert_eq!(require(Body::empty(), allowance).await.unwrap_err().code, "body-missing");
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(
            read(never, Allowance { bytes: 9, within: Duration::from_millis(20) }).await.unwrap_err().code,
            "body-timeout"
        );
    }
}
