//! The services that this node offers, by path.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::Method as Verb;
use model::passport::{Method, ProviderKind};
use model::service::Service;

use crate::provider::Provider;

/// One method of one service, with the system that answers it.
pub struct Route {
    /// The service.
    pub service: Arc<Service>,
    /// Below the service's context, such as `crossings/submit`.
    pub path: Arc<str>,
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    method: Method,
}

impl Route {
    /// The method as the passport describes it.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Answering it changes something in a system that is not part of this program.
    pub(crate) fn changes_outside(&self) -> bool {
        self.method.effect && matches!(self.service.passport.provider, ProviderKind::Upstream(_))
    }
}

/// Pages of the gateway itself, for any holder of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// `GET /services`
    Services,
    /// `GET /log/v1/calls/list`
    Calls,
    /// `GET /{context}/openapi.json`
    OpenApi(String),
    /// `GET /ledger/v1/entries/{request_id}`
    LedgerEntry(String),
    /// `GET /queue/{id}`
    Queue(String),
}

impl Own {
    /// How the call log names it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::Calls => "calls/list",
            Self::OpenApi(_) => "openapi.json",
            Self::LedgerEntry(_) => "ledger/entries",
            Self::Queue(_) => "queue",
        }
    }
}

/// What stands under a path.
pub(crate) enum Found {
    Route(Arc<Route>),
    Own(Own),
    /// The path is known; the verbs that it takes.
    OtherVerb(&'static str),
    Nothing,
}

impl Found {
    /// Service and method, as the record and the call log name them.
    pub(crate) fn names(&self) -> (Option<String>, Option<Arc<str>>) {
        match self {
            Self::Route(route) => (Some(route.service.passport.code.to_string()), Some(route.path.clone())),
            Self::Own(own) => (None, Some(Arc::from(own.name()))),
            Self::OtherVerb(_) | Self::Nothing => (None, None),
        }
    }
}

/// All services with their providers.
#[derive(Default)]
pub struct Catalogue {
    services: Vec<Arc<Service>>,
    routes: HashMap<String, Vec<(Verb, Arc<Route>)>>,
}

impl Catalogue {
    /// The catalogue of these services.
    pub fn new(services: Vec<(Arc<Service>, Arc<dyn Provider>)>) -> Self {
        let mut catalogue = Self::default();
        for (service, provider) in services {
            let Some(context) = &service.passport.context else {
                catalogue.services.push(service);
                continue; // offered on the portal only
            };
            for method in &service.passport.methods {
                let verb = match method.verb {
                    model::terms::Verb::Get => Verb::GET,
                    model::terms::Verb::Post => Verb::POST,
                };
                let route = Arc::new(Route {
                    service: service.clone(),
                    path: Arc::from(method.path.as_str()),
                    provider: provider.clone(),
                    method: method.clone(),
                });
                let path = format!("/{context}/{}", method.path);
                catalogue.routes.entry(path).or_default().push((verb, route));
            }
            catalogue.services.push(service);
        }
        catalogue
    }

    /// The services, in the order they were configured.
    pub fn services(&self) -> &[Arc<Service>] {
        &self.services
    }

    /// All providers, for readiness.
    pub fn providers(&self) -> impl Iterator<Item = (&str, &Arc<dyn Provider>)> {
        self.services.iter().filter_map(|service| {
            self.routes
                .values()
                .flatten()
                .find(|(_, route)| Arc::ptr_eq(&route.service, service))
                .map(|(_, route)| (service.passport.code.as_str(), &route.provider))
        })
    }

    pub(crate) fn find(&self, verb: &Verb, path: &str) -> Found {
        if let Some(routes) = self.routes.get(path) {
            if let Some((_, route)) = routes.iter().find(|(own, _)| own == verb) {
                return Found::Route(route.clone());
            }
            let get = routes.iter().any(|(own, _)| own == Verb::GET);
            let post = routes.iter().any(|(own, _)| own == Verb::POST);
            return Found::OtherVerb(match (get, post) {
                (true, true) => "GET, POST",
                (true, false) => "GET",
                _ => "POST",
            });
        }
        match self.own(path) {
            Some(page) if verb == Verb::GET => Found::Own(page),
            Some(_) => Found::OtherVerb("GET"),
            None => Found::Nothing,
        }
    }

    fn own(&self, path: &str) -> Option<Own> {
        match path {
            "/services" => return Some(Own::Services),
            "/log/v1/calls/list" => return Some(Own::Calls),
            _ => {}
        }
        if let Some(id) = path.strip_prefix("/queue/") {
            return Some(Own::Queue(id.to_owned()));
        }
        if let Some(id) = path.strip_prefix("/ledger/v1/entries/") {
            return Some(Own::LedgerEntry(id.to_owned()));
        }
        let context = path.strip_prefix('/')?.strip_suffix("/openapi.json")?;
        self.services
            .iter()
            .any(|service| service.passport.context.as_deref() == Some(context))
            .then(|| Own::OpenApi(context.to_owned()))
    }
}
