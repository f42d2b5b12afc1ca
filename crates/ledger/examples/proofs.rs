//! How fast the ledger is: time of the writing thread per entry, size per entry, speed of the whole check.
//!
//! `cargo run --release -p ledger --example proofs [ENTRIES]`

use std::error::Error;
use std::time::Instant;

use eds::SigningKey;
use ledger::{Algorithm, Kind, Log, NoteKey, Record};
use model::Clock;
use store::{Db, DbConfig, Entry, Seal, Stamp, Tx, Vault};
use uuid::Uuid;

/// Measures what the ledger does inside of the writing thread.
struct Measured {
    inner: Box<dyn Seal>,
    spent: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Measured {
    fn timed<T>(&mut self, work: impl FnOnce(&mut dyn Seal) -> T) -> T {
        let start = Instant::now();
        let done = work(self.inner.as_mut());
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.spent.fetch_add(nanos, std::sync::atomic::Ordering::Relaxed);
        done
    }
}

impl Seal for Measured {
    fn seal(&mut self, tx: &mut Tx<'_>, entries: &[Entry]) -> Result<(), store::Error> {
        self.timed(|inner| inner.seal(tx, entries))
    }
    fn committed(&mut self) -> Vec<Stamp> {
        self.timed(|inner| inner.committed())
    }
    fn uncertain(&mut self) {
        self.inner.uncertain();
    }
}

fn sample(number: u64, clock: &Clock, vault: &Vault) -> Result<Entry, ledger::Error> {
    let id = model::clock::uuid_at(clock.now(), store::random());
    let mut record = Record::new(Kind::Exchange, clock.now(), id, "border-committee");
    record.service = Some("3.88.01".into());
    record.method = Some("crossings/submit".into());
    record.ground = Some("law-32-z-art-17".into());
    record.treaty = Some("TR-2026-0001".into());
    record.request_digest = Some([number.to_le_bytes().first().copied().unwrap_or(0); 32]);
    record.answer_digest = Some([2; 32]);
    record.decision = "answered".into();
    record.subjects = vec![*Uuid::from_u128(u128::from(number)).as_bytes()];
    ledger::entry(&record, &store::random(), vault)
}

/// Commits `count` entries in batches and tells what one cost.
async fn measure(
    db: &Db,
    clock: &Clock,
    vault: &Vault,
    spent: &std::sync::atomic::AtomicU64,
    batch: u64,
    count: u64,
) -> Result<(), Box<dyn Error>> {
    spent.store(0, std::sync::atomic::Ordering::Relaxed);
    let (mut done, mut making) = (0, 0);
    let start = Instant::now();
    while done < count {
        let made = Instant::now();
        let entries: Result<Vec<_>, _> = (done..done + batch).map(|n| sample(n, clock, vault)).collect();
        let entries = entries?;
        making += made.elapsed().as_nanos();
        db.commit(move |_, out| {
            out.extend(entries);
            Ok(())
        })
        .await?;
        done += batch;
    }
    let writer = spent.load(std::sync::atomic::Ordering::Relaxed) as f64 / 1000.0 / done as f64;
    let (wall, making) = (start.elapsed().as_secs_f64(), making as f64 / 1000.0 / done as f64);
    println!(
        "batches of {batch:4}: {writer:6.2} µs/entry in the writing thread, {making:5.2} µs/entry to make it, {:7.0} receipts/s",
        done as f64 / wall
    );
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let total: u64 = std::env::args().nth(1).map_or(Ok(200_000), |count| count.parse())?;
    let folder = tempfile::tempdir()?;
    let (clock, vault) = (Clock::system(), Vault::new(&store::random())?);
    let key = NoteKey::new("pace.example", Algorithm::Ed25519, SigningKey::generate(eds::Algorithm::Ed25519)?)?;
    let log = Log::new(key, Vec::new(), clock.clone());
    let spent = std::sync::Arc::<std::sync::atomic::AtomicU64>::default();
    let seal = Measured { inner: log.sequencer(), spent: spent.clone() };
    let file = folder.path().join("pace.db");
    let db = Db::open(&DbConfig::new(format!("sqlite:{}", file.display())), ledger::SCHEMA, Box::new(seal))?;
    ledger::start(&log, &db, &[]).await?;

    for batch in [1u64, 64, 1024] {
        measure(&db, &clock, &vault, &spent, batch, if batch == 1 { 500 } else { total / 2 }).await?;
    }
    let size = log.head().edge.size();
    let copy = folder.path().join("copy.db");
    db.copy_to(copy.clone()).await?; // without what still waits in the WAL
    println!("{} bytes of database per entry", std::fs::metadata(&copy)?.len() / size);

    let start = Instant::now();
    let report = ledger::fsck(&db, log.vkey().clone(), Some(vault), |_, _| {}).await?;
    let pace = report.entries as f64 / start.elapsed().as_secs_f64();
    println!(
        "fsck: {pace:.0} leaves/s, {} of {} records, sound: {}",
        report.records,
        report.entries,
        report.is_sound()
    );
    let start = Instant::now();
    let again = Log::new(
        NoteKey::new("pace.example", Algorithm::Ed25519, SigningKey::generate(eds::Algorithm::Ed25519)?)?,
        Vec::new(),
        clock,
    );
    ledger::start(&again, &db, &[]).await?;
    println!("start-up check: {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}
