//! `POST /oidc/token`: a code or a refresh token for tokens.

use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};
use web::body::{self, Allowance};
use web::pages::Form;

use super::grant::{self, Grant};
use super::{Refused, claims, client_auth, json_answer, keys};
use crate::Identity;

/// Parameters that may stand once.
const SINGLE: [&str; 9] = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "client_id",
    "client_assertion",
    "client_assertion_type",
    "refresh_token",
    "scope",
];

pub(super) async fn post(State(core): State<Identity>, parts: Parts, content: Body) -> Response<Body> {
    match exchange(&core, &parts.headers, content).await {
        Ok(tokens) => json_answer(StatusCode::OK, &tokens),
        Err(refused) => refused.answer(),
    }
}

async fn exchange(core: &Identity, headers: &HeaderMap, content: Body) -> Result<Value, Refused> {
    body::expect_type(headers, "application/x-www-form-urlencoded")
        .map_err(|_| Refused::request("expected application/x-www-form-urlencoded"))?;
    let bytes = body::read(content, Allowance::QUESTION).await.map_err(|_| Refused::request("the body is broken"))?;
    let form = Form::parse(&bytes);
    if SINGLE.iter().any(|name| form.all(name).len() > 1) {
        return Err(Refused::request("a parameter stands twice"));
    }
    let client = client_auth::authenticate(core, headers, &form).await?;
    match form.get("grant_type") {
        "authorization_code" => by_code(core, &client.id, &form).await,
        "refresh_token" => by_refresh(core, &client.id, &form).await,
        _ => Err(Refused("unsupported_grant_type", "expected authorization_code or refresh_token")),
    }
}

async fn by_code(core: &Identity, client: &str, form: &Form) -> Result<Value, Refused> {
    let owned = |name: &str| form.get(name).to_owned();
    let (code, redirect_uri, verifier) = (owned("code"), owned("redirect_uri"), owned("code_verifier"));
    if code.is_empty() || redirect_uri.is_empty() || verifier.is_empty() {
        return Err(Refused::request("code, redirect_uri and code_verifier are needed"));
    }
    let (now, client) = (core.clock.micros(), client.to_owned());
    let redeemed = core.db.write(move |tx| {
        let (grant, nonce) = match grant::redeem(tx, &code, &client, &redirect_uri, &verifier, now)? {
            Ok(redeemed) => redeemed,
            Err(refused) => return Ok(Err(refused)),
        };
        let (access, refresh) = grant::tokens(tx, &grant, &grant.scope, now)?;
        Ok(Ok((grant, nonce, access, refresh)))
    });
    let (grant, nonce, access, refresh) = redeemed.await??;
    answer(core, &grant, nonce.as_deref(), &grant.scope, (access, refresh)).await
}

async fn by_refresh(core: &Identity, client: &str, form: &Form) -> Result<Value, Refused> {
    let (refresh, asked) = (form.get("refresh_token").to_owned(), form.get("scope").to_owned());
    if refresh.is_empty() {
        return Err(Refused::request("refresh_token is needed"));
    }
    let (now, client) = (core.clock.micros(), client.to_owned());
    let renewed = core.db.write(move |tx| {
        let grant = match grant::renew(tx, &refresh, &client, now)? {
            Ok(grant) => grant,
            Err(refused) => return Ok(Err(refused)),
        };
        let scope = if asked.is_empty() { grant.scope.clone() } else { claims::known(&asked) };
        if !scope.split(' ').all(|word| claims::has(&grant.scope, word)) {
            return Ok(Err(Refused("invalid_scope", "more was asked for than was granted")));
        }
        let (access, refresh) = grant::tokens(tx, &grant, &scope, now)?;
        Ok(Ok((grant, scope, access, refresh)))
    });
    let (grant, scope, access, refresh) = renewed.await??;
    answer(core, &grant, None, &scope, (access, refresh)).await
}

async fn answer(
    core: &Identity,
    grant: &Grant,
    nonce: Option<&str>,
    scope: &str,
    (access, refresh): (String, Option<String>),
) -> Result<Value, Refused> {
    let claims = claims::id_token(&core.config.issuer(), grant, nonce, core.clock.now());
    let mut tokens = json!({
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": grant::ACCESS,
        "scope": scope,
        "id_token": keys::sign(core, "JWT", &claims).await?,
    });
    if let (Some(refresh), Some(tokens)) = (refresh, tokens.as_object_mut()) {
        tokens.insert("refresh_token".to_owned(), json!(refresh));
    }
    Ok(tokens)
}
