//! Searches: paging, periods, own documents, near names, moments.

use proptest::prelude::*;

use super::*;

async fn pages(bench: &Bench, mut search: Value) -> Vec<String> {
    let mut out = Vec::new();
    loop {
        let page = bench.call("mia", "crossings/search", &search).await.unwrap();
        let records = page["records"].as_array().unwrap();
        assert!(records.len() as u64 <= search["limit"].as_u64().unwrap());
        out.extend(records.iter().map(|record| record["record"]["crossing_id"].as_str().unwrap().to_owned()));
        match page.get("cursor") {
            Some(cursor) => search["cursor"] = cursor.clone(),
            None => return out,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// Whatever the limit, the pages together are the same sequence, newest first, each record once.
    #[test]
    fn pages_make_one_sequence(days in prop::collection::vec(0i64..400, 1..40), limits in prop::collection::vec(1usize..12, 3)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new(Engine::Sqlite);
            let start: Timestamp = "2024-08-01T10:00:00Z".parse().unwrap();
            let records: Vec<Value> = days.iter().enumerate().map(|(n, day)| {
                let at = start.checked_add(jiff::SignedDuration::from_hours(day * 24)).unwrap();
                let document = if n % 3 == 0 { "OTHER1" } else { "C01X00T47" };
                with(crossing(&format!("C-{n}"), "entry", &at.to_string()), &[("/doc/doc_number", json!(document))])
            }).collect();
            bench.submit(RecordKind::Crossings, &records).await;
            for search in [
                json!({"doc_number": "C01X00T47"}),
                json!({"checkpoint_code": "BY-AIR-MSQ", "issuing_state": "DEU"}),
                json!({"surname_lat": "TESTER"}),
                json!({"surname_lat": "TESTOR", "given_names_lat": "OTTO", "birth_date": "19700320", "match": "close"}),
                json!({"period_from": "2024-09-01", "period_to": "2025-03-31", "doc_number": "C01X00T47"}),
            ] {
                let whole = pages(&bench, with(search.clone(), &[("/limit", json!(1000))])).await;
                let mut expected: Vec<(i64, usize)> = days.iter().enumerate()
                    .filter(|(n, _)| search.get("doc_number").is_none() || n % 3 != 0)
                    .filter(|(_, day)| search.get("period_from").is_none() || (31..=242).contains(*day))
                    .map(|(n, day)| (*day, n)).collect();
                expected.sort_unstable_by(|a, b| b.cmp(a));
                let expected: Vec<String> = expected.into_iter().map(|(_, n)| format!("C-{n}")).collect();
                assert_eq!(whole, expected, "{search}");
                for limit in &limits {
                    assert_eq!(pages(&bench, with(search.clone(), &[("/limit", json!(limit))])).await, whole);
                }
            }
        });
    }
}

async fn criteria_hold_together(engine: Engine) {
    let bench = Bench::new(engine);
    let other = with(crossing("C-2", "exit", "2025-06-12T14:05:00+03:00"), &[("/doc/issuing_state", json!("POL"))]);
    bench.submit(RecordKind::Crossings, &[crossing("C-1", "entry", "2025-06-02T14:05:00+03:00"), other]).await;
    for (search, ids) in [
        (json!({"doc_number": "c01 x00t47"}), &["C-2", "C-1"][..]),
        (json!({"doc_number": "C01X00T47", "issuing_state": "DEU"}), &["C-1"]),
        (json!({"doc_number": "C01X00T47", "period_from": "2025-06-03"}), &["C-2"]),
        (json!({"period_to": "2025-06-02"}), &["C-1"]),
        (json!({"period_to": "2025-06-02T14:04:59+03:00"}), &[]),
        (json!({"flight_number": "b2 872", "surname_lat": "tester"}), &["C-2", "C-1"]),
        (json!({"flight_number": "B2872", "surname_lat": "OTHER"}), &[]),
        (
            json!({"surname_lat": "TESTER", "given_names_lat": "OTTO", "birth_date": "19700320", "issuing_state": "POL"}),
            &["C-2"],
        ),
        (json!({"vehicle_number": "1234AB7"}), &[]),
    ] {
        let found = bench.found(RecordKind::Crossings, search.clone()).await;
        let got: Vec<&str> = found.iter().map(|found| found["record"]["crossing_id"].as_str().unwrap()).collect();
        assert_eq!(got, ids, "{search}");
        assert!(found.iter().all(|found| found["score"].is_null()));
    }
}

async fn near_names_are_found_across_scripts(engine: Engine) {
    let bench = Bench::new(engine);
    let persons = [
        ("C-1", "SCHMIDT", "ANNA LENA", "ШМИДТ", "АННА", "19850615"),
        ("C-2", "KAVALIOU", "ALIAKSANDR", "КОВАЛЁВ", "АЛЕКСАНДР", "19900304"),
        ("C-3", "MUELLER", "JUERGEN", "МЮЛЛЕР", "ЮРГЕН", "19701112"),
    ];
    let records: Vec<Value> = persons
        .iter()
        .map(|(id, surname, given, surname_ru, name_ru, birth)| {
            let mut record = crossing(id, "entry", "2025-06-02T14:05:00+03:00");
            record["foreigner"] = json!({"surname_lat": surname, "given_names_lat": given, "surname_ru": surname_ru,
            "name_ru": name_ru, "birth_date": birth, "sex": "M", "citizenship": "DEU"});
            record
        })
        .collect();
    bench.submit(RecordKind::Crossings, &records).await;
    for (search, id, least) in [
        (json!({"surname_lat": "SCHMIDT", "given_names_lat": "ANNA LENA", "birth_date": "19850615"}), Some("C-1"), 100),
        (json!({"surname_ru": "ШМИДТ", "name_ru": "АННА", "birth_date": "19850615"}), Some("C-1"), 90),
        (json!({"surname_lat": "SHMIDT", "given_names_lat": "ANNA", "birth_date": "19850615"}), Some("C-1"), 80),
        (json!({"surname_lat": "SCHMIDT", "given_names_lat": "ANNA LENA", "birth_date": "19850616"}), Some("C-1"), 80),
        (json!({"surname_lat": "ANNA LENA", "given_names_lat": "SCHMIDT", "birth_date": "19850615"}), Some("C-1"), 80),
        (json!({"surname_lat": "KOVALEV", "given_names_lat": "ALEKSANDR", "birth_date": "19900304"}), Some("C-2"), 80),
        (json!({"surname_ru": "КАВАЛЁЎ", "name_ru": "АЛЯКСАНДР", "birth_date": "19900304"}), Some("C-2"), 80),
        (json!({"surname_ru": "КОВАЛЕВ"}), Some("C-2"), 80),
        (json!({"surname_lat": "MULLER", "given_names_lat": "JURGEN", "birth_date": "19701211"}), Some("C-3"), 80),
        (json!({"surname_lat": "SCHMIDT", "given_names_lat": "ANNA LENA", "birth_date": "19550101"}), None, 0),
        (json!({"surname_lat": "OTHER", "given_names_lat": "NAME", "birth_date": "19850615"}), None, 0),
    ] {
        let found = bench.found(RecordKind::Crossings, with(search.clone(), &[("/match", json!("close"))])).await;
        assert_eq!(found.first().map(|found| found["record"]["crossing_id"].as_str().unwrap()), id, "{search}");
        if let Some(found) = found.first() {
            assert!(found["score"].as_u64().unwrap() >= least, "{search}: {}", found["score"]);
            assert!(!found["reason"].as_str().unwrap().is_empty());
        }
    }
}

async fn the_ticket_operator_sees_its_own_documents_only(engine: Engine) {
    let bench = Bench::new(engine);
    let document = sample(RecordKind::EventDocuments);
    bench.submit(RecordKind::EventDocuments, std::slice::from_ref(&document)).await;
    let search = json!({"event_document_number": "FAN-00000001"});
    let own = bench.call("ticket-operator", "event-documents/search", &search).await.unwrap();
    assert_eq!(own["records"][0]["state"], "expired");
    let mut ask = bench.ask("ticket-operator", "event-documents/search", &search);
    ask.asker = Arc::new(Asker { id: "ticket-operator".into(), source_code: "TICKET2".into(), unp: String::new() });
    let reply: Value = serde_json::from_slice(&bench.reply(ask).await.unwrap().body).unwrap();
    assert_eq!(reply["records"], json!([]));
    let annulment = sample(RecordKind::EventDocumentAnnulments);
    bench.submit(RecordKind::EventDocumentAnnulments, &[annulment]).await;
    let own = bench.call("ticket-operator", "event-documents/search", &search).await.unwrap();
    assert_eq!(own["records"][0]["state"], "annulled");
}

#[tokio::test]
async fn nothing_personal_is_stored_in_the_clear() {
    let bench = Bench::new(Engine::Sqlite);
    let answer =
        bench.submit(RecordKind::Crossings, &[crossing("CANARY-1", "entry", "2025-06-02T14:05:00+03:00")]).await;
    assert_eq!(answer["records"][0]["result"], "accepted");
    let path = bench.db.sqlite_path().unwrap().to_path_buf();
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for canary in ["TESTER", "OTTO", "C01X00T47", "19700320", "CANARY-1", "BY1234567", "ТЕСТЕР"] {
            assert!(!bytes.windows(canary.len()).any(|window| window == canary.as_bytes()), "{canary}");
        }
    }
}

async fn who_is_disclosed_is_told_to_the_gateway(engine: Engine) {
    let bench = Bench::new(engine);
    let known = with(
        crossing("C-2", "exit", "2025-06-12T14:05:00+03:00"),
        &[("/foreigner/identification_number", json!("3010190A010BA2")), ("/doc/doc_number", json!("X2"))],
    );
    bench.submit(RecordKind::Crossings, &[crossing("C-1", "entry", "2025-06-02T14:05:00+03:00"), known]).await;
    let ask = bench.ask("mia", "crossings/search", &json!({"period_from": "2025-01-01"}));
    assert_eq!(bench.reply(ask).await.unwrap().subjects, ["3010190A010BA2", "DEU:C01X00T47"]);
}

/// The order of the index is the order of the answer: nothing is sorted, whatever the number of records.
#[tokio::test]
async fn the_index_is_read_in_order() {
    let bench = Bench::new(Engine::Sqlite);
    let plan = store::Statement::new("PLAN", concat_plan());
    let steps = bench.db.read(move |tx| {
        let params: Vec<store::Param<'_>> = (0..9).map(|_| 1.into()).collect();
        tx.query(&plan, &params, |row| row.text(3).map(str::to_owned))
    });
    let steps = steps.await.unwrap().join("\n");
    assert!(!steps.contains("TEMP B-TREE") && !steps.contains("SCAN"), "{steps}");
}

fn concat_plan() -> &'static str {
    Box::leak(format!("EXPLAIN QUERY PLAN {}", crate::foreigners::sql::BY_TERM.sql).into_boxed_str())
}

on_both_engines! {
    criteria_hold_together,
    near_names_are_found_across_scripts,
    the_ticket_operator_sees_its_own_documents_only,
    who_is_disclosed_is_told_to_the_gateway,
}
