//! The start-up check: what the database says must be a tree, and no older or other one than witnesses have seen.

use store::{Db, Tx};

use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::log::{Cosigned, Log};
use crate::note::{Note, Vkey};
use crate::proof::root;
use crate::rows::{self, TxSource, count, load_edge};
use crate::schema::LAST_CHECKPOINT;
use crate::tree::{EMPTY_ROOT, Edge};
use crate::witness::WitnessClient;

/// A witness and how much depends on it.
#[derive(Clone, Debug)]
pub struct Watcher {
    /// How it is reached.
    pub client: WitnessClient,
    /// Without its word the ledger stays closed; otherwise a witness out of reach is a warning.
    pub required: bool,
}

/// Checks the database against itself and against the witnesses, then opens the log and releases its head.
///
/// Nothing is signed for before: a witness is asked what it has seen, not shown what we have.
pub async fn start(log: &Log, db: &Db, watchers: &[Watcher]) -> Result<(), Error> {
    match startup_check(log, db, watchers).await {
        Ok((edge, cosigned)) => {
            if let Some(cosigned) = cosigned {
                log.keep_cosigned(cosigned);
            }
            log.release(&edge)?;
            log.open();
            tracing::info!(origin = log.origin(), size = edge.size(), "the ledger is open");
            Ok(())
        }
        Err(error) => {
            log.close(&error);
            Err(error)
        }
    }
}

async fn startup_check(log: &Log, db: &Db, watchers: &[Watcher]) -> Result<(Edge, Option<Cosigned>), Error> {
    let vkey = log.vkey().clone();
    let (edge, cosigned) = rows::read(db, move |tx| own(tx, &vkey)).await?;
    for watcher in watchers {
        match seen(log, &watcher.client).await {
            Ok(Some(seen)) => agree(db, &edge, seen, watcher.client.name()).await?,
            Ok(None) => {}
            Err(error) if watcher.required => return Err(error),
            Err(error) => tracing::warn!(%error, "the witness could not be asked; a roll-back would go unnoticed"),
        }
    }
    Ok((edge, cosigned))
}

/// The database's own edge, which must lead to its head row and continue the last cosigned checkpoint it keeps.
fn own(tx: &mut Tx<'_>, vkey: &Vkey) -> Result<(Edge, Option<Cosigned>), Error> {
    let (size, root) = rows::head(tx)?.unwrap_or((0, EMPTY_ROOT));
    let edge = load_edge(tx, size)?;
    if edge.root() != root {
        return Err(Error::Damaged(format!("another root at size {size}")));
    }
    let kept = tx.query_opt(&LAST_CHECKPOINT, &[], |row| Ok((count(row.int(0)?)?, row.text(1)?.to_owned())))?;
    let Some((_, note)) = kept else { return Ok((edge, None)) };
    let (checkpoint, _) = Checkpoint::verify(&note, vkey)?;
    let cosigned = Cosigned { size: checkpoint.size, note: note.into() };
    compare(tx, &edge, &Seen { size: checkpoint.size, root: Some(checkpoint.root) }, "of the kept checkpoint")?;
    Ok((edge, Some(cosigned)))
}

/// What a witness has signed for: a size, and the root where it tells.
struct Seen {
    size: u64,
    root: Option<[u8; 32]>,
}

async fn seen(log: &Log, client: &WitnessClient) -> Result<Option<Seen>, Error> {
    if let Some(text) = client.last(log.origin()).await? {
        let note = Note::parse(&text)?;
        note.verify(client.vkey())?;
        let (checkpoint, _) = Checkpoint::verify(&text, log.vkey())?;
        return Ok(Some(Seen { size: checkpoint.size, root: Some(checkpoint.root) }));
    }
    // Another's witness may have no reading side. The empty tree contradicts nothing, so it may be signed to ask.
    let empty = Checkpoint { origin: log.origin().to_owned(), size: 0, root: EMPTY_ROOT };
    let size = client.latest_size(&log.sign(&empty)?).await?;
    Ok((size > 0).then_some(Seen { size, root: None }))
}

async fn agree(db: &Db, edge: &Edge, seen: Seen, witness: &str) -> Result<(), Error> {
    let (edge, witness) = (edge.clone(), witness.to_owned());
    rows::read(db, move |tx| compare(tx, &edge, &seen, &witness)).await
}

fn compare(tx: &mut Tx<'_>, edge: &Edge, seen: &Seen, witness: &str) -> Result<(), Error> {
    if seen.size > edge.size() {
        return Err(Error::RolledBack { own: edge.size(), witness: seen.size });
    }
    match seen.root {
        Some(expected) if root(seen.size, &mut TxSource::new(tx, edge))? != expected => {
            Err(Error::Forked { size: seen.size, witness: witness.to_owned() })
        }
        _ => Ok(()),
    }
}
