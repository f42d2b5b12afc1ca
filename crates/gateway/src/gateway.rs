//! The gateway as the whole process shares it.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::http_signature;
use eds::{CachedTrust, Certificate, SigningKey};
use model::{Clock, Lang, Refusal};
use store::{Db, Vault};
use tokio::sync::Notify;
use uuid::Uuid;
use web::Problems;
use web::problem::Occasion;

use crate::access::{self, Access, Limiters};
use crate::catalogue::Catalogue;
use crate::certificates::Certificates;
use crate::{consent, exchange, memory, queue};

/// How the gateway behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// How often the node looks whether the operator changed something.
    pub renewal: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { renewal: Duration::from_millis(500) }
    }
}

/// What a gateway is made of.
pub struct Parts {
    /// The database, whose commits the ledger seals.
    pub db: Db,
    /// Seals what is personal.
    pub vault: Vault,
    /// The time.
    pub clock: Clock,
    /// Roots, intermediates and revocation lists.
    pub trust: Arc<CachedTrust>,
    /// The services with their providers.
    pub catalogue: Catalogue,
    /// NAIS' own signing key.
    pub key: SigningKey,
    /// Its certificate.
    pub certificate: Certificate,
    /// The certificate that its port is served with: signed requests name one of its hosts.
    pub server: Certificate,
    /// Texts of refusals.
    pub problems: Arc<Problems>,
    /// How it behaves.
    pub config: Config,
}

/// Signs answers.
pub(crate) struct Signer {
    pub key: SigningKey,
    pub message: http_signature::Signer,
    pub certificate_header: HeaderValue,
}

/// Everything a request needs. Private parts; see [`Gateway`].
pub struct Inner {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    pub(crate) trust: Arc<CachedTrust>,
    pub(crate) signer: Signer,
    pub(crate) server: Certificate,
    pub(crate) certificates: Certificates,
    pub(crate) config: Config,
    /// Wakes the worker of kept questions.
    pub(crate) wake: Notify,
    pub(crate) pulses: crate::pulse::Pulses,
    access: ArcSwap<Access>,
    limiters: Limiters,
    catalogue: ArcSwap<Catalogue>,
    problems: Arc<Problems>,
}

/// The gateway. Clones share everything.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

impl Deref for Gateway {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Gateway {
    /// A gateway that knows what the operator granted so far.
    pub async fn open(parts: Parts) -> Result<Self, crate::Error> {
        let header = BASE64_STANDARD.encode(parts.certificate.der());
        let signer = Signer {
            message: http_signature::Signer::new(parts.key.clone(), &parts.certificate)?,
            certificate_header: HeaderValue::from_str(&header).map_err(|_| crate::Error::Certificate)?,
            key: parts.key,
        };
        let gateway = Self(Arc::new(Inner {
            db: parts.db,
            vault: parts.vault,
            clock: parts.clock,
            trust: parts.trust,
            signer,
            server: parts.server,
            certificates: Certificates::default(),
            config: parts.config,
            wake: Notify::new(),
            pulses: crate::pulse::Pulses::default(),
            access: ArcSwap::default(),
            limiters: Limiters::default(),
            catalogue: ArcSwap::from_pointee(parts.catalogue),
            problems: parts.problems,
        }));
        gateway.renew().await?;
        Ok(gateway)
    }

    /// The router for the gateway's port: every path goes through the exchange.
    pub fn router(&self) -> axum::Router {
        axum::Router::new().fallback(exchange::exchange).with_state(self.clone())
    }

    /// What is granted now.
    pub fn access(&self) -> Arc<Access> {
        self.access.load_full()
    }

    /// The services now offered.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.load_full()
    }

    /// How a service does just now; none when nobody has asked it since the start.
    pub fn pulse(&self, service: &str) -> Option<crate::Pulse> {
        self.pulses.of(service)
    }

    /// Offers these services from now on.
    pub fn offer(&self, catalogue: Catalogue) {
        self.catalogue.store(Arc::new(catalogue));
    }

    /// Renews the snapshot of what is granted.
    pub async fn renew(&self) -> Result<(), store::Error> {
        let gateway = self.clone();
        let fresh = self.db.read(move |tx| access::load(tx, &gateway.limiters)).await?;
        self.access.store(Arc::new(fresh));
        Ok(())
    }

    /// Renews the snapshot whenever the operator changed something, and forgets what is out of its term; for ever.
    pub async fn keep_current(self) {
        let mut ticks: u32 = 0;
        loop {
            tokio::time::sleep(self.config.renewal).await;
            match self.db.read(access::version).await {
                Ok(version) if version != self.access.load().version => {
                    if let Err(error) = self.renew().await {
                        tracing::warn!(%error, "what the operator granted could not be read");
                    }
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the version of what the operator granted could not be read"),
            }
            ticks = ticks.wrapping_add(1);
            if ticks.is_multiple_of(120) {
                let now = self.clock.micros();
                let forgotten = self.db.write(move |tx| {
                    memory::forget(tx, now)?;
                    consent::forget(tx, now)?;
                    queue::forget(tx, now)
                });
                if let Err(error) = forgotten.await {
                    tracing::warn!(%error, "what is out of its term could not be forgotten");
                }
                if let Err(error) = consent::expire(&self.db, &self.vault, self.clock.now()).await {
                    tracing::warn!(%error, "consents whose term is over could not be ended");
                }
            }
        }
    }

    /// Status and problem document of a refusal.
    pub(crate) fn problem(&self, refusal: &Refusal, lang: Lang, instance: &str, request_id: Uuid) -> (u16, Vec<u8>) {
        let occasion = Occasion { lang, instance, request_id, now: self.clock.now() };
        let (status, body) = self.problems.problem(refusal, &occasion);
        (status.as_u16(), body)
    }
}
