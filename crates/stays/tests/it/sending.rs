//! Registrations on their way to ISOS: once there, whatever breaks on the way.

use model::{Kind, Schema};
use serde_json::{Value, json};

use crate::bench::{Bench, Engine, application, folder};

async fn isos(bench: &Bench, id: u128) -> Value {
    let body = json!({"application_id": uuid::Uuid::from_u128(id)});
    bench.ask("registrations/view", &body).await.unwrap()["isos"].clone()
}

/// The record as 3.88.01 takes it.
fn schema(part: &str) -> Schema {
    let methods = folder().join("../3.88.01/methods");
    let mut files = std::collections::BTreeMap::new();
    for name in ["stay-registrations.schema.json", "common.schema.json"] {
        let text = std::fs::read_to_string(methods.join(name)).unwrap();
        files.insert(name.to_owned(), serde_json::from_str(&text).unwrap());
    }
    Schema::compile_in(&files.into(), "stay-registrations.schema.json", &format!("#/$defs/{part}")).unwrap()
}

async fn a_registration_reaches_isos(engine: Engine) {
    let bench = Bench::new(engine).await;
    assert!(!bench.stays.send_next().await.unwrap(), "nothing waits");
    let mut body = application(1);
    for (name, value) in [("surname_ru", "Тестер"), ("given_names_ru", "Отто"), ("patronymic_ru", "Карлович")]
    {
        body["foreigner"][name] = json!(value);
    }
    let answer = bench.submit(&body).await;
    assert_eq!(answer["full_name"], "TESTER OTTO (ТЕСТЕР ОТТО КАРЛОВИЧ)");
    let number = answer["registration_number"].clone();
    assert_eq!(isos(&bench, 1).await, json!({"sent": false, "package_id": null}));
    assert!(bench.stays.send_next().await.unwrap());
    assert!(!bench.stays.send_next().await.unwrap());
    let taken = bench.isos.taken.lock().unwrap().clone();
    assert_eq!(taken.len(), 1);
    assert_eq!(schema("request").check(&taken[0]), Ok(()));
    let record = &taken[0]["records"][0];
    assert_eq!(schema("record").check(record), Ok(()), "{record:#}");
    assert_eq!((&record["registration_number"], &record["to"]), (&number, &json!("2026-06-30")));
    for (name, value) in [("surname_ru", "ТЕСТЕР"), ("name_ru", "ОТТО"), ("patronymic_ru", "КАРЛОВИЧ")]
    {
        assert_eq!(record["foreigner"][name], value);
    }
    assert_eq!(taken[0]["message_source"], "MVD");
    assert_eq!(isos(&bench, 1).await, json!({"sent": true, "package_id": uuid::Uuid::from_u128(1)}));
}

async fn isos_away_is_tried_again_later(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.submit(&application(2)).await;
    *bench.isos.away.lock().unwrap() = Some(Kind::Unavailable);
    assert!(bench.stays.send_next().await.unwrap());
    assert!(!bench.stays.send_next().await.unwrap(), "not at once");
    bench.later(3);
    assert!(bench.stays.send_next().await.unwrap());
    bench.later(3);
    assert!(!bench.stays.send_next().await.unwrap(), "the pause has doubled");
    *bench.isos.away.lock().unwrap() = None;
    bench.later(3);
    assert!(bench.stays.send_next().await.unwrap());
    assert_eq!(isos(&bench, 2).await["sent"], true);
}

async fn after_a_crash_it_is_sent_again_and_known(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.submit(&application(3)).await;
    // ISOS has taken it, the answer was lost, and the program was ended before it could note anything.
    *bench.isos.loses_answer.lock().unwrap() = true;
    assert!(bench.stays.send_next().await.unwrap());
    assert_eq!(bench.isos.taken.lock().unwrap().len(), 1);
    assert_eq!(isos(&bench, 3).await["sent"], false);
    bench.later(600);
    let again = bench.restarted();
    assert!(again.send_next().await.unwrap());
    assert_eq!(bench.isos.taken.lock().unwrap().len(), 1, "a duplicate is no second record");
    assert_eq!(isos(&bench, 3).await, json!({"sent": true, "package_id": uuid::Uuid::from_u128(1)}));
    assert!(!again.send_next().await.unwrap());
}

async fn what_isos_rejects_is_seen(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.submit(&application(4)).await;
    *bench.isos.rejects.lock().unwrap() = true;
    assert_eq!(bench.stays.given_up().await.unwrap(), 0);
    assert!(bench.stays.send_next().await.unwrap());
    assert_eq!(bench.stays.given_up().await.unwrap(), 1);
    bench.later(100_000);
    assert!(!bench.stays.send_next().await.unwrap(), "not sent in vain");
    assert_eq!(isos(&bench, 4).await["sent"], false);
}

async fn the_worker_sends_by_itself(engine: Engine) {
    let bench = Bench::new(engine).await;
    let worker = tokio::spawn(bench.stays.clone().work());
    bench.submit(&application(5)).await;
    for _ in 0..100 {
        if isos(&bench, 5).await["sent"] == true {
            worker.abort();
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("not sent within ten seconds");
}

on_both_engines! {
    a_registration_reaches_isos,
    isos_away_is_tried_again_later,
    after_a_crash_it_is_sent_again_and_known,
    what_isos_rejects_is_seen,
    the_worker_sends_by_itself,
}
