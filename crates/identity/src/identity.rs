//! The identity provider as the whole process shares it.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use eds::CachedTrust;
use mail::Outbox;
use model::{Clock, Lang};
use reqwest::Url;
use store::{Db, Vault};
use web::pages::{Pages, View, allow_form_to};

use crate::account::Level;
use crate::config::{Client, Config};
use crate::error::Page;
use crate::password::Hasher;
use crate::{Error, audit, flow, limit, oidc, pages, session, ticket};

/// How often what is over is forgotten, and keys are looked at.
const TIDY: Duration = Duration::from_secs(60);
/// How long a client may take to hear of a sign-out.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an identity provider is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Seals what is personal.
    pub vault: Vault,
    /// The time.
    pub clock: Clock,
    /// All pages, [`crate::PAGES`] among them.
    pub pages: Pages,
    /// Where messages go.
    pub outbox: Outbox,
    /// How clients are told over HTTPS that somebody signed out: whom to trust.
    pub tls: rustls::ClientConfig,
    /// Whose certificates people may sign in with; none: nobody signs in with an EDS.
    pub trust: Option<Arc<CachedTrust>>,
    /// Its settings.
    pub config: Config,
}

/// Everything a request needs. Private parts; see [`Identity`].
pub struct Inner {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    pub(crate) pages: Pages,
    pub(crate) outbox: Outbox,
    pub(crate) config: Config,
    pub(crate) clients: HashMap<String, Client>,
    pub(crate) hasher: Hasher,
    pub(crate) http: reqwest::Client,
    pub(crate) trust: Option<Arc<CachedTrust>>,
}

/// The identity provider. Clones are the same.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

impl Deref for Identity {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Identity {
    /// The identity provider of these parts, with a key to sign with.
    ///
    /// # Errors
    /// Names the setting that cannot be used; and those of the database.
    pub async fn open(parts: Parts) -> Result<Self, Error> {
        let Parts { db, vault, clock, pages, outbox, tls, trust, config } = parts;
        config.check()?;
        let hasher = Hasher::new(vault.clone(), config.hashing)?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| Error::Config(format!("tls: {error}")))?;
        let clients = config.clients.iter().map(|client| (client.id.clone(), client.clone())).collect();
        let core = Self(Arc::new(Inner { db, vault, clock, pages, outbox, config, clients, hasher, http, trust }));
        oidc::keys::ensure(&core).await?;
        Ok(core)
    }

    /// Its pages and its OpenID endpoints.
    pub fn router(&self) -> Router {
        pages::router(self).merge(oidc::router(self))
    }

    /// Forgets what is over, makes keys in time, tells clients of sign-outs; until the process ends.
    pub async fn work(self) {
        tokio::join!(oidc::logout::work(self.clone()), self.tidy_for_ever());
    }

    async fn tidy_for_ever(&self) {
        loop {
            if let Err(error) = self.tidy().await {
                tracing::warn!(%error, "what is over could not be forgotten");
            }
            tokio::time::sleep(TIDY).await;
        }
    }

    /// What is over is forgotten afterwards, and the signing key is not too old.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tidy(&self) -> Result<(), Error> {
        let now = self.clock.micros();
        self.db
            .write(move |tx| {
                limit::forget(tx, now)?;
                session::forget(tx, now)?;
                ticket::forget(tx, now)?;
                flow::forget(tx, now)?;
                audit::forget(tx, now)?;
                pages::forget_steps(tx, now)?;
                oidc::forget(tx, now)
            })
            .await?;
        oidc::keys::ensure(self).await
    }

    /// Signs with a new key from now on; tokens signed with the old one hold until they expire.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn rotate_key(&self) -> Result<(), Error> {
        oidc::keys::rotate(self).await
    }

    /// Tells the clients that wait to hear of a sign-out, once each; how many were told.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tell_clients(&self) -> Result<usize, Error> {
        oidc::logout::round(self).await
    }

    /// Whether people can sign in at this level here.
    pub(crate) fn offers(&self, level: Level) -> bool {
        level < Level::High || self.trust.is_some()
    }

    /// The page, or the page of why there is none.
    pub(crate) fn settle(&self, view: &View, page: Page) -> Response<Body> {
        page.unwrap_or_else(|fail| fail.page(&self.pages, view))
    }

    pub(crate) fn text(&self, lang: Lang, key: &str) -> String {
        self.pages.text(lang, key, &[])
    }

    /// A page's address as messages name it.
    pub(crate) fn url(&self, lang: Lang, path: &str) -> String {
        format!("{}/{}{path}", self.config.base_url, lang.code())
    }

    /// Lets the page's form end at the client that waits: browsers apply `form-action` to redirects too.
    pub(crate) fn lead_to_client(&self, response: &mut Response<Body>, redirect_uri: &str) {
        if let Ok(url) = Url::parse(redirect_uri) {
            allow_form_to(response, &url.origin().ascii_serialization());
        }
    }
}
