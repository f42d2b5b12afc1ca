//! Submitting, repeating, correcting; numbers under concurrency; what lies in the database.

use std::collections::BTreeSet;

use model::{Kind, Lang};
use serde_json::{Value, json};
use stays::is_registration_number;

use crate::bench::{Bench, Engine, application, crossing};

async fn the_same_application_is_registered_once(engine: Engine) {
    let bench = Bench::new(engine).await;
    let body = application(1);
    let first = bench.submit(&body).await;
    assert_eq!(first["outcome"], "registered", "{first:#}");
    assert!(is_registration_number(first["registration_number"].as_str().unwrap()));
    bench.later(3600);
    assert_eq!(bench.submit(&body).await, first, "the same answer");
    let mut other = body.clone();
    other["stay"]["to"] = json!("2026-06-29");
    let refusal = bench.ask("registrations/submit", &other).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (Kind::Conflict, "application-registered"));
    let view = bench.ask("registrations/view", &json!({"application_id": body["application_id"]})).await.unwrap();
    assert_eq!(view["registration_number"], first["registration_number"]);
    assert_eq!(view["application"], body);
}

async fn what_was_refused_is_corrected_under_the_same_number(engine: Engine) {
    let bench = Bench::new(engine).await;
    let mut body = application(2);
    body["insurance"]["valid_to"] = json!("2026-06-20");
    let refused = bench.submit(&body).await;
    assert_eq!((&refused["outcome"], &refused["code"]), (&json!("refused"), &json!("insurance-does-not-cover")));
    assert_eq!(refused["errors"][0]["pointer"], "/insurance/valid_to");
    assert_eq!(bench.submit(&body).await, refused);
    // A slip is neither a version nor a refusal.
    body["insurance"]["valid_to"] = json!("2026-02-30");
    assert_eq!(bench.submit(&body).await["outcome"], "faults");
    body["insurance"]["valid_to"] = json!("2026-06-30");
    let registered = bench.submit(&body).await;
    assert_eq!(registered["outcome"], "registered");
    let view = bench.ask("registrations/view", &json!({"application_id": body["application_id"]})).await.unwrap();
    let versions: Vec<(u64, &str)> = view["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["version"].as_u64().unwrap(), one["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(versions, [(2, "registered"), (1, "refused")]);
}

async fn an_application_is_its_senders_own(engine: Engine) {
    let bench = Bench::new(engine).await;
    let body = application(3);
    bench.submit(&body).await;
    let view = json!({"application_id": body["application_id"]});
    let refusal = bench.reply("mia", Lang::En, "registrations/view", &view).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code), (Kind::NotFound, "unknown-application"));
    // Another sender's identifier may be the same; the document is registered all the same.
    let reply = bench.reply("mia", Lang::En, "registrations/submit", &body).await.unwrap();
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(answer["code"], "already-registered");
    assert_eq!(reply.subjects, ["DEU:C01X00T47"]);
}

async fn numbers_have_no_gaps_under_concurrency(engine: Engine) {
    const MANY: u128 = 24;
    let bench = std::sync::Arc::new(Bench::new(engine).await);
    for index in 0..MANY {
        bench.isos.crossings.lock().unwrap().push(crossing(&format!("C01X{index:05}"), "2026-06-02"));
    }
    let tasks: Vec<_> = (0..MANY)
        .map(|index| {
            let bench = bench.clone();
            tokio::spawn(async move {
                let mut body = application(1_000 + index);
                body["document"]["number"] = json!(format!("C01X{index:05}"));
                body["foreigner"]["surname_lat"] = json!("TESTER");
                bench.submit(&body).await["registration_number"].as_str().unwrap().to_owned()
            })
        })
        .collect();
    let mut serials = BTreeSet::new();
    for task in tasks {
        let number = task.await.unwrap();
        serials.insert(number.split('-').nth(2).unwrap().parse::<u128>().unwrap());
    }
    assert_eq!(serials, (1..=MANY).collect());
}

async fn of_two_for_one_document_one_is_registered(engine: Engine) {
    let bench = std::sync::Arc::new(Bench::new(engine).await);
    let tasks: Vec<_> = (0..8)
        .map(|index| {
            let bench = bench.clone();
            tokio::spawn(async move { bench.ask("registrations/submit", &application(50 + index)).await })
        })
        .collect();
    let mut registered = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(answer) if answer["outcome"] == "registered" => registered += 1,
            Ok(answer) => assert_eq!(answer["code"], "already-registered"),
            Err(refusal) => assert_eq!((refusal.kind, refusal.code), (Kind::Unavailable, "application-busy")),
        }
    }
    assert_eq!(registered, 1);
    // Who was told to come again learns it now; the number not used is not lost.
    bench.isos.crossings.lock().unwrap().push(crossing("C01X00009", "2026-06-02"));
    let mut next = application(70);
    next["document"]["number"] = json!("C01X00009");
    let number = bench.submit(&next).await["registration_number"].as_str().unwrap().to_owned();
    assert!(number.starts_with("RB-2026-0000002-"), "{number}");
}

async fn while_isos_is_away_nothing_is_decided(engine: Engine) {
    let bench = Bench::new(engine).await;
    *bench.isos.away.lock().unwrap() = Some(Kind::UpstreamTimeout);
    let body = application(4);
    let refusal = bench.ask("registrations/submit", &body).await.unwrap_err();
    assert_eq!((refusal.kind, refusal.code, refusal.retry_after), (Kind::UpstreamTimeout, "isos-away", Some(7)));
    let refusal =
        bench.ask("registrations/view", &json!({"application_id": body["application_id"]})).await.unwrap_err();
    assert_eq!(refusal.code, "unknown-application");
    // What needs no crossing is decided without ISOS.
    let mut short = body.clone();
    short["stay"]["to"] = json!("2026-06-10");
    assert_eq!(bench.ask("registrations/check", &short).await.unwrap()["code"], "short-stay");
    *bench.isos.away.lock().unwrap() = None;
    assert_eq!(bench.submit(&body).await["outcome"], "registered");
}

async fn an_entry_that_comes_later_is_found_later(engine: Engine) {
    let bench = Bench::new(engine).await;
    let known = std::mem::take(&mut *bench.isos.crossings.lock().unwrap());
    let body = application(5);
    assert_eq!(bench.submit(&body).await["code"], "entry-not-found");
    *bench.isos.crossings.lock().unwrap() = known;
    assert_eq!(bench.submit(&body).await["code"], "entry-not-found", "a repetition is the same answer");
    bench.later(11 * 60);
    assert_eq!(bench.submit(&body).await["outcome"], "registered");
}

async fn checking_keeps_nothing_and_looks_up_no_more_than_needed(engine: Engine) {
    let bench = Bench::new(engine).await;
    let body = application(6);
    assert_eq!(bench.ask("registrations/check", &body).await.unwrap()["outcome"], "registered");
    let view = json!({"application_id": body["application_id"]});
    assert!(bench.ask("registrations/view", &view).await.is_err());
    let before = bench.isos.searches.load(std::sync::atomic::Ordering::SeqCst);
    let mut late = body.clone();
    late["entry"]["date"] = json!("2026-05-01");
    assert_eq!(bench.ask("registrations/check", &late).await.unwrap()["code"], "late");
    let mut slip = body;
    slip["document"]["number"] = json!("");
    assert_eq!(bench.ask("registrations/check", &slip).await.unwrap()["outcome"], "faults");
    assert_eq!(bench.isos.searches.load(std::sync::atomic::Ordering::SeqCst), before);
    let faults = bench.stays.faults(&slip, Lang::Be);
    assert_eq!((faults.len(), faults[0].message.as_str()), (1, "Укажыце нумар дакумента"));
}

/// The database alone says nothing about anybody.
async fn nothing_personal_lies_open(engine: Engine) {
    const BODIES: store::Statement = store::Statement::new("BODIES", "SELECT body FROM stays_application");
    const JOBS: store::Statement = store::Statement::new("JOBS", "SELECT body FROM job");
    let bench = Bench::new(engine).await;
    bench.submit(&application(7)).await;
    let read = bench.db.read(|tx| {
        let mut all = tx.query(&BODIES, &[], |row| Ok(row.bytes(0)?.to_vec()))?;
        all.extend(tx.query(&JOBS, &[], |row| Ok(row.bytes(0)?.to_vec()))?);
        Ok(all)
    });
    let bodies = read.await.unwrap();
    assert_eq!(bodies.len(), 2);
    for word in ["TESTER", "C01X00T47", "Niamiha", "19700320", "BGS-0001"] {
        let open = |body: &Vec<u8>| body.windows(word.len()).any(|part| part == word.as_bytes());
        assert!(!bodies.iter().any(open), "{word}");
    }
}

on_both_engines! {
    the_same_application_is_registered_once,
    what_was_refused_is_corrected_under_the_same_number,
    an_application_is_its_senders_own,
    numbers_have_no_gaps_under_concurrency,
    of_two_for_one_document_one_is_registered,
    while_isos_is_away_nothing_is_decided,
    an_entry_that_comes_later_is_found_later,
    checking_keeps_nothing_and_looks_up_no_more_than_needed,
    nothing_personal_lies_open,
}
