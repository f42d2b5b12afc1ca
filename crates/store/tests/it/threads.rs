//! What a database leaves behind, and copies of it.

use std::time::Duration;

use store::{Db, DbConfig, Durability, Error, Param};

use crate::engines::{ADD, Place, SCHEMA, add, ids, on_both_engines};

on_both_engines!(
    a_dropped_database_ends_its_threads,
    what_was_written_is_there_after_opening_again,
    a_wrong_address_is_told,
);

async fn a_dropped_database_ends_its_threads(place: &Place) {
    let db = place.db();
    let clone = db.clone();
    add(&db, 1).await.unwrap();
    drop(db);
    add(&clone, 2).await.unwrap();
    assert!(place.connections().await > 0);
    drop(clone);
    all_closed(place).await;
}

async fn all_closed(place: &Place) {
    for _ in 0..500 {
        if place.connections().await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} connections are still open", place.connections().await);
}

async fn what_was_written_is_there_after_opening_again(place: &Place) {
    for id in 0..3 {
        let db = place.db();
        add(&db, id).await.unwrap();
        assert_eq!(ids(&db).await, (0..=id).collect::<Vec<_>>());
    }
}

async fn a_wrong_address_is_told(place: &Place) {
    let mut wrong = vec!["mysql://somewhere".to_owned(), "postgres://nais@127.0.0.1:1/none".to_owned()];
    if place.is_postgres() {
        wrong.push(format!("{}_absent", place.config.url));
    }
    for url in wrong {
        let Err(told) = Db::open_plain(&DbConfig::new(url.clone()), SCHEMA) else {
            panic!("{url} was opened");
        };
        assert!(matches!(told, Error::Broken(_) | Error::Unavailable(_)), "{url}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_under_load_is_whole() {
    let place = Place::sqlite();
    let db = place.db();
    for id in 0..500 {
        add(&db, id).await.unwrap();
    }
    let writing = tokio::spawn({
        let db = db.clone();
        async move {
            for id in 500..800 {
                add(&db, id).await.unwrap();
            }
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    db.copy_to(file.clone()).await.unwrap();
    let over = db.copy_to(file.clone()).await;
    assert!(over.is_err(), "an older copy is not overwritten");
    writing.await.unwrap();
    let copy = Db::open_plain(&DbConfig::new(format!("sqlite:{}", file.display())), SCHEMA).unwrap();
    let there = ids(&copy).await;
    assert!(there.len() >= 500 && there.len() <= 800);
    assert_eq!(there, (0..there.len() as i64).collect::<Vec<_>>());
}

/// Three hundred commits of a hundred pages: 120 MB, were the log not copied and begun anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_write_ahead_log_begins_anew_while_writing_goes_on() {
    let place = Place::sqlite();
    let db = place.db();
    let note: std::sync::Arc<str> = "n".repeat(400_000).into();
    for id in 0..300 {
        let note = note.clone();
        db.write(move |tx| tx.execute(&ADD, &[id.into(), (&*note).into(), Param::Null])).await.unwrap();
    }
    let log = format!("{}-wal", db.sqlite_path().unwrap().display());
    let size = std::fs::metadata(log).unwrap().len();
    assert!((1_000_000..80_000_000).contains(&size), "{size} bytes");
    assert_eq!(ids(&db).await.len(), 300);
}

/// Closing at once they would each see the others still open, and the log would stay beside the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_last_use_the_database_is_one_file() {
    let place = Place::sqlite();
    for id in 0..50 {
        let db = place.db();
        add(&db, id).await.unwrap();
        drop(db);
        all_closed(&place).await;
    }
}

#[tokio::test]
async fn both_durabilities_open() {
    let place = Place::sqlite();
    let mut config = place.config.clone();
    config.durability = Durability::Normal;
    let db = Db::open_plain(&config, SCHEMA).unwrap();
    add(&db, 1).await.unwrap();
    assert_eq!(ids(&db).await, [1]);
}
