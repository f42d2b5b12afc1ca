//! The ledger's side of a commit: sealed with the effect or not at all, and every caller gets its own stamps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use store::{Db, Entry, Error, Param, Seal, Stamp, Tx};

use crate::engines::{ADD, Held, Place, SCHEMA, add, ids, insert, on_both_engines};

on_both_engines!(
    stamps_go_to_the_right_callers,
    who_comes_while_a_batch_runs_joins_it,
    a_seal_that_fails_fails_the_batch,
    a_seal_that_panics_fails_the_batch,
    a_seal_that_swallows_a_failure_fails_the_batch,
    stamps_that_are_missing_are_an_uncertain_outcome,
    without_entries_the_ledger_is_left_alone,
    a_database_without_ledger_refuses_entries,
);

const WELL: u8 = 0;
const FAIL: u8 = 1;
const PANIC: u8 = 2;
const SWALLOW: u8 = 3;
const STAMP_TOO_FEW: u8 = 4;

#[derive(Clone, Default)]
struct Moods {
    mood: Arc<AtomicU8>,
    sealed: Arc<AtomicUsize>,
    uncertain: Arc<AtomicUsize>,
}

/// A ledger that keeps a row for each entry and stamps it with its own bytes.
struct Ledger {
    moods: Moods,
    stamps: Vec<Stamp>,
}

impl Seal for Ledger {
    fn seal(&mut self, tx: &mut Tx<'_>, entries: &[Entry]) -> Result<(), Error> {
        assert!(!entries.is_empty());
        self.moods.sealed.fetch_add(1, Ordering::SeqCst);
        self.stamps.clear();
        for entry in entries {
            let text = std::str::from_utf8(&entry.data).unwrap();
            let id = 1_000_000 + text.parse::<i64>().unwrap();
            tx.execute(&ADD, &[id.into(), text.into(), Param::Bytes(&entry.private)])?;
            self.stamps.push(Stamp::from(format!("stamp {text}")));
        }
        match self.moods.mood.load(Ordering::SeqCst) {
            FAIL => Err(Error::Unavailable("the witness".into())),
            PANIC => panic!("meant to be seen in the test's output"),
            SWALLOW => {
                let again = tx.execute(&ADD, &[1.into(), "".into(), Param::Null]);
                assert!(matches!(again, Err(Error::Duplicate(_))), "{again:?}");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn committed(&mut self) -> Vec<Stamp> {
        if self.moods.mood.load(Ordering::SeqCst) == STAMP_TOO_FEW {
            self.stamps.pop();
        }
        std::mem::take(&mut self.stamps)
    }

    fn uncertain(&mut self) {
        self.moods.uncertain.fetch_add(1, Ordering::SeqCst);
    }
}

fn ledger(place: &Place) -> (Db, Moods) {
    let moods = Moods::default();
    let seal = Ledger { moods: moods.clone(), stamps: Vec::new() };
    (Db::open(&place.config, SCHEMA, Box::new(seal)).unwrap(), moods)
}

fn entry(number: i64) -> Entry {
    Entry { data: number.to_string().into_bytes(), key: [0; 16], private: vec![7], basis: None }
}

/// Adds note `id` with `entries` entries; fails at the end if it is to.
async fn noted(db: &Db, id: i64, entries: i64, fail: bool) -> Result<Vec<String>, Error> {
    let (told, stamps) = db
        .commit(move |tx, list| {
            insert(tx, id)?;
            list.extend((0..entries).map(|number| entry(id * 10 + number)));
            if fail { insert(tx, id).map(|()| id) } else { Ok(id) }
        })
        .await?;
    assert_eq!(told, id);
    Ok(stamps.iter().map(ToString::to_string).collect())
}

async fn stamps_go_to_the_right_callers(place: &Place) {
    let (db, moods) = ledger(place);
    let held = Held::writer(&db).await;
    let jobs: Vec<_> = (0..60)
        .map(|id| {
            let db = db.clone();
            tokio::spawn(async move { noted(&db, id, id % 4, id % 5 == 3).await })
        })
        .collect();
    held.release(&db, 60).await;
    for (id, job) in (0_i64..).zip(jobs) {
        let outcome = job.await.unwrap();
        if id % 5 == 3 {
            assert!(matches!(outcome, Err(Error::Duplicate(_))), "{id}: {outcome:?}");
        } else {
            let expected: Vec<_> = (0..id % 4).map(|n| format!("stamp {}", id * 10 + n)).collect();
            assert_eq!(outcome.unwrap(), expected, "{id}");
        }
    }
    assert_eq!(moods.sealed.load(Ordering::SeqCst), 1, "one batch");
    assert_eq!(moods.uncertain.load(Ordering::SeqCst), 0);
}

/// A job that ends when another waits, or at once when they came together: mostly that is one transaction of both.
async fn who_comes_while_a_batch_runs_joins_it(place: &Place) {
    let (db, moods) = ledger(place);
    for round in 0..500 {
        let (before, first) = (moods.sealed.load(Ordering::SeqCst), round * 2);
        let (own, waiting) = (db.clone(), db.clone());
        let waits = tokio::spawn(async move {
            let job = move |tx: &mut Tx<'_>, entries: &mut Vec<Entry>| {
                let began = Instant::now();
                while waiting.waiting() == 0 && began.elapsed() < Duration::from_millis(1) {
                    std::hint::spin_loop();
                }
                entries.push(entry(first));
                insert(tx, first)
            };
            own.commit(job).await.unwrap().1
        });
        let joins = noted(&db, first + 1, 1, false);
        let (waited, joined) = tokio::join!(waits, joins);
        let told = [waited.unwrap()[0].to_string(), joined.unwrap()[0].clone()];
        assert_eq!(told, [format!("stamp {first}"), format!("stamp {}", (first + 1) * 10)]);
        if moods.sealed.load(Ordering::SeqCst) == before + 1 {
            return;
        }
    }
    panic!("nobody ever joined");
}

/// Two neighbours in one batch while the ledger is in `mood`; then it recovers.
async fn in_mood(place: &Place, mood: u8, expected: impl Fn(&Error) -> bool) {
    let (db, moods) = ledger(place);
    add(&db, 1).await.unwrap();
    moods.mood.store(mood, Ordering::SeqCst);
    let held = Held::writer(&db).await;
    let sealing = tokio::spawn({
        let db = db.clone();
        async move { noted(&db, 2, 1, false).await }
    });
    let plain = tokio::spawn({
        let db = db.clone();
        async move { add(&db, 3).await }
    });
    held.release(&db, 2).await;
    for error in [sealing.await.unwrap().unwrap_err(), plain.await.unwrap().unwrap_err()] {
        assert!(expected(&error), "{error}");
    }
    assert_eq!(moods.uncertain.load(Ordering::SeqCst), 1);
    moods.mood.store(WELL, Ordering::SeqCst);
    let kept = if mood == STAMP_TOO_FEW { vec![1, 2, 3, 1_000_020] } else { vec![1] };
    assert_eq!(ids(&db).await, kept);
    assert_eq!(noted(&db, 4, 2, false).await.unwrap(), ["stamp 40", "stamp 41"]);
}

async fn a_seal_that_fails_fails_the_batch(place: &Place) {
    in_mood(place, FAIL, |error| matches!(error, Error::Unavailable(_))).await;
}

async fn a_seal_that_panics_fails_the_batch(place: &Place) {
    in_mood(place, PANIC, |error| matches!(error, Error::Broken(_))).await;
}

async fn a_seal_that_swallows_a_failure_fails_the_batch(place: &Place) {
    in_mood(place, SWALLOW, |error| matches!(error, Error::Broken(_))).await;
}

async fn stamps_that_are_missing_are_an_uncertain_outcome(place: &Place) {
    in_mood(place, STAMP_TOO_FEW, |error| matches!(error, Error::Uncertain)).await;
}

async fn without_entries_the_ledger_is_left_alone(place: &Place) {
    let (db, moods) = ledger(place);
    add(&db, 1).await.unwrap();
    assert_eq!(noted(&db, 2, 0, false).await.unwrap(), [""; 0]);
    assert_eq!(moods.sealed.load(Ordering::SeqCst), 0);
}

async fn a_database_without_ledger_refuses_entries(place: &Place) {
    let db = place.db();
    let refused = noted(&db, 1, 1, false).await;
    assert!(matches!(refused, Err(Error::Broken(_))), "{refused:?}");
    assert_eq!(ids(&db).await, [0_i64; 0]);
}
