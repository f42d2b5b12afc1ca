//! Entering proceedings: invariants, history, JSON Lines.

use model::Fault;

use super::*;

#[test]
fn invariants_are_enforced_with_pointers() {
    let codes = Codes::built_in().unwrap();
    let vault = Vault::new(&[5; 32]).unwrap();
    let amount = |text: &str| model::Amount::parse(text).unwrap();
    let day = |text: &str| Day::parse(text).unwrap();
    type Spoil = Box<dyn Fn(&mut Proceeding)>;
    let cases: Vec<(&str, &str, Spoil)> = vec![
        ("/debt_balance", "02", Box::new(move |p| p.debt_balance = amount("950.01"))),
        ("/repaid_amount", "02", Box::new(move |p| p.repaid_amount = amount("1250.01"))),
        ("/claim_amount", "02", Box::new(|p| p.claim_code = "10".into())),
        ("/statuses/1/status_date", "11", Box::new(move |p| p.statuses[1].status_date = day("2025-02-02"))),
        ("/current_status_code", "02", Box::new(|p| p.current_status_code = "20".into())),
        (
            "/measures/0/measure_status_date",
            "11",
            Box::new(move |p| p.measures[0].measure_status_date = day("2025-02-19")),
        ),
        ("/statuses/0/status_code", "04", Box::new(|p| p.statuses[0].status_code = "11".into())),
        ("/statuses/2/reason_code", "04", Box::new(|p| p.statuses[2].reason_code = Some("999".into()))),
        ("/claim_code", "04", Box::new(|p| p.claim_code = "11".into())),
        ("/currency_code", "04", Box::new(|p| p.currency_code = "974".into())), // the ruble of 2000 ended in 2016
        ("/opi_code", "04", Box::new(|p| p.opi_code = "1".into())),
        (
            "/measures/0/measure_code",
            "04",
            Box::new(move |p| {
                // Vehicles may be banned from crossing the border since 1 March 2024 only.
                p.measures[0].measure_code = "10".into();
                p.measures[0].added_date = day("2024-02-29");
            }),
        ),
        ("/measures/0/measure_status_code", "04", Box::new(|p| p.measures[0].measure_status_code = "9".into())),
        ("/debtor", "06", Box::new(|p| p.debtor.identification_number = None)),
        ("/court_code", "06", Box::new(|p| p.court_code = None)),
        ("/statuses", "06", Box::new(|p| p.statuses.clear())),
    ];
    assert!(Prepared::new(&vault, &codes, example()).is_ok());
    for (pointer, code, spoil) in cases {
        let mut proceeding = example();
        spoil(&mut proceeding);
        let faults = Prepared::new(&vault, &codes, proceeding).map(|_| ()).unwrap_err();
        let told: Vec<(&str, &str)> = faults.iter().map(|fault| (&*fault.pointer, &*fault.code)).collect();
        assert!(told.contains(&(pointer, code)), "{pointer}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_kept_and_cannot_be_rewritten() {
    let house = house();
    let mut proceeding = example();
    assert_eq!(house.enter(&proceeding).await, Outcome::Added);
    assert_eq!(house.enter(&proceeding).await, Outcome::Unchanged);

    proceeding.statuses.push(Status {
        status_code: "60".into(),
        status_date: Day::parse("2025-06-02").unwrap(),
        reason_code: Some("101".into()),
    });
    proceeding.current_status_code = "60".into();
    proceeding.repaid_amount = proceeding.claim_amount;
    proceeding.debt_balance = model::Amount::ZERO;
    assert_eq!(house.enter(&proceeding).await, Outcome::Changed);

    let mut rewritten = proceeding.clone();
    rewritten.statuses[1].status_date = Day::parse("2025-02-06").unwrap();
    rewritten.measures.clear();
    let Outcome::Refused(faults) = house.enter(&rewritten).await else { panic!("history was rewritten") };
    let told: Vec<&str> = faults.iter().map(|fault: &Fault| &*fault.pointer).collect();
    assert_eq!(told, ["/statuses/1", "/measures"]);
    rewritten.correction = true;
    assert_eq!(house.enter(&rewritten).await, Outcome::Changed);

    let versions = house.register.history("12345/25/7-M").await.unwrap();
    let statuses: Vec<usize> = versions.iter().map(|(_, version)| version.statuses.len()).collect();
    assert_eq!(statuses, [3, 4, 4]);
    assert_eq!(versions[0].1.measures.len(), 1);
    assert!(house.register.history("1").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_are_loaded_and_every_fault_is_told() {
    let house = house();
    let line = |index: usize| serde_json::to_string(&Seed::new(1).proceedings(700).nth(index).unwrap()).unwrap();
    let mut text: Vec<String> = Seed::new(1).proceedings(700).map(|p| serde_json::to_string(&p).unwrap()).collect();
    text[3] = line(3).replace("\"claim_amount\":\"", "\"claim_amount\":\"9");
    text[10] = "{".into();
    text[600] = line(600).replacen('{', "{\"unknown\":1,", 1);
    text.insert(20, String::new());
    text.push(line(5));
    let register = house.register.clone();
    let load = move || {
        let mut faults = Vec::new();
        let loaded = register.load_jsonl(text.join("\n").as_bytes(), |fault| faults.push(fault)).unwrap();
        (loaded, faults)
    };
    let (loaded, faults) = tokio::task::spawn_blocking(load).await.unwrap();
    assert_eq!(loaded, Loaded { added: 697, changed: 0, unchanged: 1, refused: 3 });
    let told: Vec<(u64, &str)> = faults.iter().map(|fault| (fault.line, &*fault.fault.pointer)).collect();
    assert_eq!(told, [(4, "/debt_balance"), (11, ""), (602, "/unknown")]);
}

#[test]
fn a_line_without_end_does_not_fill_the_memory() {
    let house = house();
    let mut text = vec![b'x'; (1 << 20) + 5_000];
    text.extend_from_slice(b"\n{}\n");
    let mut faults = Vec::new();
    let loaded = house.register.load_jsonl(text.as_slice(), |fault| faults.push(fault)).unwrap();
    assert_eq!(loaded.refused, 2);
    assert_eq!((faults[0].line, faults[0].fault.text), (1, "line-too-long"));
    assert!(faults[1..].iter().all(|fault| fault.line == 2));
}
