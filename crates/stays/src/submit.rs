//! `registrations/submit`: decides on an application, keeps it, and registers the stay when nothing is against it.
//!
//! The same application again gets the same answer. After anything but a registration, other data under the same identifier
//! are its next version; both stay. While ISOS does not answer nothing is decided and nothing kept: the caller sends again.

use gateway::{Answer, Ask, Reply};
use jiff::Timestamp;
use model::clock::uuid_at;
use model::{Kind, Lang, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Error, Param, Tx, Vault, jobs};
use uuid::Uuid;

use crate::copies;
use crate::number::registration_number;
use crate::reading::Slip;
use crate::send::{Job, QUEUE};
use crate::told::{Told, put};
use crate::weigh::{Case, Weighed, count, number_of, ready, reply};
use crate::{Stays, sql};

/// After so many microseconds an unchanged application that lacked its entry in ISOS is decided anew.
const AGAIN: i64 = 10 * 60 * 1_000_000;

/// What a version keeps, sealed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The application as sent.
    pub(crate) application: Value,
    /// What was decided.
    pub(crate) told: Told,
}

/// A version of an application.
pub(crate) struct Version {
    pub(crate) version: i64,
    pub(crate) at: i64,
    pub(crate) digest: Vec<u8>,
    pub(crate) kept: Kept,
}

/// What was registered.
pub(crate) struct Registered {
    pub(crate) number: String,
    pub(crate) sent: bool,
    pub(crate) package: Option<[u8; 16]>,
}

/// Where a version stands, for sealing.
pub(crate) fn place(asker: &str, id: Uuid, version: i64) -> Vec<u8> {
    format!("stays_application.body.{asker}.{id}.{version}").into_bytes()
}

/// All versions of an application, the last first.
pub(crate) fn versions(tx: &mut Tx<'_>, vault: &Vault, asker: &str, id: Uuid) -> Result<Vec<Version>, Error> {
    tx.query(&sql::VERSIONS, &[asker.into(), Param::Bytes(id.as_bytes())], |row| {
        let version = row.int(0)?;
        let body = vault.open(&place(asker, id, version), row.bytes(3)?)?;
        let kept = serde_json::from_slice(&body).map_err(Error::broken)?;
        Ok(Version { version, at: row.int(1)?, digest: row.bytes(2)?.to_vec(), kept })
    })
}

/// The registration of an application.
pub(crate) fn registered(tx: &mut Tx<'_>, asker: &str, id: Uuid) -> Result<Option<Registered>, Error> {
    tx.query_opt(&sql::REGISTRATION, &[asker.into(), Param::Bytes(id.as_bytes())], |row| {
        let package = row.opt_bytes(4)?.and_then(|bytes| bytes.try_into().ok());
        Ok(Registered { number: row.text(0)?.to_owned(), sent: row.opt_int(3)?.is_some(), package })
    })
}

/// The application's identifier.
pub(crate) fn identifier(ask: &Ask) -> Result<Uuid, Refusal> {
    let id = ask.json.get("application_id").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
    id.ok_or_else(|| Refusal::new(Kind::Malformed, "body-malformed"))
}

impl Stays {
    pub(crate) async fn submit(&self, ask: &Ask) -> Result<Answer, Refusal> {
        let id = identifier(ask)?;
        let canonical =
            model::json::canonical(&ask.json).map_err(|_| Refusal::new(Kind::Malformed, "body-malformed"))?;
        let digest = self.core.vault.keyed("stays.body", &canonical);
        let (vault, asker) = (self.core.vault.clone(), ask.asker.id.clone());
        let known = self.db.read(move |tx| Ok((versions(tx, &vault, &asker, id)?, registered(tx, &asker, id)?)));
        let (versions, registration) = known.await.map_err(Error::refusal)?;
        let last = versions.first();
        if let Some(last) = last {
            let same = last.digest == digest;
            if same && !is_stale(last, ask.at) {
                return ready(self.stored(ask, last, registration.as_ref()), subjects(&last.kept.application));
            }
            if registration.is_some() {
                return Err(Refusal::new(Kind::Conflict, "application-registered"));
            }
        }
        let version = last.map_or(1, |last| last.version.saturating_add(1));
        if !copies::are_whole(&ask.json) {
            let slip = Slip { pointer: copies::COPIES, code: "file", params: Vec::new() };
            return ready(self.faulty(ask, &[slip]), Vec::new());
        }
        match self.weigh(ask).await? {
            Weighed::Slips(slips) => ready(self.faulty(ask, &slips), Vec::new()),
            Weighed::Decided(case) => self.keep(ask, id, version, digest, *case),
        }
    }

    /// The effect that keeps this version, and registers.
    fn keep(&self, ask: &Ask, id: Uuid, version: i64, digest: [u8; 32], case: Case) -> Result<Answer, Refusal> {
        let asker = ask.asker.id.clone();
        let body = self.body((&ask.json, ask.lang), &case.told, true, None);
        let kept = Kept { application: ask.json.clone(), told: case.told.clone() };
        let plain = serde_json::to_vec(&kept).map_err(|error| Error::broken(error).refusal())?;
        let sealed = self.core.vault.seal(&place(&asker, id, version), &plain);
        let effect = Effect {
            asker,
            id,
            version,
            digest,
            sealed,
            at: ask.at,
            message: uuid_at(ask.at, store::random()),
            ground: case.application.permission.ground().to_owned(),
            subjects: subjects(&ask.json),
            body,
            case,
        };
        Ok(Answer::Effect(Box::new(move |tx| effect.run(tx))))
    }

    /// The answer that was given before.
    pub(crate) fn stored(&self, ask: &Ask, version: &Version, registration: Option<&Registered>) -> Map<String, Value> {
        let Kept { application, told } = &version.kept;
        let number = registration.filter(|_| told.is_registered()).map(|found| found.number.as_str());
        self.body((application, ask.lang), told, true, number)
    }

    /// The answer's body: about a decision made, or one that would be.
    pub(crate) fn body(
        &self,
        (application, lang): (&Value, Lang),
        told: &Told,
        made: bool,
        number: Option<&str>,
    ) -> Map<String, Value> {
        let teller = self.teller(lang);
        let mut out = Map::new();
        put(&mut out, "status", 200);
        self.identify(&mut out, application);
        told.tell(teller, made, &mut out);
        put(&mut out, "full_name", full_name(application));
        let address = crate::application::Address::of(application);
        put(&mut out, "address", teller.address(&address, told.day));
        out.extend(number.map(|number| ("registration_number".to_owned(), number.into())));
        out
    }
}

/// What runs in the gateway's transaction.
struct Effect {
    asker: String,
    id: Uuid,
    version: i64,
    digest: [u8; 32],
    sealed: Vec<u8>,
    at: Timestamp,
    message: Uuid,
    ground: String,
    subjects: Vec<String>,
    body: Map<String, Value>,
    case: Case,
}

impl Effect {
    fn run(mut self, tx: &mut Tx<'_>) -> Result<Reply, Error> {
        if self.case.told.is_registered() {
            // The counter's row is held until the end: whoever registers the same document waits here and then sees it.
            let number = next_number(tx, self.case.told.day.year())?;
            if count(tx, self.case.document)? != self.case.earlier {
                return Err(busy());
            }
            self.version(tx)?;
            self.register(tx, &number)?;
            put(&mut self.body, "registration_number", number);
        } else {
            self.version(tx)?;
        }
        reply(self.body, self.subjects)
    }

    fn version(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let params = [
            Param::Text(&self.asker),
            Param::Bytes(self.id.as_bytes()),
            self.version.into(),
            self.at.as_microsecond().into(),
            Param::Bytes(&self.digest),
            Param::Bytes(&self.sealed),
        ];
        match tx.execute(&sql::ADD_VERSION, &params)? {
            0 => Err(busy()),
            _ => Ok(()),
        }
    }

    fn register(&self, tx: &mut Tx<'_>, number: &str) -> Result<(), Error> {
        let now = self.at.as_microsecond();
        let params = [
            number.into(),
            Param::Text(&self.asker),
            Param::Bytes(self.id.as_bytes()),
            self.version.into(),
            self.case.document.into(),
            number_of(self.case.told.from).into(),
            number_of(self.case.told.to).into(),
            Param::Text(&self.ground),
            now.into(),
        ];
        tx.execute(&sql::ADD_REGISTRATION, &params)?;
        let job = Job { asker: self.asker.clone(), application: self.id, version: self.version };
        let job = serde_json::to_vec(&job).map_err(Error::broken)?;
        jobs::enqueue(tx, self.message.as_bytes(), QUEUE, now, &job)
    }
}

/// The next number of a year: kept with what uses it, or not given out at all.
fn next_number(tx: &mut Tx<'_>, year: i16) -> Result<String, Error> {
    let row = i64::from(year);
    tx.execute(&sql::OPEN_YEAR, &[row.into()])?;
    let serial = tx.query_opt(&sql::NEXT_NUMBER, &[row.into()], |row| row.int(0))?;
    let serial = serial.ok_or_else(|| Error::broken("stays_counter has no row for the year"))?;
    Ok(registration_number(year, serial))
}

/// Somebody else was quicker with the same application or document.
fn busy() -> Error {
    Refusal::new(Kind::Unavailable, "application-busy").retry_after(1).into()
}

/// The crossing may have come to ISOS since.
fn is_stale(version: &Version, now: Timestamp) -> bool {
    version.kept.told.code == "entry-not-found" && now.as_microsecond().saturating_sub(version.at) > AGAIN
}

/// Surname and given names, as in the document; in brackets those in Russian, when they were given.
fn full_name(application: &Value) -> String {
    let part =
        |pointer: &str| application.pointer(pointer).and_then(Value::as_str).unwrap_or_default().trim().to_uppercase();
    let joined = |names: &[&str]| {
        let parts = names.iter().map(|name| part(&format!("/foreigner/{name}"))).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    };
    let latin = joined(&["surname_lat", "given_names_lat"]);
    let russian = joined(&["surname_ru", "given_names_ru", "patronymic_ru"]);
    if russian.is_empty() { latin } else { format!("{latin} ({russian})") }
}

/// Whose data the answer bears: the document, in the form that ISOS uses.
pub(crate) fn subjects(application: &Value) -> Vec<String> {
    let part =
        |pointer: &str| application.pointer(pointer).and_then(Value::as_str).map(|text| text.trim().to_uppercase());
    let document = part("/document/issuing_state").zip(part("/document/number"));
    document.map(|(state, number)| format!("{state}:{number}")).into_iter().collect()
}
