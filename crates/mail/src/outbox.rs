//! The durable outbox: rows of `mail_message`, jobs of the queue `mail`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use model::{Clock, Lang, clock};
use store::{Db, Param, Tx, Vault, jobs};
use uuid::Uuid;

use crate::config::Config;
use crate::message::{Content, Message};
use crate::smtp::Sender;
use crate::{Address, Error};

store::statements! {
    /// A message was put in.
    PUT = "INSERT INTO mail_message (id, kind, state, at, attempts, content) VALUES ($1, $2, $3, $4, 0, $5)";
    /// A message to be sent.
    WAITING = "SELECT at, kind, content FROM mail_message WHERE id = $1 AND state = 'waiting'";
    /// A try was made.
    TRIED = "UPDATE mail_message SET attempts = $2 WHERE id = $1";
    /// A message has its end; its content is forgotten.
    ENDED = "UPDATE mail_message SET state = $2, done_at = $3, attempts = $4, content = NULL WHERE id = $1";
    /// What is kept, newest first.
    KEPT = "SELECT id, at, kind, content FROM mail_message WHERE state = 'kept' ORDER BY at DESC, id DESC LIMIT $1";
    /// How many messages are in this state.
    COUNT = "SELECT COUNT(*) FROM mail_message WHERE state = $1";
    /// The state of one message.
    STATE = "SELECT state, attempts FROM mail_message WHERE id = $1";
    /// Rows that nobody asks for any more.
    FORGET = "DELETE FROM mail_message WHERE state = $1 AND at < $2";
}

/// Name of the durable queue.
pub(crate) const QUEUE: &str = "mail";

/// Where a message is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It is sent when its time comes.
    Waiting,
    /// A server took it.
    Sent,
    /// A server refused it for good, or none took it in time.
    Failed,
    /// It stays here to be read: the stand.
    Kept,
}

impl State {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Sent, Self::Failed, Self::Kept];

    /// As rows and metrics write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Kept => "kept",
        }
    }

    fn parse(text: &str) -> Result<Self, store::Error> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| store::Error::broken("mail state"))
    }
}

/// A message that is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its identifier.
    pub id: Uuid,
    /// When it was put in.
    pub at: Timestamp,
    /// To whom.
    pub to: Address,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The language of both.
    pub lang: Lang,
    /// What it is about.
    pub kind: String,
}

/// The outbox. Clones are the same.
#[derive(Clone)]
pub struct Outbox(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    pub(crate) from: Address,
    pub(crate) sender: Option<Sender>,
    /// When the last message was put in: two of one moment would have no order.
    last: AtomicI64,
}

impl Outbox {
    /// The outbox of this database; it sends as `config` says.
    ///
    /// # Errors
    /// Names what is wrong with the settings.
    pub fn open(db: Db, vault: Vault, clock: Clock, config: &Config) -> Result<Self, Error> {
        let sender = config.smtp.as_ref().map(Sender::new).transpose()?;
        Ok(Self(Arc::new(Inner { db, vault, clock, from: config.from.clone(), sender, last: AtomicI64::new(0) })))
    }

    /// Whether messages are kept instead of sent.
    pub fn keeps(&self) -> bool {
        self.0.sender.is_none()
    }

    /// Puts a message in. It exists if and only if the transaction commits.
    ///
    /// # Errors
    /// [`Error::Subject`] or [`Error::Text`] when it could leave its place, and those of the database.
    pub fn put(&self, tx: &mut Tx<'_>, message: &Message) -> Result<Uuid, Error> {
        let content = message.content()?;
        let now = self.later_than_the_last()?;
        let plain = serde_json::to_vec(&content).map_err(store::Error::broken)?;
        let id = clock::uuid_at(now, store::random());
        let sealed = self.0.vault.seal(&aad(id), &plain);
        let state = if self.keeps() { State::Kept } else { State::Waiting };
        let (key, at) = (id.into_bytes(), now.as_microsecond());
        tx.execute(
            &PUT,
            &[(&key).into(), message.kind.into(), state.as_str().into(), at.into(), Param::Bytes(&sealed)],
        )?;
        if state == State::Waiting {
            jobs::enqueue(tx, &key, QUEUE, self.0.clock.micros(), &[])?;
        }
        Ok(id)
    }

    /// What is kept, newest first, at most `limit`.
    ///
    /// # Errors
    /// Those of the database, and a content that does not open.
    pub async fn kept(&self, limit: usize) -> Result<Vec<Kept>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.0.db.read(move |tx| {
            tx.query(&KEPT, &[limit.into()], |row| {
                let id = Uuid::from_bytes(row.array(0)?);
                Ok((id, row.int(1)?, row.text(2)?.to_owned(), row.bytes(3)?.to_vec()))
            })
        });
        let read = |(id, at, kind, sealed): (Uuid, i64, String, Vec<u8>)| {
            let Content { to, subject, text, lang } = self.open_content(id, &sealed)?;
            Ok(Kept { id, at: moment(at)?, to, subject, text, lang, kind })
        };
        rows.await?.into_iter().map(read).collect()
    }

    /// How many messages are in each state, for the metrics.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn counts(&self) -> Result<Vec<(State, i64)>, Error> {
        let counts = self.0.db.read(|tx| {
            State::ALL
                .into_iter()
                .map(|state| {
                    Ok((state, tx.query_opt(&COUNT, &[state.as_str().into()], |row| row.int(0))?.unwrap_or(0)))
                })
                .collect()
        });
        Ok(counts.await?)
    }

    /// The state of a message and how often it was tried; `None` when it is forgotten.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn state(&self, id: Uuid) -> Result<Option<(State, i64)>, Error> {
        let key = id.into_bytes();
        let state = self.0.db.read(move |tx| {
            tx.query_opt(&STATE, &[(&key).into()], |row| Ok((State::parse(row.text(0)?)?, row.int(1)?)))
        });
        Ok(state.await?)
    }

    fn later_than_the_last(&self) -> Result<Timestamp, store::Error> {
        let now = self.0.clock.micros();
        let after = |last: i64| Some(now.max(last.saturating_add(1)));
        let last = self.0.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after).unwrap_or_default();
        moment(now.max(last.saturating_add(1)))
    }

    pub(crate) fn open_content(&self, id: Uuid, sealed: &[u8]) -> Result<Content, store::Error> {
        let plain = self.0.vault.open(&aad(id), sealed)?;
        serde_json::from_slice(&plain).map_err(store::Error::broken)
    }
}

fn aad(id: Uuid) -> Vec<u8> {
    [b"mail_message.content.".as_slice(), id.as_bytes()].concat()
}

pub(crate) fn moment(micros: i64) -> Result<Timestamp, store::Error> {
    Timestamp::from_microsecond(micros).map_err(store::Error::broken)
}
