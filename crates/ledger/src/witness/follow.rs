//! The node's task: every new checkpoint is shown to the witnesses, and what they sign is kept.

use std::sync::Arc;
use std::time::Duration;

use super::client::{Submitted, WitnessClient};
use crate::Error;
use crate::log::{Cosigned, Head};
use crate::note::Line;
use crate::read::LogReader;
use crate::rows::int;
use crate::schema::KEEP_CHECKPOINT;
use crate::start::Watcher;

/// Least time between two submissions; a cosignature comes within five seconds of its checkpoint.
const PAUSE: Duration = Duration::from_secs(1);
/// More time after a failure.
const RETRY: Duration = Duration::from_secs(4);

/// Shows each new head to the witnesses, one submission at a time; ends when the log does.
///
/// A witness that holds another tree closes the log: from then on nothing is added.
pub async fn follow(reader: LogReader, watchers: Vec<Watcher>) {
    let mut sizes = vec![0; watchers.len()];
    let mut heads = reader.log().heads();
    loop {
        heads.mark_unchanged();
        let outcome = submit_once(&reader, &watchers, &mut sizes).await;
        tokio::time::sleep(PAUSE).await;
        if let Err(error) = outcome {
            tracing::warn!(%error, "a checkpoint could not be cosigned; trying again");
            tokio::time::sleep(RETRY).await;
        } else if heads.changed().await.is_err() {
            return;
        }
    }
}

/// Shows the current head to all witnesses and keeps what they sign. `sizes` are the last sizes each has signed.
pub async fn submit_once(reader: &LogReader, watchers: &[Watcher], sizes: &mut [u64]) -> Result<(), Error> {
    let head = reader.log().refresh(reader.db()).await?;
    if head.note.is_empty() {
        return Ok(());
    }
    let (mut note, mut signed, mut failed) = (head.note.to_string(), 0, None);
    for (watcher, size) in watchers.iter().zip(sizes.iter_mut()) {
        match submit(reader, &watcher.client, &head, size).await {
            Ok(lines) => {
                signed += lines.len();
                lines.iter().for_each(|line| note.push_str(&format!("{line}\n")));
            }
            Err(error) => failed = Some(error),
        }
    }
    if signed > 0 {
        keep(reader, head.edge.size(), note).await?;
    }
    failed.map_or(Ok(()), Err)
}

/// The witness's lines for this head.
async fn submit(
    reader: &LogReader,
    client: &WitnessClient,
    head: &Arc<Head>,
    size: &mut u64,
) -> Result<Vec<Line>, Error> {
    let own = head.edge.size();
    for _ in 0..3 {
        if *size > own {
            // Another node may have shown its newer head; then our database has it too.
            let now = reader.log().refresh(reader.db()).await?.edge.size();
            return if now >= *size {
                Ok(Vec::new())
            } else {
                Err(refuse(reader, Error::RolledBack { own: now, witness: *size }))
            };
        }
        let proof = reader.consistency(*size, Arc::clone(head)).await?;
        match client.submit(*size, &proof, &head.note).await? {
            Submitted::Signed(lines) => {
                *size = own;
                return Ok(lines);
            }
            Submitted::Conflict(seen) if seen != *size => *size = seen,
            Submitted::Conflict(seen) => return Err(refuse(reader, forked(client, seen))),
            Submitted::Inconsistent => return Err(refuse(reader, forked(client, *size))),
        }
    }
    Err(Error::Witness { name: client.name().to_owned(), what: "changes its size too fast".into() })
}

fn forked(client: &WitnessClient, size: u64) -> Error {
    Error::Forked { size, witness: client.name().to_owned() }
}

/// Nothing more may be added to a log that contradicts its witness.
fn refuse(reader: &LogReader, error: Error) -> Error {
    reader.log().close(&error);
    error
}

async fn keep(reader: &LogReader, size: u64, note: String) -> Result<(), Error> {
    let day = reader.log().clock().now().as_second().div_euclid(86_400);
    let kept = note.clone();
    let write =
        move |tx: &mut store::Tx<'_>| tx.execute(&KEEP_CHECKPOINT, &[day.into(), int(size).into(), (&kept).into()]);
    reader.db().write(write).await?;
    reader.log().keep_cosigned(Cosigned { size, note: note.into() });
    Ok(())
}
