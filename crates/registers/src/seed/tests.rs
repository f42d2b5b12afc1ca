//! The synthetic data as a whole: the same twice, in order, without duplicates, accepted by the schemas.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use gateway::{Answer, Ask, Asker, Provider};
use model::Schema;
use model::identifier::{IdentificationNumber, Unp};
use serde_json::Value;
use store::{Db, DbConfig, Vault};

use super::*;
use crate::enforcement::Codes;
use crate::{enforcement, foreigners};

fn json(record: &Record) -> Value {
    serde_json::from_slice(&record.body).unwrap()
}

/// FNV-1a over everything made.
fn digest(seed: Seed) -> u64 {
    let bodies = seed.records(300).map(|record| record.body);
    let proceedings = seed.proceedings(300).map(|proceeding| serde_json::to_vec(&proceeding).unwrap());
    let people = people(seed.seed).into_iter().map(|person| serde_json::to_vec(&person).unwrap());
    bodies
        .chain(proceedings)
        .chain(people)
        .flatten()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn the_same_seed_makes_the_same_data() {
    assert_eq!(digest(Seed::new(1)), digest(Seed::new(1)));
    assert_ne!(digest(Seed::new(1)), digest(Seed::new(2)));
}

#[test]
fn the_stand_has_what_was_promised() {
    let mut counts: BTreeMap<RecordKind, usize> = BTreeMap::new();
    for record in Seed::new(1).records(FOREIGNERS) {
        *counts.entry(record.kind).or_default() += 1;
    }
    assert_eq!(counts.len(), RecordKind::ALL.len(), "{counts:?}");
    assert_eq!(counts[&RecordKind::Crossings], 100_000);
    assert!(counts.values().all(|count| *count >= 30), "{counts:?}");
}

#[test]
fn every_exit_follows_its_entry() {
    for index in 0..600 {
        let mut inside = false;
        let mut last = String::new();
        for record in Seed::new(3).records_of(index).iter().filter(|record| record.kind == RecordKind::Crossings) {
            let crossing = json(record);
            let time = crossing["crossing_time"].as_str().unwrap().to_owned();
            assert_eq!(crossing["direction"] == "exit", inside, "person {index}");
            assert!(time > last, "person {index}: {last} {time}");
            (inside, last) = (!inside, time);
        }
    }
}

#[test]
fn natural_keys_are_unique_and_annulments_name_what_exists() {
    let mut numbers: HashMap<RecordKind, HashSet<String>> = HashMap::new();
    let mut documents: HashMap<String, u64> = HashMap::new();
    for index in 0..4_000 {
        for record in Seed::new(1).records_of(index) {
            let json = json(&record);
            let name = match record.kind.concerns().unwrap_or(record.kind) {
                RecordKind::Crossings => "crossing_id",
                RecordKind::Visas => "visa_number",
                RecordKind::StayRegistrations => "registration_number",
                RecordKind::EventDocuments => "event_document_number",
                RecordKind::ResidencePermits | RecordKind::TemporaryResidencePermits => "permit_number",
                RecordKind::IdentityDocuments => {
                    assert_eq!(json["status"] == "issued", record.kind == RecordKind::IdentityDocuments);
                    continue;
                }
                _ => continue,
            };
            let number = json[name].as_str().unwrap().to_owned();
            match record.kind.concerns() {
                Some(object) => assert!(numbers[&object].contains(&number), "{:?} {number}", record.kind),
                None => assert!(numbers.entry(record.kind).or_default().insert(number), "{json}"),
            }
            let doc = format!("{} {}", json["doc"]["issuing_state"], json["doc"]["doc_number"]);
            assert_eq!(*documents.entry(doc).or_insert(index), index);
            if let Some(number) = json["foreigner"]["identification_number"].as_str() {
                assert!(IdentificationNumber::parse(number).is_ok());
            }
        }
    }
}

#[test]
fn records_and_requests_pass_the_schemas_of_the_service() {
    let schemas: HashMap<String, Schema> = RecordKind::ALL
        .into_iter()
        .flat_map(|kind| [(kind, "record"), (kind, "request")])
        .map(|(kind, part)| (format!("{}-{part}", kind.path()), schema(kind.path(), part)))
        .collect();
    for record in Seed::new(1).records(400) {
        let faults = schemas[&format!("{}-record", record.kind.path())].check(&json(&record));
        assert_eq!(faults, Ok(()), "{}", json(&record));
    }
    let search = schema("search", "request");
    let now = "2026-11-21T10:00:00Z".parse().unwrap();
    let mut next = 0_u128;
    let fresh = || {
        next += 1;
        uuid::Uuid::from_u128(next)
    };
    let all = requests(Seed::new(1), now, fresh, uuid::Uuid::nil());
    assert_eq!(all.len(), 14 * 2 + 2 + 3);
    for request in all.iter().filter(|request| request.service == "3.88.01") {
        let Some(body) = &request.body else { continue };
        let kind = request.path.strip_suffix("/submit");
        if let Some(kind) = kind {
            assert_eq!(schemas[&format!("{kind}-request")].check(body), Ok(()), "{body}");
            assert_eq!(schemas[&format!("{kind}-record")].check(&body["records"][0]), Ok(()), "{body}");
        } else if request.path.ends_with("/search") {
            assert_eq!(search.check(body), Ok(()), "{body}");
        }
    }
}

fn schema(name: &str, part: &str) -> Schema {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services/3.88.01/methods");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        (entry.file_name().into_string().unwrap(), serde_json::from_str(&text).unwrap())
    });
    let files = std::sync::Arc::new(files.collect::<BTreeMap<String, Value>>());
    Schema::compile_in(&files, &format!("{name}.schema.json"), &format!("#/$defs/{part}")).unwrap()
}

#[test]
fn proceedings_are_unique_and_their_debtors_have_valid_numbers() {
    let (mut numbers, mut documents, mut debtors) = (HashSet::new(), HashSet::new(), HashMap::new());
    let mut organisations = 0;
    for proceeding in Seed::new(1).proceedings(PROCEEDINGS) {
        assert!(numbers.insert(proceeding.proceeding_number.clone()));
        assert!(documents.insert(proceeding.enforcement_document_number.clone()));
        let number = proceeding.debtor.number().unwrap().to_owned();
        organisations += usize::from(Unp::parse(&number).is_ok());
        assert!(IdentificationNumber::parse(&number).is_ok() || Unp::parse(&number).is_ok());
        let name = debtors.entry(number).or_insert_with(|| proceeding.debtor.name.clone());
        assert_eq!(*name, proceeding.debtor.name, "one number, one debtor");
    }
    assert_eq!(numbers.len(), 5_000);
    assert!((400..1_000).contains(&organisations), "{organisations}");
    assert!(debtors.len() > 2_000, "{}", debtors.len());
}

#[test]
fn a_database_is_filled_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("t.db").display());
    let schema = [foreigners::SCHEMA, enforcement::SCHEMA].concat();
    let db = Db::open_plain(&DbConfig::new(url), &schema).unwrap();
    let (vault, codes) = (Vault::new(&[9; 32]).unwrap(), Codes::built_in().unwrap());
    let seed = Seed::new(1);
    let expected = Filled { records: seed.records(120).count() as u64, proceedings: 80 };
    assert_eq!(fill(&db, &vault, &codes, seed, 120, 80).unwrap(), expected);
    let again = fill(&db, &vault, &codes, seed, 120, 80).unwrap();
    assert_eq!(again.records, 0, "what is there is left alone");
}

/// The registers over one filled database, asked as the gateway asks them.
struct Stand {
    _folder: tempfile::TempDir,
    db: Db,
    foreigners: foreigners::Foreigners,
    enforcement: enforcement::Enforcement,
}

fn now() -> jiff::Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn service(code: &str) -> Arc<model::Service> {
    fn read(folder: &Path, prefix: &str, into: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                read(&entry.path(), &format!("{name}/"), into);
            } else {
                into.insert(name, std::fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services").join(code), "", &mut files);
    Arc::new(model::Service::from_files(&files).unwrap())
}

fn stand(people: u64) -> Stand {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("t.db").display());
    let schema = [foreigners::SCHEMA, enforcement::SCHEMA].concat();
    let db = Db::open_plain(&DbConfig::new(url), &schema).unwrap();
    let (vault, clock) = (Vault::new(&[9; 32]).unwrap(), model::Clock::fixed(now()));
    fill(&db, &vault, &Codes::built_in().unwrap(), Seed::new(1), people, 50).unwrap();
    let foreigners = foreigners::Foreigners::new(vault.clone(), service("3.88.01"), db.clone(), clock.clone()).unwrap();
    let enforcement = enforcement::Enforcement::new(vault, service("3.11.01"), db.clone(), clock).unwrap();
    Stand { _folder: folder, db, foreigners, enforcement }
}

impl Stand {
    async fn send(&self, request: &Request) -> Value {
        let consumer = consumers().into_iter().find(|consumer| consumer.id == request.consumer).unwrap();
        let (method, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let json = request.body.clone().unwrap_or(Value::Null);
        let ask = Ask {
            request_id: uuid::Uuid::from_u128(7),
            at: now(),
            method: method.into(),
            query: query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
            body: serde_json::to_vec(&json).unwrap().into(),
            json,
            asker: Arc::new(Asker {
                id: consumer.id.into(),
                source_code: consumer.source_code.into(),
                unp: consumer.unp,
            }),
            lang: model::Lang::En,
            wish: uuid::Uuid::nil(),
        };
        let provider: &dyn Provider = if request.service == "3.11.01" { &self.enforcement } else { &self.foreigners };
        let answer = provider.answer(ask).await.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", request.name));
        let reply = match answer {
            Answer::Ready(reply) => reply,
            Answer::Effect(effect) => self.db.write(effect).await.unwrap(),
        };
        assert_eq!(reply.status, 200, "{}", request.name);
        serde_json::from_slice(&reply.body).unwrap()
    }
}

#[test]
fn every_ready_request_succeeds_on_a_fresh_stand() {
    let stand = stand(1_000);
    let mut next = 0_u128;
    let mut ready = |package| {
        let fresh = || {
            next += 1;
            uuid::Uuid::from_u128(next)
        };
        requests(Seed::new(1), now(), fresh, package)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async {
        let mut packages = HashMap::new();
        for request in ready(uuid::Uuid::nil()).iter().filter(|request| request.name != "packages-status") {
            let answer = stand.send(request).await;
            if request.name.ends_with("-submit") {
                assert_eq!(answer["records"][0]["result"], "accepted", "{}: {answer}", request.name);
                assert_eq!(answer["records"][0].get("warnings"), None, "{}: {answer}", request.name);
                packages.insert(request.consumer, answer["package_id"].as_str().unwrap().parse().unwrap());
            } else if request.name != "persons-history" {
                let list = ["records", "proceedings", "changes", "items"].iter().find_map(|name| answer.get(name));
                assert!(!list.unwrap().as_array().unwrap().is_empty(), "{}: {answer}", request.name);
            }
        }
        let all = ready(packages["mia"]);
        stand.send(all.iter().find(|request| request.name == "packages-status").unwrap()).await;
    });
}
