//! Reading the log: proofs, receipts for the current size, private records, tiles and bundles.

use std::sync::Arc;

use bytes::Bytes;
use store::{Db, Row, Tx, Vault};

use crate::Error;
use crate::log::{Head, Log};
use crate::proof::{prove_consistency, prove_inclusion};
use crate::receipt::Receipt;
use crate::record::{self, Private};
use crate::rows::{self, TxSource, count, int};
use crate::schema::{ENTRIES, ENTRIES_OF_REQUEST, ENTRY_OF_REQUEST, ERASE_PRIVATE};
use crate::tile::{Content, TilePath};
use crate::tree::{Hash, TILE_WIDTH};

/// Reads a log. Cheap to clone.
#[derive(Clone)]
pub struct LogReader {
    log: Log,
    db: Db,
}

impl LogReader {
    /// A reader of this log in this database.
    pub fn new(log: Log, db: Db) -> Self {
        Self { log, db }
    }

    /// The log read.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The signed checkpoint as of now, with the witnesses' lines when they have signed this very size.
    pub async fn checkpoint(&self) -> Result<Arc<str>, Error> {
        let head = self.log.refresh(&self.db).await?;
        if head.note.is_empty() {
            return Err(Error::Closed("the start-up check has not ended".into()));
        }
        Ok(match self.log.cosigned() {
            Some(cosigned) if cosigned.size == head.edge.size() => Arc::clone(&cosigned.note),
            _ => Arc::clone(&head.note),
        })
    }

    /// A receipt of entry `index`: under the newest checkpoint that witnesses have signed if that covers it, else under
    /// the newest of all.
    pub async fn receipt(&self, index: u64) -> Result<Receipt, Error> {
        let mut head = self.log.head();
        if index >= head.edge.size() {
            head = self.log.refresh(&self.db).await?;
        }
        let (size, note) = match self.log.cosigned() {
            Some(cosigned) if index < cosigned.size && cosigned.size <= head.edge.size() => {
                (cosigned.size, Arc::clone(&cosigned.note))
            }
            _ => (head.edge.size(), Arc::clone(&head.note)),
        };
        let proof = self.prove(head, move |source| prove_inclusion(index, size, source)).await?;
        Ok(Receipt { extra: None, index, proof, checkpoint: note.to_string() })
    }

    /// The inclusion proof of entry `index` in the released tree.
    pub async fn proof(&self, index: u64) -> Result<(Arc<Head>, Vec<Hash>), Error> {
        let head = self.log.head();
        let size = head.edge.size();
        let proof = self.prove(Arc::clone(&head), move |source| prove_inclusion(index, size, source)).await?;
        Ok((head, proof))
    }

    /// The proof that the tree of `head` continues that of the first `old` entries.
    pub async fn consistency(&self, old: u64, head: Arc<Head>) -> Result<Vec<Hash>, Error> {
        let size = head.edge.size();
        self.prove(head, move |source| prove_consistency(old, size, source)).await
    }

    async fn prove(
        &self,
        head: Arc<Head>,
        make: impl FnOnce(&mut TxSource<'_, '_>) -> Result<Vec<Hash>, Error> + Send + 'static,
    ) -> Result<Vec<Hash>, Error> {
        rows::read(&self.db, move |tx| make(&mut TxSource::new(tx, &head.edge))).await
    }

    /// Record, salt and number of a request's entry, with an up-to-date receipt; `None` when there is no such entry or
    /// its salt was destroyed. Who may see it is the caller's question.
    pub async fn entry(&self, request_id: [u8; 16], vault: &Vault) -> Result<Option<(Private, Receipt)>, Error> {
        let vault = vault.clone();
        let found = rows::read(&self.db, move |tx| private(tx, &vault, &request_id)).await?;
        let Some((private, index)) = found else { return Ok(None) };
        Ok(Some((private, self.receipt(index).await?)))
    }

    /// A tile or an entry bundle; `None` when the released tree does not have it.
    pub async fn tile(&self, path: TilePath) -> Result<Option<Bytes>, Error> {
        let mut head = self.log.head();
        if !covers(&path, head.edge.size()) {
            head = self.log.refresh(&self.db).await?;
            if !covers(&path, head.edge.size()) {
                return Ok(None);
            }
        }
        rows::read(&self.db, move |tx| tile(tx, &head, &path)).await.map(Some)
    }

    /// The database it is in.
    pub fn db(&self) -> &Db {
        &self.db
    }
}

/// All hashes or entries that the path names are in a tree of `size`.
fn covers(path: &TilePath, size: u64) -> bool {
    let level = if let Content::Hashes(level) = path.content { u32::from(level) } else { 0 };
    let nodes = size.checked_shr(8 * level).unwrap_or(0);
    let end = path.number.checked_mul(TILE_WIDTH).and_then(|first| first.checked_add(u64::from(path.width)));
    end.is_some_and(|end| end <= nodes)
}

fn tile(tx: &mut Tx<'_>, head: &Head, path: &TilePath) -> Result<Bytes, Error> {
    let width = usize::from(path.width);
    match path.content {
        Content::Hashes(level) => {
            let hashes = TxSource::new(tx, &head.edge).tile(level, path.number)?;
            let part = hashes.get(..width).ok_or_else(|| Error::Damaged(format!("tile {path} is short")))?;
            Ok(part.concat().into())
        }
        Content::Entries => {
            let first = path.number * TILE_WIDTH;
            bundle(tx, first, first + u64::from(path.width)).map(Bytes::from)
        }
    }
}

/// Entries `from..to`, each after its length in two bytes.
pub(crate) fn bundle(tx: &mut Tx<'_>, from: u64, to: u64) -> Result<Vec<u8>, Error> {
    let (mut out, mut found) = (Vec::new(), 0);
    tx.each(&ENTRIES, &[int(from).into(), int(to).into()], |row| {
        let data = row.bytes(1)?;
        let length = u16::try_from(data.len()).map_err(|_| store::Error::broken("an entry is too long"))?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(data);
        found += 1;
        Ok(true)
    })?;
    if found == to - from { Ok(out) } else { Err(Error::Damaged(format!("entries {from} to {to} are not complete"))) }
}

/// Record, salt and number of the first entry of a request; `None` when there is none or its salt was destroyed.
pub fn private(tx: &mut Tx<'_>, vault: &Vault, request_id: &[u8; 16]) -> Result<Option<(Private, u64)>, Error> {
    let found = tx.query_opt(&ENTRY_OF_REQUEST, &[request_id.into()], |row| opened(row, vault, request_id))?;
    found.flatten().transpose()
}

/// All entries of a request with their numbers; those whose salt was destroyed are left out.
pub fn private_all(tx: &mut Tx<'_>, vault: &Vault, request_id: &[u8; 16]) -> Result<Vec<(Private, u64)>, Error> {
    let rows = tx.query(&ENTRIES_OF_REQUEST, &[request_id.into()], |row| opened(row, vault, request_id))?;
    rows.into_iter().flatten().collect()
}

/// A row's record and number; `None` when its salt was destroyed.
type Opened = Option<Result<(Private, u64), Error>>;

fn opened(row: &Row<'_>, vault: &Vault, request_id: &[u8; 16]) -> Result<Opened, store::Error> {
    let index = count(row.int(0)?)?;
    let Some(sealed) = row.opt_bytes(1)? else { return Ok(None) };
    let private = record::open(request_id, sealed, row.opt_bytes(2)?, vault);
    Ok(Some(private.map(|private| (private, index))))
}

/// Destroys record and salt of an entry: its leaf stays provable and says nothing any more. True if they were there.
pub fn erase(tx: &mut Tx<'_>, index: u64) -> Result<bool, store::Error> {
    Ok(tx.execute(&ERASE_PRIVATE, &[int(index).into()])? == 1)
}
