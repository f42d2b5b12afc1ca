//! Records, their commitments and their private form.

use ledger::record::{self, Private};
use ledger::{Kind, Record};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{entry, now, record as sample, salt, vault};

#[test]
fn the_record_reads_as_the_contract_says() {
    let json = String::from_utf8(sample(0).canonical().unwrap()).unwrap();
    let ones = "01".repeat(32);
    let expected = format!(
        "{{\"answer_digest\":\"{}\",\"consumer\":\"border-committee\",\"decision\":\"answered\",\
         \"ground\":\"law-32-z-art-17\",\"method\":\"crossings/submit\",\"request_digest\":\"{ones}\",\
         \"request_id\":\"00000000-0000-0000-0000-000000000001\",\"service\":\"3.88.01\",\"subjects\":[\"{}\"],\
         \"time\":\"2026-07-01T12:00:00.123456Z\",\"treaty\":\"TR-2026-0001\",\"type\":\"exchange\"}}",
        "02".repeat(32),
        "03".repeat(16)
    );
    assert_eq!(json, expected);
}

/// Computed once with Python's hashlib over the text above.
#[test]
fn the_commitment_is_the_one_others_compute() {
    let entry = record::commit(&sample(0), &[0xab; 32]).unwrap();
    assert_eq!(entry.len(), 34);
    assert_eq!(hex::encode(&entry), COMMITMENT);
}

const COMMITMENT: &str = "0101f7bea1cb4c439526cef88c871d826df763319062aeeaa55061909ddbdffe7ea6";

#[test]
fn an_exchange_costs_little() {
    let entry = entry(0);
    assert!(entry.private.len() <= 180, "{} bytes", entry.private.len());
    assert_eq!(entry.data.len(), 34);
    let next = crate::support::entry(8).basis.unwrap();
    assert_eq!(entry.basis.unwrap(), next, "two calls of one consumer share what they have in common");
}

#[test]
fn the_private_part_opens_only_under_its_request() {
    let entry = entry(4);
    let found = opened(&entry).unwrap();
    assert_eq!(found, Private { record: sample(4), salt: salt(4) });
    let basis = entry.basis.clone().unwrap();
    assert!(record::open(&[0; 16], &entry.private, Some(&basis.body), &vault()).is_err());
    assert!(record::open(&entry.key, &entry.private, None, &vault()).is_err(), "its basis belongs to it");
    let other = ledger::record::entry(&Record { treaty: None, ..sample(4) }, &salt(4), &vault()).unwrap();
    let other = other.basis.unwrap();
    assert_ne!(other.id, basis.id);
    assert!(record::open(&entry.key, &entry.private, Some(&other.body), &vault()).is_err());
    assert_eq!(record::commit(&found.record, &found.salt).unwrap(), entry.data);
}

#[test]
fn the_wire_form_comes_back() {
    let private = Private { record: sample(4), salt: salt(4) };
    let json = serde_json::to_string(&private).unwrap();
    assert_eq!(serde_json::from_str::<Private>(&json).unwrap(), private);
    assert!(serde_json::from_str::<Record>(r#"{"consumer":"a"}"#).is_err());
}

#[test]
fn type_bytes_are_stable_and_different() {
    let bytes: Vec<u8> = Kind::ALL.iter().map(|kind| kind.byte()).collect();
    assert_eq!(bytes, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert!(Kind::ALL.iter().all(|kind| Kind::from_byte(kind.byte()) == Some(*kind)));
    assert_eq!(Kind::from_byte(0), None);
}

fn records() -> impl Strategy<Value = Record> {
    let text = || prop::option::of("[^\0]{0,20}");
    let digest = || prop::option::of(any::<[u8; 32]>());
    let details = prop::collection::btree_map("[^\0]{0,6}", "[^\0]{0,12}", 0..4);
    let texts = (text(), text(), text(), text(), "[^\0]{0,20}", "[^\0]{0,20}");
    let digests = (digest(), digest(), digest());
    (texts, digests, details, prop::collection::vec(any::<[u8; 16]>(), 0..3), 0usize..9, any::<u128>()).prop_map(
        |((service, method, ground, treaty, consumer, decision), digests, details, subjects, kind, id)| {
            let mut record = Record::new(Kind::ALL[kind], now(), Uuid::from_u128(id), consumer);
            record.service = service.map(Into::into);
            record.method = method.map(Into::into);
            record.ground = ground.map(Into::into);
            record.treaty = treaty.map(Into::into);
            record.decision = decision.into();
            (record.answer_digest, record.consent_digest, record.request_digest) = digests;
            record.details = details.into_iter().map(|(name, value)| (name.into(), value)).collect();
            record.subjects = subjects;
            record
        },
    )
}

proptest! {
    #[test]
    fn every_record_is_written_canonically(record in records()) {
        prop_assert_eq!(record.canonical().unwrap(), model::json::canonical(&record).unwrap());
    }

    #[test]
    fn every_record_comes_back(record in records(), salt: [u8; 32]) {
        let entry = ledger::entry(&record, &salt, &vault()).unwrap();
        let found = opened(&entry).unwrap();
        prop_assert_eq!(&found.record, &record);
        prop_assert_eq!(found.salt, salt);
        let json = serde_json::to_value(&record).unwrap();
        prop_assert_eq!(&serde_json::from_value::<Record>(json).unwrap(), &record);
    }

    #[test]
    fn other_salts_make_other_entries(record in records(), salt: [u8; 32]) {
        let mut other = salt;
        other[0] ^= 1;
        prop_assert_ne!(record::commit(&record, &salt).unwrap(), record::commit(&record, &other).unwrap());
    }
}

fn opened(entry: &store::Entry) -> Result<Private, ledger::Error> {
    record::open(&entry.key, &entry.private, entry.basis.as_ref().map(|basis| &*basis.body), &vault())
}

/// As the first release of the format wrote it: everything in the sealed part.
#[test]
fn a_record_without_a_basis_still_opens() {
    let (record, salt) = (sample(4), salt(4));
    let texts = [
        Some(&*record.consumer),
        Some(&*record.decision),
        record.ground.as_deref(),
        record.method.as_deref(),
        record.service.as_deref(),
        record.treaty.as_deref(),
    ];
    let digests = [record.answer_digest, record.consent_digest, record.request_digest];
    let (time, details) = (record.time.as_microsecond(), &record.details);
    let compact = (1u8, record.kind.byte(), time, texts, digests, &record.subjects, details);
    let plain = [&salt[..], &postcard::to_allocvec(&compact).unwrap()].concat();
    let key = record.request_id.into_bytes();
    let found = record::open(&key, &vault().seal(&key, &plain), None, &vault()).unwrap();
    assert_eq!(found, Private { record, salt });
}
