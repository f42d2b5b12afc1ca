//! What was typed into a form and not sent yet: sealed, kept for a day without an account and for thirty days with one.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Error, Param, Row, Tx, Vault};
use uuid::Uuid;
use web::pages;

use crate::Portal;
use crate::session::{self, BROWSER, Session};

store::statements! {
    /// A draft begins or changes.
    KEPT = "INSERT INTO draft (id, service, browser, account, body, changed_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET account = COALESCE(draft.account, excluded.account), body = excluded.body,
            changed_at = excluded.changed_at, expires_at = excluded.expires_at";
    /// One draft.
    DRAFT = "SELECT id, service, browser, account, body, changed_at, expires_at FROM draft
        WHERE id = $1 AND expires_at > $2";
    /// An account's drafts, newest first.
    DRAFTS = "SELECT id, service, browser, account, body, changed_at, expires_at FROM draft
        WHERE account = $1 AND expires_at > $2 ORDER BY changed_at DESC LIMIT 50";
    /// It was sent or thrown away.
    DROPPED = "DELETE FROM draft WHERE id = $1";
    /// Drafts whose time is over.
    FORGOTTEN = "DELETE FROM draft WHERE expires_at <= $1";
}

/// How long a draft is kept without an account.
const WITHOUT_ACCOUNT: Duration = Duration::from_hours(24);
/// How long with one.
const WITH_ACCOUNT: Duration = Duration::from_hours(30 * 24);

/// A draft.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Its name in paths; the application's later.
    pub id: Uuid,
    /// The service's code.
    pub service: String,
    /// The browser it was begun in, hashed.
    browser: [u8; 32],
    /// Whose it is.
    pub account: Option<[u8; 16]>,
    /// The answers so far, in the form of the request's body.
    pub answers: Value,
    /// What was typed on pages that have mistakes, as it came, by the page's name.
    pub typed: BTreeMap<String, String>,
    /// Further people, each of whom becomes an application of their own.
    pub guests: Vec<Guest>,
    /// When it changed.
    pub changed_at: Timestamp,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}

/// Another person of a guest book.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guest {
    /// The application's name later.
    pub id: Uuid,
    /// Own answers; the rest is shared with the draft's.
    pub own: Value,
    /// What was typed about them with mistakes, as it came.
    pub typed: Option<String>,
}

/// What is sealed of a draft.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    answers: Value,
    typed: BTreeMap<String, String>,
    #[serde(default)]
    guests: Vec<Guest>,
}

impl Body {
    /// A body that was kept; drafts of the release before had their answers alone in it.
    fn read(json: &[u8]) -> Result<Self, Error> {
        if let Ok(body) = serde_json::from_slice(json) {
            return Ok(body);
        }
        let answers = serde_json::from_slice(json).map_err(Error::broken)?;
        Ok(Self { answers, typed: BTreeMap::new(), guests: Vec::new() })
    }
}

/// Who works on a draft.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hand {
    browser: Option<[u8; 32]>,
    account: Option<[u8; 16]>,
}

impl Hand {
    /// Whoever sent this request.
    pub(crate) fn of(portal: &Portal, headers: &HeaderMap, session: Option<&Session>) -> Self {
        let browser = pages::cookie(headers, BROWSER).map(|secret| browser_key(&portal.parts.vault, secret));
        Self { browser, account: session.map(|session| session.account) }
    }

    /// The browser's name and, where it has none yet, the cookie that gives it one.
    pub(crate) fn named(&mut self, portal: &Portal) -> ([u8; 32], Option<HeaderValue>) {
        if let Some(browser) = self.browser {
            return (browser, None);
        }
        let secret = session::secret();
        let browser = browser_key(&portal.parts.vault, &secret);
        self.browser = Some(browser);
        (browser, Some(pages::set_cookie(BROWSER, &secret, Some(WITH_ACCOUNT), portal.parts.config.secure(), "/")))
    }
}

fn browser_key(vault: &Vault, secret: &str) -> [u8; 32] {
    vault.keyed("portal-browser", secret.as_bytes())
}

fn aad(id: &Uuid) -> Vec<u8> {
    [b"draft".as_slice(), id.as_bytes()].concat()
}

impl Draft {
    /// An empty draft.
    pub(crate) fn new(id: Uuid, service: &str, browser: [u8; 32], account: Option<[u8; 16]>, answers: Value) -> Self {
        let (changed_at, expires_at) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        let (service, typed, guests) = (service.to_owned(), BTreeMap::new(), Vec::new());
        Self { id, service, browser, account, answers, typed, guests, changed_at, expires_at }
    }

    /// Whether the page of this name has mistakes that are not mended yet.
    pub(crate) fn is_unfinished(&self, page: &str) -> bool {
        self.typed.contains_key(page)
    }

    /// The draft belongs to its account; to the browser before it has one, and while nobody is signed in there: a
    /// session that ends in mid-form loses nothing, and the next account on the computer finds nothing.
    pub(crate) fn belongs_to(&self, hand: &Hand) -> bool {
        let others = self.account.is_some() && hand.account.is_some() && self.account != hand.account;
        let own = self.account.is_some() && self.account == hand.account;
        own || (!others && hand.browser == Some(self.browser))
    }

    /// Keeps the draft as it is now; on disk when this returns.
    pub(crate) async fn keep(&self, portal: &Portal) -> Result<(), Error> {
        let now = portal.parts.clock.now();
        let kept = if self.account.is_some() { WITH_ACCOUNT } else { WITHOUT_ACCOUNT };
        let until = now.checked_add(kept).unwrap_or(now);
        let body = Body { answers: self.answers.clone(), typed: self.typed.clone(), guests: self.guests.clone() };
        let body = serde_json::to_vec(&body).map_err(Error::broken)?;
        let sealed = portal.parts.vault.seal(&aad(&self.id), &body);
        let draft = self.clone();
        portal
            .parts
            .db
            .write(move |tx| {
                let id = draft.id.into_bytes();
                let params = [
                    (&id).into(),
                    draft.service.as_str().into(),
                    (&draft.browser).into(),
                    draft.account.as_ref().map_or(Param::Null, Into::into),
                    sealed.as_slice().into(),
                    now.as_microsecond().into(),
                    until.as_microsecond().into(),
                ];
                tx.execute(&KEPT, &params).map(|_| ())
            })
            .await
    }

    fn read(row: &Row<'_>, vault: &Vault) -> Result<Self, Error> {
        let id = Uuid::from_bytes(row.array(0)?);
        let moment = |micros| Timestamp::from_microsecond(micros).map_err(Error::broken);
        let account = match row.opt_bytes(3)? {
            Some(bytes) => Some(bytes.try_into().map_err(Error::broken)?),
            None => None,
        };
        let body = vault.open(&aad(&id), row.bytes(4)?)?;
        let Body { answers, typed, guests } = Body::read(&body)?;
        Ok(Self {
            id,
            service: row.text(1)?.to_owned(),
            browser: row.array(2)?,
            account,
            answers,
            typed,
            guests,
            changed_at: moment(row.int(5)?)?,
            expires_at: moment(row.int(6)?)?,
        })
    }
}

/// The draft of this name, if it is this hand's.
pub(crate) async fn find(portal: &Portal, id: &str, hand: &Hand) -> Result<Option<Draft>, Error> {
    let Ok(id) = Uuid::try_parse(id) else { return Ok(None) };
    let (vault, now) = (portal.parts.vault.clone(), portal.parts.clock.micros());
    let key = id.into_bytes();
    let read =
        move |tx: &mut Tx<'_>| tx.query_opt(&DRAFT, &[(&key).into(), now.into()], |row| Draft::read(row, &vault));
    let found = portal.parts.db.read(read).await?;
    Ok(found.filter(|draft| draft.belongs_to(hand)))
}

/// An account's drafts, newest first.
pub(crate) async fn of_account(portal: &Portal, account: [u8; 16]) -> Result<Vec<Draft>, Error> {
    let (vault, now) = (portal.parts.vault.clone(), portal.parts.clock.micros());
    let read =
        move |tx: &mut Tx<'_>| tx.query(&DRAFTS, &[(&account).into(), now.into()], |row| Draft::read(row, &vault));
    portal.parts.db.read(read).await
}

/// The draft is there no more.
pub(crate) fn drop_in(tx: &mut Tx<'_>, id: &Uuid) -> Result<(), Error> {
    tx.execute(&DROPPED, &[(&id.into_bytes()).into()]).map(|_| ())
}

/// Forgets drafts whose time is over.
pub(crate) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(&FORGOTTEN, &[now.into()]).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_both_releases_are_read() {
        let old = Body::read(br#"{"stay":{"to":"2026-06-30"}}"#).unwrap();
        assert_eq!((old.answers["stay"]["to"].as_str(), old.typed.len()), (Some("2026-06-30"), 0));
        let new = Body::read(br#"{"answers":{"a":1},"typed":{"person":"x=1"}}"#).unwrap();
        assert_eq!((new.answers["a"].as_i64(), new.typed["person"].as_str()), (Some(1), "x=1"));
        assert!(Body::read(b"{").is_err());
    }

    #[test]
    fn a_draft_is_its_accounts_and_until_then_its_browsers() {
        let (ours, theirs) = (Some([1; 16]), Some([2; 16]));
        let hand = |browser: Option<[u8; 32]>, account| Hand { browser, account };
        let draft = |account| Draft::new(Uuid::nil(), "200.12.14.1", [7; 32], account, Value::Null);
        let (same, other) = (Some([7; 32]), Some([8; 32]));
        for (account, browser, signed_in, expected) in [
            (None, same, None, true),
            (None, same, ours, true),
            (None, other, ours, false),
            (None, None, None, false),
            (ours, other, ours, true),
            (ours, same, None, true),
            (ours, same, theirs, false),
            (ours, other, theirs, false),
            (ours, other, None, false),
        ] {
            let found = draft(account).belongs_to(&hand(browser, signed_in));
            assert_eq!(found, expected, "{account:?} {browser:?} {signed_in:?}");
        }
    }
}
