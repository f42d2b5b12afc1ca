//! Witnesses: never two answers for one size, and a node that was rolled back finds out before it signs.

use std::path::Path;
use std::sync::{Arc, Once};

use ledger::proof::prove_consistency;
use ledger::witness::{Reply, Submitted, Witness, WitnessClient, follow, router, submit_once};
use ledger::{Algorithm, Checkpoint, Error, NoteKey, Receipt, Watcher, verify_entry};
use model::Clock;

use crate::support::{ORIGIN, add, engines, entry, key, now, open, open_with, sqlite};

fn witness(dir: &Path) -> Result<Witness, Error> {
    let key = NoteKey::new("witness.example/w1", Algorithm::Cosignature, key(9)).unwrap();
    let log = NoteKey::new(ORIGIN, Algorithm::Ed25519, crate::support::key(1)).unwrap();
    Witness::open(dir, key, vec![log.vkey().clone()], Clock::fixed(now()))
}

/// Serves a witness on a free port; the client of it.
pub(crate) async fn serve(dir: &Path) -> Watcher {
    let witness = witness(dir).unwrap();
    let vkey = witness.vkey().clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router(Arc::new(witness))).await.unwrap() });
    Watcher { client: client(vkey, &url), required: true }
}

fn client(vkey: ledger::Vkey, url: &str) -> WitnessClient {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap());
    WitnessClient::new(vkey, url, reqwest::Client::new()).unwrap()
}

/// A submission in the form of the protocol.
fn body(old: u64, proof: &[[u8; 32]], note: &str) -> String {
    use base64::Engine;
    let lines: String =
        proof.iter().map(|hash| base64::engine::general_purpose::STANDARD.encode(hash) + "\n").collect();
    format!("old {old}\n{lines}\n{note}")
}

/// A tree of `size` leaves of a kind, its signed note and the proof that it continues `old`.
fn tree(kind: u8, old: u64, size: u64) -> (String, Vec<[u8; 32]>) {
    struct Same(u8);
    impl ledger::proof::HashSource for Same {
        fn node(&mut self, level: u8, number: u64) -> Result<[u8; 32], Error> {
            let leaf = |n: u64| ledger::tree::leaf_hash(&[self.0, n.to_be_bytes()[7]]);
            let leaves: Vec<_> = (number << level..(number + 1) << level).map(leaf).collect();
            Ok(ledger::tree::subtree_hash(&leaves).unwrap())
        }
    }
    let root = ledger::proof::root(size, &mut Same(kind)).unwrap();
    let text = Checkpoint { origin: ORIGIN.into(), size, root }.to_string();
    let key = NoteKey::new(ORIGIN, Algorithm::Ed25519, key(1)).unwrap();
    let proof = prove_consistency(old, size, &mut Same(kind)).unwrap();
    (format!("{text}\n{}", key.line(&text, 0).unwrap()), proof)
}

#[test]
fn the_codes_are_those_of_the_specification() {
    let folder = tempfile::tempdir().unwrap();
    let witness = witness(folder.path()).unwrap();
    let add = |old, proof: &[[u8; 32]], note: &str| witness.add_checkpoint(&body(old, proof, note)).unwrap();
    let (five, none) = tree(0, 0, 5);
    assert!(matches!(witness.add_checkpoint("old 0\n").unwrap(), Reply::Malformed(_)));
    assert!(matches!(witness.add_checkpoint(&format!("old 00\n\n{five}")).unwrap(), Reply::Malformed(_)));
    assert!(matches!(add(6, &[], &five), Reply::Malformed(_)));
    assert_eq!(add(0, &[], &five.replace(ORIGIN, "other")), Reply::Unknown);
    assert_eq!(add(0, &[], &five.replace("\n5\n", "\n6\n")), Reply::Unsigned);
    assert_eq!(add(3, &[], &five), Reply::Conflict(0));
    assert_eq!(add(0, &[[0; 32]], &five), Reply::Inconsistent);
    assert!(matches!(add(0, &none, &five), Reply::Signed(_)));
    assert_eq!(add(0, &none, &five), Reply::Conflict(5));
    assert!(matches!(add(5, &[], &five), Reply::Signed(_)), "the same tree may be signed again");
    let (other, _) = tree(1, 0, 5);
    assert_eq!(add(5, &[], &other), Reply::Conflict(5), "another tree of the size never");
    let (fork, proof) = tree(1, 5, 9);
    assert_eq!(add(5, &proof, &fork), Reply::Inconsistent);
    let (nine, proof) = tree(0, 5, 9);
    assert_eq!(add(5, &proof[1..], &nine), Reply::Inconsistent);
    let Reply::Signed(line) = add(5, &proof, &nine) else { panic!("a continuation is signed") };
    let note = ledger::note::Note::parse(&format!("{nine}{line}")).unwrap();
    assert_eq!(note.verify(witness.vkey()).unwrap(), Some(u64::try_from(now().as_second()).unwrap()));
}

#[test]
fn a_witness_remembers_after_a_restart_and_runs_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = witness(folder.path()).unwrap();
    let (five, _) = tree(0, 0, 5);
    assert!(matches!(first.add_checkpoint(&body(0, &[], &five)).unwrap(), Reply::Signed(_)));
    assert!(matches!(witness(folder.path()), Err(Error::File { .. })), "two witnesses on one folder");
    drop(first);
    let second = witness(folder.path()).unwrap();
    assert_eq!(second.add_checkpoint(&body(0, &[], &five)).unwrap(), Reply::Conflict(5));
    let (three, _) = tree(0, 0, 3);
    assert_eq!(second.add_checkpoint(&body(0, &[], &three)).unwrap(), Reply::Conflict(5));
}

#[test]
fn racing_submissions_get_one_answer_a_size() {
    let folder = tempfile::tempdir().unwrap();
    let witness = witness(folder.path()).unwrap();
    let notes: Vec<String> = (0..8).map(|kind| body(0, &[], &tree(kind, 0, 5).0)).collect();
    let signed: usize = std::thread::scope(|scope| {
        let ask = |note: &str| usize::from(matches!(witness.add_checkpoint(note).unwrap(), Reply::Signed(_)));
        let threads: Vec<_> = notes.iter().map(|note| scope.spawn(move || ask(note))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(signed, 1);
}

#[tokio::test]
async fn checkpoints_are_cosigned_and_receipts_bear_it() {
    for (config, folder) in engines() {
        let watcher = serve(&folder.path().join("witness")).await;
        let reader = open_with(&config, std::slice::from_ref(&watcher)).await.unwrap();
        let mut sizes = [0];
        for (from, to) in [(0, 4), (4, 300), (300, 301)] {
            add(reader.db(), from, to, 100).await;
            submit_once(&reader, std::slice::from_ref(&watcher), &mut sizes).await.unwrap();
            assert_eq!(sizes, [to]);
        }
        let receipt = reader.receipt(17).await.unwrap();
        let (checkpoint, note) = verify_entry(&receipt, &entry(17).data, reader.log().vkey()).unwrap();
        assert_eq!(checkpoint.size, 301);
        assert!(note.verify(watcher.client.vkey()).unwrap().is_some());
        assert_eq!(reader.checkpoint().await.unwrap().as_ref(), receipt.checkpoint);

        // After a restart the cosigned checkpoint is still there, and the witness agrees.
        drop(reader);
        let reader = open_with(&config, &[watcher]).await.unwrap();
        assert_eq!(reader.log().cosigned().unwrap().size, 301);
        let vault = crate::support::vault();
        let report = ledger::fsck(reader.db(), reader.log().vkey().clone(), Some(vault), |_, _| {}).await.unwrap();
        assert!(report.is_sound() && report.checkpoints == 1, "{report:?}");
    }
}

#[tokio::test]
async fn the_task_shows_every_new_head() {
    let (config, folder) = engines().remove(0);
    let watcher = serve(&folder.path().join("witness")).await;
    let reader = open(&config).await;
    let task = tokio::spawn(follow(reader.clone(), vec![watcher]));
    add(reader.db(), 0, 12, 12).await;
    let cosigned = async {
        while reader.log().cosigned().is_none_or(|cosigned| cosigned.size < 12) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), cosigned).await.unwrap();
    task.abort();
}

#[tokio::test]
async fn a_database_copied_back_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let watcher = serve(&folder.path().join("witness")).await;
    let config = sqlite(folder.path());
    let reader = open_with(&config, std::slice::from_ref(&watcher)).await.unwrap();
    add(reader.db(), 0, 10, 10).await;
    let copy = folder.path().join("old.db");
    reader.db().copy_to(copy.clone()).await.unwrap();
    add(reader.db(), 10, 20, 10).await;
    submit_once(&reader, std::slice::from_ref(&watcher), &mut [0]).await.unwrap();
    let old = store::DbConfig::new(format!("sqlite:{}", copy.display()));
    let refused = open_with(&old, std::slice::from_ref(&watcher)).await.err().unwrap();
    assert!(matches!(refused, Error::RolledBack { own: 10, witness: 20 }), "{refused}");

    // Grown again to the same size it is another tree, which the witness knows too.
    let alone = open(&old).await;
    add(alone.db(), 70, 80, 10).await;
    drop(alone);
    let refused = open_with(&old, std::slice::from_ref(&watcher)).await.err().unwrap();
    assert!(matches!(refused, Error::Forked { size: 20, .. }), "{refused}");
}

#[tokio::test]
async fn a_node_that_forks_while_it_runs_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let watcher = serve(&folder.path().join("witness")).await;
    let (five, _) = tree(3, 0, 5);
    assert!(matches!(watcher.client.submit(0, &[], &five).await.unwrap(), Submitted::Signed(_)));
    let reader = open(&sqlite(folder.path())).await;
    add(reader.db(), 0, 9, 9).await;
    let fault = submit_once(&reader, &[watcher], &mut [0]).await.unwrap_err();
    assert!(matches!(fault, Error::Forked { size: 5, .. }), "{fault}");
    assert!(reader.log().closed().is_some());
    let refused = reader.db().commit(|_, out| {
        out.push(entry(50));
        Ok(())
    });
    refused.await.unwrap_err();
    assert!(reader.checkpoint().await.is_ok(), "reading goes on");
}

#[tokio::test]
async fn a_witness_out_of_reach_stops_only_who_requires_it() {
    let folder = tempfile::tempdir().unwrap();
    let key = NoteKey::new("witness.example/w1", Algorithm::Cosignature, key(9)).unwrap();
    let mut watcher = Watcher { client: client(key.vkey().clone(), "http://127.0.0.1:9"), required: true };
    let refused = open_with(&sqlite(folder.path()), std::slice::from_ref(&watcher)).await.err().unwrap();
    assert!(matches!(refused, Error::Witness { .. }), "{refused}");
    watcher.required = false;
    let reader = open_with(&sqlite(folder.path()), &[watcher]).await.unwrap();
    assert_eq!(add(reader.db(), 0, 1, 1).await.len(), 1);
    assert_eq!(Receipt::parse(&reader.receipt(0).await.unwrap().to_string()).unwrap().index, 0);
}
