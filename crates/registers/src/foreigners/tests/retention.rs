//! What need not be kept goes, with everything that led to it.

use store::{Error, Statement};

use super::*;
use crate::foreigners::{Purged, Retention, purge};

async fn count(bench: &Bench, sql: &'static str) -> i64 {
    let statement = Statement::new("COUNT", sql);
    bench.db.read(move |tx| tx.query_opt(&statement, &[], |row| row.int(0))).await.unwrap().unwrap()
}

async fn run(bench: &Bench, portion: usize, dry_run: bool) -> Purged {
    let (vault, now) = (bench.vault.clone(), bench.now().as_microsecond());
    let rules = "[[keep]]\nkind = \"crossings\"\nmonths = 12\nvalid_from = \"2025-01-01\"\nact = \"Act 1\"\n\
        [[keep]]\nkind = \"visas\"\nmonths = 1\nvalid_from = \"2025-01-01\"\nact = \"Act 2\"";
    bench
        .db
        .write(move |tx| {
            let retention = Retention::parse(rules).map_err(Error::broken)?;
            purge(tx, &vault, &retention, now, portion, dry_run)
        })
        .await
        .unwrap()
}

async fn old_records_go_in_portions_and_leave_no_trace(engine: Engine) {
    let bench = Bench::new(engine);
    let old: Vec<Value> = (0..5)
        .map(|n| {
            with(
                crossing(&format!("C-{n}"), "entry", "2023-06-02T14:05:00+03:00"),
                &[("/foreigner/surname_lat", json!("GONE"))],
            )
        })
        .collect();
    bench.submit(RecordKind::Crossings, &old).await;
    bench.submit(RecordKind::Crossings, &[crossing("C-NEW", "entry", "2025-06-02T14:05:00+03:00")]).await;
    let visa = with(sample(RecordKind::Visas), &[("/valid_to", json!("2025-12-31"))]);
    bench.submit(RecordKind::Visas, &[visa]).await;

    let dry = run(&bench, 100, true).await;
    assert_eq!(dry.removed, 0);
    let told: Vec<_> = dry
        .lines
        .iter()
        .map(|line| (line.kind.as_str(), line.month.as_str(), line.records, line.act.as_str()))
        .collect();
    assert_eq!(told, [("crossings", "2023-06", 5, "Act 1"), ("visas", "2025-05", 1, "Act 2")]);
    assert_eq!(count(&bench, "SELECT count(*) FROM isos_record").await, 7);

    let part = run(&bench, 3, false).await;
    assert_eq!((part.removed, part.more), (3, true));
    let rest = run(&bench, 100, false).await;
    assert_eq!((rest.removed, rest.more), (2, false), "the visa is in force and stays");
    assert_eq!(count(&bench, "SELECT count(*) FROM isos_record").await, 2);
    assert_eq!(count(&bench, "SELECT count(*) FROM isos_key").await, 2);
    assert_eq!(count(&bench, "SELECT count(*) FROM isos_person").await, 1);
    assert_eq!(
        count(&bench, "SELECT count(*) FROM isos_block b WHERE b.person NOT IN (SELECT person FROM isos_person)").await,
        0
    );
    assert_eq!(count(&bench, "SELECT count(*) FROM isos_term t WHERE NOT EXISTS (SELECT 1 FROM isos_record r WHERE r.month = t.month AND r.seq = t.seq)").await, 0);
    assert_eq!(count(&bench, "SELECT count(*) FROM isos_month WHERE kind = 1").await, 1);

    // Whoever was struck from the directory comes back with a new record, although the node knew them.
    bench
        .submit(
            RecordKind::Crossings,
            &[with(
                crossing("C-BACK", "entry", "2025-06-03T14:05:00+03:00"),
                &[("/foreigner/surname_lat", json!("GONE"))],
            )],
        )
        .await;
    assert_eq!(bench.found(RecordKind::Crossings, json!({"surname_lat": "GONE"})).await.len(), 1);
}

on_both_engines! {
    old_records_go_in_portions_and_leave_no_trace,
}
