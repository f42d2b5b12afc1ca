//! Registrations on their way to ISOS: one durable job each, tried until ISOS has it, refuses it, or patience ends.

use std::time::Duration;

use jiff::Timestamp;
use model::{Kind, Lang, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{Error, Param, jobs};
use uuid::Uuid;

use crate::application::{Address, MINSK};
use crate::isos::Registration;
use crate::submit::{Kept, place};
use crate::told::put;
use crate::{Stays, sql};

/// The queue of jobs.
pub(crate) const QUEUE: &str = "stays.isos";
/// For how long a job is one node's, in microseconds: longer than ISOS may take.
const LEASE: i64 = 120 * 1_000_000;
/// The longest pause between two attempts, in seconds.
const PAUSE: i64 = 15 * 60;
/// Attempts before somebody must look: about five days.
const ATTEMPTS: i64 = 500;
/// How often an idle queue is looked at.
const IDLE: Duration = Duration::from_secs(1);

/// What a job names. Nothing personal: the rest is read when it is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) asker: String,
    pub(crate) application: Uuid,
    pub(crate) version: i64,
}

impl Stays {
    /// Sends what waits, for ever; spawned once a node. Several nodes may do so: a job is one node's at a time.
    pub async fn work(self) {
        loop {
            match self.send_next().await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(IDLE).await,
                Err(error) => {
                    tracing::warn!(%error, "registrations for ISOS wait: storage");
                    tokio::time::sleep(IDLE * 5).await;
                }
            }
        }
    }

    /// Sends the registration that is due longest; false when none is due.
    pub async fn send_next(&self) -> Result<bool, Error> {
        let now = self.clock.micros();
        let Some(job) = self.db.write(move |tx| jobs::claim(tx, QUEUE, now, LEASE)).await? else {
            return Ok(false);
        };
        let of: Job = serde_json::from_slice(&job.body).map_err(Error::broken)?;
        let registration = self.registration(&of, Uuid::from_bytes(job.id)).await?;
        match self.core.isos.register(registration).await {
            Ok(package) => self.sent(of, job.id, package).await?,
            // The same message under another form: ISOS has it from an attempt whose answer was lost.
            Err(refusal) if refusal.code == "replayed-message" => self.sent(of, job.id, Uuid::nil()).await?,
            Err(refusal) if is_final(&refusal) || job.attempts >= ATTEMPTS => {
                self.give_up(of, job.id, &refusal).await?
            }
            Err(refusal) => self.put_off(job.id, job.attempts, &refusal).await?,
        }
        Ok(true)
    }

    /// How many registrations ISOS does not have and will not get without somebody's help; for the metrics.
    pub async fn given_up(&self) -> Result<i64, Error> {
        self.db.read(|tx| Ok(tx.query_opt(&sql::GIVEN_UP, &[], |row| row.int(0))?.unwrap_or(0))).await
    }

    async fn registration(&self, of: &Job, message_id: Uuid) -> Result<Registration, Error> {
        let (vault, of) = (self.core.vault.clone(), of.clone());
        let read = self.db.read(move |tx| {
            let row = [Param::Text(&of.asker), Param::Bytes(of.application.as_bytes())];
            let registered =
                tx.query_opt(&sql::REGISTRATION, &row, |row| Ok((row.text(0)?.to_owned(), row.int(2)?)))?;
            let version = [Param::Text(&of.asker), Param::Bytes(of.application.as_bytes()), of.version.into()];
            let body = tx.query_opt(&sql::VERSION, &version, |row| {
                vault.open(&place(&of.asker, of.application, of.version), row.bytes(0)?)
            })?;
            registered.zip(body).ok_or_else(|| Error::broken("a job of stays.isos names no registration"))
        });
        let ((number, at), body) = read.await?;
        let kept: Kept = serde_json::from_slice(&body).map_err(Error::broken)?;
        let at = Timestamp::from_microsecond(at).map_err(Error::broken)?;
        Ok(Registration { message_id, at, record: self.record(&kept, &number) })
    }

    /// The record of `stay-registrations` (`domain.md` §3.5).
    fn record(&self, kept: &Kept, number: &str) -> Value {
        let text = |pointer: &str| kept.application.pointer(pointer).and_then(Value::as_str).unwrap_or_default().trim();
        let upper = |pointer: &str| text(pointer).to_uppercase();
        let mut foreigner = json!({
            "surname_lat": upper("/foreigner/surname_lat"), "given_names_lat": upper("/foreigner/given_names_lat"),
            "birth_date": text("/foreigner/birth_date"), "sex": text("/foreigner/sex"),
            "citizenship": upper("/foreigner/citizenship"),
        });
        let russian = [
            ("surname_ru", "/foreigner/surname_ru"),
            ("name_ru", "/foreigner/given_names_ru"),
            ("patronymic_ru", "/foreigner/patronymic_ru"),
        ];
        if let Some(foreigner) = foreigner.as_object_mut() {
            for (name, pointer) in russian.into_iter().filter(|(_, pointer)| !text(pointer).is_empty()) {
                put(foreigner, name, upper(pointer));
            }
        }
        let document = model::DocumentNumber::parse(text("/document/number"));
        let address = Address::of(&kept.application);
        json!({
            "foreigner": foreigner,
            "doc": {
                "doc_type": text("/document/type"),
                "doc_number": document.map(|number| number.as_str().to_owned()).unwrap_or_default(),
                "issuing_state": upper("/document/issuing_state"),
                "date_of_issue": text("/document/issued_on"),
                "expire_date": text("/document/expires_on"),
            },
            "registration_number": number,
            "from": kept.told.from.to_string(),
            "to": kept.told.to.to_string(),
            "address": self.place_of(&address, kept.told.day),
            "authority": self.core.rules.offices.nearest(&address).ru,
        })
    }

    /// The address in the members of ISOS, names in Russian.
    fn place_of(&self, address: &Address, day: jiff::civil::Date) -> Value {
        let name = |list: &str, code: &str| self.core.lists.name(list, code, Lang::Ru, day);
        let mut out = Map::new();
        put(&mut out, "country", "BLR");
        put(&mut out, "region", name("regions", &address.region));
        let city = if address.region == MINSK { "Минск" } else { address.locality.as_str() };
        let parts = [
            ("district", address.district.clone()),
            ("locality", city.to_owned()),
            ("city_region", name("minsk-districts", &address.city_district)),
            ("street", address.street.clone()),
            ("house", address.house.clone()),
            ("building", address.building.clone()),
            ("flat", address.flat.clone()),
        ];
        for (member, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
            put(&mut out, member, value);
        }
        Value::Object(out)
    }

    async fn sent(&self, of: Job, job: [u8; 16], package: Uuid) -> Result<(), Error> {
        let now = self.clock.micros();
        let write = self.db.write(move |tx| {
            let package = (!package.is_nil()).then_some(package.as_bytes());
            let row = [
                Param::Text(&of.asker),
                Param::Bytes(of.application.as_bytes()),
                now.into(),
                package.map_or(Param::Null, |package| Param::Bytes(package)),
            ];
            tx.execute(&sql::SENT, &row)?;
            jobs::done(tx, &job)
        });
        write.await
    }

    async fn give_up(&self, of: Job, job: [u8; 16], refusal: &Refusal) -> Result<(), Error> {
        tracing::error!(code = refusal.code, application = %of.application, "ISOS does not take a registration");
        let now = self.clock.micros();
        let write = self.db.write(move |tx| {
            let row = [Param::Text(&of.asker), Param::Bytes(of.application.as_bytes()), now.into()];
            tx.execute(&sql::FAILED, &row)?;
            jobs::done(tx, &job)
        });
        write.await
    }

    async fn put_off(&self, job: [u8; 16], attempts: i64, refusal: &Refusal) -> Result<(), Error> {
        tracing::warn!(code = refusal.code, attempts, "ISOS has not taken a registration yet");
        let due = self.clock.micros().saturating_add(pause(attempts).saturating_mul(1_000_000));
        self.db.write(move |tx| jobs::put_off(tx, &job, due)).await
    }
}

/// Seconds before the next attempt: 2, 4, 8 … and at most a quarter of an hour.
fn pause(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(1, 20)).unwrap_or(20);
    2_i64.saturating_pow(doublings).min(PAUSE)
}

/// Whether another attempt with the same record is pointless.
fn is_final(refusal: &Refusal) -> bool {
    matches!(refusal.kind, Kind::Malformed | Kind::TooLarge | Kind::UnsupportedMedia)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_quarter_of_an_hour() {
        let pauses: Vec<i64> = (1..=12).map(pause).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!((pause(0), pause(i64::MAX)), (2, 900));
    }
}
