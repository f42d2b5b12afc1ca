//! The register against its own database: examples, invariants, history, paging, the feed.

use std::collections::BTreeMap;
use std::sync::Arc;

use gateway::{Answer, Ask, Asker, Provider as _};
use jiff::Timestamp;
use model::{Clock, Lang, Refusal, Service};
use serde_json::{Value, json};
use store::{Db, DbConfig, Vault};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::seed::Seed;

mod entry;
mod feed;

struct House {
    _folder: TempDir,
    service: Arc<Service>,
    register: Enforcement,
}

fn now() -> Timestamp {
    "2026-11-02T10:00:00Z".parse().unwrap()
}

fn files(folder: &std::path::Path, prefix: &str, into: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path(), &format!("{name}/"), into);
        } else {
            into.insert(name, std::fs::read_to_string(entry.path()).unwrap());
        }
    }
}

fn folder() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    files(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services/3.11.01"), "", &mut all);
    all
}

fn house() -> House {
    let folder_of_db = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder_of_db.path().join("t.db").display());
    let db = Db::open_plain(&DbConfig::new(url), SCHEMA).unwrap();
    let service = Arc::new(Service::from_files(&folder()).unwrap());
    let vault = Vault::new(&[5; 32]).unwrap();
    let register = Enforcement::new(vault, Arc::clone(&service), db, Clock::fixed(now())).unwrap();
    House { _folder: folder_of_db, service, register }
}

impl House {
    fn prepared(&self, proceeding: Proceeding) -> Prepared {
        Prepared::new(&self.register.vault, &self.register.codes, proceeding).unwrap()
    }

    async fn fill(&self, count: u64) {
        let batch = Seed::new(1).proceedings(count).map(|proceeding| self.prepared(proceeding)).collect();
        let outcomes = self.register.enter(batch).await.unwrap();
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Added));
    }

    async fn enter(&self, proceeding: &Proceeding) -> Outcome {
        self.register.enter(vec![self.prepared(proceeding.clone())]).await.unwrap().remove(0)
    }

    async fn ask(&self, lang: Lang, path: &str, body: Value) -> Result<Value, Refusal> {
        self.reply(lang, path, body).await.map(|reply| serde_json::from_slice(&reply.body).unwrap())
    }

    async fn reply(&self, lang: Lang, path: &str, body: Value) -> Result<gateway::Reply, Refusal> {
        let (method, query) = path.split_once('?').unwrap_or((path, ""));
        let query =
            query.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect();
        let asker = Asker { id: "supreme-court".into(), source_code: "VS".into(), unp: "191000015".into() };
        let ask = Ask {
            request_id: Uuid::from_u128(1),
            at: now(),
            method: method.into(),
            query,
            body: serde_json::to_vec(&body).unwrap().into(),
            json: body,
            asker: Arc::new(asker),
            lang,
            wish: uuid::Uuid::nil(),
        };
        match self.register.answer(ask).await? {
            Answer::Ready(reply) => Ok(reply),
            Answer::Effect(_) => panic!("this register changes nothing when asked"),
        }
    }

    /// All pages of a search.
    async fn pages(&self, mut body: Value) -> Vec<String> {
        let mut numbers = Vec::new();
        loop {
            let page = self.ask(Lang::En, "proceedings/search", body.clone()).await.unwrap();
            let found = page["proceedings"].as_array().unwrap();
            numbers.extend(found.iter().map(|one| one["proceeding_number"].as_str().unwrap().to_owned()));
            match page.get("cursor") {
                Some(cursor) => body["cursor"] = cursor.clone(),
                None => return numbers,
            }
        }
    }
}

fn example() -> Proceeding {
    Seed::new(1).proceedings(1).next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_service_hold() {
    let house = house();
    house.fill(300).await;
    assert!(house.service.examples.len() >= 16);
    for example in &house.service.examples {
        let path = example.path.split('?').next().unwrap();
        let method = house.service.passport.method(example.verb, path).unwrap();
        let schemas = house.service.schemas(method).unwrap();
        let body = example.body.clone().unwrap_or(Value::Null);
        let lang = example.headers.get("Accept-Language").map_or(Lang::En, |header| Lang::negotiate(header));
        let outcome = match schemas.request.as_ref().map_or(Ok(()), |schema| schema.check(&body)) {
            Ok(()) => house.ask(lang, &example.path, body).await,
            Err(faults) => Err(Refusal::new(Kind::Malformed, "schema").faults(faults)),
        };
        let expect = &example.expect;
        let (status, code, told) = match outcome {
            Ok(answer) => {
                let fits = schemas.response.as_ref().unwrap().check(&answer);
                assert_eq!(fits, Ok(()), "{}", example.name);
                (200, None, answer)
            }
            Err(refusal) => {
                assert_eq!(refusal.kind, Kind::Malformed, "{}", example.name);
                let errors: Vec<Value> = refusal.faults.iter().map(|fault| json!({"pointer": fault.pointer})).collect();
                (400, Some(refusal.code), json!({ "errors": errors }))
            }
        };
        assert_eq!((status, code), (expect.status, expect.code.as_deref()), "{}: {told}", example.name);
        let subset = expect.subset.clone().unwrap_or(json!({}));
        assert!(model::service::contains(&told, &subset), "{}: {told:#}", example.name);
    }
}

#[test]
fn every_text_that_is_used_exists_in_three_languages() {
    let texts = model::Texts::merge(model::TEXTS.into_iter().chain(TEXTS)).unwrap();
    for fault in [
        "not-in-force",
        "repaid-more",
        "balance",
        "non-property",
        "status-order",
        "no-status",
        "current-status",
        "measure-order",
        "debtor-number",
        "debtor-twice",
        "court-and-case",
        "status-rewritten",
        "measure-gone",
        "measure-back",
        "period-order",
        "line-too-long",
        "form",
    ] {
        assert!(texts.has(&format!("fault.{fault}.text")), "{fault}");
    }
    for code in ["classifier-unknown", "since-malformed", "parameter-malformed", "cursor-malformed", "no-criterion"] {
        assert!(texts.has(&format!("{code}.title")) && texts.has(&format!("{code}.detail")), "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_search_are_complete_and_in_order() {
    let house = house();
    let mut batch = Vec::new();
    for n in 0..23_i8 {
        let mut proceeding = example();
        proceeding.proceeding_number = format!("{n}/25/1-М");
        proceeding.enforcement_document_number = format!("ИД-{n}");
        let day = Day(jiff::civil::date(2025, 1, 1 + n / 4)); // several of one day
        proceeding.institution_date = day;
        batch.push(house.prepared(proceeding));
    }
    house.register.enter(batch).await.unwrap();
    let mut body =
        json!({"message_id": Uuid::nil(), "court_code": "1", "debtor_identification_number": "3010190A001PB9"});
    let all = house.pages(body.clone()).await;
    assert_eq!(all.len(), 23);
    assert!(all[0].starts_with("22/") && all[22].starts_with("0/"), "{all:?}");
    for limit in [1, 4, 22, 23, 24] {
        body["limit"] = limit.into();
        assert_eq!(house.pages(body.clone()).await, all, "limit {limit}");
    }
    body["limit"] = 5.into();
    let page = house.reply(Lang::En, "proceedings/search", body.clone()).await.unwrap();
    assert_eq!(page.subjects, ["3010190A001PB9"]);
    let answer: Value = serde_json::from_slice(&page.body).unwrap();
    body["cursor"] = answer["cursor"].clone();
    body["period_from"] = "2025-01-02".into();
    let refused = house.ask(Lang::En, "proceedings/search", body).await.unwrap_err();
    assert_eq!(refused.code, "cursor-malformed", "a cursor belongs to its question");
}
