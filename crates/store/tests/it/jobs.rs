//! Durable jobs: one worker at a time, again after the lease, gone when done.

use std::collections::HashSet;

use store::jobs::{claim, done, enqueue, length, put_off};
use store::{Db, Error};

use crate::engines::{Place, on_both_engines};

on_both_engines!(
    a_job_exists_only_with_its_effect,
    one_worker_at_a_time,
    two_nodes_never_share_a_job,
    put_off_and_done,
    the_longest_due_comes_first_and_queues_are_apart,
);

fn open(place: &Place) -> Db {
    Db::open_plain(&place.config, store::SCHEMA).unwrap()
}

async fn a_job_exists_only_with_its_effect(place: &Place) {
    let db = open(place);
    let undone = db
        .write(|tx| {
            enqueue(tx, &[1; 16], "mail", 10, b"letter")?;
            Err::<(), _>(Error::broken("the effect failed"))
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(db.read(|tx| length(tx, "mail")).await.unwrap(), 0);
    let twice = db
        .write(|tx| {
            enqueue(tx, &[1; 16], "mail", 10, b"letter")?;
            enqueue(tx, &[1; 16], "mail", 10, b"letter")
        })
        .await;
    assert!(matches!(twice, Err(Error::Duplicate("ENQUEUE"))), "{twice:?}");
}

async fn one_worker_at_a_time(place: &Place) {
    let db = open(place);
    db.write(|tx| enqueue(tx, &[1; 16], "mail", 10, b"letter")).await.unwrap();
    assert!(db.write(|tx| claim(tx, "mail", 9, 5)).await.unwrap().is_none(), "not due");
    let first = db.write(|tx| claim(tx, "mail", 10, 5)).await.unwrap().unwrap();
    assert_eq!((first.id, first.attempts, first.body.as_slice()), ([1; 16], 1, &b"letter"[..]));
    assert!(db.write(|tx| claim(tx, "mail", 14, 5)).await.unwrap().is_none(), "leased");
    let second = db.write(|tx| claim(tx, "mail", 15, 5)).await.unwrap().unwrap();
    assert_eq!((second.id, second.attempts), ([1; 16], 2), "the lease ended");
    let far = db.write(|tx| claim(tx, "mail", i64::MAX, 5)).await.unwrap();
    assert!(far.is_some(), "no overflow at the end of time");
}

async fn two_nodes_never_share_a_job(place: &Place) {
    let (one, two) = (open(place), open(place));
    one.write(|tx| (0..60_u8).try_for_each(|n| enqueue(tx, &[n; 16], "mail", n.into(), b""))).await.unwrap();
    let workers: Vec<_> = [&one, &two, &one, &two]
        .into_iter()
        .map(|node| {
            let node = node.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                while let Some(job) = node.write(|tx| claim(tx, "mail", 100, 1_000)).await.unwrap() {
                    mine.push(job.id);
                }
                mine
            })
        })
        .collect();
    let mut seen = HashSet::new();
    for worker in workers {
        for id in worker.await.unwrap() {
            assert!(seen.insert(id), "claimed twice: {id:?}");
        }
    }
    assert_eq!(seen.len(), 60);
}

async fn put_off_and_done(place: &Place) {
    let db = open(place);
    db.write(|tx| enqueue(tx, &[1; 16], "mail", 10, b"letter")).await.unwrap();
    db.write(|tx| {
        let job = claim(tx, "mail", 10, 5)?.ok_or_else(|| Error::broken("no job"))?;
        put_off(tx, &job.id, 100)
    })
    .await
    .unwrap();
    assert!(db.write(|tx| claim(tx, "mail", 99, 5)).await.unwrap().is_none());
    let job = db.write(|tx| claim(tx, "mail", 100, 5)).await.unwrap().unwrap();
    assert_eq!(job.attempts, 2);
    db.write(move |tx| done(tx, &job.id)).await.unwrap();
    assert_eq!(db.read(|tx| length(tx, "mail")).await.unwrap(), 0);
    db.write(|tx| done(tx, &[1; 16])).await.unwrap();
}

async fn the_longest_due_comes_first_and_queues_are_apart(place: &Place) {
    let db = open(place);
    db.write(|tx| {
        enqueue(tx, &[3; 16], "mail", 30, b"")?;
        enqueue(tx, &[1; 16], "mail", 10, b"")?;
        enqueue(tx, &[2; 16], "mail", 20, b"")?;
        enqueue(tx, &[9; 16], "tiles", 1, b"")
    })
    .await
    .unwrap();
    assert_eq!(db.read(|tx| length(tx, "mail")).await.unwrap(), 3);
    for wanted in 1..=3 {
        let job = db.write(|tx| claim(tx, "mail", 50, 100)).await.unwrap().unwrap();
        assert_eq!(job.id, [wanted; 16]);
    }
    assert!(db.write(|tx| claim(tx, "mail", 50, 100)).await.unwrap().is_none());
}
