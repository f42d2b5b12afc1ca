//! The witnesses a node asks, and the one that runs beside it on the stand.

use std::path::Path;
use std::sync::Arc;

use ledger::witness::{Witness, WitnessClient};
use ledger::{Log, Vkey, Watcher};
use model::Clock;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::exit::Error;

use super::keys;

/// A witness in this process, with a key and a folder of its own. Ends with the value.
pub(crate) struct Beside(tokio::task::JoinHandle<()>);

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Clients for all configured witnesses; starts the one beside the node first.
pub(crate) async fn watchers(
    config: &Config,
    log: &Log,
    clock: &Clock,
) -> Result<(Option<Beside>, Vec<Watcher>), Error> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(super::listen::upstream_tls(config)?)
        .build()
        .map_err(|error| Error::failed(format!("the client for witnesses: {error}")))?;
    let mut watchers = Vec::new();
    let mut beside = None;
    if let Some(own) = &config.witness {
        let folder = config.path(&own.folder);
        let key = keys::witness_key(&folder, &own.name)?;
        let vkey = key.vkey().clone();
        let url = match Witness::open(&folder, key, vec![log.vkey().clone()], clock.clone()) {
            Ok(witness) => {
                let (url, running) = run(witness, &folder).await?;
                beside = Some(running);
                url
            }
            // A node of this configuration is at work already: its witness is asked.
            Err(refused) => crate::files::text(&folder.join(ADDRESS)).map_err(|_| Error::from(refused))?,
        };
        watchers.push(Watcher { client: WitnessClient::new(vkey, url.trim(), http.clone())?, required: true });
    }
    for other in &config.ledger.witnesses {
        let client = WitnessClient::new(Vkey::parse(&other.vkey)?, &other.url, http.clone())?;
        watchers.push(Watcher { client, required: other.required });
    }
    Ok((beside, watchers))
}

/// Where the witness beside a running node is reached, for commands that work beside it.
const ADDRESS: &str = "address";

async fn run(witness: Witness, folder: &Path) -> Result<(String, Beside), Error> {
    let socket = TcpListener::bind("127.0.0.1:0").await.map_err(Error::failed)?;
    let url = format!("http://{}", socket.local_addr().map_err(Error::failed)?);
    crate::files::replace(&folder.join(ADDRESS), url.as_bytes())?;
    let router = ledger::witness::router(Arc::new(witness));
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(socket, router).await {
            tracing::error!(%error, "the witness beside the node has ended");
        }
    });
    Ok((url, Beside(task)))
}
