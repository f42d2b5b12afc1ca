//! The write path: business effect, entries and head in one transaction; receipts only for what is committed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ledger::proof::verify_consistency;
use ledger::{Checkpoint, LogReader, Receipt};
use store::{Db, Entry, Seal, Stamp, Tx};
use tlog_tiles::tlog;

use crate::support::{self, add, engines, entry, open, proves, spoil, vault};

#[tokio::test]
async fn every_commit_comes_back_with_a_receipt_that_proves_it() {
    for (config, _folder) in engines() {
        let reader = open(&config).await;
        let mut receipts = add(reader.db(), 0, 40, 1).await;
        receipts.extend(add(reader.db(), 40, 700, 165).await);
        for (number, receipt) in (0..).zip(&receipts) {
            proves(&reader, receipt, number, number);
            let parsed = Receipt::parse(receipt).unwrap();
            let (checkpoint, _) = Checkpoint::verify(&parsed.checkpoint, reader.log().vkey()).unwrap();
            let proof: Vec<_> = parsed.proof.into_iter().map(tlog::Hash).collect();
            let leaf = tlog::record_hash(&entry(number).data);
            tlog::check_record(&proof, checkpoint.size, tlog::Hash(checkpoint.root), number, leaf).unwrap();
        }
        assert_eq!(reader.log().head().edge.size(), 700);
    }
}

#[tokio::test]
async fn after_a_restart_the_tree_goes_on() {
    for (config, _folder) in engines() {
        let first = open(&config).await;
        let old = add(first.db(), 0, 300, 300).await;
        let before = first.log().head();
        drop(first);
        let reader = open(&config).await;
        assert_eq!(reader.log().head().edge, before.edge);
        assert_eq!(reader.log().head().note, before.note, "the same tree is signed the same way");
        let new = add(reader.db(), 300, 310, 1).await;
        proves(&reader, &old[7], 7, 7);
        proves(&reader, &new[9], 309, 309);
        let head = reader.log().head();
        let proof = reader.consistency(300, Arc::clone(&head)).await.unwrap();
        verify_consistency(300, &before.edge.root(), 310, &head.edge.root(), &proof).unwrap();
    }
}

#[tokio::test]
async fn a_failed_job_leaves_no_entry_and_hurts_no_neighbour() {
    let (config, _folder) = engines().remove(0);
    let reader = open(&config).await;
    let failed = reader.db().commit(|_, out| {
        out.push(entry(1));
        Err::<(), _>(store::Error::broken("on purpose"))
    });
    failed.await.unwrap_err();
    let receipts = add(reader.db(), 5, 6, 1).await;
    proves(&reader, &receipts[0], 0, 5);
}

/// What can happen to a batch besides being committed.
#[derive(Clone, Copy, PartialEq)]
enum Accident {
    None,
    /// The transaction is undone after the ledger wrote.
    Undone,
    /// It is on disk, but nobody knows.
    Unknown,
}

struct Accidents {
    inner: Box<dyn Seal>,
    next: Arc<Mutex<Accident>>,
}

impl Seal for Accidents {
    fn seal(&mut self, tx: &mut Tx<'_>, entries: &[Entry]) -> Result<(), store::Error> {
        self.inner.seal(tx, entries)?;
        if *self.next.lock().unwrap() == Accident::Undone { Err(store::Error::Full) } else { Ok(()) }
    }
    fn committed(&mut self) -> Vec<Stamp> {
        if *self.next.lock().unwrap() == Accident::Unknown {
            self.inner.uncertain();
            return Vec::new();
        }
        self.inner.committed()
    }
    fn uncertain(&mut self) {
        self.inner.uncertain();
    }
}

#[tokio::test]
async fn undone_and_unknown_commits_are_believed_only_from_the_database() {
    for (config, _folder) in engines() {
        let (log, next) = (support::log(), Arc::new(Mutex::new(Accident::None)));
        let seal = Accidents { inner: log.sequencer(), next: Arc::clone(&next) };
        let db = Db::open(&config, ledger::SCHEMA, Box::new(seal)).unwrap();
        ledger::start(&log, &db, &[]).await.unwrap();
        let reader = LogReader::new(log, db);
        add(reader.db(), 0, 3, 3).await;

        *next.lock().unwrap() = Accident::Undone;
        lost(&reader, 90).await;
        assert_eq!(reader.log().head().edge.size(), 3, "nothing was released");

        *next.lock().unwrap() = Accident::None;
        let receipts = add(reader.db(), 3, 4, 1).await;
        proves(&reader, &receipts[0], 3, 3);

        *next.lock().unwrap() = Accident::Unknown;
        lost(&reader, 4).await;
        assert_eq!(reader.log().head().edge.size(), 4, "no signature for an unknown outcome");

        *next.lock().unwrap() = Accident::None;
        let receipts = add(reader.db(), 6, 7, 1).await;
        proves(&reader, &receipts[0], 6, 6);
        let sound = ledger::fsck(reader.db(), reader.log().vkey().clone(), Some(vault()), |_, _| {});
        assert!(sound.await.unwrap().is_sound());
    }
}

/// Adds two entries that get no receipt.
async fn lost(reader: &LogReader, number: u64) {
    let lost = reader.db().commit(move |_, out| {
        out.extend([entry(number), entry(number + 1)]);
        Ok(())
    });
    lost.await.unwrap_err();
}

#[tokio::test]
async fn two_writers_make_one_tree() {
    for (config, _folder) in engines() {
        let nodes = [open(&config).await, open(&config).await];
        let tasks: Vec<_> = (0..8u64)
            .map(|task| {
                let reader = nodes[usize::try_from(task % 2).unwrap()].clone();
                tokio::spawn(async move { add(reader.db(), task * 1000, task * 1000 + 60, 3).await })
            })
            .collect();
        let (mut roots, mut taken) = (HashMap::new(), HashMap::new());
        for (task, running) in (0..).zip(tasks) {
            for (number, receipt) in (task * 1000..).zip(running.await.unwrap()) {
                let index = Receipt::parse(&receipt).unwrap().index;
                proves(&nodes[0], &receipt, index, number);
                assert_eq!(taken.insert(index, number), None, "two entries at {index}");
                let checkpoint = Receipt::parse(&receipt).unwrap().checkpoint;
                let (head, _) = Checkpoint::verify(&checkpoint, nodes[0].log().vkey()).unwrap();
                assert_eq!(*roots.entry(head.size).or_insert(head.root), head.root, "two roots at {}", head.size);
            }
        }
        assert_eq!(taken.len(), 480);
        for node in &nodes {
            assert!(node.checkpoint().await.unwrap().contains("\n480\n"), "a node shows what the other wrote");
        }
        let report = ledger::fsck(nodes[0].db(), nodes[0].log().vkey().clone(), Some(vault()), |_, _| {});
        let report = report.await.unwrap();
        assert!(report.is_sound() && report.records == 480, "{report:?}");
    }
}

#[tokio::test]
async fn a_head_that_went_back_under_a_running_node_closes_the_log() {
    for (config, _folder) in engines() {
        let reader = open(&config).await;
        add(reader.db(), 0, 10, 10).await;
        spoil(reader.db(), "UPDATE ledger_head SET size = 9 WHERE id = 1").await;
        let refused = reader.db().commit(|_, out| {
            out.push(entry(10));
            Ok(())
        });
        let error = refused.await.unwrap_err();
        assert!(matches!(&error, store::Error::Refused(refusal) if refusal.code == "ledger-unavailable"), "{error}");
        assert!(reader.log().closed().unwrap().contains("rolled back"));
    }
}

#[tokio::test]
async fn nothing_is_added_before_the_start_up_check() {
    let (config, _folder) = engines().remove(0);
    let log = support::log();
    let db = Db::open(&config, ledger::SCHEMA, log.sequencer()).unwrap();
    let refused = db.commit(|_, out| {
        out.push(entry(0));
        Ok(())
    });
    assert!(matches!(refused.await, Err(store::Error::Refused(_))));
    db.write(|_| Ok(())).await.unwrap();
}

#[tokio::test]
async fn private_records_are_found_and_can_be_erased() {
    for (config, _folder) in engines() {
        let reader = open(&config).await;
        add(reader.db(), 0, 20, 20).await;
        let key = entry(7).key;
        let (private, receipt) = reader.entry(key, &vault()).await.unwrap().unwrap();
        assert_eq!((private.record, private.salt), (support::record(7), support::salt(7)));
        proves(&reader, &receipt.to_string(), 7, 7);
        assert!(reader.entry([0xff; 16], &vault()).await.unwrap().is_none());

        assert!(reader.db().write(|tx| ledger::erase(tx, 7)).await.unwrap());
        assert!(reader.entry(key, &vault()).await.unwrap().is_none());
        assert!(!reader.db().write(|tx| ledger::erase(tx, 7)).await.unwrap());
        proves(&reader, &reader.receipt(7).await.unwrap().to_string(), 7, 7);
    }
}

#[tokio::test]
async fn statements_prepare_on_every_engine() {
    for (config, _folder) in engines() {
        let reader = open(&config).await;
        let prepare = |tx: &mut Tx<'_>| ledger::STATEMENTS.iter().try_for_each(|statement| tx.prepare(statement));
        reader.db().write(prepare).await.unwrap();
    }
}
