//! Blobs in a folder: written once, whole, and nowhere else.

use store::{Blobs, Error};

#[tokio::test]
async fn written_once_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(&folder.path().join("blobs")).unwrap();
    assert_eq!(blobs.read("tile/0/x001/067").await.unwrap(), None);
    blobs.write("tile/0/x001/067", "hashes").await.unwrap();
    assert_eq!(blobs.read("tile/0/x001/067").await.unwrap().unwrap(), "hashes");
    blobs.write("tile/0/x001/067", "hashes").await.unwrap();
    let other = blobs.write("tile/0/x001/067", "others").await;
    assert!(matches!(other, Err(Error::Broken(_))), "{other:?}");
    let again = Blobs::folder(&folder.path().join("blobs")).unwrap();
    assert_eq!(again.read("tile/0/x001/067").await.unwrap().unwrap(), "hashes");
    blobs.write("empty", Vec::new()).await.unwrap();
    assert_eq!(blobs.read("empty").await.unwrap().unwrap(), "");
}

#[tokio::test]
async fn of_many_writers_one_content_wins() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::folder(folder.path()).unwrap();
    let writers: Vec<_> = (0..20_u8)
        .map(|n| {
            let blobs = blobs.clone();
            tokio::spawn(async move { (n, blobs.write("one", vec![n; 50_000]).await) })
        })
        .collect();
    let mut winners = Vec::new();
    for writer in writers {
        match writer.await.unwrap() {
            (n, Ok(())) => winners.push(n),
            (_, Err(Error::Broken(_))) => {}
            (_, Err(other)) => panic!("{other}"),
        }
    }
    let kept = blobs.read("one").await.unwrap().unwrap();
    assert_eq!(winners.len(), 1);
    assert_eq!(kept, vec![winners[0]; 50_000]);
}

#[tokio::test]
async fn no_key_leaves_the_folder() {
    let outside = tempfile::tempdir().unwrap();
    let inside = outside.path().join("inside");
    let blobs = Blobs::folder(&inside).unwrap();
    for key in ["../escaped", "/../escaped", "a/../../escaped", "..", "%2e%2e/escaped"] {
        let _ = blobs.write(key, "x").await; // refused or kept under a tame name
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1, "{key}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    assert!(matches!(Blobs::folder(&file.join("blobs")), Err(Error::Unavailable(_))));
}
