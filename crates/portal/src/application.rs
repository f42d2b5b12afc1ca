//! Applications: what was sent, in every version, what came of it, and the messages about it.

use std::collections::HashMap;

use jiff::Timestamp;
use model::Lang;
use serde_json::Value;
use store::{Error, Param, Row, Tx, Vault};
use uuid::Uuid;

use crate::Portal;
use crate::session::Person;

store::statements! {
    /// An application is there, once.
    SENT = "INSERT INTO application (id, account, service, state, lang, version, person, created_at, changed_at, next_try_at, tries)
        VALUES ($1, $2, $3, 'submitted', $4, 1, $5, $6, $6, $6, 0) ON CONFLICT (id) DO NOTHING";
    /// It is sent again, mended.
    SENT_AGAIN = "UPDATE application SET state = 'submitted', lang = $3, version = version + 1, changed_at = $4,
        next_try_at = $4, tries = 0 WHERE id = $1 AND account = $2 AND state <> 'submitted' AND state <> 'registered'
        RETURNING version";
    /// What was sent.
    VERSION = "INSERT INTO application_version (id, version, at, data) VALUES ($1, $2, $3, $4)";
    /// What came of it.
    DECIDED = "UPDATE application SET state = $2, changed_at = $3, next_try_at = NULL
        WHERE id = $1 AND state = 'submitted' AND version = $4";
    /// What was answered.
    OUTCOME = "UPDATE application_version SET outcome = $3, request_id = $4, receipt = $5 WHERE id = $1 AND version = $2";
    /// Nobody answered: again then.
    AGAIN = "UPDATE application SET next_try_at = $2, tries = tries + 1 WHERE id = $1 AND state = 'submitted'";
    /// A step of its history.
    STEP = "INSERT INTO application_event (id, at, state, version) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    /// Its history.
    STEPS = "SELECT at, state, version FROM application_event WHERE id = $1 ORDER BY at, version";
    /// One application.
    APPLICATION = "SELECT id, account, service, state, lang, version, person, created_at, changed_at, tries FROM application
        WHERE id = $1";
    /// An account's, newest first.
    APPLICATIONS = "SELECT id, account, service, state, lang, version, person, created_at, changed_at, tries FROM application
        WHERE account = $1 ORDER BY created_at DESC LIMIT 200";
    /// What was sent last in each of an account's applications.
    NEWEST = "SELECT a.id, a.version, v.data FROM application a
        JOIN application_version v ON v.id = a.id AND v.version = a.version
        WHERE a.account = $1 ORDER BY a.created_at DESC LIMIT 200";
    /// An account's of a period, oldest first, each with what came of it last.
    BETWEEN = "SELECT a.id, a.service, a.state, a.created_at, v.version, v.outcome FROM application a
        JOIN application_version v ON v.id = a.id AND v.version = a.version
        WHERE a.account = $1 AND a.created_at >= $2 AND a.created_at < $3 ORDER BY a.created_at, a.id LIMIT $4";
    /// Those whose turn it is to be sent.
    WAITING = "SELECT id, account, service, state, lang, version, person, created_at, changed_at, tries FROM application
        WHERE next_try_at <= $1 ORDER BY next_try_at LIMIT 20";
    /// All versions, newest first.
    VERSIONS = "SELECT version, at, data, outcome, request_id, receipt FROM application_version WHERE id = $1
        ORDER BY version DESC";
    /// A message about an application.
    TOLD = "INSERT INTO portal_message (id, account, application, state, at) VALUES ($1, $2, $3, $4, $5)";
    /// An account's messages, newest first.
    MESSAGES = "SELECT m.id, m.application, m.state, m.at, m.read_at, a.service FROM portal_message m
        JOIN application a ON a.id = m.application WHERE m.account = $1 ORDER BY m.at DESC LIMIT 200";
    /// A message was read.
    READ = "UPDATE portal_message SET read_at = $3 WHERE id = $1 AND account = $2 AND read_at IS NULL";
}

/// An application.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    /// Its name, which the draft had.
    pub id: Uuid,
    /// Whose it is.
    pub account: [u8; 16],
    /// The service's code.
    pub service: String,
    /// `submitted`, or what was decided.
    pub state: String,
    /// In which language its person reads.
    pub lang: Lang,
    /// The newest version.
    pub version: i64,
    /// Who sent it.
    pub person: Person,
    /// When it was sent first.
    pub created_at: Timestamp,
    /// When it was decided, or sent last.
    pub changed_at: Timestamp,
    /// How often nobody answered.
    pub tries: i64,
}

/// What was sent, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// From 1 on.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// The answers.
    pub data: Value,
    /// The owner's decision; none yet.
    pub outcome: Option<Value>,
    /// The exchange.
    pub request_id: Option<Uuid>,
    /// Its receipt.
    pub receipt: Option<String>,
}

/// A step of its history.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// When.
    pub at: Timestamp,
    /// What it became.
    pub state: String,
    /// Which version.
    pub version: i64,
}

/// A message in the private office.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Its name.
    pub id: Uuid,
    /// What it is about.
    pub application: Uuid,
    /// What it says.
    pub state: String,
    /// When.
    pub at: Timestamp,
    /// Whether it was opened.
    pub read: bool,
    /// The service's code.
    pub service: String,
}

/// A line of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The application.
    pub id: Uuid,
    /// The service's code.
    pub service: String,
    /// What it became.
    pub state: String,
    /// When it was sent first.
    pub at: Timestamp,
    /// The number of what was registered.
    pub registration: Option<String>,
}

fn moment(micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(micros).map_err(Error::broken)
}

fn aad(part: &str, id: &Uuid, version: i64) -> Vec<u8> {
    [part.as_bytes(), id.as_bytes(), &version.to_be_bytes()].concat()
}

fn seal<T: serde::Serialize>(vault: &Vault, aad: &[u8], value: &T) -> Result<Vec<u8>, Error> {
    Ok(vault.seal(aad, &serde_json::to_vec(value).map_err(Error::broken)?))
}

fn open<T: serde::de::DeserializeOwned>(vault: &Vault, aad: &[u8], sealed: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(&vault.open(aad, sealed)?).map_err(Error::broken)
}

impl Application {
    fn read(row: &Row<'_>, vault: &Vault) -> Result<Self, Error> {
        let id = Uuid::from_bytes(row.array(0)?);
        Ok(Self {
            id,
            account: row.array(1)?,
            service: row.text(2)?.to_owned(),
            state: row.text(3)?.to_owned(),
            lang: Lang::from_code(row.text(4)?).unwrap_or(Lang::En),
            version: row.int(5)?,
            person: open(vault, &aad("person", &id, 0), row.bytes(6)?)?,
            created_at: moment(row.int(7)?)?,
            changed_at: moment(row.int(8)?)?,
            tries: row.int(9)?,
        })
    }
}

/// What is sent.
pub(crate) struct Sending {
    pub id: Uuid,
    pub account: [u8; 16],
    pub service: String,
    pub lang: Lang,
    pub person: Person,
    pub data: Value,
    pub now: Timestamp,
}

/// Takes an application in; true unless it is there already. A mended one is a new version of the same.
pub(crate) fn take(tx: &mut Tx<'_>, vault: &Vault, sending: &Sending) -> Result<bool, Error> {
    let id = sending.id.into_bytes();
    let now = sending.now.as_microsecond();
    let person = seal(vault, &aad("person", &sending.id, 0), &sending.person)?;
    let params = [
        (&id).into(),
        (&sending.account).into(),
        sending.service.as_str().into(),
        sending.lang.code().into(),
        person.as_slice().into(),
        now.into(),
    ];
    let version = if tx.execute(&SENT, &params)? == 1 {
        1
    } else {
        let params = [(&id).into(), (&sending.account).into(), sending.lang.code().into(), now.into()];
        match tx.query_opt(&SENT_AGAIN, &params, |row| row.int(0))? {
            Some(version) => version,
            None => return Ok(false),
        }
    };
    let data = seal(vault, &aad("data", &sending.id, version), &sending.data)?;
    tx.execute(&VERSION, &[(&id).into(), version.into(), now.into(), data.as_slice().into()])?;
    tx.execute(&STEP, &[(&id).into(), now.into(), "submitted".into(), version.into()])?;
    Ok(true)
}

/// What was decided.
pub(crate) struct Decision {
    pub state: String,
    pub outcome: Value,
    pub request_id: Option<Uuid>,
    pub receipt: Option<String>,
    pub now: Timestamp,
}

/// Writes down what was decided, with its message; false when somebody else has.
pub(crate) fn decide(
    tx: &mut Tx<'_>,
    vault: &Vault,
    application: &Application,
    decision: &Decision,
) -> Result<bool, Error> {
    let (id, now) = (application.id.into_bytes(), decision.now.as_microsecond());
    let version = application.version;
    let changed = tx.execute(&DECIDED, &[(&id).into(), decision.state.as_str().into(), now.into(), version.into()])?;
    if changed == 0 {
        return Ok(false);
    }
    let outcome = seal(vault, &aad("outcome", &application.id, version), &decision.outcome)?;
    let request_id = decision.request_id.map(Uuid::into_bytes);
    let params = [
        (&id).into(),
        version.into(),
        outcome.as_slice().into(),
        request_id.as_ref().map_or(Param::Null, Into::into),
        decision.receipt.as_deref().map_or(Param::Null, Into::into),
    ];
    tx.execute(&OUTCOME, &params)?;
    tx.execute(&STEP, &[(&id).into(), now.into(), decision.state.as_str().into(), version.into()])?;
    let message = model::clock::uuid_at(decision.now, store::random()).into_bytes();
    let params =
        [(&message).into(), (&application.account).into(), (&id).into(), decision.state.as_str().into(), now.into()];
    tx.execute(&TOLD, &params)?;
    Ok(true)
}

/// Nobody answered: again at `then`.
pub(crate) fn postpone(tx: &mut Tx<'_>, id: &Uuid, then: Timestamp) -> Result<(), Error> {
    tx.execute(&AGAIN, &[(&id.into_bytes()).into(), then.as_microsecond().into()]).map(|_| ())
}

/// An account's application of this name.
pub(crate) async fn find(portal: &Portal, id: Uuid, account: [u8; 16]) -> Result<Option<Application>, Error> {
    let vault = portal.parts.vault.clone();
    let key = id.into_bytes();
    let found = portal
        .parts
        .db
        .read(move |tx| tx.query_opt(&APPLICATION, &[(&key).into()], |row| Application::read(row, &vault)))
        .await?;
    Ok(found.filter(|application| application.account == account))
}

/// An account's applications, newest first.
pub(crate) async fn of_account(portal: &Portal, account: [u8; 16]) -> Result<Vec<Application>, Error> {
    let vault = portal.parts.vault.clone();
    let read =
        move |tx: &mut Tx<'_>| tx.query(&APPLICATIONS, &[(&account).into()], |row| Application::read(row, &vault));
    portal.parts.db.read(read).await
}

/// What was sent last in each of an account's applications, by their names.
pub(crate) async fn newest(portal: &Portal, account: [u8; 16]) -> Result<HashMap<Uuid, Value>, Error> {
    let vault = portal.parts.vault.clone();
    let read = move |tx: &mut Tx<'_>| {
        tx.query(&NEWEST, &[(&account).into()], |row| {
            let id = Uuid::from_bytes(row.array(0)?);
            Ok((id, open(&vault, &aad("data", &id, row.int(1)?), row.bytes(2)?)?))
        })
    };
    Ok(portal.parts.db.read(read).await?.into_iter().collect())
}

/// An account's applications that were sent first from one moment on and before another, oldest first.
pub(crate) async fn between(
    portal: &Portal,
    account: [u8; 16],
    (from, to): (Timestamp, Timestamp),
    most: usize,
) -> Result<Vec<Entry>, Error> {
    let vault = portal.parts.vault.clone();
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let (from, to) = (from.as_microsecond(), to.as_microsecond());
    let read = move |tx: &mut Tx<'_>| {
        tx.query(&BETWEEN, &[(&account).into(), from.into(), to.into(), most.into()], |row| {
            let id = Uuid::from_bytes(row.array(0)?);
            let version = row.int(4)?;
            let outcome = row.opt_bytes(5)?.map(|sealed| open::<Value>(&vault, &aad("outcome", &id, version), sealed));
            let number =
                outcome.transpose()?.and_then(|outcome| Some(outcome.get("registration_number")?.as_str()?.to_owned()));
            Ok(Entry {
                id,
                service: row.text(1)?.to_owned(),
                state: row.text(2)?.to_owned(),
                at: moment(row.int(3)?)?,
                registration: number,
            })
        })
    };
    portal.parts.db.read(read).await
}

/// Applications whose turn it is to be sent.
pub(crate) async fn waiting(portal: &Portal, now: Timestamp) -> Result<Vec<Application>, Error> {
    let vault = portal.parts.vault.clone();
    let read =
        move |tx: &mut Tx<'_>| tx.query(&WAITING, &[now.as_microsecond().into()], |row| Application::read(row, &vault));
    portal.parts.db.read(read).await
}

/// All versions of an application, newest first, and its history.
pub(crate) async fn life(portal: &Portal, id: Uuid) -> Result<(Vec<Version>, Vec<Step>), Error> {
    let vault = portal.parts.vault.clone();
    let key = id.into_bytes();
    let read = move |tx: &mut Tx<'_>| {
        let versions = tx.query(&VERSIONS, &[(&key).into()], |row| {
            let number = row.int(0)?;
            let outcome = row.opt_bytes(3)?.map(|sealed| open(&vault, &aad("outcome", &id, number), sealed));
            let request_id = row.opt_bytes(4)?.map(Uuid::from_slice).transpose().map_err(Error::broken)?;
            Ok(Version {
                number,
                at: moment(row.int(1)?)?,
                data: open(&vault, &aad("data", &id, number), row.bytes(2)?)?,
                outcome: outcome.transpose()?,
                request_id,
                receipt: row.opt_text(5)?.map(str::to_owned),
            })
        })?;
        let steps = tx.query(&STEPS, &[(&key).into()], |row| {
            Ok(Step { at: moment(row.int(0)?)?, state: row.text(1)?.to_owned(), version: row.int(2)? })
        })?;
        Ok((versions, steps))
    };
    portal.parts.db.read(read).await
}

/// An account's messages, newest first.
pub(crate) async fn messages(portal: &Portal, account: [u8; 16]) -> Result<Vec<Message>, Error> {
    portal
        .parts
        .db
        .read(move |tx| {
            tx.query(&MESSAGES, &[(&account).into()], |row| {
                Ok(Message {
                    id: Uuid::from_bytes(row.array(0)?),
                    application: Uuid::from_bytes(row.array(1)?),
                    state: row.text(2)?.to_owned(),
                    at: moment(row.int(3)?)?,
                    read: row.opt_int(4)?.is_some(),
                    service: row.text(5)?.to_owned(),
                })
            })
        })
        .await
}

/// A message was opened.
pub(crate) async fn read(portal: &Portal, id: Uuid, account: [u8; 16]) -> Result<(), Error> {
    let now = portal.parts.clock.micros();
    let key = id.into_bytes();
    let write = move |tx: &mut Tx<'_>| tx.execute(&READ, &[(&key).into(), (&account).into(), now.into()]).map(|_| ());
    portal.parts.db.write(write).await
}
