//! Grants: what a client has of a person's sign-in, and the code and tokens by which it shows that.
//!
//! A code or refresh token that comes a second time was stolen from somebody: the whole grant ends (RFC 9700 §4.14).

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use store::{Error, Row, Tx};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::{Refused, claims};
use crate::audit::{self, Event};
use crate::flow::Request;
use crate::secret::{Token, base64url, hash};
use crate::session::Session;

store::statements! {
    /// A client gets something.
    INSERT = "INSERT INTO identity_grant (id, account, session, client, scope, offline, acr, amr, auth_at, at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// A code or token of a grant.
    INSERT_TOKEN = "INSERT INTO identity_token (hash, grant_id, kind, body, expires_at) VALUES ($1, $2, $3, $4, $5)";
    /// A code or token with its grant.
    FIND = "SELECT g.id, g.account, g.session, g.client, g.scope, g.offline, g.acr, g.amr, g.auth_at, g.expires_at,
        g.ended_at, t.body, t.expires_at, t.used_at FROM identity_token t JOIN identity_grant g ON g.id = t.grant_id
        WHERE t.hash = $1 AND t.kind = $2";
    /// It is used up, unless it was.
    USE = "UPDATE identity_token SET used_at = $2 WHERE hash = $1 AND used_at IS NULL";
    /// A grant is over.
    END = "UPDATE identity_grant SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    /// What a session gave is over, but for what outlives sessions.
    END_OF_SESSION = "UPDATE identity_grant SET ended_at = $2 WHERE session = $1 AND offline = 0 AND ended_at IS NULL";
    /// Whatever an account gave is over, but for this session's.
    END_OF_ACCOUNT = "UPDATE identity_grant SET ended_at = $2 WHERE account = $1 AND session <> $3 AND ended_at IS NULL";
    /// The clients that a session signed in to.
    CLIENTS = "SELECT DISTINCT client FROM identity_grant WHERE session = $1 ORDER BY client";
    /// Tokens of grants that are over.
    FORGET_TOKENS = "DELETE FROM identity_token WHERE grant_id IN (SELECT id FROM identity_grant WHERE expires_at < $1)";
    /// Short-lived tokens out of their term. Used codes and refresh tokens stay with their grant: reuse must show.
    FORGET_ACCESS = "DELETE FROM identity_token WHERE kind = 'access' AND expires_at < $1";
    /// Grants that are over.
    FORGET = "DELETE FROM identity_grant WHERE expires_at < $1";
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 24 * 3600 * SECOND;
/// How long a code holds.
const CODE: i64 = 60 * SECOND;
/// How long an access token holds, in seconds.
pub(super) const ACCESS: i64 = 600;
/// How long a refresh token holds unused.
const REFRESH: i64 = 30 * DAY;
/// How long a grant lasts that outlives its session.
const OFFLINE: i64 = 90 * DAY;

/// What a client has.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(super) id: [u8; 16],
    pub(super) account: Uuid,
    pub(super) session: [u8; 16],
    pub(super) client: String,
    pub(super) scope: String,
    pub(super) offline: bool,
    pub(super) acr: String,
    pub(super) amr: String,
    pub(super) auth_at: i64,
    expires_at: i64,
    ended: bool,
}

/// What a code is bound to.
#[derive(Serialize, Deserialize)]
struct Bound {
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
}

struct Found {
    grant: Grant,
    body: String,
    expires_at: i64,
    used: bool,
}

fn found(row: &Row<'_>) -> Result<Found, Error> {
    let grant = Grant {
        id: row.array(0)?,
        account: Uuid::from_bytes(row.array(1)?),
        session: row.array(2)?,
        client: row.text(3)?.to_owned(),
        scope: row.text(4)?.to_owned(),
        offline: row.flag(5)?,
        acr: row.text(6)?.to_owned(),
        amr: row.text(7)?.to_owned(),
        auth_at: row.int(8)?,
        expires_at: row.int(9)?,
        ended: row.opt_int(10)?.is_some(),
    };
    Ok(Found { grant, body: row.text(11)?.to_owned(), expires_at: row.int(12)?, used: row.opt_int(13)?.is_some() })
}

/// A code for what this session allows the client; used once within a minute.
pub(super) fn issue(
    tx: &mut Tx<'_>,
    session: &Session,
    request: &Request,
    scope: &str,
    now: i64,
) -> Result<String, Error> {
    let (id, code) = (store::random::<16>(), Token::draw());
    let offline = claims::has(scope, "offline_access");
    let expires_at = now + if offline { OFFLINE } else { DAY };
    tx.execute(
        &INSERT,
        &[
            (&id).into(),
            session.account.as_bytes().into(),
            (&session.id).into(),
            (&request.client).into(),
            scope.into(),
            offline.into(),
            session.acr.as_str().into(),
            (&session.amr).into(),
            session.auth_at.into(),
            now.into(),
            expires_at.into(),
        ],
    )?;
    let bound = Bound {
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
    };
    let bound = serde_json::to_string(&bound).map_err(Error::broken)?;
    tx.execute(
        &INSERT_TOKEN,
        &[(&code.hash).into(), (&id).into(), "code".into(), (&bound).into(), (now + CODE).into()],
    )?;
    Ok(code.text)
}

/// Takes a code or refresh token of this client out of use; a second time ends its grant.
///
/// The outer error undoes the transaction, the inner one must not: that a grant ended has to stay.
fn take(tx: &mut Tx<'_>, kind: &str, text: &str, client: &str, now: i64) -> Result<Result<Found, Refused>, Error> {
    let hash = hash(text);
    let Some(found) = tx.query_opt(&FIND, &[(&hash).into(), kind.into()], found)? else {
        return Ok(Err(Refused::GRANT));
    };
    if found.grant.client != client {
        return Ok(Err(Refused::GRANT));
    }
    // Another node may use it at this very moment: whoever changes the row has it.
    if found.used || tx.execute(&USE, &[(&hash).into(), now.into()])? == 0 {
        if tx.execute(&END, &[(&found.grant.id).into(), now.into()])? == 1 {
            audit::note(tx, found.grant.account, Event::TokenReused, now, "")?;
        }
        return Ok(Err(Refused::GRANT));
    }
    let over = found.grant.ended || now >= found.expires_at || now >= found.grant.expires_at;
    Ok(if over { Err(Refused::GRANT) } else { Ok(found) })
}

/// The grant of a code and the nonce of its request, when the client is the one that asked.
pub(super) fn redeem(
    tx: &mut Tx<'_>,
    code: &str,
    client: &str,
    redirect_uri: &str,
    verifier: &str,
    now: i64,
) -> Result<Result<(Grant, Option<String>), Refused>, Error> {
    let found = match take(tx, "code", code, client, now)? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    let bound: Bound = serde_json::from_str(&found.body).map_err(Error::broken)?;
    let right = is_verifier(verifier) && bool::from(challenge(verifier).as_bytes().ct_eq(bound.challenge.as_bytes()));
    if bound.redirect_uri != redirect_uri || !right {
        tx.execute(&END, &[(&found.grant.id).into(), now.into()])?;
        return Ok(Err(Refused::GRANT));
    }
    Ok(Ok((found.grant, bound.nonce)))
}

/// The grant of a refresh token, which is used up by that.
pub(super) fn renew(tx: &mut Tx<'_>, refresh: &str, client: &str, now: i64) -> Result<Result<Grant, Refused>, Error> {
    Ok(take(tx, "refresh", refresh, client, now)?.map(|found| found.grant))
}

/// Tokens of the grant: one to ask with, one to get the next with where the grant outlives its session.
pub(super) fn tokens(tx: &mut Tx<'_>, grant: &Grant, scope: &str, now: i64) -> Result<(String, Option<String>), Error> {
    let access = Token::draw();
    let expires_at = now + ACCESS * SECOND;
    tx.execute(
        &INSERT_TOKEN,
        &[(&access.hash).into(), (&grant.id).into(), "access".into(), scope.into(), expires_at.into()],
    )?;
    if !grant.offline {
        return Ok((access.text, None));
    }
    let refresh = Token::draw();
    let expires_at = (now + REFRESH).min(grant.expires_at);
    tx.execute(
        &INSERT_TOKEN,
        &[(&refresh.hash).into(), (&grant.id).into(), "refresh".into(), "".into(), expires_at.into()],
    )?;
    Ok((access.text, Some(refresh.text)))
}

/// Whose an access token is, and what it is good for.
pub(super) fn by_access(tx: &mut Tx<'_>, text: &str, now: i64) -> Result<Option<(Grant, String)>, Error> {
    let found = tx.query_opt(&FIND, &[(&hash(text)).into(), "access".into()], found)?;
    Ok(found.filter(|found| !found.grant.ended && now < found.expires_at).map(|found| (found.grant, found.body)))
}

/// What a session gave is over.
pub(crate) fn end_of_session(tx: &mut Tx<'_>, session: &[u8; 16], now: i64) -> Result<(), Error> {
    tx.execute(&END_OF_SESSION, &[session.into(), now.into()]).map(|_| ())
}

/// Whatever the account gave is over, but for what the session `except` gave.
pub(crate) fn end_of_account(tx: &mut Tx<'_>, account: Uuid, except: Option<[u8; 16]>, now: i64) -> Result<(), Error> {
    let except = except.unwrap_or([0; 16]);
    tx.execute(&END_OF_ACCOUNT, &[account.as_bytes().into(), now.into(), (&except).into()]).map(|_| ())
}

/// The clients that a session signed in to.
pub(super) fn clients(tx: &mut Tx<'_>, session: &[u8; 16]) -> Result<Vec<String>, Error> {
    tx.query(&CLIENTS, &[session.into()], |row| Ok(row.text(0)?.to_owned()))
}

/// What is over is forgotten.
pub(super) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(&FORGET_ACCESS, &[now.into()])?;
    tx.execute(&FORGET_TOKENS, &[now.into()])?;
    tx.execute(&FORGET, &[now.into()]).map(|_| ())
}

/// 43 to 128 unreserved characters (RFC 7636 §4.1).
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-._~".contains(&c))
}

/// S256 of a verifier (RFC 7636 §4.2).
fn challenge(verifier: &str) -> String {
    base64url(digest(&SHA256, verifier.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    #[test]
    fn the_published_challenge() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(is_verifier(verifier) && !is_verifier("short") && !is_verifier(&"ы".repeat(30)));
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
