//! A client for a router in the same process: what tests, the stand and the portal's in-process transport use.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use tower::{Service, ServiceExt as _};

/// Calls a router or any other service of requests.
#[derive(Clone, Debug)]
pub struct Client<S> {
    service: S,
}

/// A request being put together.
#[derive(Debug)]
pub struct Call<'a, S> {
    client: &'a Client<S>,
    request: Request<Body>,
}

/// The whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body, whole.
    pub body: Bytes,
}

impl<S> Client<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
{
    /// A client of `service`.
    pub fn new(service: S) -> Self {
        Self { service }
    }

    /// `GET` of a path with its query.
    pub fn get(&self, path: &str) -> Call<'_, S> {
        self.call(Method::GET, path)
    }

    /// `POST` to a path.
    pub fn post(&self, path: &str) -> Call<'_, S> {
        self.call(Method::POST, path)
    }

    /// Any verb. A path that is none asks for `/`.
    pub fn call(&self, method: Method, path: &str) -> Call<'_, S> {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap_or_else(|_| Uri::from_static("/"));
        Call { client: self, request }
    }
}

impl<S> Call<'_, S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
{
    /// With a header field; one that cannot be sent is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.request.headers_mut().append(name, value);
        }
        self
    }

    /// With an extension, such as the [`Peer`](crate::Peer) that a listener would have added.
    #[must_use]
    pub fn extension(mut self, extension: impl Clone + Send + Sync + 'static) -> Self {
        self.request.extensions_mut().insert(extension);
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        *self.request.body_mut() = Body::from(body.into());
        self
    }

    /// With this JSON as its body.
    #[must_use]
    pub fn json(self, body: &serde_json::Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// The answer, whole.
    pub async fn send(self) -> Answer {
        let Ok(response) = self.client.service.clone().oneshot(self.request).await;
        let (head, body) = response.into_parts();
        // A body made in this process fails only where its maker makes it fail; then it ends there.
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Answer { status: head.status, headers: head.headers, body }
    }
}

impl Answer {
    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header field; empty when it is not there.
    pub fn header(&self, name: impl axum::http::header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}
