//! Who is signed in at the portal: a cookie, and a row that holds what the identity provider said.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response};
use axum::middleware::Next;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use store::{Error, Tx, Vault};
use web::pages::{self, Account};

use crate::Portal;

store::statements! {
    /// A session begins.
    BEGUN = "INSERT INTO portal_session (hash, account, sid, person, created_at, seen_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $5, $6)";
    /// The session of a cookie.
    FOUND = "SELECT account, person, seen_at FROM portal_session WHERE hash = $1 AND expires_at > $2 AND seen_at > $3";
    /// It was used.
    SEEN = "UPDATE portal_session SET seen_at = $2 WHERE hash = $1";
    /// It ends.
    ENDED = "DELETE FROM portal_session WHERE hash = $1";
    /// All sessions of a session at the identity provider end.
    ENDED_THERE = "DELETE FROM portal_session WHERE sid = $1";
    /// Sessions that are over are forgotten.
    FORGOTTEN = "DELETE FROM portal_session WHERE expires_at <= $1 OR seen_at <= $2";
}

/// The cookie of a session.
pub(crate) const SESSION: &str = "nais_session";
/// The cookie of a browser that fills forms without an account.
pub(crate) const BROWSER: &str = "nais_draft";

/// Without a page asked for so long, a session is over.
const IDLE: Duration = Duration::from_hours(1);
/// However much it is used, a session is over after this.
const LONGEST: Duration = Duration::from_hours(12);
/// How exactly the last use is known.
const NOTED: Duration = Duration::from_mins(5);

/// What the identity provider said of a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    /// The provider's name of the account.
    pub sub: String,
    /// Where messages go.
    pub email: String,
    /// The name shown.
    pub name: String,
    /// The identification number, where the provider has checked it.
    pub number: Option<String>,
    /// The level of assurance: low, substantial, high.
    pub acr: String,
    /// The token that ends the session at the provider.
    pub id_token: String,
}

/// A session. An extension of requests that bear its cookie.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The portal's name of the account.
    pub account: [u8; 16],
    /// Who it is.
    pub person: Arc<Person>,
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The portal's name of an account.
pub(crate) fn account_of(vault: &Vault, sub: &str) -> [u8; 16] {
    vault.pseudonym("portal-account", sub.as_bytes())
}

/// The key under which a cookie's secret is kept.
fn hash(vault: &Vault, secret: &str) -> [u8; 32] {
    vault.keyed("portal-session", secret.as_bytes())
}

fn sid_key(vault: &Vault, sid: &str) -> [u8; 32] {
    vault.keyed("portal-sid", sid.as_bytes())
}

/// 256 random bits as a cookie holds them.
pub(crate) fn secret() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(store::random::<32>())
}

/// Begins a session; the cookie to set.
pub(crate) async fn begin(portal: &Portal, person: &Person, sid: &str) -> Result<HeaderValue, Error> {
    let vault = &portal.parts.vault;
    let secret = secret();
    let (hash, account, sid) = (hash(vault, &secret), account_of(vault, &person.sub), sid_key(vault, sid));
    let json = serde_json::to_vec(person).map_err(Error::broken)?;
    let sealed = vault.seal(&hash, &json);
    let now = portal.parts.clock.micros();
    let until = now.saturating_add(micros(LONGEST));
    portal
        .parts
        .db
        .write(move |tx| {
            let params =
                [(&hash).into(), (&account).into(), (&sid).into(), sealed.as_slice().into(), now.into(), until.into()];
            tx.execute(&BEGUN, &params).map(|_| ())
        })
        .await?;
    Ok(pages::set_cookie(SESSION, &secret, Some(LONGEST), portal.parts.config.secure(), "/"))
}

/// Ends the session of a request's cookie.
pub(crate) async fn end(portal: &Portal, headers: &HeaderMap) -> Result<(), Error> {
    let Some(secret) = pages::cookie(headers, SESSION) else { return Ok(()) };
    let hash = hash(&portal.parts.vault, secret);
    portal.parts.db.write(move |tx| tx.execute(&ENDED, &[(&hash).into()]).map(|_| ())).await
}

/// Ends all sessions that came of a session at the identity provider.
pub(crate) async fn end_there(portal: &Portal, sid: &str) -> Result<(), Error> {
    let sid = sid_key(&portal.parts.vault, sid);
    portal.parts.db.write(move |tx| tx.execute(&ENDED_THERE, &[(&sid).into()]).map(|_| ())).await
}

/// Forgets sessions that are over.
pub(crate) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(&FORGOTTEN, &[now.into(), now.saturating_sub(micros(IDLE)).into()]).map(|_| ())
}

async fn find(portal: &Portal, secret: &str) -> Result<Option<Session>, Error> {
    let vault = portal.parts.vault.clone();
    let hash = hash(&vault, secret);
    let now = portal.parts.clock.micros();
    let idle = now.saturating_sub(micros(IDLE));
    let found = portal
        .parts
        .db
        .read(move |tx| {
            tx.query_opt(&FOUND, &[(&hash).into(), now.into(), idle.into()], |row| {
                let json = vault.open(&hash, row.bytes(1)?)?;
                let person = serde_json::from_slice(&json).map_err(Error::broken)?;
                Ok((Session { account: row.array(0)?, person: Arc::new(person) }, row.int(2)?))
            })
        })
        .await?;
    let Some((session, seen)) = found else { return Ok(None) };
    if now.saturating_sub(seen) > micros(NOTED) {
        portal.parts.db.write(move |tx| tx.execute(&SEEN, &[(&hash).into(), now.into()]).map(|_| ())).await?;
    }
    Ok(Some(session))
}

/// Middleware: the request's session, if it has one.
pub(crate) async fn recognise(State(portal): State<Portal>, mut request: Request, next: Next) -> Response<Body> {
    if let Some(secret) = pages::cookie(request.headers(), SESSION) {
        let secret = secret.to_owned();
        match find(&portal, &secret).await {
            Ok(Some(session)) => {
                request.extensions_mut().insert(Account(session.person.name.clone()));
                request.extensions_mut().insert(session);
            }
            Ok(None) => {}
            // A page that needs the session says that it cannot be had now; others go on without.
            Err(error) => tracing::warn!(%error, "a session could not be read"),
        }
    }
    next.run(request).await
}
