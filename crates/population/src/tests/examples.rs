//! The service's examples, as `nais check` and the gateway's callers see them, and its texts.

use model::Texts;
use model::service::contains;

use super::*;

async fn examples_are_answered_as_they_say(engine: Engine) {
    let bench = Bench::new(engine).await;
    let service = service();
    assert!(service.examples.len() >= 30);
    for example in &service.examples {
        let body = example.body.clone().unwrap();
        let lang = example.headers.get("Accept-Language").map_or(Lang::En, |header| Lang::negotiate(header));
        let request = service.schemas(&service.passport.methods[0]).unwrap().request.as_ref().unwrap();
        let expect = &example.expect;
        let outcome = match request.check(&body) {
            Ok(()) => bench.reply(lang, &body).await,
            Err(faults) => Err(Refusal::new(Kind::Malformed, "schema").faults(faults)),
        };
        let (status, code, told) = match outcome {
            Ok(reply) => {
                let answer: Value = serde_json::from_slice(&reply.body).unwrap();
                assert_eq!(response().check(&answer), Ok(()), "{}: {answer:#}", example.name);
                (reply.status, None, answer)
            }
            Err(refusal) => {
                let errors: Vec<Value> = refusal.faults.iter().map(|fault| json!({"pointer": fault.pointer})).collect();
                let status = if refusal.kind == Kind::Forbidden { 403 } else { 400 };
                (status, Some(refusal.code), json!({ "errors": errors }))
            }
        };
        assert_eq!((status, code), (expect.status, expect.code.as_deref()), "{}: {told:#}", example.name);
        let subset = expect.subset.clone().unwrap_or_else(|| json!({}));
        assert!(contains(&told, &subset), "{}:\n{told:#}\nlacks\n{subset:#}", example.name);
    }
}

async fn every_answer_names_its_request_and_itself(engine: Engine) {
    let bench = Bench::new(engine).await;
    let question = question(number(0, 0), &[4]);
    let (one, other) = (bench.ask(&question).await, bench.ask(&question).await);
    assert_eq!(one["cover"]["parent_message_id"], question["cover"]["message_id"]);
    assert_ne!(one["cover"]["message_id"], other["cover"]["message_id"]);
    assert_eq!(one["cover"]["message_time"], "2026-11-02T13:00:00.000+03:00");
    assert_eq!(one["cover"]["message_source"], question["cover"]["message_source"]);
}

async fn an_answer_tells_the_ledger_whom_it_names(engine: Engine) {
    let bench = Bench::new(engine).await;
    let all = bench.reply(Lang::En, &question(number(0, 0), &[1, 4])).await.unwrap();
    assert_eq!(all.subjects, ["3010190A001PB9", "4150685B002PB8", "5230414C003PB2", "6071109H004PB7"]);
    let own = bench.reply(Lang::En, &question(number(0, 0), &[1, 3])).await.unwrap();
    assert_eq!(own.subjects, ["3010190A001PB9"]);
    let nobody = bench.reply(Lang::En, &question("7010120A013PB3", &[4])).await.unwrap();
    assert!(nobody.subjects.is_empty());
}

/// The database alone says nothing about anybody.
async fn nothing_personal_lies_open(engine: Engine) {
    const ALL: [store::Statement; 3] = [
        store::Statement::new("IDENTITIES", "SELECT body FROM population_identity"),
        store::Statement::new("DOCUMENTS", "SELECT body FROM population_document"),
        store::Statement::new("ACTS", "SELECT body FROM population_act"),
    ];
    let bench = Bench::new(engine).await;
    for statement in &ALL {
        let bodies = bench.db.read(|tx| tx.query(statement, &[], |row| Ok(row.bytes(0)?.to_vec()))).await.unwrap();
        assert!(bodies.len() > 100, "{}", statement.name);
        for word in ["3010190A001PB9", "КОВАЛЁВ", "KAVALIOU", "0000017", "number"] {
            let open = |body: &Vec<u8>| body.windows(word.len()).any(|part| part == word.as_bytes());
            assert!(!bodies.iter().any(open), "{word} in {}", statement.name);
        }
    }
}

#[test]
fn the_consents_wording_is_complete_in_three_languages() {
    let files = files();
    let text = |lang: Lang| files[&format!("consent.{}.toml", lang.code())].as_str();
    // Merging refuses keys and values that differ between languages.
    let texts = Texts::merge(Lang::ALL.map(|lang| (lang, text(lang)))).unwrap();
    let codes = Codes::built_in().unwrap();
    for group in 1..=30 {
        let shown = texts.has(&format!("data.{group}"));
        assert_eq!(shown, codes.has(List::Dataset, &group.to_string()), "group {group}");
    }
}

#[test]
fn every_code_that_is_shown_has_its_names() {
    let codes = Codes::built_in().unwrap();
    for household in synthetic::population(1, until(), 2_000) {
        for person in &household.people {
            for document in crate::documents::of(person, 1, until()) {
                assert!(codes.has(List::Document, &document.kind) && codes.has(List::Interior, &document.office.code));
            }
        }
        for act in &household.acts {
            assert!(codes.has(List::Registry, &crate::documents::office(80, act.region)));
            assert!(codes.has(List::Court, &crate::documents::office(88, act.region)));
        }
    }
    for code in ["01", "02", "03", "04", "05", "06", "07", "11"] {
        assert!(codes.has(List::Error, code));
    }
    let texts = Texts::merge(model::TEXTS.into_iter().chain(TEXTS)).unwrap();
    for fault in ["no-person", "dataset-closed", "check-digit", "required", "duplicate", "chronology", "classifier"] {
        assert!(texts.has(&format!("fault.{fault}.text")), "{fault}");
    }
}

on_both_engines! {
    examples_are_answered_as_they_say,
    every_answer_names_its_request_and_itself,
    an_answer_tells_the_ledger_whom_it_names,
    nothing_personal_lies_open,
}
