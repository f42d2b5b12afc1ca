//! Trouble of the engine: a full disk, a lost connection, a slow statement.

use std::process::Command;
use std::time::Duration;

use store::{Db, DbConfig, Error, Param};
use tokio::sync::oneshot;

use crate::engines::{ADD, Held, Place, SCHEMA, add, ids, insert, on_both_engines};

on_both_engines!(a_full_store_refuses_the_batch_and_recovers);

/// Makes the engine say that it is full, for real on SQLite, by its own words on PostgreSQL.
fn fill(tx: &mut store::Tx<'_>, postgres: bool) -> Result<(), Error> {
    if postgres {
        return tx.batch("DO $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$");
    }
    tx.batch("PRAGMA max_page_count = 20")?;
    let large = vec![7; 300_000];
    tx.execute(&ADD, &[1_000.into(), "large".into(), Param::Bytes(&large)]).map(|_| ())
}

async fn a_full_store_refuses_the_batch_and_recovers(place: &Place) {
    let db = place.db();
    let postgres = place.is_postgres();
    add(&db, 1).await.unwrap();
    let held = Held::writer(&db).await;
    let before = tokio::spawn({
        let db = db.clone();
        async move { add(&db, 2).await }
    });
    let filling = tokio::spawn({
        let db = db.clone();
        async move {
            db.write(move |tx| {
                let swallowed = tx.nested(|tx| fill(tx, postgres));
                assert!(matches!(swallowed, Err(Error::Full)), "{swallowed:?}");
                let next = insert(tx, 3);
                assert!(matches!(next, Err(Error::Full)), "nothing goes on after it: {next:?}");
                Ok(())
            })
            .await
        }
    });
    let after = tokio::spawn({
        let db = db.clone();
        async move { add(&db, 4).await }
    });
    held.release(&db, 3).await;
    for outcome in [before.await.unwrap(), filling.await.unwrap(), after.await.unwrap()] {
        assert!(matches!(outcome, Err(Error::Full)), "{outcome:?}");
    }
    assert_eq!(ids(&db).await, [1], "reads go on");
    if !postgres {
        db.write(|tx| tx.batch("PRAGMA max_page_count = 1000000")).await.unwrap();
    }
    add(&db, 5).await.unwrap();
    assert_eq!(ids(&db).await, [1, 5]);
}

/// A file system of 2 MiB, unmounted at the end.
struct Tiny(tempfile::TempDir);

impl Tiny {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "nais-test"]).arg(folder.path()).output();
        match mounted {
            Ok(mounted) if mounted.status.success() => Some(Self(folder)),
            _ => {
                println!("skipped: a small file system can be mounted by root only");
                None
            }
        }
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output(); // a failed test has more to say
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_really_full_recovers_without_restart() {
    let Some(tiny) = Tiny::mount() else { return };
    let config = DbConfig::new(format!("sqlite:{}", tiny.0.path().join("test.db").display()));
    let db = Db::open_plain(&config, SCHEMA).unwrap();
    let ballast = tiny.0.path().join("ballast");
    std::fs::write(&ballast, vec![0; 1_000_000]).unwrap();
    let mut kept = Vec::new();
    let mut refused = 0;
    for id in 0..400 {
        let written =
            db.write(move |tx| tx.execute(&ADD, &[id.into(), "note".into(), Param::Bytes(&[7; 9_000])])).await;
        match written {
            Ok(_) => kept.push(id),
            Err(Error::Full) => refused += 1,
            Err(other) => panic!("{id}: {other}"),
        }
    }
    println!("{} kept, {refused} refused on 2 MiB", kept.len());
    assert!(refused > 0 && !kept.is_empty());
    assert_eq!(ids(&db).await, kept, "reads go on, and all that was acknowledged is there");
    std::fs::remove_file(ballast).unwrap();
    add(&db, 9_000).await.unwrap();
    kept.push(9_000);
    assert_eq!(ids(&db).await, kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_cut_while_idle_are_made_again_unnoticed() {
    let Some(place) = Place::postgres().await else { return };
    let db = place.db();
    add(&db, 0).await.unwrap();
    for round in 1..=5 {
        place.cut().await;
        if round % 2 == 0 {
            add(&db, round).await.unwrap();
            assert_eq!(ids(&db).await.len() as i64, round + 1);
        } else {
            assert_eq!(ids(&db).await.len() as i64, round);
            add(&db, round).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_in_the_middle_fails_its_batch_only() {
    let Some(place) = Place::postgres().await else { return };
    let db = place.db();
    let (started, running) = oneshot::channel();
    let (go_on, told) = std::sync::mpsc::channel();
    let cut = tokio::spawn({
        let db = db.clone();
        async move {
            db.write(move |tx| {
                insert(tx, 1)?;
                started.send(()).unwrap();
                told.recv().unwrap();
                let _ = tx.nested(|tx| insert(tx, 2));
                Ok(())
            })
            .await
        }
    });
    running.await.unwrap();
    place.cut().await;
    go_on.send(()).unwrap();
    let outcome = cut.await.unwrap();
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    add(&db, 3).await.unwrap();
    assert_eq!(ids(&db).await, [3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_takes_too_long_fails_its_job_alone() {
    let Some(place) = Place::postgres().await else { return };
    let db = place.db();
    let held = Held::writer(&db).await;
    let slow = tokio::spawn({
        let db = db.clone();
        async move {
            db.write(|tx| {
                tx.batch("SET LOCAL statement_timeout = '50ms'")?;
                insert(tx, 1)?;
                tx.batch("SELECT pg_sleep(20)")
            })
            .await
        }
    });
    let neighbour = tokio::spawn({
        let db = db.clone();
        async move { add(&db, 2).await }
    });
    held.release(&db, 2).await;
    assert!(matches!(slow.await.unwrap(), Err(Error::Unavailable(_))));
    neighbour.await.unwrap().unwrap();
    assert_eq!(ids(&db).await, [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_altered_by_another_node_is_read_again() {
    let Some(place) = Place::postgres().await else { return };
    let mut config = place.config.clone();
    config.readers = 1;
    let db = Db::open_plain(&config, SCHEMA).unwrap();
    add(&db, 1).await.unwrap();
    const ALL: store::Statement = store::Statement::new("ALL", "SELECT * FROM note");
    let all = || db.read(|tx| tx.query(&ALL, &[], |row| row.int(0)));
    assert_eq!(all().await.unwrap(), [1]);
    db.write(|tx| tx.batch("ALTER TABLE note ADD COLUMN later BIGINT")).await.unwrap();
    let _ = all().await; // told once: the plan it had is of another table
    tokio::time::timeout(Duration::from_secs(5), async {
        assert_eq!(all().await.unwrap(), [1]);
    })
    .await
    .unwrap();
}
