//! The witness: signs a checkpoint only if it continues the last one it signed for that log.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use model::Clock;

use super::state::{StateFolder, origin_hash};
use crate::Error;
use crate::checkpoint::{Checkpoint, parse_hash};
use crate::note::{Algorithm, MAX_NOTE, Note, NoteKey, Vkey};
use crate::proof::{MAX_PROOF, verify_consistency};
use crate::tile::decimal;
use crate::tree::{EMPTY_ROOT, Hash};

/// A witness with its key, its memory and the logs it knows.
pub struct Witness {
    key: NoteKey,
    clock: Clock,
    logs: HashMap<String, Vkey>,
    /// Last checkpoint signed for each log. Held while one is decided and written, so that there is one order.
    last: Mutex<Memory>,
}

struct Memory {
    folder: StateFolder,
    known: HashMap<String, Checkpoint>,
    /// After a failed write nobody knows what is on disk: nothing is signed until a new start has read it.
    broken: bool,
}

/// What a witness answers to `add-checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// 200: the cosignature line.
    Signed(String),
    /// 400: not understood.
    Malformed(&'static str),
    /// 403: not signed by the log.
    Unsigned,
    /// 404: a log it does not know.
    Unknown,
    /// 409: it has signed this size, or another tree of it.
    Conflict(u64),
    /// 422: the proof does not hold.
    Inconsistent,
}

impl Witness {
    /// A witness that keeps its memory in `dir` and knows `logs`. `key` signs cosignatures.
    pub fn open(dir: &Path, key: NoteKey, logs: Vec<Vkey>, clock: Clock) -> Result<Self, Error> {
        if key.vkey().algorithm() != Algorithm::Cosignature {
            return Err(Error::format("verifier key", "a witness signs with a key of type 4"));
        }
        let folder = StateFolder::open(dir)?;
        let mut known = HashMap::new();
        for log in &logs {
            if let Some(note) = folder.load(log.name())? {
                known.insert(log.name().to_owned(), Checkpoint::verify(&note, log)?.0);
            }
        }
        let logs = logs.into_iter().map(|log| (log.name().to_owned(), log)).collect();
        Ok(Self { key, clock, logs, last: Mutex::new(Memory { folder, known, broken: false }) })
    }

    /// The key its cosignatures are checked with.
    pub fn vkey(&self) -> &Vkey {
        self.key.vkey()
    }

    /// Decides about a submission; what it signs is on disk when this returns. Blocks on the disk.
    pub fn add_checkpoint(&self, body: &str) -> Result<Reply, Error> {
        let ask = match Submission::parse(body) {
            Ok(ask) => ask,
            Err(expected) => return Ok(Reply::Malformed(expected)),
        };
        let new = &ask.checkpoint;
        let Some(vkey) = self.logs.get(&new.origin) else {
            return Ok(Reply::Unknown);
        };
        if ask.note.verify(vkey).is_err() {
            return Ok(Reply::Unsigned);
        }
        if ask.old > new.size {
            return Ok(Reply::Malformed("the old size is above the checkpoint's"));
        }
        let mut memory = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing = Checkpoint { origin: new.origin.clone(), size: 0, root: EMPTY_ROOT };
        let last = memory.known.get(&new.origin).unwrap_or(&nothing);
        if ask.old != last.size || (new.size == last.size && new.root != last.root) {
            return Ok(Reply::Conflict(last.size));
        }
        if verify_consistency(last.size, &last.root, new.size, &new.root, &ask.proof).is_err() {
            return Ok(Reply::Inconsistent);
        }
        let time = u64::try_from(self.clock.now().as_second()).unwrap_or(0);
        let line = self.key.line(&ask.note.text, time)?;
        self.remember(&mut memory, &ask, &line)?;
        Ok(Reply::Signed(line))
    }

    fn remember(&self, memory: &mut Memory, ask: &Submission, line: &str) -> Result<(), Error> {
        let origin = &ask.checkpoint.origin;
        if memory.broken {
            return Err(Error::File { path: origin_hash(origin), what: "an earlier write failed; start anew".into() });
        }
        if memory.known.get(origin) != Some(&ask.checkpoint) {
            memory.broken = true;
            memory.folder.keep(origin, &format!("{}{line}", ask.note))?;
            memory.broken = false;
            memory.known.insert(origin.clone(), ask.checkpoint.clone());
        }
        Ok(())
    }

    /// The last note signed for the log whose name has this SHA-256.
    pub fn last_note(&self, hash: &str) -> Result<Option<String>, Error> {
        let Some(origin) = self.logs.keys().find(|origin| origin_hash(origin) == hash) else {
            return Ok(None);
        };
        self.last.lock().unwrap_or_else(PoisonError::into_inner).folder.load(origin)
    }
}

/// The body of `add-checkpoint`.
struct Submission {
    old: u64,
    proof: Vec<Hash>,
    checkpoint: Checkpoint,
    note: Note,
}

impl Submission {
    fn parse(body: &str) -> Result<Self, &'static str> {
        let (head, note) = body.split_once("\n\n").ok_or("an empty line before the checkpoint was expected")?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| decimal(line.strip_prefix("old ")?));
        let old = old.ok_or("the first line must be `old N`")?;
        let proof: Option<Vec<Hash>> = lines.map(parse_hash).collect();
        let proof = proof.filter(|proof| proof.len() <= MAX_PROOF);
        let proof = proof.ok_or("at most 63 lines of hashes in base64 were expected")?;
        let note = Note::parse(note).map_err(|_| "the checkpoint is no signed note")?;
        let checkpoint = Checkpoint::parse(&note.text).map_err(|_| "the note is no checkpoint")?;
        Ok(Self { old, proof, checkpoint, note })
    }
}

/// `POST /add-checkpoint`; and `GET /{sha256 of origin}/checkpoint`, by which a node learns what was seen before it
/// signs anything.
pub fn router(witness: Arc<Witness>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{log}/checkpoint", get(last_checkpoint))
        .layer(DefaultBodyLimit::max(2 * MAX_NOTE))
        .with_state(witness)
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Bytes) -> Response {
    let Ok(body) = String::from_utf8(body.to_vec()) else {
        return (StatusCode::BAD_REQUEST, "UTF-8 was expected\n").into_response();
    };
    let reply = tokio::task::spawn_blocking(move || witness.add_checkpoint(&body)).await;
    match reply {
        Ok(Ok(reply)) => reply.into_response(),
        Ok(Err(error)) => failure(&error),
        Err(error) => failure(&error),
    }
}

async fn last_checkpoint(State(witness): State<Arc<Witness>>, uri: Uri) -> Response {
    // As it was sent: the origin of a log is its hex name, which needs no escape.
    let log = uri.path().trim_start_matches('/').trim_end_matches("/checkpoint").to_owned();
    match tokio::task::spawn_blocking(move || witness.last_note(&log)).await {
        Ok(Ok(Some(note))) => ([(header::CACHE_CONTROL, "no-cache")], note).into_response(),
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(error)) => failure(&error),
        Err(error) => failure(&error),
    }
}

fn failure(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "the witness cannot answer");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        match self {
            Self::Signed(line) => line.into_response(),
            Self::Malformed(expected) => (StatusCode::BAD_REQUEST, format!("{expected}\n")).into_response(),
            Self::Unsigned => StatusCode::FORBIDDEN.into_response(),
            Self::Unknown => StatusCode::NOT_FOUND.into_response(),
            Self::Inconsistent => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
            Self::Conflict(size) => {
                let size_type = [(header::CONTENT_TYPE, HeaderValue::from_static("text/x.tlog.size"))];
                (StatusCode::CONFLICT, size_type, format!("{size}\n")).into_response()
            }
        }
    }
}
