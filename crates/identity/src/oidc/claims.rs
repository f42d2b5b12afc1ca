//! What clients learn of a person (`domain.md` §5), by scope.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::grant::Grant;
use crate::account::Account;

/// Scopes there are; others are left out of what is granted.
pub(crate) const SCOPES: [&str; 5] = ["openid", "profile", "email", "offline_access", "residence_place"];

/// Claims there are.
pub(super) const CLAIMS: [&str; 18] = [
    "sub",
    "surname",
    "name",
    "givenName",
    "serialNumber",
    "residence_place",
    "email",
    "email_verified",
    "locale",
    "account_kind",
    "organisation",
    "unp",
    "acr",
    "amr",
    "auth_time",
    "nonce",
    "sid",
    "updated_at",
];

/// How long an ID token holds, in seconds.
const ID_TOKEN: i64 = 3600;

/// Of the scopes asked for, those we know, each once, in our order.
pub(super) fn known(asked: &str) -> String {
    let known = SCOPES.into_iter().filter(|scope| asked.split(' ').any(|word| word == *scope));
    known.collect::<Vec<_>>().join(" ")
}

/// Whether a scope is among those granted.
pub(super) fn has(scope: &str, wanted: &str) -> bool {
    scope.split(' ').any(|word| word == wanted)
}

/// What `/oidc/me` answers: `name` is the given name and `givenName` the patronymic, as UIS ILE names them.
pub(super) fn of(account: &Account, scope: &str) -> Value {
    let profile = &account.profile;
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!(account.id));
    let mut tell = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            claims.insert(name.to_owned(), json!(value));
        }
    };
    if has(scope, "profile") {
        tell("surname", Some(&profile.surname));
        tell("name", Some(&profile.given_name));
        tell("givenName", Some(&profile.patronymic));
        tell("serialNumber", profile.number.as_deref());
        tell("account_kind", Some(account.kind.as_str()));
        tell("organisation", profile.organisation.as_deref());
        tell("unp", profile.unp.as_deref());
        tell("locale", Some(profile.lang.code()));
    }
    let email = profile.email.as_ref().filter(|_| has(scope, "email"));
    tell("email", email.map(mail::Address::as_str));
    if email.is_some() {
        claims.insert("email_verified".to_owned(), json!(true));
    }
    if let Some(residence) = profile.residence.as_ref().filter(|_| has(scope, "residence_place")) {
        claims.insert("residence_place".to_owned(), json!({ "full_address": residence }));
    }
    Value::Object(claims)
}

/// The claims of an ID token: who signed in, when and how. Who the person is `/oidc/me` tells.
pub(super) fn id_token(issuer: &str, grant: &Grant, nonce: Option<&str>, now: Timestamp) -> Value {
    let amr: Vec<&str> = grant.amr.split(' ').collect();
    let mut claims = json!({
        "iss": issuer,
        "sub": grant.account,
        "aud": grant.client,
        "iat": now.as_second(),
        "exp": now.as_second() + ID_TOKEN,
        "auth_time": grant.auth_at.div_euclid(1_000_000),
        "acr": grant.acr,
        "amr": amr,
        "sid": uuid::Uuid::from_bytes(grant.session),
    });
    if let (Some(nonce), Some(claims)) = (nonce, claims.as_object_mut()) {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    claims
}
