//! The operations listener: is it alive, is it ready, what are its numbers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::routing::get;
use serde::Serialize;

use crate::metrics::Metrics;

/// Longest a check may take; a check that hangs is a check that failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

type Probe = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// Named checks, asked in order. None at all is healthy.
#[derive(Clone, Default)]
pub struct Checks(Vec<Check>);

#[derive(Clone)]
struct Check {
    name: &'static str,
    probe: Probe,
    /// A failure is told but makes nothing of the node unready.
    advisory: bool,
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    checks: Vec<Verdict>,
}

#[derive(Serialize)]
struct Verdict {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Checks {
    /// No checks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more check. What it says when it fails is shown to whoever may see the operations listener:
    /// never a secret.
    #[must_use]
    pub fn with<F>(mut self, name: &'static str, probe: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.0.push(Check { name, probe: Arc::new(move || Box::pin(probe())), advisory: false });
        self
    }

    /// The same with a check whose failure is told only: trouble of others that takes no node out of service.
    #[must_use]
    pub fn with_advisory<F>(self, name: &'static str, probe: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let mut checks = self.with(name, probe);
        checks.0.last_mut().into_iter().for_each(|check| check.advisory = true);
        checks
    }

    async fn respond(self) -> Response<Body> {
        let mut checks = Vec::with_capacity(self.0.len());
        let mut ok = true;
        for Check { name, probe, advisory } in self.0 {
            let outcome = tokio::time::timeout(CHECK_TIMEOUT, probe()).await;
            let reason = outcome.unwrap_or_else(|_| Err("no answer in time".to_owned())).err();
            ok &= advisory || reason.is_none();
            checks.push(Verdict { name, ok: reason.is_none(), reason });
        }
        let report = Report { status: if ok { "ok" } else { "failed" }, checks };
        // Strings and flags always have a JSON form.
        let body = serde_json::to_vec(&report).unwrap_or_default();
        let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        answer(status, "application/json", body)
    }
}

/// `/healthz`: whether this process should be left running. `/readyz`: whether it should get requests; both 503 when a
/// check fails. `/metrics`: the numbers.
pub fn operations_router(health: Checks, ready: Checks, metrics: Metrics) -> Router {
    Router::new()
        .route("/healthz", get(move || health.clone().respond()))
        .route("/readyz", get(move || ready.clone().respond()))
        .route(
            "/metrics",
            get(move || {
                let text = metrics.render().into_bytes();
                async move { answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text) }
            }),
        )
}

fn answer(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;

    #[tokio::test]
    async fn one_failed_check_is_not_ready() {
        let ready = Checks::new()
            .with("database", || async { Ok(()) })
            .with("ledger", || async { Err("the witness is ahead".to_owned()) })
            .with("hangs", std::future::pending);
        let client = Client::new(operations_router(Checks::new(), ready, Metrics::new()));
        let answer = client.get("/readyz").send().await;
        assert_eq!(answer.status, 503);
        let report = answer.json();
        assert_eq!(report["checks"][0]["ok"], true);
        assert_eq!(report["checks"][1]["reason"], "the witness is ahead");
        assert_eq!(report["checks"][2]["reason"], "no answer in time");
        assert_eq!(client.get("/healthz").send().await.status, 200);
        let told = Checks::new().with_advisory("providers", || async { Err("not answering: 3.11.01".to_owned()) });
        let answer = Client::new(operations_router(Checks::new(), told, Metrics::new())).get("/readyz").send().await;
        assert_eq!((answer.status.as_u16(), &answer.json()["checks"][0]["ok"]), (200, &false.into()));
        assert!(client.get("/metrics").send().await.text().contains("process_open_fds"));
    }
}
