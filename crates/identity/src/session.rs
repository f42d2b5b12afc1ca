//! Sessions of the provider: a random cookie whose digest is kept, 30 minutes idle, 12 hours at most.

use store::{Error, Row, Tx};
use uuid::Uuid;

use crate::account::Level;
use crate::audit::{self, Event};
use crate::identity::Inner;
use crate::oidc::{grant, logout};
use crate::secret::Token;

store::statements! {
    /// A person signed in.
    INSERT = "INSERT INTO identity_session (hash, id, account, acr, amr, auth_at, seen_at, expires_at, address, agent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// The session of a cookie.
    FIND = "SELECT id, account, acr, amr, auth_at, seen_at, expires_at, address, agent FROM identity_session
        WHERE hash = $1 AND expires_at > $2 AND seen_at > $3";
    /// It was used.
    SEEN = "UPDATE identity_session SET seen_at = $2 WHERE hash = $1";
    /// All of an account, the last used first.
    ALL = "SELECT id, account, acr, amr, auth_at, seen_at, expires_at, address, agent FROM identity_session
        WHERE account = $1 AND expires_at > $2 AND seen_at > $3 ORDER BY seen_at DESC, id";
    /// One is over.
    DELETE = "DELETE FROM identity_session WHERE id = $1 AND account = $2";
    /// Those that are over by themselves.
    FORGET = "DELETE FROM identity_session WHERE expires_at <= $1 OR seen_at <= $2";
}

const MINUTE: i64 = 60 * 1_000_000;
/// Without use a session is over after this.
const IDLE: i64 = 30 * MINUTE;
/// Whatever is done, it is over after this.
const LONGEST: i64 = 12 * 60 * MINUTE;
/// Use is noted this often: a write for each page would be a waste.
const NOTED: i64 = MINUTE;

/// A session.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) id: [u8; 16],
    pub(crate) account: Uuid,
    pub(crate) acr: Level,
    /// How the person proved who they are: words of RFC 8176, parted by blanks.
    pub(crate) amr: String,
    pub(crate) auth_at: i64,
    pub(crate) seen_at: i64,
    pub(crate) address: String,
    pub(crate) agent: String,
}

impl Session {
    /// The `sid` of tokens and the name in forms.
    pub(crate) fn sid(&self) -> String {
        Uuid::from_bytes(self.id).to_string()
    }

    /// Whether use must be noted.
    pub(crate) fn is_stale(&self, now: i64) -> bool {
        now - self.seen_at >= NOTED
    }
}

/// Who signs in, how, from where.
pub(crate) struct SignIn<'a> {
    pub(crate) account: Uuid,
    pub(crate) acr: Level,
    pub(crate) amr: &'a str,
    pub(crate) address: &'a str,
    pub(crate) agent: &'a str,
}

fn session(row: &Row<'_>) -> Result<Session, Error> {
    Ok(Session {
        id: row.array(0)?,
        account: Uuid::from_bytes(row.array(1)?),
        acr: Level::parse(row.text(2)?).ok_or_else(|| Error::broken("acr of a session"))?,
        amr: row.text(3)?.to_owned(),
        auth_at: row.int(4)?,
        seen_at: row.int(5)?,
        address: row.text(7)?.to_owned(),
        agent: row.text(8)?.to_owned(),
    })
}

/// A new session; the text of its cookie.
pub(crate) fn begin(tx: &mut Tx<'_>, sign_in: &SignIn<'_>, now: i64) -> Result<String, Error> {
    let SignIn { account, acr, amr, address, agent } = sign_in;
    let (token, id) = (Token::draw(), store::random::<16>());
    tx.execute(
        &INSERT,
        &[
            (&token.hash).into(),
            (&id).into(),
            account.as_bytes().into(),
            acr.as_str().into(),
            (*amr).into(),
            now.into(),
            now.into(),
            (now + LONGEST).into(),
            (*address).into(),
            (*agent).into(),
        ],
    )?;
    audit::note(tx, *account, Event::SignedIn, now, address)?;
    Ok(token.text)
}

/// The session of this cookie, while it lasts.
pub(crate) fn find(tx: &mut Tx<'_>, hash: &[u8; 32], now: i64) -> Result<Option<Session>, Error> {
    tx.query_opt(&FIND, &[hash.into(), now.into(), (now - IDLE).into()], session)
}

/// Its use is noted.
pub(crate) fn seen(tx: &mut Tx<'_>, hash: &[u8; 32], now: i64) -> Result<(), Error> {
    tx.execute(&SEEN, &[hash.into(), now.into()]).map(|_| ())
}

/// All sessions of an account.
pub(crate) fn all(tx: &mut Tx<'_>, account: Uuid, now: i64) -> Result<Vec<Session>, Error> {
    tx.query(&ALL, &[account.as_bytes().into(), now.into(), (now - IDLE).into()], session)
}

/// The session is over, and so is what clients have by it; those who want to know will be told. False when there was
/// none of this account.
pub(crate) fn end(tx: &mut Tx<'_>, core: &Inner, account: Uuid, id: &[u8; 16], now: i64) -> Result<bool, Error> {
    if tx.execute(&DELETE, &[id.into(), account.as_bytes().into()])? == 0 {
        return Ok(false);
    }
    logout::tell(tx, core, account, id, now)?;
    grant::end_of_session(tx, id, now)?;
    Ok(true)
}

/// All sessions of the account are over but `except`, and so are the grants that outlive sessions.
pub(crate) fn end_all(
    tx: &mut Tx<'_>,
    core: &Inner,
    account: Uuid,
    except: Option<[u8; 16]>,
    now: i64,
) -> Result<(), Error> {
    for session in all(tx, account, now)? {
        if Some(session.id) != except {
            end(tx, core, account, &session.id, now)?;
        }
    }
    grant::end_of_account(tx, account, except, now)
}

/// Sessions that are over by themselves are forgotten. Clients keep their own time: nobody is told.
pub(crate) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(&FORGET, &[now.into(), (now - IDLE).into()]).map(|_| ())
}
