//! The portal as all its pages share it.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use axum::middleware;
use axum::routing::{get, post};
use gateway::{Consumer, Gateway};
use ledger::{LogReader, Vkey};
use model::{Clock, Lang, Service};
use secrecy::SecretString;
use store::{Db, Vault};
use web::Problems;
use web::pages::{Pages, View, same_origin};

use crate::form::Form;
use crate::relying::Relying;
use crate::{
    account, apply, book, catalogue, check, consents, entry, files, guest, information, relying, result, send, session,
    statement,
};

/// The portal's registration with the identity provider.
#[derive(Clone, Debug)]
pub struct Client {
    /// The provider's issuer, such as `https://ile.example/oidc`.
    pub issuer: String,
    /// The portal's `client_id`.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
}

/// How the portal is reached.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its own address, such as `https://portal.example`.
    pub base_url: String,
    /// Its identity provider.
    pub client: Client,
    /// The gateway's address, for descriptions of services.
    pub gateway_url: String,
    /// Whether this is a stand, which says so on pages.
    pub stand: bool,
}

impl Config {
    /// Cookies go over TLS only, unless the portal itself has none: a stand.
    pub(crate) fn secure(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

/// What a portal is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Seals what people typed.
    pub vault: Vault,
    /// The time.
    pub clock: Clock,
    /// The page kit with [`crate::PAGES`].
    pub pages: Pages,
    /// The portal as a consumer of NAIS.
    pub consumer: Consumer,
    /// The gateway of this process: what it offers, and how the owners' systems do.
    pub gateway: Gateway,
    /// The services that are shown.
    pub services: Vec<Arc<Service>>,
    /// Forms by the code of their service.
    pub forms: BTreeMap<String, Arc<Form>>,
    /// Messages to people.
    pub outbox: mail::Outbox,
    /// The log, for proofs of what was decided.
    pub reader: LogReader,
    /// The log's verifier key, for the page that checks proofs.
    pub log: Vkey,
    /// Texts of refusals.
    pub problems: Arc<Problems>,
    /// Speaks with the identity provider.
    pub http: reqwest::Client,
    /// How it is reached.
    pub config: Config,
}

/// Everything a page needs.
pub struct Inner {
    pub(crate) parts: Parts,
    pub(crate) relying: Relying,
    /// What a search looks at, for each of the services.
    pub(crate) searched: Vec<String>,
    /// What groups of data are called.
    pub(crate) groups: consents::Groups,
}

/// The portal. Clones share everything.
#[derive(Clone)]
pub struct Portal(Arc<Inner>);

impl Deref for Portal {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Portal {
    /// A portal of these parts.
    pub fn new(parts: Parts) -> Self {
        let relying = Relying::new(&parts.config, parts.http.clone(), parts.clock.clone());
        let searched = parts.services.iter().map(|service| catalogue::searched(service)).collect();
        let groups = consents::Groups::of(parts.services.iter().map(AsRef::as_ref));
        Self(Arc::new(Inner { parts, relying, searched, groups }))
    }

    /// Its pages.
    pub fn router(&self) -> Router {
        let below = Router::new()
            .route("/", get(catalogue::home))
            .route("/services", get(catalogue::list))
            .route("/services/{code}", get(catalogue::service))
            .route("/services/{code}/apply", get(apply::start).post(apply::begin))
            .route("/services/{code}/apply/{draft}/check", get(check::check))
            .route("/services/{code}/apply/{draft}/send", post(send::send))
            .route("/services/{code}/guests.csv", get(book::template))
            .route("/services/{code}/apply/{draft}/files/{file}", get(files::of_draft))
            .route("/services/{code}/apply/{draft}/guests", get(book::show).post(book::add))
            .route("/services/{code}/apply/{draft}/guests/{guest}", get(guest::show).post(guest::keep))
            .route("/services/{code}/apply/{draft}/guests/{guest}/remove", post(guest::remove))
            .route("/services/{code}/apply/{draft}/{page}", get(apply::question).post(apply::answer))
            .route("/account", get(account::overview))
            .route("/account/drafts/{id}/remove", post(account::remove_draft))
            .route("/account/messages", get(account::messages))
            .route("/account/messages/{id}", get(account::message))
            .route("/account/applications", get(account::applications))
            .route("/account/applications/{id}", get(result::application))
            .route("/account/applications/{id}/files/{file}", get(files::of_application))
            .route("/account/applications/{id}/print", get(result::print))
            .route("/account/applications/{id}/deadline.ics", get(result::calendar))
            .route("/account/applications/{id}/evidence.json", get(result::evidence))
            .route("/account/applications/{id}/mend", post(send::mend))
            .route("/account/disclosures", get(account::disclosures))
            .route("/account/documents", get(account::documents))
            .route("/account/consents", get(consents::list))
            .route("/account/consents/{id}", get(consents::show))
            .route("/account/consents/{id}/withdraw", get(consents::ask).post(consents::withdraw))
            .route("/account/consents/{id}/record.json", get(consents::record))
            .route("/account/statements", get(statement::show))
            .route("/account/statements.csv", get(statement::csv))
            .route("/account/sessions", get(account::sessions))
            .route("/account/profile", get(account::profile))
            .route("/enter", get(entry::enter))
            .route("/account/sign-out", post(entry::leave))
            .route("/verify", get(information::verify).post(information::verified))
            .route("/developers", get(information::developers))
            .route("/developers/{code}/openapi.json", get(information::openapi))
            .route("/status", get(information::status))
            .route("/help", get(information::help))
            .route("/accessibility", get(information::accessibility))
            .fallback(information::nothing)
            .layer(middleware::from_fn_with_state(self.clone(), session::recognise))
            .layer(middleware::from_fn_with_state(self.parts.pages.clone(), same_origin));
        Router::new()
            .route("/", get(catalogue::by_language))
            .route("/callback", get(entry::callback))
            .route("/backchannel-logout", post(relying::logged_out))
            .nest("/en", below.clone())
            .nest("/be", below.clone())
            .nest("/ru", below)
            .with_state(self.clone())
    }

    /// Sends applications that wait, and forgets what is out of its term; for ever.
    pub async fn work(self) {
        send::work(self).await;
    }

    /// The service with this code in a path.
    pub(crate) fn service(&self, code: &str) -> Option<&Arc<Service>> {
        self.parts.services.iter().find(|service| service.passport.code.path() == code)
    }

    /// The form of a service.
    pub(crate) fn form(&self, service: &Service) -> Option<&Arc<Form>> {
        self.parts.forms.get(service.passport.code.as_str())
    }

    /// The page of something that is not there, or not for this reader.
    pub(crate) fn not_found(&self, view: &View) -> Response<Body> {
        self.parts.pages.error(view, StatusCode::NOT_FOUND, "not-found")
    }

    /// The page of a failure, which is logged here.
    pub(crate) fn failed(&self, view: &View, error: &dyn std::fmt::Display) -> Response<Body> {
        tracing::error!(request_id = %view.request_id, %error, "a page could not be made");
        self.parts.pages.error(view, StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    }

    /// A text of the portal.
    pub(crate) fn text(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> String {
        self.parts.pages.text(lang, key, args)
    }
}
