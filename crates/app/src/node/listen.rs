//! The node's listeners: gateway with mutual TLS, portal, operations.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use eds::{CachedTrust, Certificate};
use gateway::Gateway;
use ledger::LogReader;
use rustls_pki_types::pem::PemObject as _;
use terminal::authority::{Folder, answers};
use tokio::sync::watch;
use web::body::Allowance;
use web::edge::{REQUEST_TIMEOUT, Setup};
use web::operations::{Checks, operations_router};
use web::shed::{Shed, ShedLimits};
use web::{ClientAuthority, Edge, Limits, ListenerConfig, Listening, Metrics, Problems, Tls, TlsSetup};

use crate::config::Config;
use crate::exit::Error;
use crate::files;

use super::{Role, Tools};

/// What the listeners are made of.
pub(crate) struct Parts<'a> {
    pub config: &'a Config,
    pub tools: &'a Tools,
    pub gateway: &'a Gateway,
    /// A host under which the gateway is reached.
    pub host: &'a str,
    pub reader: &'a LogReader,
    pub trust: &'a Arc<CachedTrust>,
    pub problems: Arc<Problems>,
    pub metrics: Metrics,
}

impl Parts<'_> {
    /// The gateway behind its gate against overload.
    pub(crate) fn gateway_edge(&self) -> Edge<Router> {
        let at_once = self.config.gateway.in_flight;
        let limits = ShedLimits { at_once, waiting: at_once, wait: Duration::from_millis(250) };
        self.edge("gateway", self.gateway.router(), Some(Shed::new(limits)))
    }

    fn edge(&self, name: &'static str, router: Router, shed: Option<Shed>) -> Edge<Router> {
        Edge::new(
            router,
            Setup {
                name,
                problems: self.problems.clone(),
                clock: self.tools.clock.clone(),
                random: store::random,
                metrics: self.metrics.clone(),
                request_timeout: REQUEST_TIMEOUT,
                shed,
            },
        )
    }
}

/// Starts the listeners that the roles need; operations always.
pub(crate) async fn all(
    parts: &Parts<'_>,
    site: Router,
    roles: &[Role],
    stopping: &watch::Receiver<bool>,
) -> Result<Vec<Listening>, Error> {
    let mut listening = Vec::new();
    if roles.contains(&Role::Gateway) {
        listening.push(gateway_listener(parts, stopping.clone()).await?);
    }
    if roles.contains(&Role::Portal) || roles.contains(&Role::Identity) {
        let mut config = plain(&parts.config.portal.listen, "portal.listen");
        // A form with files takes longer; each other body is given less by whoever reads it.
        config.limits.body_timeout = Allowance::UPLOAD.within;
        let authority = match &parts.config.authority {
            Some(authority) => answers::router(Folder::at(&parts.config.path(&authority.folder)), &parts.tools.clock)?,
            None => Router::new(),
        };
        let router = ledger::router(parts.reader.clone()).merge(authority).merge(site);
        listening.push(web::serve(config, parts.edge("portal", router, None), stopping.clone()).await?);
    }
    let config = plain(&parts.config.operations.listen, "operations.listen");
    let router = operations(parts);
    listening.push(web::serve(config, parts.edge("operations", router, None), stopping.clone()).await?);
    Ok(listening)
}

async fn gateway_listener(parts: &Parts<'_>, stopping: watch::Receiver<bool>) -> Result<Listening, Error> {
    let config = &parts.config.gateway;
    let read = |file: &std::path::Path, key: &str| {
        let path = parts.config.path(file);
        std::fs::read(&path).map_err(|error| Error::config(&path, key, error.to_string()))
    };
    let (chain, key) = (read(&config.certificate, "gateway.certificate")?, read(&config.key, "gateway.key")?);
    let mut roots = read(&parts.config.trust.roots, "trust.roots")?;
    if let Some(intermediates) = &parts.config.trust.intermediates {
        // Clients that send their certificate alone are understood too.
        roots.extend(read(intermediates, "trust.intermediates")?);
    }
    // Revocation is the exchange's to refuse, with its reason and on open connections too; not TLS's, with an alert.
    let clients = ClientAuthority { roots: &roots, lists: &[], whole_chain: false, fresh_lists: false };
    let tls = TlsSetup::new(&Tls { chain: &chain, key: &key, clients: Some(clients) })?;
    let listener = ListenerConfig {
        addr: config.listen.clone(),
        option: "gateway.listen",
        tls: Some(tls),
        limits: Limits::default(),
    };
    Ok(web::serve(listener, parts.gateway_edge(), stopping).await?)
}

fn plain(addr: &str, option: &'static str) -> ListenerConfig {
    ListenerConfig { addr: addr.to_owned(), option, tls: None, limits: Limits::default() }
}

fn operations(parts: &Parts<'_>) -> Router {
    let db = parts.tools.db.clone();
    let log = parts.tools.log.clone();
    let gateway = parts.gateway.clone();
    let ready = Checks::new()
        .with("database", move || {
            let db = db.clone();
            async move { db.read(|_| Ok(())).await.map_err(|error| error.to_string()) }
        })
        .with("ledger", move || {
            let closed = log.closed();
            async move { closed.map_or(Ok(()), Err) }
        })
        // One owner's trouble must not take a node out of service for the others.
        .with_advisory("providers", move || {
            let catalogue = gateway.catalogue();
            async move {
                let away: Vec<&str> =
                    catalogue.providers().filter(|(_, provider)| !provider.ready()).map(|(code, _)| code).collect();
                if away.is_empty() { Ok(()) } else { Err(format!("not answering: {}", away.join(", "))) }
            }
        });
    let db = parts.tools.db.clone();
    let waiting = move || db.waiting() as f64;
    parts.metrics.gauge_from("nais_store_waiting", "Jobs waiting for the database's writer.", &[], waiting);
    let log = parts.tools.log.clone();
    let size = move || log.head().edge.size() as f64;
    parts.metrics.gauge_from("nais_ledger_size", "Entries of the ledger.", &[], size);
    operations_router(Checks::new(), ready, parts.metrics.clone())
}

/// What systems find at the gateway's port.
pub(crate) struct Server {
    /// Its certificate.
    pub certificate: Certificate,
    /// A host that the certificate names: clients look for it, and so does the gateway in what they sign.
    pub host: String,
}

impl Server {
    /// The certificate as the configuration names it.
    pub(crate) fn read(config: &Config) -> Result<Self, Error> {
        let path = config.path(&config.gateway.certificate);
        Self::of(files::certificate(&path, "gateway.certificate")?, &path)
    }

    fn of(certificate: Certificate, path: &Path) -> Result<Self, Error> {
        let none = "it names no host; have it issued with a DNS name or an address (subjectAltName)";
        let host = certificate.host().ok_or_else(|| Error::config(path, "gateway.certificate", none.to_owned()))?;
        Ok(Self { certificate, host })
    }
}

/// TLS towards providers and witnesses: our roots, our own certificate.
pub(crate) fn upstream_tls(config: &Config) -> Result<rustls::ClientConfig, Error> {
    let read = |file: &std::path::Path, key: &str| {
        let path = config.path(file);
        std::fs::read(&path).map_err(|error| Error::config(&path, key, error.to_string()))
    };
    let pem = |error: rustls_pki_types::pem::Error| Error::failed(format!("PEM: {error}"));
    let mut roots = rustls::RootCertStore::empty();
    for root in rustls_pki_types::CertificateDer::pem_slice_iter(&read(&config.trust.roots, "trust.roots")?) {
        roots.add(root.map_err(pem)?).map_err(Error::failed)?;
    }
    let chain: Result<Vec<_>, _> =
        rustls_pki_types::CertificateDer::pem_slice_iter(&read(&config.gateway.certificate, "gateway.certificate")?)
            .collect();
    let key =
        rustls_pki_types::PrivateKeyDer::from_pem_slice(&read(&config.gateway.key, "gateway.key")?).map_err(pem)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::failed)?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain.map_err(pem)?, key)
        .map_err(Error::failed)?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use eds::pki::{Authority, Subject, Term};
    use eds::{Algorithm, SigningKey};

    use super::*;

    #[test]
    fn a_certificate_that_names_no_host_stops_the_start() {
        let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
        let term = Term {
            not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2027-01-01T00:00:00Z".parse().unwrap(),
        };
        let nameless = Authority::root(&Subject::new("Root"), key, term).unwrap().certificate().clone();
        let told = Server::of(nameless, Path::new("gateway.pem")).map(|server| server.host).unwrap_err().to_string();
        assert!(told.contains("gateway.pem") && told.contains("gateway.certificate"), "{told}");
    }
}
