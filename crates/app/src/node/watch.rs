//! Keeps the status of certificates current: reads lists again when their files change, so that a key blocked anywhere is
//! blocked here in seconds, and asks OCSP responders where lists are silent.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use eds::ocsp::{Question, Response};
use eds::{CachedTrust, Certificate};
use model::Clock;
use reqwest::Client;

use crate::commands::http;
use crate::config::Config;
use crate::exit::Error;

use super::keys;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a responder may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer of a responder.
const ANSWER: usize = 64 * 1024;

/// Keeps `trust` as current as the files; for ever. A file that cannot be read leaves the last good lists in force.
pub(crate) async fn revocations(config: Config, trust: Arc<CachedTrust>) {
    let mut seen = changed(&config);
    loop {
        tokio::time::sleep(INTERVAL).await;
        let now = changed(&config);
        if now == seen {
            continue;
        }
        seen = now;
        match keys::trust(&config) {
            Ok(fresh) => {
                trust.replace(fresh);
                tracing::info!("revocation lists were read again");
            }
            Err(error) => tracing::error!(%error, "revocation lists cannot be read; the last good ones stay in force"),
        }
    }
}

/// Asks the responders of the configuration about certificates whose status no list told; for ever. What they say counts
/// for the next request, until its term or until the files change.
pub(crate) async fn statuses(config: Config, trust: Arc<CachedTrust>, clock: Clock) {
    if config.trust.responders.is_empty() {
        return;
    }
    let roots = config.path(&config.trust.roots);
    let client = match http::client(Some(&roots), PATIENCE) {
        Ok(client) => client,
        Err(error) => return tracing::error!(%error, "no responder can be asked"),
    };
    loop {
        tokio::time::sleep(INTERVAL / 4).await;
        let mut learnt = Vec::new();
        for certificate in trust.unknown() {
            let chain = trust.trust().chain_of(&certificate);
            for pair in chain.windows(2) {
                let [of, issuer] = pair else { continue };
                let responder = of.responders().iter().find(|url| config.trust.responders.contains(url));
                let Some(responder) = responder else { continue };
                match status(&client, responder, of, issuer).await {
                    Ok(response) => learnt.push(response),
                    Err(error) => tracing::warn!(%error, "a responder did not answer"),
                }
            }
        }
        if !learnt.is_empty() {
            trust.learn(learnt, clock.now());
        }
    }
}

async fn status(client: &Client, url: &str, of: &Certificate, issuer: &Certificate) -> Result<Response, Error> {
    let body = Some(("application/ocsp-request", Question::new(of, issuer).to_der()?));
    Ok(Response::from_der(&http::ask(client, url, body, ANSWER).await?)?)
}

fn changed(config: &Config) -> Vec<Option<SystemTime>> {
    let files = config.trust.crls.iter().chain(std::iter::once(&config.trust.roots));
    files.map(|file| std::fs::metadata(config.path(file)).and_then(|found| found.modified()).ok()).collect()
}
