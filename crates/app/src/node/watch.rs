//! Reads revocation lists again when their files change, so that a key blocked anywhere is blocked here in seconds.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use eds::CachedTrust;

use crate::config::Config;

use super::keys;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(1);

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

fn changed(config: &Config) -> Vec<Option<SystemTime>> {
    let files = config.trust.crls.iter().chain(std::iter::once(&config.trust.roots));
    files.map(|file| std::fs::metadata(config.path(file)).and_then(|found| found.modified()).ok()).collect()
}
