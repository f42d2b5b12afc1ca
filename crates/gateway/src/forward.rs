//! A provider that answers over HTTPS: time-out, bounded retries, circuit breaker, one connection pool.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use model::terms::Upstream;
use model::{Kind, Refusal};
use reqwest::{Client, Url};

use crate::provider::{Answer, Ask, Boxed, Provider, Reply};

/// Largest answer taken from a provider.
const LARGEST: usize = 10 * 1024 * 1024;
/// Failures in a row after which a provider is left alone.
const TRIPS_AFTER: u32 = 5;
/// How long it is left alone.
const REST: Duration = Duration::from_secs(10);

/// An owner's system at a registered address; nothing else is ever called.
pub struct Forward {
    client: Client,
    base: Url,
    attempts: u32,
    /// Paths that may be asked again without harm.
    idempotent: Vec<String>,
    breaker: Breaker,
}

impl Forward {
    /// The provider at the passport's upstream. `client` carries trust and the node's own certificate.
    pub fn new(client: Client, upstream: &Upstream, idempotent: Vec<String>) -> Result<Self, crate::Error> {
        let mut base = Url::parse(&upstream.url).map_err(|_| crate::Error::Upstream(upstream.url.clone()))?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Ok(Self { client, base, attempts: upstream.attempts.clamp(1, 3), idempotent, breaker: Breaker::default() })
    }

    /// A client for upstream calls with this time-out; `tls` is the node's client configuration.
    pub fn client(tls: rustls::ClientConfig, timeout: Duration) -> Result<Client, crate::Error> {
        Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(timeout)
            .connect_timeout(timeout.min(Duration::from_secs(5)))
            .pool_idle_timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| crate::Error::Upstream(error.to_string()))
    }

    async fn ask(&self, ask: &Ask) -> Result<Reply, Refusal> {
        if !self.breaker.admits() {
            return Err(Refusal::new(Kind::Upstream, "provider-unavailable").retry_after(10));
        }
        let retries = self.idempotent.iter().any(|path| **path == *ask.method);
        let attempts = if retries { self.attempts } else { 1 };
        let mut outcome = self.once(ask).await;
        for attempt in 1..attempts {
            if !outcome.as_ref().is_err_and(|refusal| matches!(refusal.kind, Kind::Upstream | Kind::UpstreamTimeout)) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            outcome = self.once(ask).await;
        }
        self.breaker.note(!outcome.as_ref().is_err_and(|r| matches!(r.kind, Kind::Upstream | Kind::UpstreamTimeout)));
        outcome
    }

    async fn once(&self, ask: &Ask) -> Result<Reply, Refusal> {
        let failed = || Refusal::new(Kind::Upstream, "provider-failed").retry_after(5);
        let mut url = self.base.join(&ask.method).map_err(|_| failed())?;
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        let request = if ask.body.is_empty() {
            self.client.get(url)
        } else {
            self.client.post(url).header("content-type", "application/json").body(ask.body.clone())
        };
        let response = request
            .header("nais-request-id", ask.request_id.to_string())
            .header("idempotency-key", format!("\"{}\"", ask.wish))
            .header("accept-language", ask.lang.code())
            .header("nais-consumer", &ask.asker.id)
            .send()
            .await
            .map_err(|error| if error.is_timeout() { timed_out() } else { failed() })?;
        let status = response.status();
        let body = read(response).await?;
        judge(status, body)
    }
}

/// Reads a bounded body.
async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, Refusal> {
    let invalid = || Refusal::new(Kind::Upstream, "provider-answer-invalid");
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LARGEST => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(invalid()),
            Ok(None) => return Ok(body),
            Err(error) if error.is_timeout() => return Err(timed_out()),
            Err(_) => return Err(invalid()),
        }
    }
}

fn timed_out() -> Refusal {
    Refusal::new(Kind::UpstreamTimeout, "provider-timeout").retry_after(5)
}

/// A provider's answer is outside input: only JSON with a known status passes.
fn judge(status: StatusCode, body: Vec<u8>) -> Result<Reply, Refusal> {
    match status.as_u16() {
        200 | 201 => {
            model::json::parse(&body).map_err(|_| Refusal::new(Kind::Upstream, "provider-answer-invalid"))?;
            Ok(Reply { status: status.as_u16(), body, subjects: Vec::new() })
        }
        400 | 422 => Err(Refusal::new(Kind::Malformed, "provider-refused")),
        404 => Err(Refusal::new(Kind::NotFound, "provider-refused")),
        409 => Err(Refusal::new(Kind::Conflict, "provider-refused")),
        504 => Err(timed_out()),
        _ => Err(Refusal::new(Kind::Upstream, "provider-failed").retry_after(5)),
    }
}

impl Provider for Forward {
    fn answer(&self, ask: Ask) -> Boxed<'_, Result<Answer, Refusal>> {
        Box::pin(async move { self.ask(&ask).await.map(Answer::Ready) })
    }

    fn ready(&self) -> bool {
        self.breaker.closed()
    }
}

/// Leaves a failing provider alone for a while, then lets one call try.
#[derive(Default)]
struct Breaker(Mutex<(u32, Option<Instant>)>);

impl Breaker {
    /// Whether calls go through.
    fn closed(&self) -> bool {
        self.0.lock().is_ok_and(|state| state.1.is_none())
    }

    /// Whether this call may go through: all while closed, one after each rest.
    fn admits(&self) -> bool {
        let Ok(mut state) = self.0.lock() else {
            return false;
        };
        match state.1 {
            None => true,
            Some(since) if since.elapsed() < REST => false,
            Some(_) => {
                state.1 = Some(Instant::now()); // the others wait for this one, or for the next rest if it is given up
                true
            }
        }
    }

    fn note(&self, ok: bool) {
        if let Ok(mut state) = self.0.lock() {
            if ok {
                *state = (0, None);
            } else {
                state.0 = state.0.saturating_add(1);
                if state.0 >= TRIPS_AFTER {
                    state.1 = Some(Instant::now());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_provider_is_left_alone() {
        let breaker = Breaker::default();
        for _ in 0..TRIPS_AFTER {
            assert!(breaker.closed() && breaker.admits());
            breaker.note(false);
        }
        assert!(!breaker.closed() && !breaker.admits());
        breaker.note(true);
        assert!(breaker.closed() && breaker.admits());
    }

    #[test]
    fn after_its_rest_one_call_tries() {
        let breaker = Breaker::default();
        (0..TRIPS_AFTER).for_each(|_| breaker.note(false));
        let rested = Instant::now().checked_sub(REST).unwrap();
        breaker.0.lock().unwrap().1 = Some(rested);
        assert!(!breaker.closed() && breaker.admits() && !breaker.admits());
        breaker.note(false);
        assert!(!breaker.admits());
        breaker.0.lock().unwrap().1 = Some(rested);
        assert!(breaker.admits());
        breaker.note(true);
        assert!(breaker.closed());
    }

    #[test]
    fn only_json_with_a_known_status_passes() {
        assert!(judge(StatusCode::OK, b"{}".to_vec()).is_ok());
        assert_eq!(judge(StatusCode::OK, b"<html>".to_vec()).unwrap_err().code, "provider-answer-invalid");
        assert_eq!(judge(StatusCode::FOUND, Vec::new()).unwrap_err().code, "provider-failed");
        assert_eq!(judge(StatusCode::NOT_FOUND, Vec::new()).unwrap_err().kind, Kind::NotFound);
    }
}
