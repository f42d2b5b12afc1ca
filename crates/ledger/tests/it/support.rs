//! A log in a folder of its own, and ways to fill and to spoil it.

use std::path::Path;

use eds::SigningKey;
use jiff::{SignedDuration, Timestamp};
use ledger::{Algorithm, Kind, Log, LogReader, NoteKey, Receipt, Record, Watcher};
use model::Clock;
use store::{Db, DbConfig, Statement, Vault};
use uuid::Uuid;

pub(crate) const ORIGIN: &str = "nais.example/ledger";

/// A fixed moment.
pub(crate) fn now() -> Timestamp {
    "2026-07-01T12:00:00.123456Z".parse().unwrap()
}

pub(crate) fn vault() -> Vault {
    Vault::new(&[7; 32]).unwrap()
}

/// A key that is the same in every test: the seed of a PKCS#8 file is all that tells Ed25519 keys apart.
pub(crate) fn key(seed: u8) -> SigningKey {
    let mut der = hex::decode("302e020100300506032b657004220420").unwrap();
    der.extend_from_slice(&[seed; 32]);
    SigningKey::from_pkcs8_der(&der).unwrap()
}

pub(crate) fn log() -> Log {
    Log::new(NoteKey::new(ORIGIN, Algorithm::Ed25519, key(1)).unwrap(), Vec::new(), Clock::fixed(now()))
}

pub(crate) fn sqlite(folder: &Path) -> DbConfig {
    DbConfig::new(format!("sqlite:{}", folder.join("nais.db").display()))
}

/// An empty schema of the PostgreSQL named by the environment; `None` when there is none to test on.
#[expect(clippy::disallowed_methods, reason = "tests are told by their runner which server to use")]
pub(crate) fn postgres() -> Option<DbConfig> {
    let url = std::env::var("NAIS_TEST_POSTGRES").ok()?;
    let schema = format!("ledger_{}", hex::encode(store::random::<8>()));
    let config = DbConfig { readers: 1, ..DbConfig::new(url.clone()) };
    let text = format!("CREATE SCHEMA {schema}");
    let create = move || Db::open_plain(&config, &[]).unwrap().write_blocking(move |tx| tx.batch(&text));
    std::thread::spawn(create).join().unwrap().unwrap(); // callers are inside a runtime, where nothing may block
    let joint = if url.contains('?') { '&' } else { '?' };
    Some(DbConfig { readers: 2, ..DbConfig::new(format!("{url}{joint}options=-csearch_path%3D{schema}")) })
}

/// Every engine there is, with the folder that keeps the embedded one.
pub(crate) fn engines() -> Vec<(DbConfig, tempfile::TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    let mut engines = vec![(sqlite(folder.path()), folder)];
    engines.extend(postgres().map(|config| (config, tempfile::tempdir().unwrap())));
    engines
}

/// A log opened on a database, past its start-up check.
pub(crate) async fn open(config: &DbConfig) -> LogReader {
    open_with(config, &[]).await.unwrap()
}

pub(crate) async fn open_with(config: &DbConfig, watchers: &[Watcher]) -> Result<LogReader, ledger::Error> {
    let log = log();
    let db = Db::open(config, ledger::SCHEMA, log.sequencer()).unwrap();
    ledger::start(&log, &db, watchers).await?;
    Ok(LogReader::new(log, db))
}

/// A full record, as the gateway makes them; `number` tells them apart.
pub(crate) fn record(number: u64) -> Record {
    let at = now() + SignedDuration::from_micros(i64::try_from(number).unwrap());
    let mut record = Record::new(Kind::Exchange, at, Uuid::from_u128(u128::from(number) + 1), "border-committee");
    record.service = Some("3.88.01".into());
    record.method = Some("crossings/submit".into());
    record.ground = Some("law-32-z-art-17".into());
    record.treaty = Some("TR-2026-0001".into());
    record.request_digest = Some([1; 32]);
    record.answer_digest = Some([2; 32]);
    record.decision = "answered".into();
    record.subjects = vec![[3; 16]];
    record
}

pub(crate) fn salt(number: u64) -> [u8; 32] {
    let mut salt = [9; 32];
    salt[..8].copy_from_slice(&number.to_be_bytes());
    salt
}

pub(crate) fn entry(number: u64) -> store::Entry {
    ledger::entry(&record(number), &salt(number), &vault()).unwrap()
}

/// Adds entries `from..to` in one job each `step`; their receipts.
pub(crate) async fn add(db: &Db, from: u64, to: u64, step: usize) -> Vec<String> {
    let mut receipts = Vec::new();
    let numbers: Vec<u64> = (from..to).collect();
    for part in numbers.chunks(step) {
        let entries: Vec<_> = part.iter().map(|number| entry(*number)).collect();
        let committed = db.commit(move |_, out| {
            out.extend(entries);
            Ok(())
        });
        receipts.extend(committed.await.unwrap().1.iter().map(ToString::to_string));
    }
    receipts
}

/// A receipt of `reader` for entry `index` proves exactly the entry made from `number`.
pub(crate) fn proves(reader: &LogReader, receipt: &str, index: u64, number: u64) {
    let receipt = Receipt::parse(receipt).unwrap();
    assert_eq!(receipt.index, index);
    ledger::verify_entry(&receipt, &entry(number).data, reader.log().vkey()).unwrap();
    ledger::verify_entry(&receipt, &entry(number + 1).data, reader.log().vkey()).unwrap_err();
}

/// Runs a statement behind the ledger's back.
pub(crate) async fn spoil(db: &Db, sql: &'static str) {
    let changed = db.write(move |tx| tx.execute(&Statement::new("SPOIL", sql), &[])).await.unwrap();
    assert!(changed > 0, "{sql} changed nothing");
}
