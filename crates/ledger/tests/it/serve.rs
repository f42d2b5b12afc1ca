//! The read interface, and a reader that trusts nothing but the key.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use ledger::{Checkpoint, LogReader, TilePath};
use tlog_tiles::tile::{Tile, TileHashReader, TileReader};
use tlog_tiles::tlog;
use tower::ServiceExt;

use crate::support::{add, engines, entry, open};

async fn fetch(reader: &LogReader, path: &str) -> Response<Body> {
    let request = Request::get(format!("/ledger/{path}")).body(Body::empty()).unwrap();
    ledger::router(reader.clone()).oneshot(request).await.unwrap()
}

async fn bytes(response: Response<Body>) -> Vec<u8> {
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}

#[tokio::test]
async fn checkpoints_are_fresh_and_tiles_are_for_ever() {
    let (config, _folder) = engines().remove(0);
    let reader = open(&config).await;
    add(reader.db(), 0, 300, 300).await;
    let checkpoint = fetch(&reader, "checkpoint").await;
    assert_eq!(checkpoint.headers()[header::CACHE_CONTROL], "no-cache");
    assert_eq!(checkpoint.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    let note = String::from_utf8(bytes(checkpoint).await).unwrap();
    assert_eq!(Checkpoint::verify(&note, reader.log().vkey()).unwrap().0.size, 300);

    let tile = fetch(&reader, "tile/0/000").await;
    assert!(tile.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    assert_eq!(tile.headers()[header::CONTENT_TYPE], "application/octet-stream");
    let tile = bytes(tile).await;
    assert_eq!(tile.len(), 8192);
    assert_eq!(bytes(fetch(&reader, "tile/0/000.p/3").await).await, tile[..96]);
    assert_eq!(bytes(fetch(&reader, "tile/1/000.p/1").await).await.len(), 32);
    assert_eq!(bytes(fetch(&reader, "tile/0/001.p/44").await).await.len(), 44 * 32);
    let bundle = bytes(fetch(&reader, "tile/entries/001.p/44").await).await;
    assert_eq!(bundle.len(), 44 * 36);
    assert_eq!(bundle[..2], [0, 34]);
    assert_eq!(bundle[2..36], entry(256).data);
}

#[tokio::test]
async fn what_the_tree_does_not_have_is_not_found_and_not_cached() {
    let (config, _folder) = engines().remove(0);
    let reader = open(&config).await;
    add(reader.db(), 0, 300, 300).await;
    for path in [
        "tile/0/001",
        "tile/0/001.p/45",
        "tile/0/002.p/1",
        "tile/1/000",
        "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/63/000",
        "tile/64/000",
        "tile/entries/001",
        "tile/entries/x001/000",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/..%2f",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/x",
        "nothing",
    ] {
        let response = fetch(&reader, path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        if path.starts_with("tile") {
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store", "{path}");
        }
    }
}

/// Tiles fetched beforehand, as the other library wants them.
struct Fetched(Vec<(Tile, Vec<u8>)>);

impl TileReader for Fetched {
    fn height(&self) -> u8 {
        8
    }
    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let find = |tile: &Tile| self.0.iter().find(|(known, _)| known == tile).unwrap().1.clone();
        Ok(tiles.iter().map(find).collect())
    }
    fn save_tiles(&self, _tiles: &[Tile], _data: &[Vec<u8>]) {}
}

#[tokio::test]
async fn the_other_library_proves_entries_from_our_tiles() {
    let (config, _folder) = engines().remove(0);
    let reader = open(&config).await;
    let size = 70_000;
    add(reader.db(), 0, size, 10_000).await;
    let head = reader.log().head().edge.clone();
    let mut fetched = Vec::new();
    for tile in Tile::new_tiles(8, 0, size) {
        let path = tile.path(); // `tile/8/L/N`: the height is not in C2SP's paths
        let data = bytes(fetch(&reader, &path.replacen("tile/8/", "tile/", 1)).await).await;
        fetched.push((tile, data));
    }
    let fetched = Fetched(fetched);
    let hashes = TileHashReader::new(size, tlog::Hash(head.root()), &fetched);
    for index in [0, 255, 256, 65_535, 65_536, 69_999] {
        let theirs = tlog::prove_record(size, index, &hashes).unwrap();
        let (_, ours) = reader.proof(index).await.unwrap();
        assert_eq!(ours, theirs.iter().map(|hash| hash.0).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn full_tiles_are_published_as_blobs_once() {
    let (config, folder) = engines().remove(0);
    let reader = open(&config).await;
    add(reader.db(), 0, 600, 600).await;
    let blobs = store::Blobs::folder(&folder.path().join("blobs")).unwrap();
    assert_eq!(ledger::publish_once(&reader, &blobs).await.unwrap(), 2);
    assert_eq!(ledger::publish_once(&reader, &blobs).await.unwrap(), 0);
    for path in [TilePath::hashes(0, 1), TilePath::entries(1)] {
        let blob = blobs.read(&format!("tile/{path}")).await.unwrap().unwrap();
        assert_eq!(Some(blob), reader.tile(path).await.unwrap());
    }
    assert!(blobs.read("tile/0/002").await.unwrap().is_none());
}
