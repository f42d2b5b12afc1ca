//! Figures of the writer and the readers, printed for whoever changes them: nothing here is asserted about time.

use std::time::{Duration, Instant};

use store::Db;

use crate::engines::{COUNT, Place, add, insert, on_both_engines};

on_both_engines!(figures);

async fn figures(place: &Place) {
    let db = place.db();
    let engine = if place.is_postgres() { "PostgreSQL" } else { "SQLite" };
    let alone = timed(|| async {
        for id in 0..200 {
            add(&db, id).await.unwrap();
        }
    });
    println!("{engine}: one writer, one statement a job: {:?} a job", alone.await / 200);
    for statements in [1_i64, 3, 10] {
        let base = statements * 1_000_000;
        let together = timed(|| together(&db, base, statements));
        println!("{engine}: 64 writers, {statements} statements a job: {:?} a job", together.await / 3_200);
    }
    let reading = timed(|| async {
        for _ in 0..500 {
            db.read(|tx| tx.query_opt(&COUNT, &[], |row| row.int(0))).await.unwrap();
        }
    });
    println!("{engine}: one reader, counting 45,000 rows: {:?} a job", reading.await / 500);
}

async fn timed<F: Future<Output = ()>>(work: impl FnOnce() -> F) -> Duration {
    let start = Instant::now();
    work().await;
    start.elapsed()
}

async fn together(db: &Db, base: i64, statements: i64) {
    let writers: Vec<_> = (0..64)
        .map(|writer| {
            let db = db.clone();
            tokio::spawn(async move {
                for job in 0..50 {
                    let first = base + (writer * 50 + job) * statements;
                    db.write(move |tx| (first..first + statements).try_for_each(|id| insert(tx, id))).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}
