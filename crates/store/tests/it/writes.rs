//! Writes: grouped, none lost, none twice, and refused at once when too many wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use store::{Db, Entry, Error, Seal, Stamp, Tx};
use tokio::sync::Semaphore;

use crate::engines::{COUNT, Held, Place, SCHEMA, add, ids, insert, on_both_engines};

on_both_engines!(
    a_write_is_there_for_the_next_reader,
    ten_thousand_at_once_are_all_there_in_few_transactions,
    too_many_waiting_are_refused_at_once,
    a_caller_that_gave_up_undoes_nothing,
    a_thread_without_runtime_writes,
);

async fn a_write_is_there_for_the_next_reader(place: &Place) {
    let db = place.db();
    for id in 0..200 {
        add(&db, id).await.unwrap();
        let count = db.read(|tx| tx.query_opt(&COUNT, &[], |row| row.int(0))).await.unwrap();
        assert_eq!(count, Some(id + 1));
    }
}

/// Counts batches.
struct Batches(Arc<AtomicUsize>, usize);

impl Seal for Batches {
    fn seal(&mut self, _tx: &mut Tx<'_>, entries: &[Entry]) -> Result<(), Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.1 = entries.len();
        Ok(())
    }
    fn committed(&mut self) -> Vec<Stamp> {
        vec![Stamp::from("sealed"); self.1]
    }
    fn uncertain(&mut self) {}
}

async fn ten_thousand_at_once_are_all_there_in_few_transactions(place: &Place) {
    const WRITES: i64 = 10_000;
    let batches = Arc::new(AtomicUsize::new(0));
    let db = Db::open(&place.config, SCHEMA, Box::new(Batches(Arc::clone(&batches), 0))).unwrap();
    let room = Arc::new(Semaphore::new(2_000));
    let jobs: Vec<_> = (0..WRITES)
        .map(|id| {
            let (db, room) = (db.clone(), Arc::clone(&room));
            tokio::spawn(async move {
                let _room = room.acquire().await.unwrap();
                db.commit(move |tx, entries| {
                    insert(tx, id)?;
                    entries.push(Entry { data: Vec::new(), key: [0; 16], private: Vec::new(), basis: None });
                    Ok(())
                })
                .await
            })
        })
        .collect();
    for job in jobs {
        let ((), stamps) = job.await.unwrap().unwrap();
        assert_eq!(stamps.len(), 1);
    }
    assert_eq!(ids(&db).await, (0..WRITES).collect::<Vec<_>>());
    let batches = batches.load(Ordering::Relaxed);
    println!("{WRITES} writes in {batches} transactions");
    assert!(batches < 1_000, "{batches} transactions");
}

async fn too_many_waiting_are_refused_at_once(place: &Place) {
    const SUBMITTED: i64 = 5_000;
    let db = place.db();
    let held = Held::writer(&db).await;
    let refused = Arc::new(AtomicUsize::new(0));
    let jobs: Vec<_> = (0..SUBMITTED)
        .map(|id| {
            let (db, refused) = (db.clone(), Arc::clone(&refused));
            tokio::spawn(async move {
                let outcome = add(&db, id).await;
                if matches!(outcome, Err(Error::Overloaded)) {
                    refused.fetch_add(1, Ordering::SeqCst);
                }
                outcome
            })
        })
        .collect();
    // The refusals come while the writer still stands.
    while refused.load(Ordering::SeqCst) + db.waiting() < SUBMITTED as usize {
        tokio::task::yield_now().await;
    }
    let refused = refused.load(Ordering::SeqCst);
    assert_eq!(refused, SUBMITTED as usize - 4_096);
    held.release(&db, 4_096).await;
    let mut kept = Vec::new();
    for (id, job) in (0..).zip(jobs) {
        match job.await.unwrap() {
            Ok(()) => kept.push(id),
            Err(Error::Overloaded) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(ids(&db).await, kept);
    add(&db, SUBMITTED).await.unwrap();
}

async fn a_caller_that_gave_up_undoes_nothing(place: &Place) {
    let db = place.db();
    let held = Held::writer(&db).await;
    let given_up = tokio::spawn({
        let db = db.clone();
        async move { add(&db, 1).await }
    });
    let kept = tokio::spawn({
        let db = db.clone();
        async move { add(&db, 2).await }
    });
    while db.waiting() < 2 {
        tokio::task::yield_now().await;
    }
    given_up.abort();
    let _ = given_up.await;
    held.release(&db, 2).await;
    kept.await.unwrap().unwrap();
    assert_eq!(ids(&db).await, [1, 2]);
}

async fn a_thread_without_runtime_writes(place: &Place) {
    let db = place.db();
    let loader = std::thread::spawn({
        let db = db.clone();
        move || (0..50).try_for_each(|id| db.write_blocking(move |tx| insert(tx, id)))
    });
    tokio::task::spawn_blocking(move || loader.join().unwrap().unwrap()).await.unwrap();
    assert_eq!(ids(&db).await.len(), 50);
}
