//! Sends requests alone and at a rate. Open loop: a request is due at its moment, whether or not others were answered.

use std::sync::Arc;
use std::time::Duration;

use model::Clock;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::profile::{Row, Sample};
use crate::commands::call::{Identity, Question, ask, fresh};
use crate::exit::Error;
use crate::print::Progress;

/// Requests sent alone before the rate begins.
const SINGLES: usize = 3;

/// Who is driven, with what.
pub struct Target {
    /// The web service's method.
    pub url: Url,
    /// The request's body; GET without one.
    pub body: Option<Vec<u8>>,
    /// Give each body's `message_id` a new value.
    pub fresh: bool,
    /// How it is reached.
    pub way: Way,
}

/// How a target is reached.
pub enum Way {
    /// As it is.
    Plain(reqwest::Client),
    /// As a consumer through the gateway.
    Signed(Box<Identity>),
}

/// Drives one row of the table: a few requests alone, then the row's rate for `window`.
pub async fn row(target: &Arc<Target>, row: &Row, window: Duration) -> Result<Vec<Sample>, Error> {
    let count = requests(row, window);
    let bar = Progress::new(u64::try_from(SINGLES + count).unwrap_or(u64::MAX), row.name);
    let mut samples = Vec::with_capacity(SINGLES + count);
    for _ in 0..SINGLES {
        let body = target.body(row.bytes)?;
        samples.push(once(target, body, Instant::now(), true).await);
        bar.step();
    }
    let (start, gap) = (Instant::now(), window.div_f64(f64::from(u32::try_from(count).unwrap_or(u32::MAX).max(1))));
    let mut under_way = JoinSet::new();
    for number in 0..count {
        let due = start + gap.mul_f64(f64::from(u32::try_from(number).unwrap_or(u32::MAX)));
        let body = target.body(row.bytes)?;
        tokio::time::sleep_until(due).await;
        let target = Arc::clone(target);
        under_way.spawn(async move { once(&target, body, due, false).await });
        while let Some(done) = under_way.try_join_next() {
            samples.push(done.map_err(Error::failed)?);
            bar.step();
        }
    }
    while let Some(done) = under_way.join_next().await {
        samples.push(done.map_err(Error::failed)?);
        bar.step();
    }
    bar.finish();
    Ok(samples)
}

/// How many requests the row's rate makes in the window; at least one.
fn requests(row: &Row, window: Duration) -> usize {
    let exact = u128::from(row.requests) * window.as_millis() / row.per.as_millis().max(1);
    usize::try_from(exact).unwrap_or(usize::MAX).max(1)
}

impl Target {
    /// The body of exactly so many bytes: JSON may end in any number of spaces.
    fn body(&self, bytes: usize) -> Result<Vec<u8>, Error> {
        let Some(given) = &self.body else { return Ok(Vec::new()) };
        let mut body = if self.fresh { fresh(given)? } else { given.clone() };
        if body.len() > bytes {
            return Err(Error::usage(format_args!("--data: {} bytes do not fit into a row of {bytes}", body.len())));
        }
        body.resize(bytes, b' ');
        Ok(body)
    }
}

async fn once(target: &Target, body: Vec<u8>, due: Instant, single: bool) -> Sample {
    let reply = match &target.way {
        Way::Plain(client) => plain(client, &target.url, body).await,
        Way::Signed(identity) => signed(identity, &target.url, body).await,
    };
    Sample { single, took: due.elapsed(), reply }
}

async fn plain(client: &reqwest::Client, url: &Url, body: Vec<u8>) -> Result<usize, String> {
    let told = |error: reqwest::Error| {
        if error.is_timeout() { "no answer in time".to_owned() } else { "no answer".to_owned() }
    };
    let request = if body.is_empty() {
        client.get(url.clone())
    } else {
        client.post(url.clone()).header("content-type", "application/json").body(body)
    };
    let response = request.send().await.map_err(told)?;
    let status = response.status();
    let reply = response.bytes().await.map_err(told)?;
    if status.is_success() { Ok(reply.len()) } else { Err(format!("status {}", status.as_u16())) }
}

async fn signed(identity: &Identity, url: &Url, body: Vec<u8>) -> Result<usize, String> {
    let method = if body.is_empty() { Method::GET } else { Method::POST };
    let question = Question { method, url: url.clone(), headers: HeaderMap::new(), body };
    let answer = ask(identity, &question, Clock::system().now()).await.map_err(|error| error.to_string())?;
    if answer.is_answered() { Ok(answer.body.len()) } else { Err(format!("status {}", answer.status)) }
}

#[cfg(test)]
mod tests {
    use super::super::profile::ETT;
    use super::*;

    #[test]
    fn a_window_holds_its_share_of_the_rate() {
        assert_eq!(requests(&ETT[0], Duration::from_secs(2)), 200);
        assert_eq!(requests(&ETT[1], Duration::from_secs(60)), 500);
        assert_eq!(requests(&ETT[3], Duration::from_secs(1)), 1);
    }

    #[test]
    fn bodies_have_exactly_the_rows_size() {
        let url = Url::parse("http://127.0.0.1/").unwrap();
        let client = reqwest::Client::builder();
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let way = Way::Plain(client.build().unwrap());
        let target = Target { url, body: Some(b"{}".to_vec()), fresh: false, way };
        let body = target.body(10).unwrap();
        assert_eq!(body, b"{}        ");
        assert!(target.body(1).is_err());
    }
}
