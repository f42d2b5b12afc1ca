//! Services and the system behind them, which does what a test tells it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use gateway::{Answer, Ask, Boxed, Provider, Reply};
use model::passport::Service;
use model::{Kind, Refusal};
use serde_json::json;
use store::{Migration, Tx};

/// Open to the category `reader`; an EDS may be given.
pub(crate) const ALPHA: &str = "1.1.1";
/// Under the consent of the person.
pub(crate) const GAMMA: &str = "1.3.1";
/// With a login of the owner's, signed by a notary.
pub(crate) const DELTA: &str = "1.4.1";
/// For state bodies; an EDS must be given.
pub(crate) const BETA: &str = "1.2.1";

store::statements! {
    /// What the fake system does when it changes something.
    DO = "INSERT INTO done (id, what) VALUES ($1, $2)";
    /// How often it did.
    DONE = "SELECT COUNT(*) FROM done";
}

/// The fake system's table.
pub(crate) const SCHEMA: &[Migration] = &[Migration {
    owner: "fake",
    number: 1,
    sql: "CREATE TABLE done (id {bytes} NOT NULL PRIMARY KEY, what {text} NOT NULL) {strict};",
}];

const ALPHA_PASSPORT: &str = r#"
code = "1.1.1"
context = "alpha/v1"
owner = "alpha-owner"
provider = "embedded:fake"
modes = ["system"]
recipients = ["reader"]
ground = "Act 1"
consent = "none"
eds = "optional"
[term]
kind = "real-time"
[tariff]
kind = "free"
[[methods]]
path = "records/search"
schema = "search"
[[methods]]
path = "records/short"
schema = "search"
max_body = 64
fields = ["name", "address.city"]
[[methods]]
path = "records/submit"
schema = "submit"
effect = true
[[methods]]
path = "records/list"
verb = "GET"
schema = "list"
"#;

const BETA_PASSPORT: &str = r#"
code = "1.2.1"
context = "beta/v1"
owner = "beta-owner"
provider = "embedded:fake"
modes = ["system-state-bodies"]
recipients = ["reader", "writer"]
ground = "Act 2"
consent = "none"
eds = "required"
[term]
kind = "real-time"
[tariff]
kind = "free"
[[methods]]
path = "records/search"
schema = "search"
[[methods]]
path = "records/list"
verb = "GET"
schema = "list"
"#;

const GAMMA_PASSPORT: &str = r#"
code = "1.3.1"
context = "gamma/v1"
owner = "gamma-owner"
provider = "embedded:fake"
modes = ["system"]
recipients = ["reader"]
ground = "Act 3"
consent = "electronic"
eds = "optional"
[term]
kind = "real-time"
[tariff]
kind = "free"
[[methods]]
path = "common/register"
schema = "any"
"#;

fn texts(title: &str, paths: &[&str]) -> String {
    let mut text = format!("title = \"{title}\"\n");
    for heading in ["description", "how_to_get", "term", "cost", "recipients", "result"] {
        text.push_str(&format!("{heading} = \"x\"\n"));
    }
    for path in paths {
        text.push_str(&format!("[methods.\"{path}\"]\ntitle = \"{title}: {path}\"\n"));
    }
    text
}

/// The service of this passport; all that are made here share their schemas.
pub(crate) fn service(passport: &str, paths: &[&str]) -> Arc<Service> {
    let search = json!({"$defs": {
        "request": {"type": "object", "additionalProperties": false, "required": ["number"], "properties": {
            "number": {"type": "string", "minLength": 1, "maxLength": 20},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100},
            "within": {"type": "array", "items": {"type": "object", "additionalProperties": false,
                "properties": {"day": {"type": "string", "format": "date"}}}},
        }},
        "response": {"type": "object"},
    }});
    let submit = json!({"$defs": {"request": {"type": "object", "required": ["what"], "properties": {
        "what": {"type": "string"}}}}});
    let list = json!({"$defs": {"request": {"type": "object", "additionalProperties": false, "properties": {
        "since": {"type": "string", "format": "date"}}}}});
    let mut files = BTreeMap::from([
        ("passport.toml".to_owned(), passport.to_owned()),
        ("text.en.toml".to_owned(), texts("Records", paths)),
        ("text.be.toml".to_owned(), texts("Запісы", paths)),
        ("text.ru.toml".to_owned(), texts("Записи", paths)),
        ("methods/search.schema.json".to_owned(), search.to_string()),
        ("methods/submit.schema.json".to_owned(), submit.to_string()),
        ("methods/list.schema.json".to_owned(), list.to_string()),
        ("methods/any.schema.json".to_owned(), json!({"$defs": {"request": {"type": "object"}}}).to_string()),
    ]);
    if passport.contains("consent = \"electronic\"") {
        for (lang, text) in WORDING {
            files.insert(format!("consent.{lang}.toml"), text.to_owned());
        }
    }
    Arc::new(Service::from_files(&files).unwrap())
}

/// What people are shown who consent: the Population Register's wording.
const WORDING: [(&str, &str); 3] = [
    ("en", include_str!("../../../../services/3.40.01-1/consent.en.toml")),
    ("be", include_str!("../../../../services/3.40.01-1/consent.be.toml")),
    ("ru", include_str!("../../../../services/3.40.01-1/consent.ru.toml")),
];

pub(crate) fn alpha() -> Arc<Service> {
    service(ALPHA_PASSPORT, &["records/search", "records/short", "records/submit", "records/list"])
}

pub(crate) fn beta() -> Arc<Service> {
    service(BETA_PASSPORT, &["records/search", "records/list"])
}

pub(crate) fn gamma() -> Arc<Service> {
    service(GAMMA_PASSPORT, &["common/register"])
}

/// The same for notaries with a login, and without a consent.
pub(crate) fn delta() -> Arc<Service> {
    let passport = GAMMA_PASSPORT
        .replace("1.3.1", "1.4.1")
        .replace("gamma/v1", "delta/v1")
        .replace("\"electronic\"", "\"none\"")
        .replace("eds = \"optional\"", "eds = \"required\"\nroles = [\"Notary\", \"clerk\"]\nlogin = true");
    service(&passport, &["common/register"])
}

/// The first service, answered by a system at this address.
pub(crate) fn remote(url: &str) -> Arc<Service> {
    let passport = ALPHA_PASSPORT
        .replace("provider = \"embedded:fake\"\n", "")
        .replace("[term]", &format!("[upstream]\nurl = \"{url}\"\n[term]"));
    let put = "[[methods]]\npath = \"records/put\"\nschema = \"submit\"\neffect = true\nidempotent = true\n";
    let paths = ["records/search", "records/short", "records/submit", "records/list", "records/put"];
    service(&(passport + put), &paths)
}

/// How the fake system answers.
#[derive(Clone)]
pub(crate) enum Way {
    /// As a register does: reads answer, `records/submit` has its effect.
    Well,
    /// With these bytes.
    Bytes(&'static [u8]),
    /// With this refusal.
    Refusing(Refusal),
    /// The effect fails after it has written.
    Failing,
}

/// The system behind the services.
pub(crate) struct Fake {
    way: Mutex<Way>,
    asked: AtomicUsize,
}

impl Default for Fake {
    fn default() -> Self {
        Self { way: Mutex::new(Way::Well), asked: AtomicUsize::new(0) }
    }
}

impl Fake {
    pub(crate) fn behave(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn reply(&self, ask: &Ask) -> Result<Answer, Refusal> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let way = self.way.lock().unwrap().clone();
        let ready = |body: Vec<u8>| Answer::Ready(Reply { status: 200, body, subjects: vec!["subject-1".to_owned()] });
        match way {
            Way::Refusing(refusal) => Err(refusal),
            Way::Bytes(bytes) => Ok(ready(bytes.to_vec())),
            Way::Well if &*ask.method != "records/submit" => Ok(ready(known(ask))),
            Way::Well | Way::Failing => Ok(effect(ask, matches!(way, Way::Failing))),
        }
    }
}

fn known(ask: &Ask) -> Vec<u8> {
    let told = json!({
        "name": "Вера", "address": {"city": "Мінск", "street": "Кастрычніцкая"}, "secret": "canary",
        "asker": ask.asker.id, "method": &*ask.method, "query": ask.query, "lang": ask.lang.code(),
    });
    told.to_string().into_bytes()
}

fn effect(ask: &Ask, fails: bool) -> Answer {
    let id = ask.request_id.into_bytes();
    let what = ask.json["what"].as_str().unwrap().to_owned();
    Answer::Effect(Box::new(move |tx: &mut Tx<'_>| {
        tx.execute(&DO, &[(&id).into(), (&what).into()])?;
        if what == "refuse" {
            return Err(store::Error::Refused(Refusal::new(Kind::Conflict, "replayed-message")));
        }
        if fails {
            return Err(store::Error::broken("as the test wants it"));
        }
        let body = json!({ "done": uuid::Uuid::from_bytes(id) }).to_string().into_bytes();
        Ok(Reply { status: 201, body, subjects: Vec::new() })
    }))
}

impl Provider for Fake {
    fn answer(&self, ask: Ask) -> Boxed<'_, Result<Answer, Refusal>> {
        Box::pin(async move { self.reply(&ask) })
    }
}
