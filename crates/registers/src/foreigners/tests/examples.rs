//! The service's examples, as `nais check` runs them: accepted and refused records of every kind, and the answers' form.

use model::passport::Verb;
use model::service::contains;
use model::{Kind, Schema};
use serde_json::Value;

use super::*;

fn status(kind: Kind) -> u16 {
    match kind {
        Kind::Malformed => 400,
        Kind::Forbidden => 403,
        Kind::NotFound => 404,
        Kind::Conflict => 409,
        _ => 500,
    }
}

fn schema<'a>(service: &'a Service, path: &str, part: &str) -> Option<&'a Schema> {
    let bare = path.split('?').next().unwrap();
    let method = service.passport.methods.iter().find(|method| method.path == bare).unwrap();
    let schemas = service.schemas(method)?;
    match part {
        "request" => schemas.request.as_ref(),
        _ => schemas.response.as_ref(),
    }
}

async fn examples_are_answered_as_they_say(engine: Engine) {
    let bench = Bench::new(engine);
    let service = service();
    assert!(service.examples.len() >= 28);
    for example in &service.examples {
        let body = example.body.clone().unwrap_or(Value::Null);
        let expect = &example.expect;
        // What the gateway checks before the register is asked.
        let faults = match (example.verb, schema(&service, &example.path, "request")) {
            (Verb::Post, Some(schema)) => schema.check(&body).err(),
            _ => None,
        };
        if let Some(faults) = faults {
            assert_eq!((expect.status, expect.code.as_deref()), (400, Some("schema")), "{}: {faults:?}", example.name);
            if let Some(wanted) = expect.subset.as_ref().and_then(|subset| subset.pointer("/errors/0/pointer")) {
                assert_eq!(faults[0].pointer, wanted.as_str().unwrap(), "{}", example.name);
            }
            continue;
        }
        match bench.call(&example.consumer, &example.path, &body).await {
            Ok(answer) => {
                assert_eq!(expect.status, 200, "{}", example.name);
                let subset = expect.subset.as_ref().unwrap();
                assert!(contains(&answer, subset), "{}:\n{answer:#}\nlacks\n{subset:#}", example.name);
                let form = schema(&service, &example.path, "response").unwrap().check(&answer);
                assert_eq!(form, Ok(()), "{}: {answer:#}", example.name);
            }
            Err(refusal) => {
                let told = (status(refusal.kind), Some(refusal.code));
                assert_eq!(told, (expect.status, expect.code.as_deref()), "{}", example.name);
            }
        }
    }
}

/// Stored this time: every kind is found again by each of its criteria, in the form that the schema promises.
async fn every_kind_is_found_by_its_criteria(engine: Engine) {
    let bench = Bench::new(engine);
    let service = service();
    for kind in RecordKind::ALL {
        let record = sample(kind);
        let answer = bench.submit(kind, std::slice::from_ref(&record)).await;
        assert_eq!(answer["records"][0]["result"], "accepted", "{answer:#}");
        let mut searches = vec![json!({"period_from": "2025-01-01", "period_to": "2025-12-31"})];
        for (member, pointer) in [
            ("doc_number", "/doc/doc_number"),
            ("visa_number", "/visa_number"),
            ("permit_number", "/permit_number"),
            ("registration_number", "/registration_number"),
            ("event_document_number", "/event_document_number"),
            ("flight_number", "/flight_number"),
            ("checkpoint_code", "/checkpoint_code"),
        ] {
            searches.extend(record.pointer(pointer).map(|value| json!({member: value})));
        }
        if let Some(person) = record.get("foreigner") {
            let part = |name: &str| person[name].clone();
            let (surname, given, birth) = (part("surname_lat"), part("given_names_lat"), part("birth_date"));
            searches.extend([
                json!({"surname_lat": surname, "given_names_lat": given, "birth_date": birth}),
                json!({"surname_lat": surname}),
                json!({"surname_lat": surname, "birth_date": birth}),
                json!({"surname_ru": part("surname_ru"), "name_ru": part("name_ru"), "birth_date": birth}),
                json!({"birth_date": birth}),
                json!({"given_names_lat": given}),
                json!({"surname_lat": surname, "given_names_lat": given, "birth_date": birth, "match": "close"}),
            ]);
        }
        for search in searches {
            let path = format!("{}/search", kind.path());
            let page = bench.call(sender(kind), &path, &search).await;
            let page = match page {
                Ok(page) => page,
                // The Border Committee reads all, the others their own kinds; nobody else sends.
                Err(refusal) => panic!("{kind:?} {search}: {refusal:?}"),
            };
            let records = page["records"].as_array().unwrap();
            assert_eq!(records.len(), 1, "{kind:?} {search}");
            assert_eq!(records[0]["record"], record);
            assert_eq!(schema(&service, &path, "response").unwrap().check(&page), Ok(()));
        }
    }
}

on_both_engines! {
    examples_are_answered_as_they_say,
    every_kind_is_found_by_its_criteria,
}
