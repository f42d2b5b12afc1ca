//! The pages of this node: the portal and UIS ILE, on one listener.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use identity::Identity;
use mail::Outbox;
use portal::Portal;
use portal::form::Form;
use web::Edge;
use web::pages::{Pages, View, compressed, readable};

use super::listen::Parts;
use super::{Role, consumer, keys, listen};
use crate::config;
use crate::exit::Error;

/// The pages of this node.
pub(crate) struct Site {
    pub router: Router,
    /// The identity provider, where it is part of this node.
    pub identity: Option<Identity>,
}

/// All pages of the program, for nodes and for `nais check`.
pub(crate) fn pages() -> Result<Pages, Error> {
    Pages::load(&[identity::PAGES, portal::PAGES]).map_err(Error::failed)
}

/// The pages that roles and configuration ask for.
pub(crate) async fn open(parts: &Parts<'_>, edge: &Edge<Router>, roles: &[Role]) -> Result<Site, Error> {
    let (config, tools) = (parts.config, parts.tools);
    let identity = config.identity.as_ref().filter(|_| roles.contains(&Role::Identity));
    let site = config.portal.site.as_ref().filter(|_| roles.contains(&Role::Portal));
    if identity.is_none() && site.is_none() {
        return Ok(Site { router: Router::new(), identity: None });
    }
    let Some(mail) = &config.mail else {
        return Err(Error::usage("nais.toml: mail: expected the table [mail], because pages send messages"));
    };
    let (db, vault, clock) = (tools.db.clone(), tools.vault.clone(), tools.clock.clone());
    let outbox = Outbox::open(db.clone(), vault.clone(), clock.clone(), mail).map_err(Error::failed)?;
    tokio::spawn(outbox.clone().work());
    let pages = pages()?;
    let told = pages.clone();
    let mut router = pages.router();
    let mut provider = None;
    if let Some(identity) = identity {
        let (pages, outbox) = (pages.clone(), outbox.clone());
        let tls = listen::upstream_tls(config)?;
        let trust = Some(parts.trust.clone());
        let parts = identity::Parts { db, vault, clock, pages, outbox, tls, trust, config: identity.clone() };
        let identity = Identity::open(parts).await.map_err(Error::failed)?;
        tokio::spawn(identity.clone().work());
        router = router.merge(identity.router());
        provider = Some(identity);
    }
    if let Some(site) = site {
        let portal = self::portal(parts, edge, site, pages, outbox)?;
        tokio::spawn(portal.clone().work());
        router = router.merge(portal.router());
    }
    Ok(Site { router: compressed(told_by_pages(router, &told)), identity: provider })
}

/// People read a page where there is none, where an address only takes forms, and where it cannot be read; systems read
/// its status.
fn told_by_pages(router: Router, pages: &Pages) -> Router {
    let error = |status: StatusCode| {
        let pages = pages.clone();
        move |view: View| async move { pages.error(&view, status, "not-found") }
    };
    router
        .method_not_allowed_fallback(error(StatusCode::METHOD_NOT_ALLOWED))
        .fallback(error(StatusCode::NOT_FOUND))
        .layer(from_fn_with_state(pages.clone(), readable))
}

fn portal(
    parts: &Parts<'_>,
    edge: &Edge<Router>,
    site: &config::Site,
    pages: Pages,
    outbox: Outbox,
) -> Result<Portal, Error> {
    let (config, tools) = (parts.config, parts.tools);
    let known = consumer(&config.path(&site.consumer), parts.host, &tools.clock)?;
    known.connect(edge);
    let mut forms = BTreeMap::new();
    for service in &tools.services {
        if let Some(form) = Form::of(service).map_err(Error::failed)? {
            forms.insert(service.passport.code.as_str().to_owned(), Arc::new(form));
        }
    }
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(listen::upstream_tls(config)?)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(Error::failed)?;
    let client = portal::Client {
        issuer: site.issuer.clone(),
        id: site.client_id.clone(),
        secret: keys::line(&config.path(&site.client_secret), "portal.site.client_secret")?,
    };
    Ok(Portal::new(portal::Parts {
        db: tools.db.clone(),
        vault: tools.vault.clone(),
        clock: tools.clock.clone(),
        pages,
        consumer: known.consumer,
        gateway: parts.gateway.clone(),
        services: tools.services.clone(),
        forms,
        outbox,
        reader: parts.reader.clone(),
        log: tools.log.vkey().clone(),
        problems: parts.problems.clone(),
        http,
        config: portal::Config {
            base_url: site.base_url.clone(),
            client,
            gateway_url: format!("https://{}", config.gateway.listen),
            stand: site.stand,
        },
    }))
}
