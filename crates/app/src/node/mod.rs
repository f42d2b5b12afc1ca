//! A node: everything the configuration names, wired together, until the order to stop.

mod consumer;
pub(crate) mod keys;
mod listen;
mod site;
#[cfg(test)]
mod statements;
mod watch;
mod witness;

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use eds::CachedTrust;
use gateway::{Catalogue, Consumer, Gateway, Provider};
use ledger::{Log, LogReader};
use model::{Clock, ProviderKind, Service};
use population::Population;
use registers::enforcement::{Codes, Enforcement};
use registers::foreigners::Foreigners;
use stays::{OverNais, Stays};
use store::{Blobs, Db, Migration, Vault};
use tokio::sync::watch as signal;
use web::{Metrics, Peer, Problems};

use crate::commands::restore::Restored;
use crate::config::{self, Config};
use crate::exit::{Error, Outcome};
use crate::services::read_folders;

use consumer::{Other, consumer};

pub(crate) use site::pages;

/// `nais serve`
#[derive(clap::Args, Debug)]
pub struct ServeArgs {
    /// The node's configuration
    #[arg(long, value_name = "FILE", default_value = "nais.toml")]
    config: PathBuf,
    /// What this node does; all of it by default
    #[arg(long, value_delimiter = ',', value_name = "ROLE,…")]
    role: Vec<Role>,
}

/// A part of the system that a node can carry.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Pages and the ledger's reading side
    Portal,
    /// The signed exchange between systems
    Gateway,
    /// UIS ILE
    Identity,
    /// The owners' registers
    Registers,
    /// The operator's console
    Office,
}

impl Role {
    const ALL: [Self; 5] = [Self::Portal, Self::Gateway, Self::Identity, Self::Registers, Self::Office];
}

/// All schema steps of the program.
pub(crate) fn schema() -> Vec<Migration> {
    [
        store::SCHEMA,
        ledger::SCHEMA,
        gateway::SCHEMA,
        registers::enforcement::SCHEMA,
        registers::foreigners::SCHEMA,
        population::SCHEMA,
        stays::SCHEMA,
        mail::SCHEMA,
        identity::SCHEMA,
        portal::SCHEMA,
    ]
    .concat()
}

/// Texts of every crate's refusals.
pub(crate) fn problems() -> Result<Arc<Problems>, Error> {
    let texts = [
        model::TEXTS,
        eds::TEXTS,
        ledger::TEXTS,
        web::TEXTS,
        gateway::TEXTS,
        registers::enforcement::TEXTS,
        registers::foreigners::TEXTS,
        population::TEXTS,
        stays::TEXTS,
    ];
    Ok(Arc::new(Problems::load(&texts, web::problem::DEFAULT_BASE)?))
}

/// What commands and nodes share: the database with its ledger, open.
pub struct Tools {
    /// The database.
    pub db: Db,
    /// Seals and opens personal data.
    pub vault: Vault,
    /// The log.
    pub log: Log,
    /// The time.
    pub clock: Clock,
    /// The services of the configured folder.
    pub services: Vec<Arc<Service>>,
    /// The witness beside this node, while it runs.
    _witness: Option<witness::Beside>,
    watchers: Vec<ledger::Watcher>,
}

impl Tools {
    /// Opens the database, asks the witnesses, and opens the ledger. A roll-back is refused here.
    pub async fn open(config: &Config) -> Result<Self, Error> {
        let vault = keys::vault(config)?;
        let clock = Clock::system();
        let log = Log::new(keys::log_key(config)?, keys::more_lines(config)?, clock.clone());
        let (beside, mut watchers) = witness::watchers(config, &log, &clock).await?;
        let restored = Restored::of(config)?;
        if restored.is_some() {
            // Nobody but the witnesses can say whether a restored database is the last one.
            watchers.iter_mut().for_each(|watcher| watcher.required = true);
        }
        let db = Db::open(&config.db()?, &schema(), log.sequencer())?;
        ledger::start(&log, &db, &watchers).await?;
        if let Some(restored) = restored {
            restored.settle()?;
        }
        let services = read_folders(&config.path(&config.services))?;
        Ok(Self { db, vault, log, clock, services, _witness: beside, watchers })
    }

    /// The registers of this program as providers, by the name that passports use.
    fn embedded(&self, service: &Arc<Service>, name: &str, asks: Option<&Consumer>) -> Result<Embedded, Error> {
        let (vault, db, clock) = (self.vault.clone(), self.db.clone(), self.clock.clone());
        let mut stays = None;
        let provider: Arc<dyn Provider> = match name {
            "foreigners" => Arc::new(Foreigners::new(vault, service.clone(), db, clock).map_err(Error::failed)?),
            "population" => Arc::new(Population::new(vault, db, clock).map_err(Error::failed)?),
            "enforcement" => Arc::new(Enforcement::new(vault, service.clone(), db, clock).map_err(Error::failed)?),
            "stays" => {
                let Some(consumer) = asks else { return Ok(Embedded { provider: None, stays: None }) };
                let isos = Arc::new(OverNais::new(Other(consumer.clone()), "MVD"));
                let register = Stays::new(vault, service.clone(), db, clock, isos).map_err(Error::failed)?;
                stays = Some(register.clone());
                Arc::new(register)
            }
            other => {
                let code = &service.passport.code;
                return Err(Error::usage(format!("service {code}: provider: this program has no register `{other}`")));
            }
        };
        Ok(Embedded { provider: Some(provider), stays })
    }

    /// The code lists of enforcement, for filling a stand.
    pub(crate) fn codes(&self) -> Result<Arc<Codes>, Error> {
        let found = self.services.iter().find(|service| service.passport.code.as_str() == "3.11.01");
        let service = found.ok_or_else(|| Error::usage("the folder of services has no 3.11.01"))?;
        let (vault, db, clock) = (self.vault.clone(), self.db.clone(), self.clock.clone());
        let register = Enforcement::new(vault, service.clone(), db, clock).map_err(Error::failed)?;
        Ok(register.codes().clone())
    }

    /// The services with whoever answers them.
    ///
    /// An owner's system that asks others needs `asks`; without it its service is not offered here.
    pub(crate) fn catalogue(
        &self,
        upstream: &rustls::ClientConfig,
        registers: bool,
        asks: Option<&Consumer>,
    ) -> Result<(Catalogue, Option<Stays>), Error> {
        let (mut offered, mut stays) = (Vec::new(), None);
        for service in &self.services {
            let passport = &service.passport;
            let provider: Arc<dyn Provider> = match &passport.provider {
                ProviderKind::Embedded(_) if !registers => continue,
                ProviderKind::Embedded(name) => {
                    let embedded = self.embedded(service, name, asks)?;
                    stays = stays.or(embedded.stays);
                    let Some(provider) = embedded.provider else { continue };
                    provider
                }
                ProviderKind::Upstream(upstream_at) => {
                    let timeout = Duration::from_millis(upstream_at.timeout_ms);
                    let client = gateway::forward::Forward::client(upstream.clone(), timeout)?;
                    let idempotent =
                        passport.methods.iter().filter(|m| m.idempotent || !m.effect).map(|m| m.path.clone()).collect();
                    Arc::new(gateway::forward::Forward::new(client, upstream_at, idempotent)?)
                }
            };
            offered.push((service.clone(), provider));
        }
        Ok((Catalogue::new(offered), stays))
    }
}

/// A register of this program.
struct Embedded {
    /// None when what it needs is not configured.
    provider: Option<Arc<dyn Provider>>,
    /// The one that has work of its own.
    stays: Option<Stays>,
}

/// A node at work.
pub struct Node {
    /// What it stands on.
    pub tools: Tools,
    /// UIS ILE, where it is part of this node.
    pub identity: Option<identity::Identity>,
    gateway: web::Edge<axum::Router>,
    listeners: Vec<web::Listening>,
    stop: signal::Sender<bool>,
}

impl Node {
    /// Starts what the roles need; ready when this returns.
    pub async fn start(config: &Config, roles: &[Role]) -> Result<Self, Error> {
        Self::start_on(Tools::open(config).await?, config, roles).await
    }

    /// The same on a database that is open already.
    pub async fn start_on(tools: Tools, config: &Config, roles: &[Role]) -> Result<Self, Error> {
        let roles = if roles.is_empty() { Role::ALL.to_vec() } else { roles.to_vec() };
        let (stop, stopping) = signal::channel(false);
        let (key, certificate) = keys::answer_key(config)?;
        let trust = Arc::new(CachedTrust::new(keys::trust(config)?));
        let problems = problems()?;
        let metrics = Metrics::new();
        let faults = metrics.gauge(
            "nais_ledger_faults",
            "Faults that the last check of the whole log found, -1 when it failed; must stay 0",
        );
        let audit = watch::Audit::new(tools.db.clone(), tools.log.vkey().clone(), tools.vault.clone(), faults);
        let upstream = listen::upstream_tls(config)?;
        let server = listen::Server::read(config)?;
        let asking = config.stays.as_ref().map(|stays| config.path(&stays.consumer));
        let known = asking.map(|folder| consumer(&folder, &server.host, &tools.clock)).transpose()?;
        let asks = known.as_ref().map(|known| &known.consumer);
        let (catalogue, stays) = tools.catalogue(&upstream, roles.contains(&Role::Registers), asks)?;
        let gateway = Gateway::open(gateway::Parts {
            db: tools.db.clone(),
            vault: tools.vault.clone(),
            clock: tools.clock.clone(),
            trust: trust.clone(),
            catalogue,
            key,
            certificate,
            server: server.certificate,
            problems: problems.clone(),
            config: gateway::Config::default(),
        })
        .await?;
        let reader = LogReader::new(tools.log.clone(), tools.db.clone());
        let parts = listen::Parts {
            config,
            tools: &tools,
            gateway: &gateway,
            host: &server.host,
            reader: &reader,
            trust: &trust,
            problems,
            metrics,
        };
        let edge = parts.gateway_edge();
        if let Some(known) = &known {
            known.connect(&edge);
        }
        let site = site::open(&parts, &edge, &roles).await?;
        let listeners = listen::all(&parts, site.router, &roles, &stopping).await?;
        tokio::spawn(gateway.clone().keep_current());
        tokio::spawn(gateway::queue::work(gateway.clone()));
        tokio::spawn(ledger::witness::follow(reader.clone(), tools.watchers.clone()));
        tokio::spawn(ledger::publish(reader, blobs(config)?));
        if let Some(stays) = stays {
            tokio::spawn(stays.work());
        }
        tokio::spawn(watch::revocations(config.clone(), trust, tools.clock.clone()));
        tokio::spawn(watch::master_keys(config.clone(), tools.vault.clone(), tools.clock.clone()));
        tokio::spawn(audit.work(config.ledger.audit_minutes));
        Ok(Self { tools, identity: site.identity, gateway: edge, listeners, stop })
    }

    /// The gateway for a caller in this process, who is `peer`.
    pub fn in_process(&self, peer: Peer) -> InProcess {
        InProcess { edge: self.gateway.clone(), peer }
    }

    /// Waits for the order to stop (Ctrl-C or SIGTERM), then answers what was asked and ends.
    pub async fn until_stopped(self) -> Result<(), Error> {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(Error::failed)?;
        tokio::select! {
            ended = tokio::signal::ctrl_c() => ended.map_err(Error::failed)?,
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: answering what was asked");
        self.stop.send_replace(true);
        for listener in self.listeners {
            listener.finished().await;
        }
        Ok(())
    }
}

/// The gateway without a network between.
#[derive(Clone)]
pub struct InProcess {
    edge: web::Edge<axum::Router>,
    peer: Peer,
}

impl tower::Service<Request<Body>> for InProcess {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = gateway::Boxed<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Self { edge, peer } = self.clone();
        Box::pin(async move { Ok(edge.call(request, peer).await) })
    }
}

/// The place of blobs.
fn blobs(config: &Config) -> Result<Blobs, Error> {
    Ok(match &config.blobs {
        config::Blobs::Folder { folder } => Blobs::folder(&config.path(folder))?,
        config::Blobs::Bucket { endpoint, bucket, region, key_id_file, secret_file } => {
            let read = |file: &PathBuf| {
                let path = config.path(file);
                std::fs::read_to_string(&path)
                    .map(|text| text.trim().to_owned())
                    .map_err(|error| Error::config(&path, "blobs", error.to_string()))
            };
            Blobs::bucket(endpoint, bucket, region, &read(key_id_file)?, &read(secret_file)?)?
        }
    })
}

/// Runs a node until it is told to stop.
pub async fn serve(args: ServeArgs) -> Result<Outcome, Error> {
    let config = Config::read(&args.config)?;
    start_logging(&config.log);
    let node = Node::start(&config, &args.role).await?;
    tracing::info!(gateway = config.gateway.listen, portal = config.portal.listen, "ready");
    node.until_stopped().await?;
    Ok(Outcome::Done)
}

/// Log lines go to standard error, as text or JSON.
pub(crate) fn start_logging(log: &config::Log) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(log.filter.as_deref().unwrap_or("info")).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call in one process keeps the first subscriber: tests start several nodes.
    let _ = if log.json { builder.json().flatten_event(true).try_init() } else { builder.with_ansi(false).try_init() };
}
