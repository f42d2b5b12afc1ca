//! Corrections: a new version that names the old one; both stay.

use super::*;

async fn first(bench: &Bench) -> (Value, String) {
    let record = crossing("C-1", "entry", "2025-06-02T14:05:00+03:00");
    let answer = bench.submit(RecordKind::Crossings, std::slice::from_ref(&record)).await;
    (record, answer["records"][0]["record_id"].as_str().unwrap().to_owned())
}

async fn a_correction_is_a_new_version(engine: Engine) {
    let bench = Bench::new(engine);
    let (record, id) = first(&bench).await;
    let before = bench.now().to_string();
    bench.pass(60);
    let corrected =
        with(record.clone(), &[("/corrects", json!(id)), ("/crossing_time", json!("2025-07-02T14:05:00+03:00"))]);
    let answer = bench.submit(RecordKind::Crossings, std::slice::from_ref(&corrected)).await;
    assert_eq!(answer["records"][0]["result"], "accepted", "{answer}");
    let newer = answer["records"][0]["record_id"].as_str().unwrap().to_owned();

    let search = json!({"doc_number": "C01X00T47"});
    let found = bench.found(RecordKind::Crossings, search).await;
    let told: Vec<_> = found
        .iter()
        .map(|f| (f["record_id"].as_str().unwrap(), f["state"].as_str().unwrap(), f["corrects"].clone()))
        .collect();
    assert_eq!(told, [(newer.as_str(), "valid", json!(id)), (id.as_str(), "corrected", Value::Null)]);
    assert_eq!(found[0]["record"], corrected);

    let then = bench.found(RecordKind::Crossings, json!({"doc_number": "C01X00T47", "as_of": before})).await;
    assert_eq!(then.len(), 1);
    assert_eq!((then[0]["record_id"].as_str(), then[0]["state"].as_str()), (Some(id.as_str()), Some("valid")));

    // The chain goes on from its end, and a plain repetition is a duplicate of the newest version.
    let third = with(record.clone(), &[("/corrects", json!(newer))]);
    assert_eq!(bench.submit(RecordKind::Crossings, &[third]).await["records"][0]["result"], "accepted");
    let plain = bench.submit(RecordKind::Crossings, &[record]).await;
    assert_eq!(plain["records"][0]["result"], "duplicate");
    assert_ne!(plain["records"][0]["of"], json!(id));
}

async fn a_correction_of_nothing_is_rejected(engine: Engine) {
    let bench = Bench::new(engine);
    let (record, id) = first(&bench).await;
    let mut mistaken: u128 = id.parse::<uuid::Uuid>().unwrap().as_u128();
    mistaken ^= 1;
    for wrong in [uuid::Uuid::from_u128(mistaken).to_string(), uuid::Uuid::nil().to_string()] {
        let answer = bench.submit(RecordKind::Crossings, &[with(record.clone(), &[("/corrects", json!(wrong))])]).await;
        assert_eq!(answer["records"][0]["errors"][0]["pointer"], "/records/0/corrects", "{answer}");
        assert_eq!(answer["records"][0]["errors"][0]["code"], "02");
    }
    // Another kind's record, and another sender's, are no record of this kind of this sender.
    let visa = with(sample(RecordKind::Visas), &[("/corrects", json!(id))]);
    let answer = bench.submit(RecordKind::Visas, &[visa]).await;
    assert_eq!(answer["records"][0]["result"], "rejected");
}

async fn a_record_is_corrected_once(engine: Engine) {
    let bench = Bench::new(engine);
    let (record, id) = first(&bench).await;
    let correction =
        |crossing_id: &str| with(record.clone(), &[("/corrects", json!(id)), ("/crossing_id", json!(crossing_id))]);
    assert_eq!(bench.submit(RecordKind::Crossings, &[correction("C-1a")]).await["records"][0]["result"], "accepted");
    let again = bench.submit(RecordKind::Crossings, &[correction("C-1b")]).await;
    assert_eq!(again["records"][0]["result"], "rejected", "{again}");
    let same = bench.submit(RecordKind::Crossings, &[correction("C-1a")]).await;
    assert_eq!(same["records"][0]["result"], "duplicate");
}

async fn a_corrected_annulment_counts_no_more(engine: Engine) {
    let bench = Bench::new(engine);
    let visa = with(sample(RecordKind::Visas), &[("/valid_to", json!("2025-12-31"))]);
    bench.submit(RecordKind::Visas, &[visa]).await;
    let annulment = sample(RecordKind::VisaAnnulments);
    let answer = bench.submit(RecordKind::VisaAnnulments, std::slice::from_ref(&annulment)).await;
    let id = answer["records"][0]["record_id"].clone();
    let state =
        || async { bench.found(RecordKind::Visas, json!({"visa_number": "BY1234567"})).await[0]["state"].clone() };
    assert_eq!(state().await, "annulled");
    bench.pass(1);
    bench
        .submit(
            RecordKind::VisaAnnulments,
            &[with(annulment, &[("/corrects", id), ("/visa_number", json!("BY0000001"))])],
        )
        .await;
    assert_eq!(state().await, "valid");
}

on_both_engines! {
    a_correction_is_a_new_version,
    a_correction_of_nothing_is_rejected,
    a_record_is_corrected_once,
    a_corrected_annulment_counts_no_more,
}
