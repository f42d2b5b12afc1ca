//! The portal as a relying party of UIS ILE: OpenID Connect's code flow with PKCE.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use model::Clock;
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use tokio::sync::Mutex;
use web::body::{self, Allowance};

use crate::portal::{Client, Config};
use crate::session::{self, Person};
use crate::{Error, Portal};

/// What the portal asks to know.
const SCOPE: &str = "openid profile email residence_place";
/// The only algorithm of the provider's tokens: never the token's own word.
const ALGORITHM: Algorithm = Algorithm::ES256;
/// An answer of the provider is short.
const PATIENCE: Duration = Duration::from_secs(10);
/// A key that the provider does not publish makes us ask for its keys again this often at most: anybody may send a token.
const RENEWED: SignedDuration = SignedDuration::from_secs(60);

/// What a browser brings back: kept sealed in its cookie while the person is away.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Away {
    /// Names this sign-in.
    pub state: String,
    /// Binds the token to it.
    pub nonce: String,
    /// Proves that who brings the code is who asked for it.
    pub verifier: String,
    /// Where the person wanted to go, a path of the portal.
    pub to: String,
    /// In which language an error is told.
    pub lang: String,
    /// Asked without a page there: whoever is not signed in comes back and is sent to sign up.
    #[serde(default)]
    pub silent: bool,
}

/// The provider's addresses, as it publishes them.
#[derive(Clone, Debug, Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: String,
    end_session_endpoint: String,
}

/// The relying party.
pub(crate) struct Relying {
    client: Client,
    redirect_uri: String,
    home: String,
    http: reqwest::Client,
    discovered: ArcSwapOption<Discovered>,
    keys: ArcSwapOption<JwkSet>,
    /// When the keys were last asked for; whoever holds it asks.
    asked: Mutex<Option<Timestamp>>,
    clock: Clock,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: String,
}

#[derive(Clone, Deserialize)]
struct Claims {
    sub: String,
    nonce: String,
    #[serde(default)]
    sid: String,
    #[serde(default)]
    acr: String,
}

/// What the provider tells of a person, by its own names of the claims.
#[derive(Deserialize)]
struct About {
    sub: String,
    #[serde(default)]
    email: String,
    /// The given name, as UIS ILE calls it.
    #[serde(default)]
    name: String,
    #[serde(default)]
    surname: String,
    #[serde(default, rename = "serialNumber")]
    number: Option<String>,
}

#[derive(Clone, Deserialize)]
struct LogoutClaims {
    #[serde(default)]
    sid: Option<String>,
    events: HashMap<String, Value>,
}

impl Away {
    /// A new sign-in that leads to `to`.
    pub(crate) fn begin(to: &str, lang: &str, silent: bool) -> Self {
        let (state, nonce, verifier) = (session::secret(), session::secret(), session::secret());
        Self { state, nonce, verifier, to: to.to_owned(), lang: lang.to_owned(), silent }
    }

    /// Whether `state` came back as it went.
    pub(crate) fn is(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }
}

impl Relying {
    pub(crate) fn new(config: &Config, http: reqwest::Client, clock: Clock) -> Self {
        Self {
            client: config.client.clone(),
            redirect_uri: format!("{}/callback", config.base_url),
            home: config.base_url.clone(),
            http,
            discovered: ArcSwapOption::empty(),
            keys: ArcSwapOption::empty(),
            asked: Mutex::new(None),
            clock,
        }
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, Error> {
        let response = self.http.get(url).timeout(PATIENCE).send().await.map_err(Error::identity)?;
        response.error_for_status().map_err(Error::identity)?.json().await.map_err(Error::identity)
    }

    async fn provider(&self) -> Result<Arc<Discovered>, Error> {
        if let Some(known) = self.discovered.load_full() {
            return Ok(known);
        }
        let url = format!("{}/.well-known/openid-configuration", self.client.issuer);
        let found: Discovered = self.get(&url).await?;
        if found.issuer != self.client.issuer {
            return Err(Error::identity("it calls itself by another name than the configuration"));
        }
        let found = Arc::new(found);
        self.discovered.store(Some(found.clone()));
        Ok(found)
    }

    /// Where the person is sent to sign in; `prompt` as OpenID Connect has it.
    pub(crate) async fn authorization(&self, away: &Away, prompt: Option<&str>) -> Result<String, Error> {
        let provider = self.provider().await?;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, away.verifier.as_bytes()));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", SCOPE)
            .append_pair("state", &away.state)
            .append_pair("nonce", &away.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("ui_locales", &away.lang);
        if let Some(prompt) = prompt {
            query.append_pair("prompt", prompt);
        }
        Ok(format!("{}?{}", provider.authorization_endpoint, query.finish()))
    }

    /// Where the person is sent to be signed out there too.
    pub(crate) async fn ended(&self, id_token: &str, lang: &str) -> Result<String, Error> {
        let provider = self.provider().await?;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("id_token_hint", id_token)
            .append_pair("post_logout_redirect_uri", &format!("{}/", self.home))
            .append_pair("ui_locales", lang)
            .finish();
        Ok(format!("{}?{query}", provider.end_session_endpoint))
    }

    /// Spends the code: who has signed in, and the name of the session there.
    pub(crate) async fn redeem(&self, code: &str, away: &Away) -> Result<(Person, String), Error> {
        let provider = self.provider().await?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("code_verifier", &away.verifier)
            .finish();
        let answer = self
            .http
            .post(&provider.token_endpoint)
            .basic_auth(&self.client.id, Some(self.client.secret.expose_secret()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .timeout(PATIENCE)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(Error::identity)?;
        let tokens: Tokens = answer.json().await.map_err(Error::identity)?;
        let claims: Claims = self.believed(&tokens.id_token, &["exp", "aud", "iss", "sub"], true).await?;
        if !bool::from(claims.nonce.as_bytes().ct_eq(away.nonce.as_bytes())) {
            return Err(Error::identity("the token is of another sign-in"));
        }
        let about = self.about(&provider, &tokens.access_token).await?;
        if about.sub != claims.sub {
            return Err(Error::identity("what it tells is of another person"));
        }
        let named = [about.name.as_str(), about.surname.as_str()].into_iter().filter(|part| !part.is_empty());
        let name = named.collect::<Vec<_>>().join(" ");
        let person = Person {
            name: if name.is_empty() { about.email.clone() } else { name },
            sub: claims.sub,
            email: about.email,
            // A number that nobody has checked says nothing of the person.
            number: about.number.filter(|_| claims.acr != "low"),
            acr: claims.acr,
            id_token: tokens.id_token,
        };
        Ok((person, claims.sid))
    }

    /// What the provider tells of who has signed in.
    async fn about(&self, provider: &Discovered, access_token: &str) -> Result<About, Error> {
        let asked = self.http.get(&provider.userinfo_endpoint).bearer_auth(access_token).timeout(PATIENCE);
        let response = asked.send().await.and_then(reqwest::Response::error_for_status).map_err(Error::identity)?;
        response.json().await.map_err(Error::identity)
    }

    /// The claims of a token of the provider for us.
    async fn believed<T: DeserializeOwned + Clone + 'static>(
        &self,
        token: &str,
        required: &[&str],
        expires: bool,
    ) -> Result<T, Error> {
        let header = decode_header(token).map_err(Error::identity)?;
        let kid = header.kid.ok_or_else(|| Error::identity("a token without the name of its key"))?;
        let key = self.key(&kid).await?;
        let mut validation = Validation::new(ALGORITHM);
        validation.set_audience(&[&self.client.id]);
        validation.set_issuer(&[&self.client.issuer]);
        validation.set_required_spec_claims(required);
        validation.validate_exp = expires;
        decode::<T>(token, &key, &validation).map(|data| data.claims).map_err(Error::identity)
    }

    /// The provider's key of this name; its list is fetched again when it does not have it, but not for every token.
    async fn key(&self, kid: &str) -> Result<DecodingKey, Error> {
        let known = || self.keys.load().as_ref().and_then(|keys| keys.find(kid).cloned());
        let mut found = known();
        if found.is_none() {
            let mut asked = self.asked.lock().await;
            // Whoever waited for the lock may find what the one before has fetched.
            found = known();
            let now = self.clock.now();
            if found.is_none() && asked.is_none_or(|at| now.duration_since(at) >= RENEWED) {
                let provider = self.provider().await?;
                let keys: JwkSet = self.get(&provider.jwks_uri).await?;
                *asked = Some(now);
                found = keys.find(kid).cloned();
                self.keys.store(Some(Arc::new(keys)));
            }
        }
        let found = found.ok_or_else(|| Error::identity("a token of a key that it does not publish"))?;
        DecodingKey::from_jwk(&found).map_err(Error::identity)
    }
}

/// The event that a logout token must name.
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// `POST /backchannel-logout`: a session at the provider has ended.
pub(crate) async fn logged_out(State(portal): State<Portal>, body: Body) -> Response<Body> {
    let Ok(body) = body::read(body, Allowance::QUESTION).await else { return plain(StatusCode::BAD_REQUEST) };
    let token = form_urlencoded::parse(&body).find(|(name, _)| name == "logout_token");
    let Some((_, token)) = token else { return plain(StatusCode::BAD_REQUEST) };
    let claims: LogoutClaims = match portal.relying.believed(&token, &["aud", "iss"], false).await {
        Ok(claims) => claims,
        Err(error) => {
            tracing::warn!(%error, "a logout token was refused");
            return plain(StatusCode::BAD_REQUEST);
        }
    };
    let (Some(sid), true) = (claims.sid, claims.events.contains_key(LOGOUT)) else {
        return plain(StatusCode::BAD_REQUEST);
    };
    match session::end_there(&portal, &sid).await {
        Ok(()) => plain(StatusCode::OK),
        Err(error) => {
            tracing::error!(%error, "sessions could not be ended");
            plain(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert("cache-control", axum::http::HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
#[path = "relying_tests.rs"]
mod tests;
