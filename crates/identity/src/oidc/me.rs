//! `/oidc/me`: who the person is, for whoever holds an access token (OpenID Connect Core §5.3).

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::{Refused, claims, grant, json_answer};
use crate::{Identity, account};

pub(super) async fn me(State(core): State<Identity>, parts: Parts) -> Response<Body> {
    let token = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    let Some(token) = token else {
        return challenge("Bearer realm=\"oidc\"");
    };
    match told(&core, token).await {
        Ok(Some(claims)) => json_answer(StatusCode::OK, &claims),
        Ok(None) => challenge("Bearer realm=\"oidc\", error=\"invalid_token\""),
        Err(error) => Refused::from(error).answer(),
    }
}

async fn told(core: &Identity, token: String) -> Result<Option<Value>, store::Error> {
    let (now, vault) = (core.clock.micros(), core.vault.clone());
    core.db
        .read(move |tx| {
            let Some((grant, scope)) = grant::by_access(tx, &token, now)? else {
                return Ok(None);
            };
            let account = account::by_id(tx, &vault, grant.account)?;
            Ok(account.map(|account| claims::of(&account, &scope)))
        })
        .await
}

fn challenge(value: &'static str) -> Response<Body> {
    let mut response = json_answer(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_token" }));
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(value));
    response
}
