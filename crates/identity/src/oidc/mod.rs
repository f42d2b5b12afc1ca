//! The OpenID provider: code flow with PKCE for everybody (OpenID Connect Core, RFC 9700, RFC 9207).

mod auth;
mod claims;
mod client_auth;
mod end;
pub(crate) mod grant;
pub(crate) mod keys;
pub(crate) mod logout;
mod me;
mod token;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::routing::{get, post};
use serde_json::{Value, json};
use store::{Error, Statement, Tx};

use crate::Identity;
use crate::account::Level;

pub(crate) use auth::{consent, deny, waits_for_consent};
pub(crate) use claims::SCOPES;
pub(crate) use end::{leave, target};
pub(crate) use keys::published;

/// Statements of the provider.
pub(crate) fn statements() -> Vec<&'static Statement> {
    [grant::STATEMENTS, keys::STATEMENTS, client_auth::STATEMENTS, auth::STATEMENTS].concat()
}

/// What is over is forgotten.
pub(crate) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    client_auth::forget(tx, now)?;
    grant::forget(tx, now)
}

/// The endpoints.
pub(crate) fn router(core: &Identity) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/oidc/.well-known/openid-configuration", get(discovery))
        .route("/oidc/jwks", get(jwks))
        .route("/oidc/auth", get(auth::get).post(auth::post))
        .route("/oidc/resume", get(auth::resume))
        .route("/oidc/token", post(token::post))
        .route("/oidc/me", get(me::me).post(me::me))
        .route("/oidc/session/end", get(end::get).post(end::post))
        .with_state(core.clone())
}

/// The provider's metadata (OpenID Connect Discovery §3).
async fn discovery(State(core): State<Identity>) -> Response<Body> {
    let issuer = core.config.issuer();
    let at = |path: &str| format!("{issuer}/{path}");
    let levels: Vec<&str> = Level::ALL.into_iter().filter(|level| core.offers(*level)).map(Level::as_str).collect();
    public(&json!({
        "issuer": issuer,
        "authorization_endpoint": at("auth"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("me"),
        "jwks_uri": at("jwks"),
        "end_session_endpoint": at("session/end"),
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "acr_values_supported": levels,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "none"],
        "token_endpoint_auth_signing_alg_values_supported": client_auth::ALGORITHMS,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "create"],
        "claims_supported": claims::CLAIMS,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "ui_locales_supported": ["en", "be", "ru"],
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    }))
}

async fn jwks(State(core): State<Identity>) -> Response<Body> {
    match core.db.read(published).await {
        Ok(keys) => public(&json!({ "keys": keys })),
        Err(error) => {
            tracing::error!(%error, "public keys cannot be read");
            json_answer(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": "temporarily_unavailable" }))
        }
    }
}

/// What everybody may keep for five minutes.
fn public(body: &Value) -> Response<Body> {
    let mut response = json_answer(StatusCode::OK, body);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

/// JSON that nobody keeps.
fn json_answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An error as OAuth tells it to a client's program (RFC 6749 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(&'static str, &'static str);

impl Refused {
    pub(crate) const CLIENT: Self = Self("invalid_client", "the client did not prove who it is");
    pub(crate) const GRANT: Self = Self("invalid_grant", "unknown, expired, used, or issued to another client");

    pub(crate) const fn request(why: &'static str) -> Self {
        Self("invalid_request", why)
    }

    fn answer(self) -> Response<Body> {
        let status = match self.0 {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut response = json_answer(status, &json!({ "error": self.0, "error_description": self.1 }));
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"oidc\"");
            response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Ours to mend; logged here.
impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error.refusal().kind {
            model::Kind::Unavailable => Self("temporarily_unavailable", "try again in a moment"),
            _ => {
                tracing::error!("openid provider: storage failed");
                Self("server_error", "this is our fault")
            }
        }
    }
}

impl From<crate::Error> for Refused {
    fn from(error: crate::Error) -> Self {
        if let crate::Error::Store(error) = error {
            return error.into();
        }
        tracing::error!(%error, "openid provider");
        Self("server_error", "this is our fault")
    }
}
