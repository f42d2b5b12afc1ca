//! Publishes full tiles and entry bundles as immutable blobs, under the very paths of the read interface, so that any
//! file server can carry the log.

use std::time::Duration;

use store::Blobs;

use crate::Error;
use crate::read::LogReader;
use crate::rows::{self, count, int};
use crate::schema::{PUBLISHED, SET_PUBLISHED};
use crate::tile::TilePath;
use crate::tree::TILE_WIDTH;

/// Publishes what became full, again and again; ends when the log does. Faults are logged and tried again.
pub async fn publish(reader: LogReader, blobs: Blobs) {
    let mut heads = reader.log().heads();
    loop {
        let full = heads.borrow_and_update().edge.size() / TILE_WIDTH;
        if let Err(error) = publish_once(&reader, &blobs).await {
            tracing::warn!(%error, "tiles could not be published; trying again");
            tokio::time::sleep(Duration::from_secs(10)).await;
            continue;
        }
        // A head comes with every batch, something to publish with every 256th entry: the database is asked only then.
        if heads.wait_for(|head| head.edge.size() / TILE_WIDTH > full).await.is_err() {
            return;
        }
    }
}

/// Publishes every tile and bundle that is full and not published yet; how many bundles there were.
pub async fn publish_once(reader: &LogReader, blobs: &Blobs) -> Result<u64, Error> {
    let full = reader.log().head().edge.size() / TILE_WIDTH;
    let done = rows::read(reader.db(), |tx| Ok(tx.query_opt(&PUBLISHED, &[], |row| count(row.int(0)?))?.unwrap_or(0)));
    let done = done.await?;
    for number in done..full {
        put(reader, blobs, TilePath::entries(number)).await?;
        put(reader, blobs, TilePath::hashes(0, number)).await?;
        let (mut level, mut next) = (1, number + 1);
        while next.is_multiple_of(TILE_WIDTH) {
            next /= TILE_WIDTH;
            put(reader, blobs, TilePath::hashes(level, next - 1)).await?;
            level += 1;
        }
    }
    if full > done {
        reader.db().write(move |tx| tx.execute(&SET_PUBLISHED, &[int(full).into()])).await?;
    }
    Ok(full.saturating_sub(done))
}

async fn put(reader: &LogReader, blobs: &Blobs, path: TilePath) -> Result<(), Error> {
    let bytes = reader.tile(path).await?;
    let bytes = bytes.ok_or_else(|| Error::Damaged(format!("tile {path} is not in the tree")))?;
    Ok(blobs.write(&format!("tile/{path}"), bytes).await?)
}
