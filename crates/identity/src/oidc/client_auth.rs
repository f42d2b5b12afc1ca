//! Who a client is, at the token endpoint: `private_key_jwt` (RFC 7523), `client_secret_basic`, or nothing but PKCE.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use store::Tx;
use subtle::ConstantTimeEq as _;
use web::pages::Form;

use super::Refused;
use crate::config::{Client, ClientAuth};
use crate::{Identity, secret};

store::statements! {
    /// An assertion was shown.
    INSERT = "INSERT INTO identity_assertion (jti, expires_at) VALUES ($1, $2)";
    /// Assertions that have expired anyway.
    FORGET = "DELETE FROM identity_assertion WHERE expires_at < $1";
}

/// The algorithms that assertions may be signed with.
pub(super) const ALGORITHMS: [&str; 4] = ["ES256", "PS256", "RS256", "EdDSA"];
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest an assertion may hold, in seconds.
const LONGEST: i64 = 300;
/// How far the client's clock may be off, in seconds.
const SKEW: i64 = 30;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The client that proves who it is, by exactly one way.
pub(super) async fn authenticate<'c>(
    core: &'c Identity,
    headers: &HeaderMap,
    form: &Form,
) -> Result<&'c Client, Refused> {
    let basic = headers.get(AUTHORIZATION).is_some();
    let asserted = form.has("client_assertion") || form.has("client_assertion_type");
    if (basic && asserted) || form.has("client_secret") {
        return Err(Refused::request("use private_key_jwt, client_secret_basic or none, and only one of them"));
    }
    let client = if basic {
        by_secret(core, headers)?
    } else if asserted {
        by_assertion(core, form).await?
    } else {
        let client = core.clients.get(form.get("client_id")).ok_or(Refused::CLIENT)?;
        if matches!(client.auth, ClientAuth::None) { client } else { return Err(Refused::CLIENT) }
    };
    let named = form.get("client_id");
    if named.is_empty() || named == client.id { Ok(client) } else { Err(Refused::CLIENT) }
}

fn by_secret<'c>(core: &'c Identity, headers: &HeaderMap) -> Result<&'c Client, Refused> {
    let (id, given) = credentials(headers).ok_or(Refused::CLIENT)?;
    let client = core.clients.get(&id).ok_or(Refused::CLIENT)?;
    let ClientAuth::Secret(digest) = &client.auth else {
        return Err(Refused::CLIENT);
    };
    let right = ClientAuth::digest(&given).as_bytes().ct_eq(digest.as_bytes());
    if bool::from(right) { Ok(client) } else { Err(Refused::CLIENT) }
}

/// Name and secret, each form-encoded before they were joined (RFC 6749 §2.3.1).
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, given) = text.split_once(':')?;
    let decoded = |part: &str| {
        let pair = format!("{}=", part.replace('=', "%3D").replace('&', "%26"));
        form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name.into_owned())
    };
    Some((decoded(id)?, decoded(given)?))
}

async fn by_assertion<'c>(core: &'c Identity, form: &Form) -> Result<&'c Client, Refused> {
    if form.get("client_assertion_type") != ASSERTION {
        return Err(Refused::CLIENT);
    }
    let token = form.get("client_assertion");
    let claimed = subject(token).ok_or(Refused::CLIENT)?;
    let client = core.clients.get(&claimed).ok_or(Refused::CLIENT)?;
    let ClientAuth::Keys(keys) = &client.auth else {
        return Err(Refused::CLIENT);
    };
    let claims = verified(keys, token).ok_or(Refused::CLIENT)?;
    let issuer = core.config.issuer();
    let to_us = |aud: &String| *aud == issuer || *aud == format!("{issuer}/token");
    let to_us = match &claims.aud {
        Audience::One(aud) => to_us(aud),
        Audience::Many(all) => all.iter().any(to_us),
    };
    let now = core.clock.now().as_second();
    let in_time =
        claims.exp > now - SKEW && claims.exp <= now + LONGEST + SKEW && claims.nbf.is_none_or(|at| at <= now + SKEW);
    let own = claims.iss == client.id && claims.sub == client.id;
    if !to_us || !in_time || !own || claims.jti.is_empty() || claims.jti.len() > 200 {
        return Err(Refused::CLIENT);
    }
    let jti = secret::hash(&format!("{}\0{}", client.id, claims.jti));
    let expires_at = (claims.exp + SKEW).saturating_mul(1_000_000);
    let shown = core.db.write(move |tx| tx.execute(&INSERT, &[(&jti).into(), expires_at.into()])).await;
    match shown {
        Ok(_) => Ok(client),
        Err(store::Error::Duplicate(_)) => Err(Refused::CLIENT),
        Err(error) => Err(error.into()),
    }
}

/// Whom a token claims to be of, before anything is believed.
fn subject(token: &str) -> Option<String> {
    let payload = secret::from_base64url(token.split('.').nth(1)?)?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    Some(claims.get("sub")?.as_str()?.to_owned())
}

/// The claims, when one of the client's own keys signed them. The key tells the algorithm, never the token.
fn verified(keys: &JwkSet, token: &str) -> Option<Claims> {
    let header = jsonwebtoken::decode_header(token).ok()?;
    let fitting = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
    keys.keys.iter().filter(fitting).find_map(|key| {
        let mut validation = Validation::new(algorithm(key)?);
        validation.required_spec_claims.clear();
        validation.validate_exp = false; // by our own clock, below
        validation.validate_aud = false;
        let key = DecodingKey::from_jwk(key).ok()?;
        jsonwebtoken::decode::<Claims>(token, &key, &validation).ok().map(|token| token.claims)
    })
}

fn algorithm(key: &Jwk) -> Option<Algorithm> {
    use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, KeyAlgorithm};

    match (&key.algorithm, key.common.key_algorithm) {
        (AlgorithmParameters::EllipticCurve(curve), None | Some(KeyAlgorithm::ES256)) => {
            (curve.curve == EllipticCurve::P256).then_some(Algorithm::ES256)
        }
        (AlgorithmParameters::RSA(_), Some(KeyAlgorithm::RS256)) => Some(Algorithm::RS256),
        (AlgorithmParameters::RSA(_), None | Some(KeyAlgorithm::PS256)) => Some(Algorithm::PS256),
        (AlgorithmParameters::OctetKeyPair(_), None | Some(KeyAlgorithm::EdDSA)) => Some(Algorithm::EdDSA),
        _ => None,
    }
}

/// Assertions that have expired are forgotten.
pub(super) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), store::Error> {
    tx.execute(&FORGET, &[now.into()]).map(|_| ())
}
