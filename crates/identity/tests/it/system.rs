//! A client of the provider: PKCE, the token endpoint, assertions.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use serde_json::{Value, json};
use web::client::Answer;

use crate::browser::{Browser, FORM, encoded, param, to};
use crate::house::{BASE, House, SECRET};

pub(crate) const VERIFIER: &str = "a-verifier-of-at-least-43-characters-0123456789";
pub(crate) const PORTAL: &str = "https://portal.example.by/signed-in";
pub(crate) const SHOP: &str = "https://shop.example.by/cb?x=1";
pub(crate) const BANK: &str = "https://bank.example.by/cb";
pub(crate) const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client's key pair.
pub(crate) struct Keys {
    private: Vec<u8>,
    pub(crate) jwk: String,
}

impl Keys {
    pub(crate) fn generate() -> Self {
        let private = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private.as_ref()).unwrap();
        let point = pair.public_key().as_ref();
        let part = |range| BASE64_URL_SAFE_NO_PAD.encode(&point[range]);
        let (x, y) = (part(1..33), part(33..65));
        let jwk = format!("{{ kty = 'EC', crv = 'P-256', x = '{x}', y = '{y}', kid = 'bank-1', alg = 'ES256' }}");
        Self { private: private.as_ref().to_vec(), jwk }
    }

    pub(crate) fn assertion(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some("bank-1".to_owned());
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_der(&self.private)).unwrap()
    }
}

pub(crate) fn challenge() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()))
}

/// The address that a client sends people to, with `more` in place of or besides the usual.
pub(crate) fn request(client: &str, redirect_uri: &str, more: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let usual = [
        ("client_id", client),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", "openid profile email residence_place"),
        ("state", "st&ate"),
        ("nonce", "n-1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("ui_locales", "en"),
    ];
    let kept = usual.into_iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    let pairs: Vec<_> = kept.chain(more.iter().copied()).filter(|(_, value)| *value != "-").collect();
    format!("/oidc/auth?{}", encoded(&pairs))
}

/// The code in the address that the browser is sent to; its state and issuer are right.
pub(crate) fn code(url: &str, redirect_uri: &str) -> String {
    assert!(url.starts_with(redirect_uri), "{url}");
    assert_eq!(param(url, "state").as_deref(), Some("st&ate"), "{url}");
    assert_eq!(param(url, "iss"), Some(format!("{BASE}/oidc")));
    param(url, "code").unwrap_or_else(|| panic!("no code in {url}"))
}

/// A code for a browser that is signed in.
pub(crate) async fn code_for(browser: &Browser<'_>, client: &str, redirect_uri: &str, more: &[(&str, &str)]) -> String {
    code(&to(&browser.get(&request(client, redirect_uri, more)).await), redirect_uri)
}

pub(crate) async fn token(house: &House, pairs: &[(&str, &str)]) -> Answer {
    house.client.post("/oidc/token").body(FORM, encoded(pairs)).send().await
}

/// The token endpoint as the shop, which has a secret.
pub(crate) async fn token_as_shop(house: &House, secret: &str, pairs: &[(&str, &str)]) -> Answer {
    let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = BASE64_STANDARD.encode(format!("shop:{}", part(secret)));
    let call = house.client.post("/oidc/token").header(AUTHORIZATION, &format!("Basic {basic}"));
    call.body(FORM, encoded(pairs)).send().await
}

/// Tokens of the portal for this code.
pub(crate) async fn redeem(house: &House, code: &str) -> Answer {
    redeem_with(house, code, VERIFIER, PORTAL).await
}

pub(crate) async fn redeem_with(house: &House, code: &str, verifier: &str, redirect_uri: &str) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "portal"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier),
    ];
    token(house, &fields).await
}

pub(crate) async fn redeem_as_shop(house: &House, code: &str) -> Answer {
    let fields =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", SHOP), ("code_verifier", VERIFIER)];
    token_as_shop(house, SECRET, &fields).await
}

pub(crate) async fn refresh(house: &House, token_text: &str) -> Answer {
    token(house, &[("grant_type", "refresh_token"), ("client_id", "portal"), ("refresh_token", token_text)]).await
}

pub(crate) async fn me(house: &House, access: &str) -> Answer {
    house.client.get("/oidc/me").header(AUTHORIZATION, &format!("Bearer {access}")).send().await
}

pub(crate) fn field(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap_or_else(|| panic!("{name} in {}", answer.text())).to_owned()
}

pub(crate) async fn published(house: &House) -> Vec<Value> {
    house.client.get("/oidc/jwks").send().await.json()["keys"].as_array().unwrap().clone()
}

/// Header and claims of a token that one of the published keys signed.
pub(crate) async fn verified(house: &House, text: &str) -> (Header, Value) {
    let header = jsonwebtoken::decode_header(text).unwrap();
    let key = published(house).await.into_iter().find(|key| key["kid"] == json!(header.kid)).expect("a published key");
    let key = DecodingKey::from_jwk(&serde_json::from_value::<Jwk>(key).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false; // the house has a clock of its own
    validation.validate_aud = false;
    let claims = jsonwebtoken::decode::<Value>(text, &key, &validation).unwrap().claims;
    (header, claims)
}
