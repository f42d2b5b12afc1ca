//! The register as a provider, on both engines: the service's examples, and what no example can show.

/// Repeats every named test on both engines, each in a place of its own.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Engine::Sqlite).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                match super::server() {
                    Some(_) => super::$name(super::Engine::Postgres).await,
                    None => println!("skipped on PostgreSQL: NAIS_TEST_POSTGRES is not set; scripts/postgres sets it"),
                }
            })*
        }
    };
}

mod examples;
mod families;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use gateway::{Asker, Reply};
use jiff::Timestamp;
use model::Service;
use serde_json::{Value, json};
use store::DbConfig;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Sqlite,
    Postgres,
}

fn server() -> Option<String> {
    std::env::var_os("NAIS_TEST_POSTGRES").and_then(|url| url.into_string().ok())
}

/// A schema of its own on the server: a connection that sees nothing else.
fn postgres() -> Db {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let url = server().unwrap();
    let schema = format!("population_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
    let bare = Db::attach(&DbConfig::new(url.clone()), Box::new(store::NoSeal)).unwrap();
    let create = format!("CREATE SCHEMA {schema}");
    bare.write_blocking(move |tx| tx.batch(&create)).unwrap();
    let separator = if url.contains('?') { '&' } else { '?' };
    let mut config = DbConfig::new(format!("{url}{separator}options=-csearch_path%3D{schema}"));
    config.readers = 2;
    Db::open_plain(&config, SCHEMA).unwrap()
}

fn service() -> Arc<Service> {
    static SERVICE: LazyLock<Arc<Service>> = LazyLock::new(|| Arc::new(Service::from_files(&files()).unwrap()));
    Arc::clone(&SERVICE)
}

fn files() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services/3.40.01-1");
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
    files
}

fn until() -> Date {
    jiff::civil::date(2026, 10, 31)
}

fn now() -> Timestamp {
    "2026-11-02T10:00:00Z".parse().unwrap()
}

/// A register with the golden families and a few more.
struct Bench {
    register: Population,
    db: Db,
    _dir: tempfile::TempDir,
}

impl Bench {
    async fn new(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("population.db").display());
        // Opening and filling block, which a test's runtime does not allow.
        let made = tokio::task::spawn_blocking(move || {
            let db = match engine {
                Engine::Sqlite => Db::open_plain(&DbConfig::new(url), SCHEMA).unwrap(),
                Engine::Postgres => postgres(),
            };
            let vault = Vault::new(&[7; 32]).unwrap();
            let filled = fill(&db, &vault, 1, until(), 300).unwrap();
            assert!((300..320).contains(&filled.people), "{filled:?}");
            assert_eq!(fill(&db, &vault, 1, until(), 300).unwrap().people, 0, "what is there is left alone");
            (db, vault)
        });
        let (db, vault) = made.await.unwrap();
        let register = Population::new(vault, db.clone(), Clock::fixed(now())).unwrap();
        Self { register, db, _dir: dir }
    }

    async fn reply(&self, lang: Lang, body: &Value) -> Result<Reply, Refusal> {
        let asker = Asker { id: "notary-chamber".into(), source_code: "NOTARY".into(), unp: "191000015".into() };
        let ask = Ask {
            request_id: uuid::Uuid::nil(),
            at: now(),
            method: "common/register".into(),
            query: Vec::new(),
            json: body.clone(),
            body: serde_json::to_vec(body).unwrap().into(),
            asker: Arc::new(asker),
            lang,
            wish: uuid::Uuid::nil(),
        };
        match self.register.answer(ask).await? {
            Answer::Ready(reply) => Ok(reply),
            Answer::Effect(_) => panic!("this register changes nothing when asked"),
        }
    }

    /// The answer, in the form that the schema promises.
    async fn ask(&self, body: &Value) -> Value {
        let reply = self.reply(Lang::En, body).await.unwrap();
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(response().check(&answer), Ok(()), "{answer:#}");
        answer
    }

    /// `data` about one person.
    async fn data(&self, number: &str, dataset: &[u16]) -> Value {
        self.ask(&question(number, dataset)).await["response"]["personal_data"][0]["data"].clone()
    }

    async fn around(&self, number: &str) -> Around {
        let number = IdentificationNumber::parse(number).unwrap();
        self.register.around(&number).await.unwrap().unwrap()
    }
}

fn response() -> &'static model::Schema {
    static SERVICE: LazyLock<Arc<Service>> = LazyLock::new(service);
    SERVICE.schemas(&SERVICE.passport.methods[0]).unwrap().response.as_ref().unwrap()
}

fn question(number: &str, dataset: &[u16]) -> Value {
    json!({
        "cover": {"message_id": "3b1c0000-0000-4000-8000-000000000001", "message_type": {"code": "88", "type": -2},
            "message_time": "2026-11-02T12:59:00.000+03:00", "message_source": {"code": "NOTARY", "type": 80},
            "dataset": dataset},
        "request": {"person_request": [{"request_id": "1", "identif_number": number}]},
    })
}

/// The number of a person of a golden family.
fn number(family: usize, person: usize) -> &'static str {
    synthetic::golden()[family].people[person].number.as_deref().unwrap()
}
