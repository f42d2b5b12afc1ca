//! Keys that sign tokens: ES256, sealed in the database, replaced in time; old ones are published until all that they
//! signed has expired.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use serde_json::{Value, json};
use store::{Param, Tx, Vault};

use crate::secret::base64url;
use crate::{Error, Identity, secret};

store::statements! {
    /// A key was made.
    INSERT = "INSERT INTO identity_key (kid, at, starts_at, private, public) VALUES ($1, $2, $3, $4, $5)";
    /// Keys, the one that starts last first.
    ALL = "SELECT kid, at, starts_at, public FROM identity_key ORDER BY starts_at DESC, kid";
    /// The key to sign with.
    CURRENT = "SELECT kid, private FROM identity_key WHERE starts_at <= $1 ORDER BY starts_at DESC, kid LIMIT 1";
    /// A key nobody needs any more.
    DELETE = "DELETE FROM identity_key WHERE kid = $1";
}

const HOUR: i64 = 3600 * 1_000_000;
/// A key signs for so long.
const TERM: i64 = 90 * 24 * HOUR;
/// A key is published so long before it signs: clients keep what we publish.
const AHEAD: i64 = 24 * HOUR;
/// A key is published so long after it signed last: longer than any token it signed.
const BEHIND: i64 = 24 * HOUR;

/// A public key, with when it begins to sign.
struct Known {
    kid: String,
    at: i64,
    starts_at: i64,
    public: Value,
}

fn all(tx: &mut Tx<'_>) -> Result<Vec<Known>, store::Error> {
    tx.query(&ALL, &[], |row| {
        let public = serde_json::from_str(row.text(3)?).map_err(store::Error::broken)?;
        Ok(Known { kid: row.text(0)?.to_owned(), at: row.int(1)?, starts_at: row.int(2)?, public })
    })
}

/// The public keys, for `/oidc/jwks`.
pub(crate) fn published(tx: &mut Tx<'_>) -> Result<Vec<Value>, store::Error> {
    Ok(all(tx)?.into_iter().map(|key| key.public).collect())
}

fn aad(kid: &str) -> Vec<u8> {
    format!("identity_key.private.{kid}").into_bytes()
}

fn make(tx: &mut Tx<'_>, vault: &Vault, now: i64, starts_at: i64) -> Result<(), store::Error> {
    let broken = |_| store::Error::broken("an ES256 key");
    let private =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).map_err(broken)?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private.as_ref())
        .map_err(|_| store::Error::broken("an ES256 key"))?;
    // An uncompressed point: 4, x, y.
    let point = pair.public_key().as_ref();
    let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
        return Err(store::Error::broken("a P-256 point"));
    };
    let (x, y) = (base64url(x), base64url(y));
    // RFC 7638: the members in this order, nothing else.
    let thumbprint = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let kid = base64url(&secret::hash(&thumbprint));
    let public = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "use": "sig", "alg": "ES256" });
    let sealed = vault.seal(&aad(&kid), private.as_ref());
    let public = public.to_string();
    let row = [(&kid).into(), now.into(), starts_at.into(), Param::Bytes(&sealed), (&public).into()];
    tx.execute(&INSERT, &row).map(|_| ())
}

/// There is a key to sign with; the next one is made in time, and what nobody needs is gone.
pub(crate) async fn ensure(core: &Identity) -> Result<(), Error> {
    let (now, vault) = (core.clock.micros(), core.vault.clone());
    let ensured = core.db.write(move |tx| {
        let known = all(tx)?;
        if !known.iter().any(|key| key.starts_at <= now) {
            make(tx, &vault, now, now)?;
        } else if known.first().is_some_and(|newest| newest.starts_at + TERM - AHEAD <= now) {
            make(tx, &vault, now, now + AHEAD)?;
        }
        // A key has signed until the next one started.
        let ends = known.iter().skip(1).zip(&known).filter(|(_, next)| next.starts_at + BEHIND <= now);
        for (old, _) in ends {
            tx.execute(&DELETE, &[(&old.kid).into()])?;
        }
        Ok(())
    });
    Ok(ensured.await?)
}

/// A new key signs from now on.
pub(crate) async fn rotate(core: &Identity) -> Result<(), Error> {
    let (now, vault) = (core.clock.micros(), core.vault.clone());
    let rotated = core.db.write(move |tx| {
        // Two keys that start at once would have no order.
        let latest = all(tx)?.iter().map(|key| key.starts_at.max(key.at)).filter(|at| *at <= now).max();
        make(tx, &vault, now, now.max(latest.map_or(now, |at| at + 1)))
    });
    Ok(rotated.await?)
}

/// The claims as a signed token of this type.
pub(crate) async fn sign(core: &Identity, typ: &str, claims: &Value) -> Result<String, Error> {
    let now = core.clock.micros() + 1;
    let found = core.db.read(move |tx| {
        tx.query_opt(&CURRENT, &[now.into()], |row| Ok((row.text(0)?.to_owned(), row.bytes(1)?.to_vec())))
    });
    let (kid, sealed) = found.await?.ok_or(Error::Key)?;
    let private = zeroize::Zeroizing::new(core.vault.open(&aad(&kid), &sealed)?);
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(typ.to_owned());
    header.kid = Some(kid);
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_der(&private)).map_err(|_| Error::Key)
}

/// The claims of an ID token of ours, expired or not: what a client hints at a sign-out with.
pub(crate) async fn hinted(core: &Identity, token: &str) -> Result<Option<Value>, Error> {
    let keys = core.db.read(published).await?;
    let Some(kid) = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid) else {
        return Ok(None);
    };
    let key = keys.into_iter().find(|key| key.get("kid").and_then(Value::as_str) == Some(&kid));
    let key =
        key.and_then(|key| serde_json::from_value::<Jwk>(key).ok()).and_then(|key| DecodingKey::from_jwk(&key).ok());
    let Some(key) = key else {
        return Ok(None);
    };
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.set_issuer(&[core.config.issuer()]);
    Ok(jsonwebtoken::decode::<Value>(token, &key, &validation).ok().map(|token| token.claims))
}
