//! The private record of what happened, and the public commitment to it.
//!
//! The log shows 34 bytes an entry: `0x01 ‖ type ‖ SHA-256("nais-leaf-1" ‖ salt ‖ RFC 8785 of the record)`. Record and
//! salt are sealed beside it; whoever holds both can show what the entry says, and once the salt is destroyed nobody can.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use store::{Basis, Vault};
use uuid::Uuid;

use crate::Error;
use crate::tree::{Hash, sha256};

/// What an entry is about: its public type byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Kind {
    /// A question was answered.
    Exchange = 1,
    /// A question was refused after its asker was known.
    Refusal = 2,
    /// A treaty, subscription, token or certificate was made, changed or ended.
    Access = 3,
    /// Records were removed because their retention ended.
    Purge = 4,
    /// A person gave a consent.
    ConsentGiven = 5,
    /// A consent was used up or expired.
    ConsentEnded = 6,
    /// A person withdrew a consent.
    ConsentWithdrawn = 7,
    /// The salt of an earlier entry was destroyed.
    Erasure = 8,
    /// The operator changed what the system runs with: a key, a service, a witness.
    Operation = 9,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Exchange,
        Self::Refusal,
        Self::Access,
        Self::Purge,
        Self::ConsentGiven,
        Self::ConsentEnded,
        Self::ConsentWithdrawn,
        Self::Erasure,
        Self::Operation,
    ];

    /// The type byte.
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The kind with this type byte.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }
}

/// What happened: who asked whom for what, on which ground, and what came of it. Holds digests and pseudonyms only.
///
/// Members stand in the order of RFC 8785, so that writing them one after the other is already canonical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// SHA-256 of the answer's bytes.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "digest")]
    pub answer_digest: Option<Hash>,
    /// SHA-256 of the consent's CMS.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "digest")]
    pub consent_digest: Option<Hash>,
    /// Who asked: the consumer's name.
    pub consumer: Cow<'static, str>,
    /// `answered`, or the code of the refusal, or what was done.
    pub decision: Cow<'static, str>,
    /// What else belongs to it, by name: which rule purged how many, which fields left.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<Cow<'static, str>, String>,
    /// The legal ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Cow<'static, str>>,
    /// The method, such as `crossings/submit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Cow<'static, str>>,
    /// SHA-256 of the request's body.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "digest")]
    pub request_digest: Option<Hash>,
    /// The request's identifier.
    pub request_id: Uuid,
    /// The service's code, such as `3.88.01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Cow<'static, str>>,
    /// Keyed pseudonyms of those whose data are concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "pseudonyms")]
    pub subjects: Vec<[u8; 16]>,
    /// When: RFC 3339, UTC, microseconds.
    #[serde(with = "moment")]
    pub time: Timestamp,
    /// Under which treaty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treaty: Option<Cow<'static, str>>,
    /// What the entry is about.
    #[serde(rename = "type")]
    pub kind: Kind,
}

impl Record {
    /// A record of this kind and moment; the rest is filled in by whoever knows it.
    pub fn new(kind: Kind, time: Timestamp, request_id: Uuid, consumer: impl Into<Cow<'static, str>>) -> Self {
        Self {
            answer_digest: None,
            consent_digest: None,
            consumer: consumer.into(),
            decision: Cow::Borrowed(""),
            details: BTreeMap::new(),
            ground: None,
            method: None,
            request_digest: None,
            request_id,
            service: None,
            subjects: Vec::new(),
            time,
            treaty: None,
            kind,
        }
    }

    /// The RFC 8785 bytes.
    pub fn canonical(&self) -> Result<Vec<u8>, Error> {
        let written = if self.details.is_empty() {
            serde_json::to_vec(self).ok()
        } else {
            // Names from outside may need another order than that of their bytes.
            model::json::canonical(self).ok()
        };
        written.ok_or_else(|| Error::format("record", "a value that JSON can bear was expected"))
    }
}

/// The public entry for a record whose canonical bytes are these.
pub fn commitment(kind: u8, salt: &[u8; 32], canonical: &[u8]) -> Vec<u8> {
    let hash = sha256(&[b"nais-leaf-1", salt, canonical]);
    let mut entry = Vec::with_capacity(34);
    entry.extend_from_slice(&[1, kind]);
    entry.extend_from_slice(&hash);
    entry
}

/// The public entry for this record under this salt.
pub fn commit(record: &Record, salt: &[u8; 32]) -> Result<Vec<u8>, Error> {
    Ok(commitment(record.kind.byte(), salt, &record.canonical()?))
}

/// Both halves of an entry, ready for [`store::Db::commit`]: the commitment, and record and salt sealed under the
/// request's identifier, without what other calls of the same method have in common with it.
pub fn entry(record: &Record, salt: &[u8; 32], vault: &Vault) -> Result<store::Entry, Error> {
    let (compact, basis) = Compact::split(record)?;
    let plain = compact.pack(salt)?;
    let key = record.request_id.into_bytes();
    let private = vault.seal(&place(&key, Some(&basis)), &plain);
    Ok(store::Entry { data: commit(record, salt)?, key, private, basis: Some(basis) })
}

/// Record and salt of a sealed private part and its basis.
pub fn open(key: &[u8; 16], private: &[u8], basis: Option<&[u8]>, vault: &Vault) -> Result<Private, Error> {
    let basis = basis.map(named);
    let plain = vault.open(&place(key, basis.as_ref()), private)?;
    Compact::unpack(&plain, basis.as_ref(), Uuid::from_bytes(*key))
}

/// A basis under the name that follows from its bytes.
fn named(body: &[u8]) -> Basis {
    let [a, b, c, d, e, f, g, h, ..] = sha256(&[b"nais-basis-1", body]);
    Basis { id: i64::from_be_bytes([a, b, c, d, e, f, g, h]), body: body.to_vec() }
}

/// Where the sealed part belongs: it opens under no other request and no other basis.
fn place(key: &[u8; 16], basis: Option<&Basis>) -> Vec<u8> {
    let mut place = key.to_vec();
    if let Some(basis) = basis {
        place.extend_from_slice(&basis.id.to_be_bytes());
    }
    place
}

/// What those entitled get: `{"record": …, "salt": "hex"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Private {
    /// What happened.
    pub record: Record,
    /// What the commitment is blinded with.
    #[serde(with = "hex::serde")]
    pub salt: [u8; 32],
}

/// Consumer, decision, ground, method, service and treaty of a record.
type Texts<'a> = [Option<Cow<'a, str>>; 6];

/// A record as it is stored: digests raw, the request's identifier left to the row, texts that its basis has left out.
#[derive(Serialize, Deserialize)]
struct Compact<'a> {
    version: u8,
    kind: u8,
    time: i64,
    texts: Texts<'a>,
    digests: [Option<Hash>; 3],
    subjects: Vec<[u8; 16]>,
    details: BTreeMap<Cow<'static, str>, String>,
}

impl<'a> Compact<'a> {
    /// What is this record's alone, and what it has in common with others.
    fn split(record: &'a Record) -> Result<(Self, Basis), Error> {
        let optional = |value: &'a Option<Cow<'static, str>>| value.as_deref().map(Cow::Borrowed);
        let common: Texts<'a> = [
            Some(Cow::Borrowed(&*record.consumer)),
            None,
            optional(&record.ground),
            optional(&record.method),
            optional(&record.service),
            optional(&record.treaty),
        ];
        let body = postcard::to_allocvec(&common).map_err(|_| Error::format("record", "cannot be stored"))?;
        let compact = Self {
            version: 2,
            kind: record.kind.byte(),
            time: record.time.as_microsecond(),
            texts: [None, Some(Cow::Borrowed(&*record.decision)), None, None, None, None],
            digests: [record.answer_digest, record.consent_digest, record.request_digest],
            subjects: record.subjects.clone(),
            details: record.details.clone(),
        };
        Ok((compact, named(&body)))
    }

    fn pack(&self, salt: &[u8; 32]) -> Result<Vec<u8>, Error> {
        let mut plain = Vec::with_capacity(256);
        plain.extend_from_slice(salt);
        postcard::to_extend(self, plain).map_err(|_| Error::format("record", "cannot be stored"))
    }

    fn unpack(plain: &[u8], basis: Option<&Basis>, request_id: Uuid) -> Result<Private, Error> {
        let wrong = || Error::format("record", "a stored record was expected");
        let (salt, packed) = plain.split_first_chunk::<32>().ok_or_else(wrong)?;
        let compact: Compact<'_> = postcard::from_bytes(packed).map_err(|_| wrong())?;
        // The first version knew no basis.
        if compact.version != 1 + u8::from(basis.is_some()) {
            return Err(Error::format("record", "its version is unknown: a newer release wrote it"));
        }
        let common: Texts<'_> = match basis {
            Some(basis) => postcard::from_bytes(&basis.body).map_err(|_| wrong())?,
            None => Texts::default(),
        };
        let mut texts = compact.texts.into_iter().zip(common).map(|(own, common)| own.or(common));
        let mut text = || texts.next().flatten().map(|text| Cow::Owned(text.into_owned()));
        let (consumer, decision) = (text().ok_or_else(wrong)?, text().ok_or_else(wrong)?);
        let (ground, method, service, treaty) = (text(), text(), text(), text());
        let [answer_digest, consent_digest, request_digest] = compact.digests;
        let record = Record {
            answer_digest,
            consent_digest,
            consumer,
            decision,
            details: compact.details,
            ground,
            method,
            request_digest,
            request_id,
            service,
            subjects: compact.subjects,
            time: Timestamp::from_microsecond(compact.time).map_err(|_| wrong())?,
            treaty,
            kind: Kind::from_byte(compact.kind).ok_or_else(wrong)?,
        };
        Ok(Private { record, salt: *salt })
    }
}

/// Digests as lower-case hex.
mod digest {
    use super::*;

    pub(super) fn serialize<S: Serializer>(value: &Option<Hash>, out: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(hash) => hex::serde::serialize(hash, out),
            None => out.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Hash>, D::Error> {
        hex::serde::deserialize(from).map(Some)
    }
}

/// Pseudonyms as lower-case hex.
mod pseudonyms {
    use serde::de::Error as _;

    use super::*;

    pub(super) fn serialize<S: Serializer>(value: &[[u8; 16]], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(value.iter().map(hex::encode))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<[u8; 16]>, D::Error> {
        let texts = Vec::<Cow<'de, str>>::deserialize(from)?;
        let decode = |text: &Cow<'_, str>| {
            let mut out = [0; 16];
            hex::decode_to_slice(text.as_ref(), &mut out).map(|()| out)
        };
        texts.iter().map(decode).collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}

/// Moments as RFC 3339 with exactly six digits of the second.
mod moment {
    use serde::de::Error as _;

    use super::*;

    pub(super) fn serialize<S: Serializer>(value: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&format_args!("{value:.6}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
