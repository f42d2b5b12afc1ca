//! Step 3: what is asked is granted, within its quota, and well formed.

use std::sync::Arc;

use axum::http::Method as Verb;
use jiff::Timestamp;
use model::access::{Ground, Grounds, permits};
use model::terms::EdsRule;
use model::{Kind, Refusal, json};
use serde_json::{Map, Value};

use super::authenticated::{Authenticated, Case, Refused};
use crate::access::{Caller, Grant};
use crate::catalogue::Route;

/// A request that may be put to the provider.
pub(crate) struct Permitted {
    pub case: Case,
    pub route: Arc<Route>,
    pub ground: Ground,
    pub json: Value,
    pub query: Vec<(String, String)>,
}

impl Permitted {
    /// Subscription, treaty, category, mode, EDS where required, quota; then the schema of the request.
    pub(crate) fn grant(authenticated: Authenticated, route: &Arc<Route>) -> Result<Self, Refused> {
        let Authenticated { case, signed } = authenticated;
        let query = case.call.query();
        let granted = granted(&case.caller, route, case.call.at).and_then(|(grant, ground)| {
            if route.service.passport.eds == EdsRule::Required && !signed {
                return Err(Refusal::new(Kind::Forbidden, "eds-missing"));
            }
            grant.limit.admit()?;
            Ok((ground, understood(&case, route, &query)?))
        });
        match granted {
            Ok((ground, json)) => Ok(Self { case, route: route.clone(), ground, json, query }),
            Err(refusal) => Err(Box::new((case, refusal))),
        }
    }
}

impl Permitted {
    /// The key under which the answer is kept; reading keeps nothing.
    pub(crate) fn idempotency_key(&self) -> Option<String> {
        if self.route.method().effect { self.case.call.wants.idempotency_key.clone() } else { None }
    }
}

/// The first grant that permits the call, or the reason why the most promising one does not.
pub(crate) fn granted(caller: &Caller, route: &Route, now: Timestamp) -> Result<(Arc<Grant>, Ground), Refusal> {
    let passport = &route.service.passport;
    let code = passport.code.as_str();
    let mut refused = None;
    for grant in caller.grants(code) {
        let grounds = Grounds {
            consumer: &caller.consumer,
            treaty: Some(&grant.treaty),
            subscription: Some(&grant.subscription),
        };
        match permits(grounds, passport, route.method(), now) {
            Ok(ground) => return Ok((grant.clone(), ground)),
            Err(refusal) => refused = refused.or(Some(refusal)),
        }
    }
    Err(refused.unwrap_or_else(|| Refusal::new(Kind::Forbidden, "no-subscription").with("service", code)))
}

/// The question as JSON, checked against the method's schema: a body, or the query's parameters of a GET.
fn understood(case: &Case, route: &Route, query: &[(String, String)]) -> Result<Value, Refusal> {
    let method = route.method();
    let value = if case.call.verb == Verb::GET {
        query_json(query)?
    } else if case.body.is_empty() {
        return Err(Refusal::new(Kind::Malformed, "body-missing"));
    } else {
        json::parse(&case.body).map_err(json::refuse)?
    };
    if let Some(schema) = route.service.schemas(method).and_then(|schemas| schemas.request.as_ref()) {
        schema.check(&value).map_err(|faults| Refusal::new(Kind::Malformed, "schema").faults(faults))?;
    }
    Ok(value)
}

/// Query parameters as an object of texts.
pub(crate) fn query_json(query: &[(String, String)]) -> Result<Value, Refusal> {
    let mut object = Map::new();
    for (name, value) in query {
        // As in bodies: no text in PostgreSQL holds it.
        if name.contains('\0') || value.contains('\0') {
            return Err(Refusal::new(Kind::Malformed, "query-malformed").with("parameter", name.replace('\0', "")));
        }
        if object.insert(name.clone(), Value::String(value.clone())).is_some() {
            return Err(Refusal::new(Kind::Malformed, "query-unknown").with("parameter", name));
        }
    }
    Ok(Value::Object(object))
}
