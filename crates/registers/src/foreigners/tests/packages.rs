//! Packages: durable answers, duplicates, repeated messages, test mode, state, annulments.

use super::*;

async fn one_bad_record_does_not_lose_the_good_ones(engine: Engine) {
    let bench = Bench::new(engine);
    let good = crossing("C-1", "entry", "2025-06-02T14:05:00+03:00");
    let mut bad = crossing("C-2", "entry", "2025-06-02T14:05:00+03:00");
    bad["doc"].as_object_mut().unwrap().remove("doc_number");
    let answer = bench.submit(RecordKind::Crossings, &[good.clone(), good.clone(), bad]).await;
    assert_eq!(answer["message"], "Package received: 1 record accepted, 1 duplicate, 1 rejected");
    let id = &answer["records"][0]["record_id"];
    assert_eq!(answer["records"][1]["of"], *id);
    assert_eq!(answer["records"][2]["errors"][0]["pointer"], "/records/2/doc/doc_number");
    assert_eq!(answer["records"][2]["errors"][0]["code"], "06");
    // The same crossing in another package, even with another time, is the same record.
    let again = bench.submit(RecordKind::Crossings, &[crossing("C-1", "entry", "2025-06-03T14:05:00+03:00")]).await;
    assert_eq!(again["records"][0], json!({"index": 0, "result": "duplicate", "of": id}));
    assert_eq!(bench.found(RecordKind::Crossings, json!({"period_from": "2025-01-01"})).await.len(), 1);
}

async fn a_message_is_taken_once(engine: Engine) {
    let bench = Bench::new(engine);
    let package = bench.package(RecordKind::Crossings, &[crossing("C-1", "entry", "2025-06-02T14:05:00+03:00")]);
    let reply = |body: Value| bench.reply(bench.ask("border-committee", "crossings/submit", &body));
    let first = reply(package.clone()).await.unwrap().body;
    bench.pass(60);
    assert_eq!(reply(package.clone()).await.unwrap().body, first);
    let other = with(package.clone(), &[("/message_time", json!("2025-06-02T14:07:00+03:00"))]);
    assert_eq!(reply(other).await.unwrap_err().code, "replayed-message");
    assert_eq!(bench.found(RecordKind::Crossings, json!({"doc_number": "C01X00T47"})).await.len(), 1);
    // Another consumer may use the same identifier.
    let visas = with(
        bench.package(RecordKind::Visas, &[sample(RecordKind::Visas)]),
        &[("/message_id", package["message_id"].clone())],
    );
    assert_eq!(bench.call("mfa", "visas/submit", &visas).await.unwrap()["records"][0]["result"], "accepted");
}

async fn a_refused_package_stores_nothing(engine: Engine) {
    let bench = Bench::new(engine);
    let package = bench.package(RecordKind::Crossings, &[crossing("C-1", "entry", "2025-06-02T14:05:00+03:00")]);
    for (consumer, path, body, code) in [
        (
            "border-committee",
            "crossings/submit",
            with(package.clone(), &[("/message_source", json!("MVD"))]),
            "message-source-foreign",
        ),
        ("mfa", "crossings/submit", with(package.clone(), &[("/message_source", json!("MID"))]), "kind-not-permitted"),
        ("border-committee", "crossings/submit?mode=dry", package.clone(), "mode-unknown"),
        ("border-committee", "crossings/submit?mode=test&mode=test", package.clone(), "query-unknown"),
        ("border-committee", "crossings/drop", package.clone(), "unknown-method"),
        ("border-committee", "trains/submit", package.clone(), "unknown-method"),
    ] {
        assert_eq!(bench.call(consumer, path, &body).await.unwrap_err().code, code, "{path}");
    }
    assert!(bench.found(RecordKind::Crossings, json!({"doc_number": "C01X00T47"})).await.is_empty());
}

async fn test_mode_says_the_same_and_stores_nothing(engine: Engine) {
    let bench = Bench::new(engine);
    let record = crossing("C-1", "entry", "2025-06-02T14:05:00+03:00");
    let package = bench.package(RecordKind::Crossings, std::slice::from_ref(&record));
    for _ in 0..2 {
        let answer = bench.call("border-committee", "crossings/submit?mode=test", &package).await.unwrap();
        assert_eq!(answer["records"], json!([{"index": 0, "result": "accepted"}]));
        assert!(answer["message"].as_str().unwrap().contains("nothing stored"));
        let id = answer["package_id"].as_str().unwrap();
        let state = bench.call("mia", &format!("packages/status?package_id={id}"), &Value::Null).await;
        assert_eq!(state.unwrap_err().code, "unknown-package");
    }
    let stored = bench.call("border-committee", "crossings/submit", &package).await.unwrap();
    let checked = bench.package(RecordKind::Crossings, std::slice::from_ref(&record));
    let checked = bench.call("border-committee", "crossings/submit?mode=test", &checked).await.unwrap();
    assert_eq!(checked["records"][0]["of"], stored["records"][0]["record_id"]);
}

async fn the_state_of_a_package_is_for_its_sender_and_the_owner(engine: Engine) {
    let bench = Bench::new(engine);
    let answer = bench.submit(RecordKind::Visas, &[sample(RecordKind::Visas)]).await;
    let path = format!("packages/status?package_id={}", answer["package_id"].as_str().unwrap());
    for consumer in ["mfa", "mia"] {
        let state = bench.call(consumer, &path, &Value::Null).await.unwrap();
        assert_eq!(state["records"], answer["records"]);
        assert_eq!(state["message_source"], "MID");
        assert_eq!(state["record_kind"], "visas");
    }
    for (consumer, path) in
        [("border-committee", path.as_str()), ("mia", "packages/status"), ("mia", "packages/status?package_id=x")]
    {
        assert_eq!(bench.call(consumer, path, &Value::Null).await.unwrap_err().code, "unknown-package");
    }
}

async fn annulments_change_states_and_raise_alerts(engine: Engine) {
    let bench = Bench::new(engine);
    let annulment = sample(RecordKind::VisaAnnulments);
    let early = bench.submit(RecordKind::VisaAnnulments, std::slice::from_ref(&annulment)).await;
    assert_eq!(early["records"][0]["result"], "accepted");
    assert_eq!(early["records"][0]["warnings"][0]["code"], "unknown-object");

    let visa =
        with(sample(RecordKind::Visas), &[("/visa_number", json!("BY7654321")), ("/valid_to", json!("2025-12-31"))]);
    bench.submit(RecordKind::Visas, std::slice::from_ref(&visa)).await;
    let state = |found: Vec<Value>| found[0]["state"].as_str().unwrap().to_owned();
    let search = json!({"visa_number": "BY 765-4321"});
    assert_eq!(state(bench.found(RecordKind::Visas, search.clone()).await), "valid");
    let used = |id: &str, time: &str| with(crossing(id, "entry", time), &[("/visa_number", json!("BY7654321"))]);
    let before = bench.submit(RecordKind::Crossings, &[used("C-1", "2025-09-01T10:00:00+03:00")]).await;
    assert!(before["records"][0].get("alerts").is_none(), "{before}");
    let before_annulment = bench.now();
    bench.pass(10);
    for kind in ["annulled", "invalid", "withdrawn"] {
        let change = with(
            annulment.clone(),
            &[("/visa_number", json!("BY7654321")), ("/annul_kind", json!(kind)), ("/annul_date", json!("2025-10-01"))],
        );
        let answer = bench.submit(RecordKind::VisaAnnulments, &[change]).await;
        assert!(answer["records"][0].get("warnings").is_none(), "{answer}");
        assert_eq!(state(bench.found(RecordKind::Visas, search.clone()).await), kind);
        bench.pass(10);
    }
    let after = bench.submit(RecordKind::Crossings, &[used("C-2", "2025-10-02T10:00:00+03:00")]).await;
    assert_eq!(after["records"][0]["alerts"][0]["code"], "annulled-visa");
    let alerts: Vec<usize> = bench
        .found(RecordKind::Crossings, json!({"visa_number": "BY7654321"}))
        .await
        .iter()
        .map(|found| found["alerts"].as_array().unwrap().len())
        .collect();
    assert_eq!(alerts, [1, 0], "the crossing before the annulment bears no alert");
    let then = json!({"visa_number": "BY7654321", "as_of": before_annulment.to_string()});
    assert_eq!(state(bench.found(RecordKind::Visas, then).await), "valid");
}

async fn documents_annulled_or_expired_raise_alerts(engine: Engine) {
    let bench = Bench::new(engine);
    bench.submit(RecordKind::IdentityDocuments, &[sample(RecordKind::IdentityDocuments)]).await;
    bench.submit(RecordKind::IdentityDocumentAnnulments, &[sample(RecordKind::IdentityDocumentAnnulments)]).await;
    let found = bench.found(RecordKind::IdentityDocuments, json!({"doc_number": "PT0012345"})).await;
    assert_eq!(found[0]["state"], "withdrawn");
    let with_document = with(
        crossing("C-1", "exit", "2025-08-01T10:00:00+03:00"),
        &[(
            "/doc",
            json!({"doc_type": "54100030", "doc_series": "PT", "doc_number": "0012345", "issuing_state": "BLR",
            "expire_date": "2025-07-31"}),
        )],
    );
    let answer = bench.submit(RecordKind::Crossings, &[with_document]).await;
    let codes: Vec<&str> = answer["records"][0]["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| alert["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["annulled-document", "expired-document"]);
}

async fn an_extension_moves_the_end_of_a_stay(engine: Engine) {
    let bench = Bench::new(engine);
    bench.submit(RecordKind::StayRegistrations, &[sample(RecordKind::StayRegistrations)]).await;
    let search = json!({"registration_number": "RB-2025-0000017-4"});
    assert_eq!(bench.found(RecordKind::StayRegistrations, search.clone()).await[0]["state"], "expired");
    let change = with(sample(RecordKind::StayChanges), &[("/new_to", json!("2025-11-01"))]);
    bench.submit(RecordKind::StayChanges, &[change]).await;
    assert_eq!(bench.found(RecordKind::StayRegistrations, search).await[0]["state"], "valid");
}

async fn clocks_of_checkpoints_may_be_five_minutes_ahead(engine: Engine) {
    let bench = Bench::new(engine);
    let at = |seconds: i64| bench.now().checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap().to_string();
    let answer = bench
        .submit(RecordKind::Crossings, &[crossing("C-1", "entry", &at(299)), crossing("C-2", "entry", &at(301))])
        .await;
    assert_eq!(answer["records"][0]["result"], "accepted");
    assert_eq!(answer["records"][1]["errors"][0]["code"], "11");
    let unlisted = with(crossing("C-3", "entry", &at(0)), &[("/checkpoint_code", json!("KPP-MSQ"))]);
    let answer = bench.submit(RecordKind::Crossings, &[unlisted]).await;
    assert_eq!(answer["records"][0]["warnings"][0]["code"], "unlisted-checkpoint");
}

async fn languages_are_equal(engine: Engine) {
    let bench = Bench::new(engine);
    let package = bench.package(RecordKind::Crossings, &[json!({})]);
    for (lang, start) in [(Lang::En, "Package"), (Lang::Be, "Пакет правераны"), (Lang::Ru, "Пакет проверен")]
    {
        let mut ask = bench.ask("border-committee", "crossings/submit?mode=test", &package);
        ask.lang = lang;
        let answer: Value = serde_json::from_slice(&bench.reply(ask).await.unwrap().body).unwrap();
        assert!(answer["message"].as_str().unwrap().starts_with(start));
        let message = answer["records"][0]["errors"][0]["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.starts_with("fault."), "{message}");
    }
}

/// A package as big as allowed: every record, person and month is there, whatever the node remembers.
async fn large_packages_come_whole(engine: Engine) {
    let bench = Bench::new(engine);
    for round in 0..3 {
        let records: Vec<Value> = (0..500)
            .map(|n| {
                let id = format!("C-{round}-{n}");
                let time = format!("2025-{:02}-{:02}T10:00:00+03:00", 1 + n % 9, 1 + n % 28);
                let surname = format!("TESTER{}", char::from(b'A' + (n % 20) as u8));
                with(crossing(&id, "entry", &time), &[("/foreigner/surname_lat", json!(surname))])
            })
            .collect();
        let answer = bench.submit(RecordKind::Crossings, &records).await;
        assert_eq!(answer["message"], "Package received: 500 records accepted");
    }
    let all = bench.found(RecordKind::Crossings, json!({"surname_lat": "TESTERC", "limit": 1000})).await;
    assert_eq!(all.len(), 75);
    let persons = bench.db.read(|tx| {
        tx.query_opt(&store::Statement::new("T", "SELECT count(*) FROM isos_person"), &[], |row| row.int(0))
    });
    assert_eq!(persons.await.unwrap(), Some(20));
}

on_both_engines! {
    one_bad_record_does_not_lose_the_good_ones,
    a_message_is_taken_once,
    a_refused_package_stores_nothing,
    test_mode_says_the_same_and_stores_nothing,
    the_state_of_a_package_is_for_its_sender_and_the_owner,
    annulments_change_states_and_raise_alerts,
    documents_annulled_or_expired_raise_alerts,
    an_extension_moves_the_end_of_a_stay,
    clocks_of_checkpoints_may_be_five_minutes_ahead,
    languages_are_equal,
    large_packages_come_whole,
}
