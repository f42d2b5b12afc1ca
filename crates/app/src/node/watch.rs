//! What a node looks after by itself: revocation lists whose files change, responders to ask where lists are silent, and
//! the soundness of the whole log.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use eds::ocsp::{Question, Response};
use eds::{CachedTrust, Certificate};
use ledger::Vkey;
use model::Clock;
use reqwest::Client;
use store::{Db, Vault};
use terminal::http;
use web::metrics::Gauge;

use crate::config::Config;
use crate::exit::Error;

use super::keys;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a responder may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer of a responder.
const ANSWER: usize = 64 * 1024;

/// Keeps `trust` as current as the files, and as the responders where files are silent; for ever. A file that cannot be read
/// leaves the last good lists in force.
pub(crate) async fn revocations(config: Config, trust: Arc<CachedTrust>, clock: Clock) {
    tokio::spawn(statuses(config.clone(), trust.clone(), clock));
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
async fn statuses(config: Config, trust: Arc<CachedTrust>, clock: Clock) {
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

/// The whole log, derived anew and compared from time to time.
pub(crate) struct Audit {
    db: Db,
    vkey: Vkey,
    vault: Vault,
    faults: Gauge,
}

impl Audit {
    /// Of this database's log; `faults` shows how many were found last.
    pub(crate) fn new(db: Db, vkey: Vkey, vault: Vault, faults: Gauge) -> Self {
        Self { db, vkey, vault, faults }
    }

    /// Looks every so many minutes, for ever; never when that is 0.
    pub(crate) async fn work(self, minutes: u32) {
        let pause = Duration::from_secs(60 * u64::from(minutes));
        while !pause.is_zero() {
            tokio::time::sleep(pause).await;
            self.look().await;
        }
    }

    /// Looks once. A log that is not sound goes on: what it signs is what convicts whoever changed it.
    async fn look(&self) {
        let report = match ledger::fsck(&self.db, self.vkey.clone(), Some(self.vault.clone()), |_, _| {}).await {
            Ok(report) => report,
            Err(error) => {
                self.faults.set(-1);
                return tracing::error!(%error, "the ledger could not be checked");
            }
        };
        self.faults.set(i64::try_from(report.faults).unwrap_or(i64::MAX));
        if report.is_sound() {
            return tracing::info!(entries = report.entries, "the ledger is sound");
        }
        for fault in &report.first {
            tracing::error!(%fault, "the ledger is NOT sound");
        }
    }
}

/// Keeps `vault` as current as the file of master keys, and turns to a key when its moment comes; for ever.
pub(crate) async fn master_keys(config: Config, vault: Vault, clock: Clock) {
    let path = config.path(&config.keys.master);
    let modified = || std::fs::metadata(&path).and_then(|found| found.modified()).ok();
    let (mut seen, mut masters) = (None, Vec::new());
    loop {
        let now = modified();
        if now != seen {
            seen = now;
            match keys::masters(&config) {
                Ok(fresh) => masters = fresh,
                Err(error) => tracing::error!(%error, "the master keys cannot be read; the known ones stay in use"),
            }
        }
        let before = vault.sealing();
        match keys::turn(&vault, &masters, clock.now()) {
            Ok(()) if vault.sealing() != before => tracing::info!(key = vault.sealing(), "another key seals"),
            Ok(()) => {}
            Err(error) => tracing::error!(%error, "the vault did not take its keys"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn changed(config: &Config) -> Vec<Option<SystemTime>> {
    let trust = &config.trust;
    let authorities = trust.intermediates.iter().chain(&trust.attribute_authorities);
    let files = trust.crls.iter().chain(std::iter::once(&trust.roots)).chain(authorities);
    files.map(|file| std::fs::metadata(config.path(file)).and_then(|found| found.modified()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use eds::SigningKey;
    use ledger::{Log, NoteKey};
    use store::DbConfig;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_entry_added_behind_the_log_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate(eds::Algorithm::Ed25519).unwrap();
        let key = NoteKey::new("nais.example/ledger", ledger::Algorithm::Ed25519, key).unwrap();
        let log = Log::new(key, Vec::new(), Clock::system());
        let config = DbConfig::new(format!("sqlite:{}", folder.path().join("nais.db").display()));
        let db = Db::open(&config, ledger::SCHEMA, log.sequencer()).unwrap();
        ledger::start(&log, &db, &[]).await.unwrap();
        let faults = web::Metrics::new().gauge("faults", "Faults");
        let audit = Audit::new(db.clone(), log.vkey().clone(), Vault::new(&[7; 32]).unwrap(), faults.clone());
        audit.look().await;
        assert_eq!(faults.value(), 0);
        let stray = "INSERT INTO ledger_entry (idx, data, request_id) VALUES (0, x'00', zeroblob(16))";
        db.write(move |tx| tx.batch(stray)).await.unwrap();
        audit.look().await;
        assert_eq!(faults.value(), 1);
    }
}
