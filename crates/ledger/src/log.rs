//! The log as the whole process shares it: its key, its last released head, and whether it may grow.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use model::{Clock, Refusal};
use store::{Db, Tx};
use tokio::sync::watch;

use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::note::{NoteKey, Vkey};
use crate::rows;
use crate::sequencer::Sequencer;
use crate::tree::Edge;

/// A committed tree and the note that says so.
#[derive(Clone, Debug)]
pub struct Head {
    /// The tree's right edge.
    pub edge: Edge,
    /// The signed checkpoint.
    pub note: Arc<str>,
}

/// A checkpoint that witnesses have signed too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// Its size.
    pub size: u64,
    /// The note with all its lines.
    pub note: Arc<str>,
}

/// Makes a further signature line for every checkpoint: the national algorithm beside Ed25519.
pub trait SignLine: Send + Sync {
    /// The line over `text`, with its newline.
    fn line(&self, text: &str) -> Result<String, Error>;
}

/// What may happen now.
#[derive(Debug)]
struct Gate {
    /// Why nothing may be added; `None` when open.
    closed: Option<String>,
    /// A batch is between its writing and the known outcome of its commit.
    committing: bool,
}

struct Inner {
    key: NoteKey,
    more: Vec<Box<dyn SignLine>>,
    clock: Clock,
    gate: Mutex<Gate>,
    head: watch::Sender<Arc<Head>>,
    cosigned: RwLock<Option<Arc<Cosigned>>>,
}

/// One log. Clones share it.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Log({}, {})", self.origin(), self.head().edge.size())
    }
}

impl Log {
    /// A log of this key, closed until [`crate::start()`] has looked at the database.
    pub fn new(key: NoteKey, more: Vec<Box<dyn SignLine>>, clock: Clock) -> Self {
        let head = Head { edge: Edge::default(), note: "".into() };
        Self(Arc::new(Inner {
            key,
            more,
            clock,
            gate: Mutex::new(Gate { closed: Some("the start-up check has not ended".into()), committing: false }),
            head: watch::Sender::new(Arc::new(head)),
            cosigned: RwLock::new(None),
        }))
    }

    /// What [`Db::open`] needs to add entries to this log.
    pub fn sequencer(&self) -> Box<dyn store::Seal> {
        Box::new(Sequencer::new(self.clone()))
    }

    /// The log's name in its checkpoints.
    pub fn origin(&self) -> &str {
        self.0.key.vkey().name()
    }

    /// The key receipts are checked with.
    pub fn vkey(&self) -> &Vkey {
        self.0.key.vkey()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The last released head. Its note is empty before the start-up check.
    pub fn head(&self) -> Arc<Head> {
        self.0.head.borrow().clone()
    }

    /// Tells of every new head.
    pub fn heads(&self) -> watch::Receiver<Arc<Head>> {
        self.0.head.subscribe()
    }

    /// The newest checkpoint that a witness has signed.
    pub fn cosigned(&self) -> Option<Arc<Cosigned>> {
        self.0.cosigned.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a cosigned checkpoint unless a newer one is kept.
    pub(crate) fn keep_cosigned(&self, cosigned: Cosigned) {
        let mut kept = self.0.cosigned.write().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|kept| kept.size <= cosigned.size) {
            *kept = Some(Arc::new(cosigned));
        }
    }

    /// Nothing is added from now on; reading goes on.
    pub fn close(&self, why: impl fmt::Display) {
        tracing::error!(origin = self.origin(), %why, "the ledger is closed");
        self.gate().closed = Some(why.to_string());
    }

    /// Why nothing may be added, or `None`.
    pub fn closed(&self) -> Option<String> {
        self.gate().closed.clone()
    }

    pub(crate) fn open(&self) {
        self.gate().closed = None;
    }

    fn gate(&self) -> std::sync::MutexGuard<'_, Gate> {
        self.0.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch is about to be committed, or its outcome is known.
    pub(crate) fn set_committing(&self, committing: bool) {
        self.gate().committing = committing;
    }

    /// Signs a checkpoint. The caller vouches that it is committed.
    pub(crate) fn sign(&self, checkpoint: &Checkpoint) -> Result<String, Error> {
        let text = checkpoint.to_string();
        let mut note = format!("{text}\n{}", self.0.key.line(&text, 0)?);
        for more in &self.0.more {
            note.push_str(&more.line(&text)?);
        }
        Ok(note)
    }

    /// Releases a committed tree: signs it once and shows it to all. A tree that is smaller than the released one, or
    /// another of its size, is never signed.
    pub(crate) fn release(&self, edge: &Edge) -> Result<Arc<Head>, Error> {
        let mut gate = self.gate();
        gate.committing = false;
        self.release_under(&gate, edge)
    }

    /// The same for a tree that another node committed; left to the batch under way when there is one, so that heads
    /// come out in their order.
    pub(crate) fn release_followed(&self, edge: &Edge) -> Result<Arc<Head>, Error> {
        let gate = self.gate();
        if gate.committing || edge.size() < self.head().edge.size() {
            return Ok(self.head());
        }
        self.release_under(&gate, edge)
    }

    fn release_under(&self, _gate: &Gate, edge: &Edge) -> Result<Arc<Head>, Error> {
        let released = self.head();
        let root = edge.root();
        if !released.note.is_empty() && edge.size() <= released.edge.size() {
            let same = edge.size() == released.edge.size() && root == released.edge.root();
            return if same {
                Ok(released)
            } else {
                Err(Error::RolledBack { own: edge.size(), witness: released.edge.size() })
            };
        }
        let note = self.sign(&Checkpoint { origin: self.origin().to_owned(), size: edge.size(), root })?;
        let head = Arc::new(Head { edge: edge.clone(), note: note.into() });
        self.0.head.send_replace(Arc::clone(&head));
        Ok(head)
    }

    /// The head as of now, other nodes' entries included.
    pub async fn refresh(&self, db: &Db) -> Result<Arc<Head>, Error> {
        let known = self.head();
        let found = {
            let known = Arc::clone(&known);
            rows::read(db, move |tx| newer(tx, &known.edge)).await
        };
        match found {
            Ok(Some(edge)) => self.release_followed(&edge),
            Ok(None) => Ok(known),
            Err(error) => {
                if matches!(error, Error::Damaged(_)) {
                    self.close(&error);
                }
                Err(error)
            }
        }
    }
}

/// The snapshot's edge if it is beyond `known`. A snapshot may be older: readers race with the writer.
fn newer(tx: &mut Tx<'_>, known: &Edge) -> Result<Option<Edge>, Error> {
    match rows::head(tx)? {
        Some((size, root)) if size > known.size() => rows::follow(tx, known, size, &root).map(Some),
        _ => Ok(None),
    }
}

impl From<Error> for store::Error {
    /// Inside a transaction: what failed in the ledger refuses the batch, and nothing leaves.
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error,
            error => {
                if !matches!(error, Error::Closed(_)) {
                    tracing::error!(%error, "the ledger cannot commit"); // closing it was logged already
                }
                Self::Refused(Refusal::new(model::Kind::Unavailable, "ledger-unavailable").retry_after(2))
            }
        }
    }
}
