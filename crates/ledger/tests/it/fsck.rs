//! Whatever is changed behind the ledger's back is found and named.

use ledger::{Fault, FsckReport, LogReader};

use crate::support::{add, engines, open, spoil, vault};

async fn check(reader: &LogReader) -> FsckReport {
    ledger::fsck(reader.db(), reader.log().vkey().clone(), Some(vault()), |_, _| {}).await.unwrap()
}

/// A log of 600 entries on every engine, spoilt by `sql`: what the check names first.
async fn named(sql: &'static [&'static str]) -> Vec<Vec<Fault>> {
    let mut found = Vec::new();
    for (config, _folder) in engines() {
        let reader = open(&config).await;
        add(reader.db(), 0, 600, 200).await;
        for sql in sql {
            spoil(reader.db(), sql).await;
        }
        let report = check(&reader).await;
        assert_eq!(report.is_sound(), report.first.is_empty());
        found.push(report.first);
    }
    found
}

#[tokio::test]
async fn a_sound_log_is_sound() {
    for (config, _folder) in engines() {
        let reader = open(&config).await;
        add(reader.db(), 0, 600, 200).await;
        reader.db().write(|tx| ledger::erase(tx, 9)).await.unwrap();
        let report = check(&reader).await;
        assert!(report.is_sound(), "{report:?}");
        assert_eq!((report.entries, report.records, report.destroyed, report.tiles), (600, 599, 1, 2));
    }
}

store::statements! {
    /// Entries that tell whose call of what they are.
    TELLING = "SELECT count(*) FROM ledger_entry WHERE idx >= $1 AND idx <= $2 AND (basis IS NOT NULL OR private IS NOT NULL)";
}

#[tokio::test]
async fn an_erased_entry_does_not_even_tell_its_basis() {
    for (config, _folder) in engines() {
        let reader = open(&config).await;
        add(reader.db(), 0, 20, 20).await;
        assert!(reader.db().write(|tx| ledger::erase(tx, 9)).await.unwrap());
        for (from, to, telling) in [(0, 19, 19), (9, 9, 0)] {
            let count =
                move |tx: &mut store::Tx<'_>| tx.query_opt(&TELLING, &[from.into(), to.into()], |row| row.int(0));
            assert_eq!(reader.db().read(count).await.unwrap(), Some(telling));
        }
    }
}

#[tokio::test]
async fn an_empty_log_is_sound() {
    let (config, _folder) = engines().remove(0);
    let reader = open(&config).await;
    assert_eq!(check(&reader).await, FsckReport::default());
}

#[tokio::test]
async fn a_changed_entry_is_named() {
    for faults in
        named(&["UPDATE ledger_entry SET data = (SELECT data FROM ledger_entry WHERE idx = 1) WHERE idx = 17"]).await
    {
        assert!(faults.contains(&Fault::Entry { index: 17 }), "{faults:?}");
        assert!(faults.contains(&Fault::Private { index: 17 }) && faults.contains(&Fault::Head { size: 600 }));
        assert!(!faults.contains(&Fault::Entry { index: 16 }) && !faults.contains(&Fault::Entry { index: 18 }));
    }
}

#[tokio::test]
async fn a_changed_entry_of_the_last_tile_is_named_by_its_record() {
    for faults in
        named(&["UPDATE ledger_entry SET data = (SELECT data FROM ledger_entry WHERE idx = 1) WHERE idx = 599"]).await
    {
        assert_eq!(faults, [Fault::Private { index: 599 }, Fault::Head { size: 600 }]);
    }
}

#[tokio::test]
async fn a_deleted_entry_is_named() {
    for faults in named(&["DELETE FROM ledger_entry WHERE idx = 300"]).await {
        assert_eq!(faults[0], Fault::Missing { index: 300 });
        assert!(faults.contains(&Fault::Entry { index: 300 }) && !faults.contains(&Fault::Entry { index: 301 }));
    }
    for faults in named(&["DELETE FROM ledger_entry WHERE idx = 599"]).await {
        assert_eq!(faults, [Fault::Missing { index: 599 }, Fault::Head { size: 600 }]);
    }
}

#[tokio::test]
async fn swapped_entries_are_named() {
    let swap = &[
        "UPDATE ledger_entry SET idx = -1 WHERE idx = 40",
        "UPDATE ledger_entry SET idx = 40 WHERE idx = 41",
        "UPDATE ledger_entry SET idx = 41 WHERE idx = -1",
    ];
    for faults in named(swap).await {
        assert!(
            faults.contains(&Fault::Entry { index: 40 }) && faults.contains(&Fault::Entry { index: 41 }),
            "{faults:?}"
        );
    }
}

#[tokio::test]
async fn an_appended_entry_is_named() {
    let append = &["INSERT INTO ledger_entry (idx, data, request_id, private, basis)
        SELECT 600, data, request_id, private, basis FROM ledger_entry WHERE idx = 5"];
    for faults in named(append).await {
        assert_eq!(faults, [Fault::Beyond { index: 600 }]);
    }
}

#[tokio::test]
async fn changed_tiles_are_named() {
    let swap =
        &["UPDATE ledger_tile SET hashes = (SELECT hashes FROM ledger_tile WHERE level = 0 AND idx = 1) WHERE idx = 0"];
    for faults in named(swap).await {
        assert!(faults.contains(&Fault::Entry { index: 0 }), "every entry differs from its tile: {faults:?}");
    }
    for faults in named(&["DELETE FROM ledger_tile WHERE idx = 1"]).await {
        assert_eq!(faults, [Fault::Tile { level: 0, number: 1 }]);
    }
    for faults in
        named(&["INSERT INTO ledger_tile (level, idx, hashes) SELECT 0, 7, hashes FROM ledger_tile WHERE idx = 0"])
            .await
    {
        assert_eq!(faults, [Fault::StrayTile { level: 0 }]);
    }
}

#[tokio::test]
async fn a_basis_that_was_changed_or_is_gone_is_named_by_its_records() {
    for sql in ["UPDATE ledger_basis SET body = (SELECT root FROM ledger_head)", "DELETE FROM ledger_basis"] {
        for (config, _folder) in engines() {
            let reader = open(&config).await;
            add(reader.db(), 0, 40, 20).await;
            spoil(reader.db(), sql).await;
            let report = check(&reader).await;
            assert_eq!((report.faults, report.records, report.entries), (40, 0, 40), "{sql}");
            assert_eq!(report.first.first(), Some(&Fault::Private { index: 0 }));
        }
    }
}

#[tokio::test]
async fn a_changed_head_is_named() {
    for faults in
        named(&["UPDATE ledger_head SET root = (SELECT substr(data, 3, 32) FROM ledger_entry WHERE idx = 0)"]).await
    {
        assert_eq!(faults, [Fault::Head { size: 600 }]);
    }
    for faults in named(&["UPDATE ledger_head SET size = 601"]).await {
        assert_eq!(faults, [Fault::Missing { index: 600 }, Fault::Head { size: 601 }]);
    }
    for faults in named(&["DELETE FROM ledger_head"]).await {
        assert!(faults.contains(&Fault::Beyond { index: 0 }), "{faults:?}");
    }
}

#[tokio::test]
async fn a_kept_checkpoint_of_another_tree_is_named() {
    for faults in named(&["INSERT INTO ledger_checkpoint (day, size, note) VALUES (1, 3, 'nonsense')"]).await {
        assert_eq!(faults, [Fault::Checkpoint { size: 3 }]);
    }
}

#[tokio::test]
async fn a_damaged_database_does_not_open() {
    for sql in [
        "UPDATE ledger_head SET size = 599",
        "UPDATE ledger_entry SET data = request_id WHERE idx = 590",
        "DELETE FROM ledger_entry WHERE idx = 599",
        "DELETE FROM ledger_tile WHERE idx = 0",
        "INSERT INTO ledger_checkpoint (day, size, note) VALUES (1, 3, 'nonsense')",
    ] {
        for (config, _folder) in engines() {
            let reader = open(&config).await;
            add(reader.db(), 0, 600, 200).await;
            spoil(reader.db(), sql).await;
            drop(reader);
            let log = crate::support::log();
            let db = store::Db::open(&config, ledger::SCHEMA, log.sequencer()).unwrap();
            ledger::start(&log, &db, &[]).await.expect_err(sql);
            assert!(log.closed().is_some() && log.head().note.is_empty(), "nothing is signed: {sql}");
        }
    }
}
