//! The register as a provider, on an embedded database: what is asked and what is answered.

/// Repeats every named test on both engines, each in a place of its own.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Engine::Sqlite).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                match super::server() {
                    Some(_) => super::$name(super::Engine::Postgres).await,
                    None => println!("skipped on PostgreSQL: NAIS_TEST_POSTGRES is not set; scripts/postgres sets it"),
                }
            })*
        }
    };
}

mod corrections;
mod examples;
mod history;
mod packages;
mod retention;
mod searches;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use gateway::{Answer, Ask, Asker, Provider, Reply};
use jiff::Timestamp;
use model::{Clock, Lang, Refusal, Service};
use serde_json::{Value, json};
use store::{Db, DbConfig, Vault};

use super::{Foreigners, RecordKind, SCHEMA};

/// Which engine a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

/// The server for tests, when one is named.
pub(super) fn server() -> Option<String> {
    std::env::var_os("NAIS_TEST_POSTGRES").and_then(|url| url.into_string().ok())
}

/// A schema of its own on the server: a connection that sees nothing else.
fn postgres() -> Db {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let url = server().unwrap();
    let schema = format!("isos_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
    let bare = Db::attach(&DbConfig::new(url.clone()), Box::new(store::NoSeal)).unwrap();
    let create = format!("CREATE SCHEMA {schema}");
    bare.write_blocking(move |tx| tx.batch(&create)).unwrap();
    let separator = if url.contains('?') { '&' } else { '?' };
    let mut config = DbConfig::new(format!("{url}{separator}options=-csearch_path%3D{schema}"));
    config.readers = 2;
    Db::open_plain(&config, SCHEMA).unwrap()
}

/// A register of its own, with a clock that moves by hand.
pub(super) struct Bench {
    pub register: Foreigners,
    pub db: Db,
    pub vault: Vault,
    now: Arc<AtomicI64>,
    count: AtomicU64,
    _dir: tempfile::TempDir,
}

/// The service's folder, read and compiled once: schemas take their time.
pub(super) fn service() -> Arc<Service> {
    static SERVICE: LazyLock<Arc<Service>> = LazyLock::new(read_service);
    Arc::clone(&SERVICE)
}

fn read_service() -> Arc<Service> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services/3.88.01");
    let mut files = BTreeMap::new();
    for place in [folder.clone(), folder.join("methods"), folder.join("examples")] {
        for entry in std::fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    Arc::new(Service::from_files(&files).unwrap())
}

impl Bench {
    /// An empty register on 15 October 2025, noon in Minsk.
    pub(super) fn new(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = match engine {
            Engine::Sqlite => {
                let url = format!("sqlite:{}", dir.path().join("isos.db").display());
                Db::open_plain(&DbConfig::new(url), SCHEMA).unwrap()
            }
            // Opening blocks, which a test's runtime does not allow.
            Engine::Postgres => std::thread::spawn(postgres).join().unwrap(),
        };
        let vault = Vault::new(&[5; 32]).unwrap();
        let start: Timestamp = "2025-10-15T12:00:00+03:00".parse().unwrap();
        let now = Arc::new(AtomicI64::new(start.as_microsecond()));
        let hand = Arc::clone(&now);
        let clock = Clock::from_fn(move || Timestamp::from_microsecond(hand.load(Ordering::SeqCst)).unwrap());
        let register = Foreigners::new(vault.clone(), service(), db.clone(), clock).unwrap();
        Self { register, db, vault, now, count: AtomicU64::new(1), _dir: dir }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.now.load(Ordering::SeqCst)).unwrap()
    }

    /// Moves the clock on.
    pub(super) fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// An ask as the gateway would hand it over.
    pub(super) fn ask(&self, consumer: &str, path: &str, body: &Value) -> Ask {
        let (method, query) = path.split_once('?').unwrap_or((path, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Ask {
            request_id: uuid::Uuid::nil(),
            at: self.now(),
            method: method.into(),
            query: pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
            json: body.clone(),
            body: serde_json::to_vec(body).unwrap().into(),
            asker: Arc::new(Asker {
                id: consumer.into(),
                source_code: source(consumer).into(),
                unp: "191000015".into(),
            }),
            lang: Lang::En,
            wish: uuid::Uuid::nil(),
        }
    }

    /// The reply to an ask; effects are committed.
    pub(super) async fn reply(&self, ask: Ask) -> Result<Reply, Refusal> {
        match self.register.answer(ask).await? {
            Answer::Ready(reply) => Ok(reply),
            Answer::Effect(effect) => self.db.write(effect).await.map_err(store::Error::refusal),
        }
    }

    pub(super) async fn call(&self, consumer: &str, path: &str, body: &Value) -> Result<Value, Refusal> {
        let reply = self.reply(self.ask(consumer, path, body)).await?;
        Ok(serde_json::from_slice(&reply.body).unwrap())
    }

    /// A package of records with a message_id of its own.
    pub(super) fn package(&self, kind: RecordKind, records: &[Value]) -> Value {
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        json!({"message_id": uuid::Uuid::from_u128(0x7000_8000_0000_0000_0000 + u128::from(number)),
            "message_time": "2025-06-02T14:06:00+03:00", "message_source": source(sender(kind)),
            "record_kind": kind.path(), "records": records})
    }

    /// Sends records by the sender of their kind.
    pub(super) async fn submit(&self, kind: RecordKind, records: &[Value]) -> Value {
        let package = self.package(kind, records);
        self.call(sender(kind), &format!("{}/submit", kind.path()), &package).await.unwrap()
    }

    /// What the Ministry of Internal Affairs finds.
    pub(super) async fn found(&self, kind: RecordKind, search: Value) -> Vec<Value> {
        let page = self.call("mia", &format!("{}/search", kind.path()), &search).await.unwrap();
        page["records"].as_array().unwrap().clone()
    }
}

pub(super) fn source(consumer: &str) -> &'static str {
    match consumer {
        "mia" => "MVD",
        "mfa" => "MID",
        "border-committee" => "GPK",
        "ticket-operator" => "TICKET",
        _ => "OTHER",
    }
}

pub(super) fn sender(kind: RecordKind) -> &'static str {
    match kind.code() {
        1 => "border-committee",
        2 | 3 => "mfa",
        13 | 14 => "ticket-operator",
        _ => "mia",
    }
}

/// The first record of the service's example for a kind.
pub(super) fn sample(kind: RecordKind) -> Value {
    let service = service();
    let path = format!("{}/submit?mode=test", kind.path());
    let example = service.examples.iter().find(|example| example.path == path && example.name.ends_with("accepted"));
    example.unwrap().body.as_ref().unwrap()["records"][0].clone()
}

/// `record` with other values at these pointers.
pub(super) fn with(mut record: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, value) in changes {
        let (holder, name) = pointer.rsplit_once('/').unwrap();
        record.pointer_mut(holder).unwrap()[name] = value.clone();
    }
    record
}

/// A crossing of its own.
pub(super) fn crossing(id: &str, direction: &str, time: &str) -> Value {
    with(
        sample(RecordKind::Crossings),
        &[("/crossing_id", json!(id)), ("/direction", json!(direction)), ("/crossing_time", json!(time))],
    )
}
