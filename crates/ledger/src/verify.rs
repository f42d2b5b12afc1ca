//! A receipt checked offline: needs the receipt, the record with its salt and the log's public key, nothing else.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::note::{Algorithm, Note, Vkey};
use crate::proof::verify_inclusion;
use crate::receipt::Receipt;
use crate::record::{Kind, commitment};
use crate::tree::leaf_hash;

/// What a receipt proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Which log.
    pub origin: String,
    /// The entry's number.
    pub index: u64,
    /// Entries of the tree it was proven in.
    pub tree_size: u64,
    /// The tree's root in hex.
    pub root: String,
    /// What the entry is about, from the record.
    #[serde(rename = "type")]
    pub kind: String,
    /// When, from the record.
    pub time: String,
    /// Who asked, from the record.
    pub consumer: String,
    /// For what, from the record.
    pub service: Option<String>,
    /// By which method, from the record.
    pub method: Option<String>,
    /// What came of it, from the record.
    pub decision: Option<String>,
    /// Which request, from the record.
    pub request_id: Option<String>,
    /// Digest of the answer in hex, from the record, to be compared with the answer's bytes.
    pub answer_digest: Option<String>,
    /// Witnesses whose signatures hold, each with its time.
    pub witnesses: Vec<Seen>,
    /// Signature lines that nobody gave a key for.
    pub unchecked: Vec<String>,
    /// The record's time is after the given moment: a clock is wrong, or the record was made up.
    pub from_the_future: bool,
}

/// A witness's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Its name.
    pub witness: String,
    /// When it saw the tree.
    pub time: String,
}

/// What a holder of a receipt has besides it.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The record as it was handed out.
    pub record: Value,
    /// Its salt; also taken from the receipt's `extra` line.
    pub salt: Option<[u8; 32]>,
}

impl Evidence {
    /// Reads `{"record": …, "salt": "hex"}`, or the record alone.
    pub fn read(json: &[u8]) -> Result<Self, Error> {
        let wrong = |expected| Error::format("record", expected);
        let value = model::json::parse(json).map_err(|_| wrong("JSON without double members was expected"))?;
        let Some(salt) = value.get("salt") else {
            return Ok(Self { record: value, salt: None });
        };
        let mut bytes = [0; 32];
        let salt = salt.as_str().and_then(|salt| hex::decode_to_slice(salt, &mut bytes).ok());
        salt.ok_or_else(|| wrong("the salt must be 64 hexadecimal digits"))?;
        let record = value.get("record").cloned().ok_or_else(|| wrong("a member `record` was expected"))?;
        Ok(Self { record, salt: Some(bytes) })
    }
}

/// The receipt proves that this record is in the log of this key, or the first reason why it does not.
///
/// `receipt` is the text or its base64. `witnesses` are keys whose lines are checked too; a line of theirs that does not
/// hold fails the whole.
pub fn verify_receipt(
    receipt: &[u8],
    evidence: &Evidence,
    vkey: &Vkey,
    witnesses: &[Vkey],
    now: Timestamp,
) -> Result<Report, Error> {
    let receipt = Receipt::read(receipt)?;
    let record = &evidence.record;
    let canonical = model::json::canonical(record).map_err(|_| Error::Commitment)?;
    let salt = match (evidence.salt, &receipt.extra) {
        (Some(salt), _) => salt,
        (None, Some(extra)) => {
            extra.as_slice().try_into().map_err(|_| Error::format("receipt", "no salt in `extra`"))?
        }
        (None, None) => {
            return Err(Error::format("record", "its salt was expected, beside it or in the receipt"));
        }
    };
    let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
    let kind = text("type").ok_or_else(|| Error::format("record", "a member `type` was expected"))?;
    let byte = kind_byte(&kind).ok_or_else(|| Error::format("record", "its type is unknown"))?;
    let (checkpoint, note) = verify_entry(&receipt, &commitment(byte, &salt, &canonical), vkey)?;
    let (witnesses, unchecked) = cosignatures(&note, vkey, witnesses)?;
    let time = text("time").ok_or_else(|| Error::format("record", "a member `time` was expected"))?;
    let from_the_future = time.parse::<Timestamp>().is_ok_and(|time| time > now);
    Ok(Report {
        origin: checkpoint.origin,
        index: receipt.index,
        tree_size: checkpoint.size,
        root: hex::encode(checkpoint.root),
        kind,
        time,
        consumer: text("consumer").unwrap_or_default(),
        service: text("service"),
        method: text("method"),
        decision: text("decision"),
        request_id: text("request_id"),
        answer_digest: text("answer_digest"),
        witnesses,
        unchecked,
        from_the_future,
    })
}

/// The receipt proves that this public entry is in the log of this key: the checkpoint it leads to.
pub fn verify_entry(receipt: &Receipt, entry: &[u8], vkey: &Vkey) -> Result<(Checkpoint, Note), Error> {
    let (checkpoint, note) = Checkpoint::verify(&receipt.checkpoint, vkey)?;
    let (index, size) = (receipt.index, checkpoint.size);
    match verify_inclusion(index, size, &leaf_hash(entry), &receipt.proof, &checkpoint.root) {
        Ok(()) => Ok((checkpoint, note)),
        // With the right number of hashes either the entry is another one or a hash was changed. Nobody can tell which
        // from the outside, and what the holder can look at is the record.
        Err(Error::ProofRoot) => Err(Error::Commitment),
        Err(error) => Err(error),
    }
}

fn kind_byte(kind: &str) -> Option<u8> {
    let kind: Kind = serde_json::from_value(Value::String(kind.to_owned())).ok()?;
    Some(kind.byte())
}

fn cosignatures(note: &Note, log: &Vkey, witnesses: &[Vkey]) -> Result<(Vec<Seen>, Vec<String>), Error> {
    let mut seen = Vec::new();
    for witness in witnesses.iter().filter(|witness| witness.algorithm() == Algorithm::Cosignature) {
        match note.verify(witness) {
            Ok(time) => seen.push(Seen { witness: witness.name().to_owned(), time: moment(time) }),
            Err(Error::NotSigned(_)) => {}
            Err(error) => return Err(error),
        }
    }
    // The log's own line in another algorithm: it need not be there, but must hold when it is.
    for other in witnesses.iter().filter(|other| other.algorithm() != Algorithm::Cosignature) {
        match note.verify(other) {
            Ok(_) | Err(Error::NotSigned(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let known = |name: &str, id: [u8; 4]| {
        std::iter::once(log).chain(witnesses).any(|vkey| vkey.name() == name && vkey.id() == id)
    };
    let unchecked = note.lines.iter().filter(|line| !known(&line.name, line.id)).map(|line| line.name.clone());
    Ok((seen, unchecked.collect()))
}

fn moment(time: Option<u64>) -> String {
    let second = time.and_then(|time| i64::try_from(time).ok());
    second.and_then(|second| Timestamp::from_second(second).ok()).map_or_else(String::new, |time| time.to_string())
}
