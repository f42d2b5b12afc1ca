//! Step 3: what is asked is granted, within its quota, and well formed.

use std::sync::Arc;

use axum::http::{HeaderMap, Method as Verb};
use jiff::Timestamp;
use model::access::{Ground, Grounds, permits};
use model::terms::EdsRule;
use model::{Kind, Refusal, json};
use serde_json::{Map, Value};

use super::authenticated::{Authenticated, Case, Refused};
use super::header::{LOGIN_PASSWORD, LOGIN_USERNAME, single};
use super::signer::Signer;
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
    /// Subscription, treaty, category, mode, the owner's login, EDS and role where required, quota; then the schema.
    pub(crate) fn grant(
        authenticated: Authenticated,
        route: &Arc<Route>,
        headers: &HeaderMap,
    ) -> Result<Self, Refused> {
        let Authenticated { case, signers } = authenticated;
        let query = case.call.query();
        let granted = granted(&case.caller, route, case.call.at).and_then(|(grant, ground)| {
            login(&grant, route, headers)?;
            signed(&grant, route, &signers)?;
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
    /// The key under which the answer is kept; reading keeps nothing. What a consent lets be known is not kept either:
    /// given again it would be a disclosure that nobody counted.
    pub(crate) fn idempotency_key(&self) -> Option<String> {
        let kept = self.route.method().effect && !self.ground.consent.is_sent();
        if kept { self.case.call.wants.idempotency_key.clone() } else { None }
    }
}

/// The treaty's login with the owner, where the passport asks for one (seed 3.40.01/1).
fn login(grant: &Grant, route: &Route, headers: &HeaderMap) -> Result<(), Refusal> {
    if !route.service.passport.login {
        return Ok(());
    }
    let wrong = || Refusal::new(Kind::Unauthenticated, "register-login");
    let username = single(headers, &LOGIN_USERNAME)?.ok_or_else(wrong)?;
    let password = single(headers, &LOGIN_PASSWORD)?.ok_or_else(wrong)?;
    if grant.knows_login(username, password) { Ok(()) } else { Err(wrong()) }
}

/// An EDS where one is required, by somebody in a role that passport and treaty allow (Decree 81/2019).
///
/// The role is the job title in the attribute certificate, or else in the certificate (1.2.112.1.2.1.1.5.1). Where roles are named there must be an
/// EDS: nothing else shows a role.
fn signed(grant: &Grant, route: &Route, signers: &[Signer]) -> Result<(), Refusal> {
    let passport = &route.service.passport;
    let lists = [&passport.roles, &grant.subscription.roles];
    let needed = passport.eds == EdsRule::Required || lists.iter().any(|roles| !roles.is_empty());
    if needed && signers.is_empty() {
        return Err(Refusal::new(Kind::Forbidden, "eds-missing"));
    }
    for roles in lists.into_iter().filter(|roles| !roles.is_empty()) {
        if !signers.iter().any(|signer| signer.job_title().is_some_and(|title| is_one_of(title, roles))) {
            return Err(Refusal::new(Kind::Forbidden, "eds-wrong-role").with("roles", roles.join(", ")));
        }
    }
    Ok(())
}

fn is_one_of(title: &str, roles: &[String]) -> bool {
    let title = title.trim().to_lowercase();
    roles.iter().any(|role| role.trim().to_lowercase() == title)
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
