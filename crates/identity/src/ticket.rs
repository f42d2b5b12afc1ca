//! Tickets: what a message proves – that its reader owns the address – for signing up or a new password.
//!
//! A ticket has a link and a code; either spends it, once, within its term, unless a later one took its place. The
//! browser that asked *waits*; the browser in which the ticket was spent *holds* it and may go on. Somebody else's
//! browser that asked with a stranger's address never gets hold of what the stranger confirmed elsewhere.

use mail::Address;
use model::Lang;
use serde::{Deserialize, Serialize};
use store::{Error, Param, Row, Tx, Vault};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::account::{self, Kind, Profile};
use crate::secret::{self, Token};

store::statements! {
    /// A ticket is made.
    INSERT = "INSERT INTO identity_ticket (id, purpose, state, email_key, waiting, holder, token, code, tries, at, expires_at, body)
        VALUES ($1, $2, 'open', $3, $4, $4, $5, $6, 0, $7, $8, $9)";
    /// Earlier ones of this address for this purpose are worth nothing any more.
    SUPERSEDE = "UPDATE identity_ticket SET state = 'superseded' WHERE email_key = $1 AND purpose = $2 AND state = 'open'";
    /// By the link.
    BY_TOKEN = "SELECT id, purpose, state, holder, code, tries, expires_at, body FROM identity_ticket WHERE token = $1";
    /// By the browser that asked.
    BY_WAITING = "SELECT id, purpose, state, holder, code, tries, expires_at, body FROM identity_ticket
        WHERE waiting = $1 ORDER BY at DESC LIMIT 1";
    /// By the browser that may go on.
    BY_HOLDER = "SELECT id, purpose, state, holder, code, tries, expires_at, body FROM identity_ticket
        WHERE holder = $1 AND state = 'confirmed' ORDER BY at DESC LIMIT 1";
    /// A code was wrong.
    TRIED = "UPDATE identity_ticket SET tries = tries + 1 WHERE id = $1";
    /// The address is proved; this browser may go on.
    CONFIRM = "UPDATE identity_ticket SET state = 'confirmed', holder = $2 WHERE id = $1 AND state = 'open'";
    /// What it was for is done.
    SPEND = "UPDATE identity_ticket SET state = 'spent' WHERE id = $1 AND state = 'confirmed'";
    /// Those that nobody can use any more.
    FORGET = "DELETE FROM identity_ticket WHERE expires_at < $1";
}

/// Wrong codes after which only the link is left.
pub(crate) const TRIES: i64 = 5;
const HOUR: i64 = 3600 * 1_000_000;

/// What a ticket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A new account.
    Register,
    /// A new password.
    Reset,
}

impl Purpose {
    /// As rows, paths and texts write it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Reset => "reset",
        }
    }

    /// How long the link and the code are good.
    pub(crate) const fn term(self) -> i64 {
        match self {
            Self::Register => 24 * HOUR,
            Self::Reset => HOUR,
        }
    }
}

/// Where a ticket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Confirmed,
    Spent,
    Superseded,
}

/// What was asked; sealed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) email: Address,
    pub(crate) kind: Kind,
    pub(crate) profile: Profile,
    pub(crate) lang: Lang,
    /// The kept request to go back to; empty when there is none.
    pub(crate) flow: String,
    /// The message told that there is nothing to confirm: no link or code of this ticket was sent to anybody.
    pub(crate) idle: bool,
}

/// A ticket, opened.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub(crate) id: Uuid,
    pub(crate) purpose: Purpose,
    pub(crate) state: State,
    pub(crate) holder: [u8; 32],
    code: [u8; 32],
    pub(crate) tries: i64,
    pub(crate) expires_at: i64,
    pub(crate) body: Body,
}

/// What the message carries.
pub(crate) struct Sent {
    /// The secret of the link.
    pub(crate) token: String,
    /// Six digits.
    pub(crate) code: String,
}

impl Ticket {
    /// Whether the link or the code can be spent.
    pub(crate) fn is_open(&self, now: i64) -> bool {
        self.state == State::Open && now < self.expires_at && !self.body.idle
    }
}

fn aad(id: &[u8; 16]) -> Vec<u8> {
    [b"identity_ticket.body.".as_slice(), id].concat()
}

fn code_hash(vault: &Vault, id: &[u8; 16], code: &str) -> [u8; 32] {
    vault.keyed("identity.code", &[id.as_slice(), code.as_bytes()].concat())
}

/// A ticket for the browser that waits with `waiting`; earlier ones of the address are superseded.
pub(crate) fn issue(
    tx: &mut Tx<'_>,
    vault: &Vault,
    purpose: Purpose,
    body: &Body,
    waiting: &[u8; 32],
    now: i64,
) -> Result<Sent, Error> {
    let (id, token) = (store::random::<16>(), Token::draw());
    let code = format!("{:06}", secret::below(1_000_000));
    let email = account::email_key(vault, &body.email);
    let sealed = vault.seal(&aad(&id), &serde_json::to_vec(body).map_err(Error::broken)?);
    tx.execute(&SUPERSEDE, &[(&email).into(), purpose.as_str().into()])?;
    tx.execute(
        &INSERT,
        &[
            (&id).into(),
            purpose.as_str().into(),
            (&email).into(),
            waiting.into(),
            (&token.hash).into(),
            (&code_hash(vault, &id, &code)).into(),
            now.into(),
            (now + purpose.term()).into(),
            Param::Bytes(&sealed),
        ],
    )?;
    Ok(Sent { token: token.text, code })
}

fn read(row: &Row<'_>) -> Result<(Ticketless, Vec<u8>), Error> {
    let purpose = match row.text(1)? {
        "register" => Purpose::Register,
        "reset" => Purpose::Reset,
        _ => return Err(Error::broken("purpose of a ticket")),
    };
    let state = match row.text(2)? {
        "open" => State::Open,
        "confirmed" => State::Confirmed,
        "spent" => State::Spent,
        "superseded" => State::Superseded,
        _ => return Err(Error::broken("state of a ticket")),
    };
    let rest = Ticketless {
        id: row.array(0)?,
        purpose,
        state,
        holder: row.array(3)?,
        code: row.array(4)?,
        tries: row.int(5)?,
        expires_at: row.int(6)?,
    };
    Ok((rest, row.bytes(7)?.to_vec()))
}

/// A ticket whose body is not opened yet.
struct Ticketless {
    id: [u8; 16],
    purpose: Purpose,
    state: State,
    holder: [u8; 32],
    code: [u8; 32],
    tries: i64,
    expires_at: i64,
}

fn opened(vault: &Vault, found: Option<(Ticketless, Vec<u8>)>) -> Result<Option<Ticket>, Error> {
    let Some((Ticketless { id, purpose, state, holder, code, tries, expires_at }, sealed)) = found else {
        return Ok(None);
    };
    let body = serde_json::from_slice(&vault.open(&aad(&id), &sealed)?).map_err(Error::broken)?;
    Ok(Some(Ticket { id: Uuid::from_bytes(id), purpose, state, holder, code, tries, expires_at, body }))
}

/// The ticket of a link.
pub(crate) fn by_token(tx: &mut Tx<'_>, vault: &Vault, token: &str) -> Result<Option<Ticket>, Error> {
    let found = tx.query_opt(&BY_TOKEN, &[(&secret::hash(token)).into()], read)?;
    opened(vault, found)
}

/// The ticket that this browser asked for last.
pub(crate) fn by_waiting(tx: &mut Tx<'_>, vault: &Vault, browser: &[u8; 32]) -> Result<Option<Ticket>, Error> {
    let found = tx.query_opt(&BY_WAITING, &[browser.into()], read)?;
    opened(vault, found)
}

/// The confirmed ticket with which this browser may go on.
pub(crate) fn by_holder(tx: &mut Tx<'_>, vault: &Vault, browser: &[u8; 32]) -> Result<Option<Ticket>, Error> {
    let found = tx.query_opt(&BY_HOLDER, &[browser.into()], read)?;
    opened(vault, found)
}

/// Whether the code is the ticket's; a wrong one is counted.
pub(crate) fn try_code(tx: &mut Tx<'_>, vault: &Vault, ticket: &Ticket, code: &str) -> Result<bool, Error> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let right = code_hash(vault, ticket.id.as_bytes(), &digits).ct_eq(&ticket.code);
    if ticket.tries < TRIES && bool::from(right) {
        return Ok(true);
    }
    tx.execute(&TRIED, &[ticket.id.as_bytes().into()])?;
    Ok(false)
}

/// The address is proved; this browser goes on. False when somebody was faster.
pub(crate) fn confirm(tx: &mut Tx<'_>, ticket: &Ticket, browser: &[u8; 32]) -> Result<bool, Error> {
    Ok(tx.execute(&CONFIRM, &[ticket.id.as_bytes().into(), browser.into()])? == 1)
}

/// What it was for is done; false when it was done before.
pub(crate) fn spend(tx: &mut Tx<'_>, ticket: &Ticket) -> Result<bool, Error> {
    Ok(tx.execute(&SPEND, &[ticket.id.as_bytes().into()])? == 1)
}

/// Tickets out of their term are forgotten, a day later: until then their links are told to be late, not unknown.
pub(crate) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(&FORGET, &[(now - 24 * HOUR).into()]).map(|_| ())
}
