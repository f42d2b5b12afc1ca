//! The edge around every request: identity, strictness, shedding, time-out, panics, the log line, the numbers.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody as _};
use axum::http::header::{ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, Version};
use model::{Clock, Kind, Lang, Refusal};
use tower::{Service, ServiceExt as _};

use crate::context::{Context, Outcome, Random};
use crate::listener::{Rejection, is_host};
use crate::metrics::{Counter, Counters, Gauge, Histograms, LATENCY, Metrics};
use crate::peer::Peer;
use crate::problem::{Occasion, Problems};
use crate::shed::{self, OVERLOADED, Shed};

/// How long a request may take in all, on listeners for everybody.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Header field of every answer: the request's identifier.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("nais-request-id");

/// What an edge needs.
#[derive(Clone)]
pub struct Setup {
    /// Label of this listener in the metrics, such as `gateway`.
    pub name: &'static str,
    /// Texts and form of refusals.
    pub problems: Arc<Problems>,
    /// The time of day.
    pub clock: Clock,
    /// `store::random`.
    pub random: Random,
    /// Where the numbers are kept.
    pub metrics: Metrics,
    /// How long a request may take in all.
    pub request_timeout: Duration,
    /// The gate against overload, if any.
    pub shed: Option<Shed>,
}

/// An application with the edge around it. Clones are the same.
pub struct Edge<S> {
    app: S,
    shared: Arc<Shared>,
}

impl<S: Clone> Clone for Edge<S> {
    fn clone(&self) -> Self {
        Self { app: self.app.clone(), shared: self.shared.clone() }
    }
}

/// For callers in this process: the peer is the request's own [`Peer`] extension, else this computer.
impl<S, B> Service<Request<B>> for Edge<S>
where
    B: axum::body::HttpBody + Send + 'static,
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let here = || Peer::plain((Ipv4Addr::LOCALHOST, 0).into());
        let peer = request.extensions_mut().remove::<Peer>().unwrap_or_else(here);
        let edge = self.clone();
        Box::pin(async move { Ok(Self::call(&edge, request, peer).await) })
    }
}

struct Shared {
    setup: Setup,
    instruments: Instruments,
}

/// The numbers an edge keeps.
pub(crate) struct Instruments {
    requests: Counters,
    latency: Histograms,
    refusals: Counters,
    in_flight: Gauge,
    panics: Counter,
    pub(crate) turned_away: Counter,
    pub(crate) handshakes_failed: Counter,
}

impl<S> Edge<S> {
    /// The edge around `app`.
    pub fn new(app: S, setup: Setup) -> Self {
        let instruments = Instruments::new(&setup.metrics, setup.name);
        Self { app, shared: Arc::new(Shared { setup, instruments }) }
    }

    /// Answers the request. Never fails: what goes wrong is a problem document, and a panic is one too.
    pub async fn call<B>(&self, mut request: Request<B>, peer: Peer) -> Response<Body>
    where
        B: axum::body::HttpBody,
        S: Service<Request<B>, Response = Response<Body>, Error = Infallible> + Clone,
    {
        let started = Instant::now();
        let Setup { problems, clock, random, .. } = &self.shared.setup;
        let context = Context::new(problems, clock, *random, request.uri(), request.headers());
        context.line().bytes_in(request.body().size_hint().lower());
        let verb = request.method().clone();
        let _in_flight = self.shared.instruments.in_flight.raise();
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(context.clone());
        let mut response = match self.answer(request).await {
            Ok(response) => response,
            Err(refusal) => {
                let mut response = context.refuse(&refusal);
                if let Some(shed) = self.shared.setup.shed.as_ref().filter(|_| refusal.code == OVERLOADED) {
                    shed::hold_back(&mut response, shed);
                }
                response
            }
        };
        if let Ok(id) = HeaderValue::from_str(context.id().hyphenated().encode_lower(&mut [0; 36])) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let total = started.elapsed();
        self.count(&context, response.status(), total);
        let bytes_out = response.body().size_hint().lower();
        context.log(verb.as_str(), &Outcome { status: response.status(), bytes_out, total });
        response
    }

    async fn answer<B>(&self, request: Request<B>) -> Result<Response<Body>, Refusal>
    where
        S: Service<Request<B>, Response = Response<Body>, Error = Infallible> + Clone,
    {
        if request.version() == Version::HTTP_2 {
            check_fields(&request)?;
        }
        let _admission = match &self.shared.setup.shed {
            Some(shed) => Some(shed.admit().await?),
            None => None,
        };
        let app = self.app.clone();
        let answer = catch(async move { app.oneshot(request).await });
        match tokio::time::timeout(self.shared.setup.request_timeout, answer).await {
            Ok(Ok(Ok(response))) => bare(&response).map_or(Ok(response), Err),
            Ok(Err(Panicked)) => {
                self.shared.instruments.panics.increment();
                Err(Refusal::new(Kind::Internal, "internal"))
            }
            Err(_late) => Err(Refusal::new(Kind::UpstreamTimeout, "request-timeout").retry_after(5)),
        }
    }

    fn count(&self, context: &Context, status: StatusCode, total: Duration) {
        let Shared { setup, instruments } = &*self.shared;
        let service = context.line().service_code().unwrap_or("-");
        instruments.requests.with(&[setup.name, service, status.as_str()]).increment();
        instruments.latency.with(&[setup.name, service]).observe(total);
        if let Some(code) = context.line().refused_as() {
            instruments.refusals.with(&[setup.name, code]).increment();
        }
    }

    pub(crate) fn instruments(&self) -> &Instruments {
        &self.shared.instruments
    }

    /// The number of open connections shows in the metrics.
    pub(crate) fn observe_connections(&self, count: impl Fn() -> usize + Send + Sync + 'static) {
        let Setup { metrics, name, .. } = &self.shared.setup;
        let label = [("listener", *name)];
        metrics.gauge_from("nais_connections", "Open connections", &label, move || count() as f64);
    }

    /// The whole HTTP/1 answer to bytes that are no request.
    pub(crate) fn refuse_bytes(&self, why: Rejection) -> Vec<u8> {
        let Setup { problems, clock, random, name, .. } = &self.shared.setup;
        let (status, refusal) = rejected(why);
        self.shared.instruments.refusals.with(&[name, refusal.code]).increment();
        let request = Request::new(());
        let context = Context::new(problems, clock, *random, request.uri(), request.headers());
        // Fields of a head that is not trusted choose no language either.
        let occasion = Occasion { lang: Lang::En, instance: "/", request_id: context.id(), now: context.at() };
        let body = problems.document(&refusal, status, &occasion);
        context.line().code(refusal.code);
        let bytes_out = body.len() as u64;
        context.log("-", &Outcome { status, bytes_out, total: Duration::ZERO });
        let mut answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\nContent-Language: en\r\n\
             Content-Length: {bytes_out}\r\nCache-Control: no-store\r\nConnection: close\r\n\
             Nais-Request-Id: {}\r\n\r\n",
            context.id(),
        )
        .into_bytes();
        answer.extend_from_slice(&body);
        answer
    }
}

impl Instruments {
    fn new(metrics: &Metrics, name: &'static str) -> Self {
        let listener = &["listener"];
        let latency = metrics.histograms(
            "nais_request_duration_seconds",
            "From the request's head to the answer's",
            &["listener", "service"],
            LATENCY,
        );
        Self {
            requests: metrics.counters("nais_requests_total", "Answers sent", &["listener", "service", "status"]),
            latency,
            refusals: metrics.counters("nais_refusals_total", "Refusals by code", &["listener", "code"]),
            in_flight: metrics.gauges("nais_requests_in_flight", "Requests at work", listener).with(&[name]),
            panics: metrics.counter("nais_panics_total", "Requests that ended in a panic; must stay 0"),
            turned_away: metrics
                .counters("nais_connections_refused_total", "Connections above the caps", listener)
                .with(&[name]),
            handshakes_failed: metrics
                .counters("nais_tls_handshakes_failed_total", "TLS handshakes that failed or took too long", listener)
                .with(&[name]),
        }
    }
}

/// The refusal that a router means by an empty answer: no such path, or other verbs, which it names in `Allow`.
fn bare(response: &Response<Body>) -> Option<Refusal> {
    let status = response.status();
    if status != StatusCode::NOT_FOUND && status != StatusCode::METHOD_NOT_ALLOWED {
        return None;
    }
    if response.headers().contains_key(CONTENT_TYPE) || response.body().size_hint().exact() != Some(0) {
        return None;
    }
    if status == StatusCode::NOT_FOUND {
        return Some(Refusal::new(Kind::NotFound, "not-found"));
    }
    let allowed = response.headers().get(ALLOW).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let allowed: Vec<&str> = allowed.split(',').map(str::trim).collect();
    Some(Refusal::new(Kind::VerbNotAllowed, "verb-not-allowed").with("allowed", allowed.join(", ")))
}

/// What the guard checks in HTTP/1, for HTTP/2: one authority, and once what may stand once.
fn check_fields<B>(request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();
    let authority = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let mut hosts = headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    let (host, second) = (hosts.next(), hosts.next());
    let agreed = match (authority, host) {
        (Some(authority), Some(host)) => authority.eq_ignore_ascii_case(host).then_some(authority),
        (one, other) => one.or(other),
    };
    if second.is_some() || !agreed.is_some_and(is_host) {
        return Err(rejected(Rejection::Host).1);
    }
    let once = |name| headers.get_all(name).iter().nth(1).is_none();
    if !once(AUTHORIZATION) {
        return Err(rejected(Rejection::Repeated).1);
    }
    if once(CONTENT_LENGTH) { Ok(()) } else { Err(rejected(Rejection::Length).1) }
}

fn rejected(why: Rejection) -> (StatusCode, Refusal) {
    let (status, kind, code) = match why {
        Rejection::Malformed => (StatusCode::BAD_REQUEST, Kind::Malformed, "http-malformed"),
        Rejection::Host => (StatusCode::BAD_REQUEST, Kind::Malformed, "http-host"),
        Rejection::Length => (StatusCode::BAD_REQUEST, Kind::Malformed, "http-length"),
        Rejection::Target => (StatusCode::BAD_REQUEST, Kind::Malformed, "http-target"),
        Rejection::Repeated => (StatusCode::BAD_REQUEST, Kind::Malformed, "http-repeated"),
        Rejection::TooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Kind::TooLarge, "head-too-large"),
        Rejection::Late => (StatusCode::REQUEST_TIMEOUT, Kind::Malformed, "head-timeout"),
    };
    (status, Refusal::new(kind, code))
}

/// The work panicked; its message went to the panic hook, not to the caller.
struct Panicked;

/// The outcome of the work, or that it panicked. It is dropped then, so nobody sees what it left half done.
async fn catch<F: Future>(work: F) -> Result<F::Output, Panicked> {
    let mut work = pin!(work);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}
