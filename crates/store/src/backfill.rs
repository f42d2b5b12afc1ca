//! Copies the write-ahead log into the database beside the writer, so that no commit waits for thousands of pages.
//!
//! The log can begin anew only when all of it is copied and nobody adds to it; that last part is the writer's own.

use std::path::Path;

use rusqlite::hooks::Wal;

use crate::db::Role;
use crate::{Durability, Error, sqlite};

/// Pages in the log at which copying begins, and between one copying and the next.
const PORTION: i32 = 2000;
/// Pages in the log at which the writer copies what is left, and the log begins anew.
const WHOLE: i32 = 8000;

/// From now on the log of this writer's connection is copied by a thread of its own, which ends with the connection.
pub(crate) fn beside(connection: &mut rusqlite::Connection, path: &Path, durability: Durability) -> Result<(), Error> {
    let own = sqlite::open(path, durability, Role::Reader)?;
    let (wake, woken) = flume::bounded::<()>(1);
    std::thread::Builder::new()
        .name("backfill".into())
        .spawn(move || {
            while woken.recv().is_ok() {
                copy(&own);
            }
            sqlite::close(own);
        })
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    let mut told = 0;
    let hook = move |wal: &mut Wal, pages: i32| {
        let portions = pages / PORTION;
        if pages >= WHOLE {
            let _ = wal.checkpoint(); // what could not be copied now is copied after the next commit
        } else if portions > told {
            let _ = wake.try_send(()); // else it is at work already
        }
        told = portions; // fewer than before when the log began anew
        Ok(())
    };
    connection.wal_hook(Some(hook)).map_err(|error| sqlite::error(&error, "open"))
}

/// Copies what it can; the rest, and what a full disk refused, is copied the next time.
fn copy(own: &rusqlite::Connection) {
    if let Err(error) = own.execute_batch("PRAGMA wal_checkpoint(PASSIVE)") {
        tracing::debug!(%error, "the write-ahead log was not copied");
    }
}
