//! A person's history.

use super::*;

async fn entries_meet_their_exits(engine: Engine) {
    let bench = Bench::new(engine);
    let mut refused = crossing("C-9", "entry", "2025-09-01T10:00:00+03:00");
    refused["refusal"] = json!(true);
    let records = [
        crossing("C-1", "entry", "2025-03-01T10:00:00+03:00"),
        crossing("C-2", "exit", "2025-03-05T10:00:00+03:00"),
        crossing("C-3", "exit", "2025-06-01T10:00:00+03:00"),
        with(crossing("C-4", "entry", "2025-10-10T10:00:00+03:00"), &[("/doc/doc_number", json!("NEWPASS1"))]),
        refused,
    ];
    bench.submit(RecordKind::Crossings, &records).await;
    let visa = with(sample(RecordKind::Visas), &[("/valid_to", json!("2025-12-31"))]);
    bench.submit(RecordKind::Visas, &[visa]).await;
    bench.submit(RecordKind::ResidencePermits, &[sample(RecordKind::ResidencePermits)]).await;
    bench.submit(RecordKind::StayRegistrations, &[sample(RecordKind::StayRegistrations)]).await;

    for question in [
        json!({"surname_lat": "TESTER", "given_names_lat": "OTTO", "birth_date": "19700320"}),
        json!({"doc_number": "C01X00T47"}),
        json!({"doc": {"doc_number": "NEWPASS1", "issuing_state": "DEU"}}),
        json!({"surname_lat": "TESTER", "given_names_lat": "OTTO", "birth_date": "19700320", "doc_number": "NEWPASS1"}),
    ] {
        let history = bench.call("mia", "persons/history", &question).await.unwrap();
        let stays = history["stays"].as_array().unwrap();
        let days: Vec<_> =
            stays.iter().map(|stay| (stay["days"].as_i64().unwrap(), stay["open"].as_bool().unwrap())).collect();
        assert_eq!(days, [(6, true), (5, false)], "{question}");
        assert_eq!(history["days"], json!({"total": 11, "last_365": 11, "calendar_year": 11}));
        assert_eq!(history["unpaired"][0]["crossing_time"], "2025-06-01T10:00:00+03:00");
        assert_eq!(history["unpaired"].as_array().unwrap().len(), 1);
        assert_eq!(history["crossings"].as_array().unwrap().len(), 5);
        assert_eq!(history["visas"].as_array().unwrap().len(), 1);
        assert_eq!(history["permits"].as_array().unwrap().len(), 1);
        assert_eq!(history["registrations"], json!([]), "the registration has ended");
        assert_eq!(history["persons"][0]["citizenships"], json!(["DEU"]));
        assert_eq!(history["complete"], true);
    }
    let for_mfa = bench.call("mfa", "persons/history", &json!({"doc_number": "C01X00T47"})).await.unwrap();
    assert!(for_mfa.get("permits").is_none() && for_mfa.get("registrations").is_none());
    assert_eq!(for_mfa["visas"].as_array().unwrap().len(), 1);
    assert_eq!(
        bench.call("ticket-operator", "persons/history", &json!({"doc_number": "1"})).await.unwrap_err().code,
        "kind-not-permitted"
    );
    assert_eq!(
        bench.call("mia", "persons/history", &json!({"surname_lat": "TESTER"})).await.unwrap_err().code,
        "history-needs-person"
    );
    let other =
        json!({"surname_lat": "OTHER", "given_names_lat": "OTTO", "birth_date": "19700320", "doc_number": "NEWPASS1"});
    assert_eq!(bench.call("mia", "persons/history", &other).await.unwrap()["crossings"], json!([]));
}

async fn a_corrected_crossing_counts_once_and_as_of_looks_back(engine: Engine) {
    let bench = Bench::new(engine);
    let entry = crossing("C-1", "entry", "2025-10-01T10:00:00+03:00");
    let answer = bench.submit(RecordKind::Crossings, std::slice::from_ref(&entry)).await;
    let question = json!({"surname_lat": "TESTER", "given_names_lat": "OTTO", "birth_date": "19700320"});
    let then = bench.now().to_string();
    bench.pass(3600);
    let better = with(
        entry,
        &[
            ("/corrects", answer["records"][0]["record_id"].clone()),
            ("/crossing_time", json!("2025-10-11T10:00:00+03:00")),
        ],
    );
    bench.submit(RecordKind::Crossings, &[better]).await;
    let history = bench.call("mia", "persons/history", &question).await.unwrap();
    assert_eq!((history["days"]["total"].as_i64(), history["stays"].as_array().unwrap().len()), (Some(5), 1));
    let before = bench.call("mia", "persons/history", &with(question, &[("/as_of", json!(then))])).await.unwrap();
    assert_eq!(before["days"]["total"], 15);
}

on_both_engines! {
    entries_meet_their_exits,
    a_corrected_crossing_counts_once_and_as_of_looks_back,
}
