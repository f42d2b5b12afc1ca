//! Packages: a message is taken once, and what became of it can be asked for.

use gateway::{Answer, Ask};
use model::{Kind, Refusal};
use serde_json::{Map, Value, json};
use store::{Error, Param, Tx, Vault};
use uuid::Uuid;

use super::kind::RecordKind;
use super::prepare::beside;
use super::{Foreigners, calendar, known_parameters, ready, sql};

/// A message as the package table keeps it.
#[derive(Debug)]
pub(crate) struct Message {
    /// The package's identifier.
    pub package_id: Uuid,
    message_id: Uuid,
    consumer: String,
    /// Keyed consumer and message_id.
    keyed: i64,
    /// Keyed digest of the body.
    digest: [u8; 32],
    kind: RecordKind,
    received_at: i64,
}

impl Message {
    /// The message of a submission.
    pub(crate) fn new(vault: &Vault, ask: &Ask, kind: RecordKind, message_id: Uuid, package_id: Uuid) -> Self {
        Self {
            package_id,
            message_id,
            consumer: ask.asker.id.clone(),
            keyed: keyed(vault, &ask.asker.id, message_id),
            digest: vault.keyed("isos.body", &ask.body),
            kind,
            received_at: ask.at.as_microsecond(),
        }
    }

    /// The answer given before to the same message; a conflict when the body was another.
    pub(crate) fn answered(&self, tx: &mut Tx<'_>, vault: &Vault) -> Result<Option<Vec<u8>>, Error> {
        let before = tx.query_opt(&sql::PACKAGE_BY_MESSAGE, &[self.keyed.into()], |row| {
            Ok((row.array::<32>(0)?, row.bytes(1)?.to_vec(), row.array::<16>(2)?))
        })?;
        let Some((digest, answer, package_id)) = before else {
            return Ok(None);
        };
        if digest != self.digest {
            let refusal = Refusal::new(Kind::Conflict, "replayed-message");
            return Err(refusal.with("message_id", self.message_id).into());
        }
        vault.open(&answer_place(package_id), &answer).map(Some)
    }

    /// Keeps the message with its answer.
    pub(crate) fn keep(&self, tx: &mut Tx<'_>, vault: &Vault, source: &str, answer: &[u8]) -> Result<(), Error> {
        let sealed = vault.seal(&answer_place(*self.package_id.as_bytes()), answer);
        let params = [
            Param::Bytes(self.package_id.as_bytes()),
            self.keyed.into(),
            self.received_at.into(),
            Param::Text(&self.consumer),
            Param::Text(source),
            Param::Int(i64::from(self.kind.code())),
            Param::Bytes(&self.digest),
            Param::Bytes(&sealed),
        ];
        match tx.execute(&sql::ADD_PACKAGE, &params)? {
            0 => Err(Refusal::new(Kind::Unavailable, "storage-unavailable").retry_after(1).into()), // another node was first
            _ => Ok(()),
        }
    }
}

/// Bytes with which identifiers of the same quarter of a second begin, when they begin with the time (UUIDv7).
const SAME_TIME: usize = 5;

/// The keyed consumer and message. Messages whose identifiers begin with the time stand beside those sent with them.
fn keyed(vault: &Vault, consumer: &str, message_id: Uuid) -> i64 {
    let name = [consumer.as_bytes(), b"\x1f", message_id.as_bytes()].concat();
    let neighbours = name.get(..consumer.len() + 1 + SAME_TIME).unwrap_or(&name);
    beside(vault, "isos.message", neighbours, &name)
}

fn answer_place(package_id: [u8; 16]) -> [u8; 36] {
    let mut out = *b"isos_package.answer\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    for (to, from) in out.iter_mut().skip(20).zip(package_id) {
        *to = from;
    }
    out
}

impl Foreigners {
    /// `packages/status`: what became of a package, for its sender and the owner.
    pub(super) async fn status(&self, ask: Ask) -> Result<Answer, Refusal> {
        known_parameters(&ask, &["package_id"])?;
        let unknown = || Refusal::new(Kind::NotFound, "unknown-package");
        let id = ask.param("package_id").and_then(|id| Uuid::parse_str(id).ok()).ok_or_else(unknown)?;
        let all = self.core.access.sees_all_packages(&ask.asker.id);
        let asker = ask.asker.id.clone();
        let vault = self.core.vault.clone();
        let found = self.db.read(move |tx| {
            let row = tx.query_opt(&sql::PACKAGE_BY_ID, &[Param::Bytes(id.as_bytes())], |row| {
                let own = all || row.text(0)? == asker;
                Ok(own.then_some((row.text(1)?.to_owned(), row.int(2)?, row.int(3)?, row.bytes(4)?.to_vec())))
            })?;
            let Some((source, kind, received_at, answer)) = row.flatten() else {
                return Ok(None);
            };
            let answer = vault.open(&answer_place(*id.as_bytes()), &answer)?;
            let answer: Map<String, Value> = serde_json::from_slice(&answer).map_err(Error::broken)?;
            let kind = RecordKind::from_code(kind).ok_or_else(|| Error::broken("isos_package.kind"))?;
            let mut out = json!({
                "status": 200, "package_id": id, "received_at": calendar::written(received_at),
                "message_source": source, "record_kind": kind.path(),
            });
            for name in ["message", "records"] {
                if let (Some(out), Some(value)) = (out.as_object_mut(), answer.get(name)) {
                    out.insert(name.to_owned(), value.clone());
                }
            }
            serde_json::to_vec(&out).map(Some).map_err(Error::broken)
        });
        let body = found.await.map_err(Error::refusal)?.ok_or_else(unknown)?;
        Ok(ready(body, Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_one_moment_are_neighbours_and_consumers_are_kept_apart() {
        let vault = Vault::new(&[7; 32]).unwrap();
        let of = |consumer: &str, id: u128| keyed(&vault, consumer, Uuid::from_u128(id));
        let first = 0x0199_0000_0001_7000_8000_0000_0000_0001;
        assert_eq!(of("gpk", first) >> 44, of("gpk", first + 1) >> 44);
        assert_ne!(of("gpk", first), of("gpk", first + 1));
        assert_ne!(of("gpk", first) >> 44, of("gpk", first + (1 << 88)) >> 44, "a quarter of a second later");
        assert_ne!(of("gpk", first), of("mia", first));
    }
}
