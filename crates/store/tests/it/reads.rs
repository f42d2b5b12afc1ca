//! Reads: each sees one moment, and changes nothing.

use store::{Db, Error, Migration, Param};
use tokio::sync::oneshot;

use crate::engines::{COUNT, Place, SCHEMA, add, ids, insert, on_both_engines};

on_both_engines!(
    a_job_sees_one_moment,
    what_moves_together_is_seen_together,
    a_read_changes_nothing,
    a_panic_is_contained,
    too_many_waiting_are_refused_at_once,
);

async fn a_job_sees_one_moment(place: &Place) {
    let db = place.db();
    add(&db, 1).await.unwrap();
    let (counted, first) = oneshot::channel();
    let (go_on, told) = std::sync::mpsc::channel();
    let reading = tokio::spawn({
        let db = db.clone();
        async move {
            db.read(move |tx| {
                let before = tx.query_opt(&COUNT, &[], |row| row.int(0))?;
                counted.send(()).unwrap();
                told.recv().unwrap();
                Ok((before, tx.query_opt(&COUNT, &[], |row| row.int(0))?))
            })
            .await
        }
    });
    first.await.unwrap();
    add(&db, 2).await.unwrap();
    go_on.send(()).unwrap();
    assert_eq!(reading.await.unwrap().unwrap(), (Some(1), Some(1)));
    assert_eq!(ids(&db).await, [1, 2]);
}

const ACCOUNTS: &[Migration] = &[Migration {
    owner: "accounts",
    number: 1,
    sql: "CREATE TABLE account (id {int} NOT NULL PRIMARY KEY, amount {int} NOT NULL) {rowless};
          INSERT INTO account (id, amount) VALUES (1, 500), (2, 500);",
}];

store::statements! {
    MOVE = "UPDATE account SET amount = amount + $2 WHERE id = $1";
    AMOUNT = "SELECT amount FROM account WHERE id = $1";
}

async fn what_moves_together_is_seen_together(place: &Place) {
    let db = Db::open_plain(&place.config, ACCOUNTS).unwrap();
    let moving = tokio::spawn({
        let db = db.clone();
        async move {
            for step in 0..200_i64 {
                db.write(move |tx| {
                    tx.execute(&MOVE, &[1.into(), (step % 7 - 3).into()])?;
                    tx.execute(&MOVE, &[2.into(), (3 - step % 7).into()])
                })
                .await
                .unwrap();
            }
        }
    });
    let mut reads = 0;
    while !moving.is_finished() || reads < 200 {
        let sum = db
            .read(|tx| {
                let mut sum = 0;
                for id in [1_i64, 2] {
                    sum += tx.query_opt(&AMOUNT, &[id.into()], |row| row.int(0))?.unwrap_or(0);
                }
                Ok(sum)
            })
            .await
            .unwrap();
        assert_eq!(sum, 1_000);
        reads += 1;
    }
    moving.await.unwrap();
}

async fn a_read_changes_nothing(place: &Place) {
    let db = place.db();
    let refused = db.read(|tx| insert(tx, 1)).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(ids(&db).await, [0_i64; 0]);
    add(&db, 1).await.unwrap();
    assert_eq!(ids(&db).await, [1]);
}

async fn a_panic_is_contained(place: &Place) {
    let mut config = place.config.clone();
    config.readers = 1;
    let db = Db::open_plain(&config, SCHEMA).unwrap();
    add(&db, 1).await.unwrap();
    let panicking = db
        .read(|tx| {
            tx.each(&crate::engines::IDS, &[], |_| panic!("meant to be seen in the test's output"))?;
            Ok(())
        })
        .await;
    assert!(matches!(panicking, Err(Error::Broken(_))), "{panicking:?}");
    let wrong = db.read(|tx| tx.query_opt(&AMOUNT, &[Param::Int(1)], |row| row.int(0))).await;
    assert!(matches!(wrong, Err(Error::Broken(_))), "{wrong:?}");
    assert_eq!(ids(&db).await, [1]);
}

async fn too_many_waiting_are_refused_at_once(place: &Place) {
    let mut config = place.config.clone();
    config.readers = 1;
    let db = Db::open_plain(&config, SCHEMA).unwrap();
    let (started, running) = oneshot::channel();
    let (go_on, told) = std::sync::mpsc::channel();
    let held = tokio::spawn({
        let db = db.clone();
        async move {
            db.read(move |_| {
                started.send(()).unwrap();
                told.recv().unwrap();
                Ok(())
            })
            .await
        }
    });
    running.await.unwrap();
    let jobs: Vec<_> = (0..4_200)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { db.read(|tx| tx.query_opt(&COUNT, &[], |row| row.int(0))).await })
        })
        .collect();
    // A refusal is final at once; whatever is not finished waits.
    while jobs.iter().filter(|job| job.is_finished()).count() < 4_200 - 4_096 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    go_on.send(()).unwrap();
    held.await.unwrap().unwrap();
    let mut refused = 0;
    for job in jobs {
        match job.await.unwrap() {
            Ok(count) => assert_eq!(count, Some(0)),
            Err(Error::Overloaded) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(refused, 4_200 - 4_096);
}
