//! A system on a database of its own, an ISOS that the test commands, and a clock that it moves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use gateway::{Answer, Ask, Asker, Boxed, Provider, Reply};
use jiff::Timestamp;
use model::passport::Verb;
use model::{Clock, Kind, Lang, Refusal, Service};
use serde_json::{Value, json};
use stays::{Asks, OverNais, Stays};
use store::{Db, DbConfig, Vault};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

#[expect(clippy::disallowed_methods, reason = "the test script says where its PostgreSQL is")]
pub(crate) fn server() -> Option<String> {
    std::env::var("NAIS_TEST_POSTGRES").ok()
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services/200.12.14.1")
}

pub(crate) fn service() -> Arc<Service> {
    static SERVICE: LazyLock<Arc<Service>> = LazyLock::new(|| Arc::new(Service::from_files(&files()).unwrap()));
    Arc::clone(&SERVICE)
}

pub(crate) fn files() -> BTreeMap<String, String> {
    let folder = folder();
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

/// ISOS as its published messages have it: searches crossings, takes registrations, knows repetitions.
#[derive(Clone, Default)]
pub(crate) struct FakeIsos {
    /// Records of crossings.
    pub(crate) crossings: Arc<Mutex<Vec<Value>>>,
    /// Packages taken: message and body.
    pub(crate) taken: Arc<Mutex<Vec<Value>>>,
    /// What it says instead, when it is away.
    pub(crate) away: Arc<Mutex<Option<Kind>>>,
    /// Takes the next package but loses the answer.
    pub(crate) loses_answer: Arc<Mutex<bool>>,
    /// Rejects records.
    pub(crate) rejects: Arc<Mutex<bool>>,
    /// Searches asked.
    pub(crate) searches: Arc<AtomicU64>,
}

impl FakeIsos {
    fn search(&self, body: &Value) -> Value {
        self.searches.fetch_add(1, Ordering::SeqCst);
        let same = |record: &Value, pointer: &str, name: &str| {
            body.get(name).is_none_or(|wanted| record.pointer(pointer) == Some(wanted))
        };
        let day = |record: &Value| record["crossing_time"].as_str().unwrap()[..10].to_owned();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        let found: Vec<Value> = self
            .crossings
            .lock()
            .unwrap()
            .iter()
            .filter(|record| {
                same(record, "/doc/doc_number", "doc_number")
                    && same(record, "/doc/issuing_state", "issuing_state")
                    && same(record, "/foreigner/surname_lat", "surname_lat")
                    && same(record, "/foreigner/birth_date", "birth_date")
                    && (text("period_from")..=text("period_to")).contains(&day(record))
            })
            .map(|record| json!({"state": "valid", "record": record}))
            .collect();
        json!({ "records": found })
    }

    fn take(&self, body: Value) -> Value {
        if *self.rejects.lock().unwrap() {
            let errors = json!([{"pointer": "/records/0/address", "code": "06", "message": "m"}]);
            return json!({"status": 200, "package_id": uuid::Uuid::from_u128(9), "records": [{"index": 0, "result": "rejected", "errors": errors}]});
        }
        let mut taken = self.taken.lock().unwrap();
        let known = taken.iter().position(|one| one["message_id"] == body["message_id"]);
        if known.is_none() {
            taken.push(body);
        }
        let package = uuid::Uuid::from_u128(known.unwrap_or(taken.len() - 1) as u128 + 1);
        let result = if known.is_some() { "duplicate" } else { "accepted" };
        json!({"status": 200, "package_id": package, "message": "m", "records": [{"index": 0, "result": result}]})
    }
}

impl Asks for FakeIsos {
    fn ask(&self, path: &'static str, body: Value, _: Lang) -> Boxed<'_, Result<Value, Refusal>> {
        Box::pin(async move {
            if let Some(kind) = *self.away.lock().unwrap() {
                return Err(Refusal::new(kind, "provider-away").retry_after(7));
            }
            match path {
                "mvd-38801/v1/crossings/search" => Ok(self.search(&body)),
                "mvd-38801/v1/stay-registrations/submit" => {
                    let answer = self.take(body);
                    if std::mem::take(&mut *self.loses_answer.lock().unwrap()) {
                        return Err(Refusal::new(Kind::UpstreamTimeout, "provider-timeout"));
                    }
                    Ok(answer)
                }
                other => panic!("no such method: {other}"),
            }
        })
    }
}

/// A system on its own database.
pub(crate) struct Bench {
    pub(crate) stays: Stays,
    pub(crate) isos: FakeIsos,
    pub(crate) db: Db,
    now: Arc<AtomicI64>,
    _dir: tempfile::TempDir,
}

fn schema() -> Vec<store::Migration> {
    [store::SCHEMA, stays::SCHEMA].concat()
}

/// A schema of its own on the server: a connection that sees nothing else.
fn postgres() -> Db {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let url = server().unwrap();
    let name = format!("stays_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
    let bare = Db::attach(&DbConfig::new(url.clone()), Box::new(store::NoSeal)).unwrap();
    let create = format!("CREATE SCHEMA {name}");
    bare.write_blocking(move |tx| tx.batch(&create)).unwrap();
    let separator = if url.contains('?') { '&' } else { '?' };
    let mut config = DbConfig::new(format!("{url}{separator}options=-csearch_path%3D{name}"));
    config.readers = 2;
    Db::open_plain(&config, &schema()).unwrap()
}

impl Bench {
    /// On 5 June 2026, three days after Otto Tester came to Minsk by air.
    pub(crate) async fn new(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("stays.db").display());
        let made = tokio::task::spawn_blocking(move || match engine {
            Engine::Sqlite => Db::open_plain(&DbConfig::new(url), &schema()).unwrap(),
            Engine::Postgres => postgres(),
        });
        let db = made.await.unwrap();
        let isos = FakeIsos::default();
        isos.crossings.lock().unwrap().push(crossing("C01X00T47", "2026-06-02"));
        let start: Timestamp = "2026-06-05T09:00:00Z".parse().unwrap();
        let now = Arc::new(AtomicI64::new(start.as_microsecond()));
        let stays = over(&db, &isos, &now);
        Self { stays, isos, db, now, _dir: dir }
    }

    /// The same database and ISOS with a program started anew.
    pub(crate) fn restarted(&self) -> Stays {
        over(&self.db, &self.isos, &self.now)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.now.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn later(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    pub(crate) async fn reply(&self, asker: &str, lang: Lang, method: &str, body: &Value) -> Result<Reply, Refusal> {
        let asker = Asker { id: asker.into(), source_code: "PORTAL".into(), unp: "191000015".into() };
        let ask = Ask {
            request_id: uuid::Uuid::nil(),
            at: self.now(),
            method: method.into(),
            query: Vec::new(),
            json: body.clone(),
            body: serde_json::to_vec(body).unwrap().into(),
            asker: Arc::new(asker),
            lang,
            wish: uuid::Uuid::nil(),
        };
        match self.stays.answer(ask).await? {
            Answer::Ready(reply) => Ok(reply),
            // As the gateway does: in its own transaction.
            Answer::Effect(effect) => self.db.write(effect).await.map_err(store::Error::refusal),
        }
    }

    /// The answer to the portal, in the form that the schema promises.
    pub(crate) async fn ask(&self, method: &str, body: &Value) -> Result<Value, Refusal> {
        let reply = self.reply("portal", Lang::En, method, body).await?;
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        let service = service();
        let known = service.passport.method(Verb::Post, method).unwrap();
        let form = service.schemas(known).unwrap().response.as_ref().unwrap();
        assert_eq!(form.check(&answer), Ok(()), "{answer:#}");
        Ok(answer)
    }

    pub(crate) async fn submit(&self, body: &Value) -> Value {
        self.ask("registrations/submit", body).await.unwrap()
    }
}

fn over(db: &Db, isos: &FakeIsos, now: &Arc<AtomicI64>) -> Stays {
    let moved = Arc::clone(now);
    let clock = Clock::from_fn(move || Timestamp::from_microsecond(moved.load(Ordering::SeqCst)).unwrap());
    let vault = Vault::new(&[7; 32]).unwrap();
    Stays::new(vault, service(), db.clone(), clock, Arc::new(OverNais::new(isos.clone(), "MVD"))).unwrap()
}

/// A record of a crossing into Belarus through the airport of Minsk.
pub(crate) fn crossing(number: &str, day: &str) -> Value {
    json!({
        "crossing_id": format!("C-{number}-{day}"),
        "foreigner": {"surname_lat": "TESTER", "given_names_lat": "OTTO", "birth_date": "19700320", "sex": "M", "citizenship": "DEU"},
        "doc": {"doc_type": "passport", "doc_number": number, "issuing_state": "DEU"},
        "direction": "entry", "crossing_time": format!("{day}T14:05:00+03:00"), "checkpoint_code": "BY-AIR-MSQ",
        "state_side": "BY", "transport_kind": "air", "flight_number": "B2-872",
    })
}

/// Otto Tester's application, under this identifier.
pub(crate) fn application(id: u128) -> Value {
    let example = service().examples.iter().find(|one| one.name.contains("sent and registered")).unwrap().clone();
    let mut body = example.body.unwrap();
    body["application_id"] = json!(uuid::Uuid::from_u128(id));
    body
}
