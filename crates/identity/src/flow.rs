//! Flows: requests of clients kept while the person signs in. The browser carries a random name, never the request.

use serde::{Deserialize, Serialize};
use store::{Error, Param, Tx, Vault};

use crate::secret::{Token, hash};

store::statements! {
    /// A request is kept.
    INSERT = "INSERT INTO identity_flow (id, at, expires_at, request) VALUES ($1, $2, $3, $4)";
    /// A kept request.
    FIND = "SELECT at, request FROM identity_flow WHERE id = $1 AND expires_at > $2";
    /// It is answered.
    DELETE = "DELETE FROM identity_flow WHERE id = $1";
    /// Those that nobody came back to.
    FORGET = "DELETE FROM identity_flow WHERE expires_at <= $1";
}

/// As long as a message to sign up is good.
const TERM: i64 = 24 * 3600 * 1_000_000;

/// A client's request for sign-in, checked: it may be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) client: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: String,
    /// Scopes we know, parted by blanks.
    pub(crate) scope: String,
    pub(crate) prompt: Prompt,
    /// Seconds since the person signed in, at most.
    pub(crate) max_age: Option<i64>,
    /// The level asked for.
    pub(crate) acr: Option<String>,
}

/// What the client wants the person to see (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Prompt {
    pub(crate) none: bool,
    pub(crate) login: bool,
    pub(crate) consent: bool,
    pub(crate) create: bool,
}

/// A kept request and since when it is kept.
pub(crate) struct Flow {
    pub(crate) at: i64,
    pub(crate) request: Request,
}

fn aad(id: &[u8; 32]) -> Vec<u8> {
    [b"identity_flow.request.".as_slice(), id].concat()
}

/// The request is kept; under which name.
pub(crate) fn keep(tx: &mut Tx<'_>, vault: &Vault, request: &Request, now: i64) -> Result<String, Error> {
    let token = Token::draw();
    let sealed = vault.seal(&aad(&token.hash), &serde_json::to_vec(request).map_err(Error::broken)?);
    tx.execute(&INSERT, &[(&token.hash).into(), now.into(), (now + TERM).into(), Param::Bytes(&sealed)])?;
    Ok(token.text)
}

/// The request of this name.
pub(crate) fn find(tx: &mut Tx<'_>, vault: &Vault, name: &str, now: i64) -> Result<Option<Flow>, Error> {
    if name.is_empty() {
        return Ok(None);
    }
    let id = hash(name);
    let found = tx.query_opt(&FIND, &[(&id).into(), now.into()], |row| Ok((row.int(0)?, row.bytes(1)?.to_vec())))?;
    let Some((at, sealed)) = found else {
        return Ok(None);
    };
    let request = serde_json::from_slice(&vault.open(&aad(&id), &sealed)?).map_err(Error::broken)?;
    Ok(Some(Flow { at, request }))
}

/// The request is answered; false when it was answered before.
pub(crate) fn take(tx: &mut Tx<'_>, name: &str) -> Result<bool, Error> {
    Ok(tx.execute(&DELETE, &[(&hash(name)).into()])? == 1)
}

/// Requests that nobody came back to are forgotten.
pub(crate) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(&FORGET, &[now.into()]).map(|_| ())
}
