//! What must not be told, what each group of data adds, and what was in force when.

use super::*;

const ALL: [u16; 8] = [1, 3, 4, 9, 21, 22, 23, 24];

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

async fn absent_data_are_left_out(engine: Engine) {
    let bench = Bench::new(engine).await;
    let single = bench.data(number(2, 0), &ALL).await;
    assert!(single["family"].get("wife").is_none() && single["family"].get("husband").is_none());
    assert!(single["family"].get("martial_status").is_none() && single.get("history").is_none());
    let child = &single["family"]["child"][0]["person_data"];
    assert!(child.get("patronymic").is_none() && child.get("patronymic_bel").is_none(), "{child:#}");
    let foreign = bench.data(number(5, 0), &ALL).await;
    let husband = &foreign["family"]["husband"]["person_data"];
    assert!(husband.get("identif").is_none() && husband.get("document").is_none(), "{husband:#}");
    let newborn = bench.data(number(6, 0), &ALL).await;
    assert!(newborn["family"]["child"][0]["person_data"].get("identif").is_none());
}

/// That a child is adopted is a secret: nothing names the adoption, and nothing leads back to it.
async fn an_adoption_is_not_told(engine: Engine) {
    let bench = Bench::new(engine).await;
    for person in [0, 1] {
        let data = bench.data(number(9, person), &ALL).await;
        let text = data.to_string();
        assert_eq!(data["family"]["child"].as_array().unwrap().len(), 1);
        assert!(!text.contains("0600") && !text.contains("54100025") && !text.contains("ПАШКЕВИЧ"), "{data:#}");
    }
    let mother = bench.data(number(9, 3), &ALL).await;
    assert!(mother["family"].get("child").is_none(), "{mother:#}");
}

async fn the_rights_of_one_parent_are_not_told_of_the_other(engine: Engine) {
    let bench = Bench::new(engine).await;
    let other = bench.data(number(7, 1), &ALL).await;
    assert!(other["family"].get("prnt_rights").is_none());
    assert!(other["family"]["child"][0].get("prnt_rights_info").is_none(), "{other:#}");
}

async fn each_group_adds_its_own(engine: Engine) {
    let bench = Bench::new(engine).await;
    let family = bench.data(number(0, 0), &[4]).await;
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&family), ["identif", "family"]);
    assert_eq!(
        members(&family["family"]["wife"]["person_data"]),
        ["identif", "last_name", "name", "patronymic", "sex", "status"]
    );
    assert!(family["family"]["child"][0]["person_data"].get("birth_day").is_some());
    let documents = bench.data(number(0, 0), &[3, 4]).await;
    assert!(documents["document"].is_array() && documents["family"]["wife"]["person_data"]["document"].is_array());
    assert!(documents["family"]["wife"].get("documents").is_none(), "certificates are group 9");
    let identity = bench.data(number(0, 0), &[1]).await;
    assert!(identity.get("family").is_none() && identity["last_name"] == "КОВАЛЁВ", "{identity:#}");
    // A divorce shows its date only when it is asked for.
    let status = |data: &Value| data["family"]["martial_status"]["cert_data"].clone();
    assert!(status(&bench.data(number(1, 0), &[4, 9]).await).get("dvc_date").is_none());
    assert_eq!(
        status(&bench.data(number(1, 0), &[21]).await),
        json!({"dvc_date": "2021-11-17", "dvc_region":
        bench.data(number(1, 0), &ALL).await["family"]["martial_status"]["cert_data"]["dvc_region"]})
    );
    assert!(status(&bench.data(number(4, 0), &[4, 21]).await).get("invalid_mrg_date").is_none());
    let restored = bench.data(number(8, 0), &[24]).await;
    let info = &restored["family"]["prnt_rights"][0]["prnt_rights_info"];
    assert!(info.get("deprivation_prnt_rights_date").is_none() && info["return_prnt_rights_date"] == "2020-09-14");
}

async fn what_was_in_force_when_is_known(engine: Engine) {
    let bench = Bench::new(engine).await;
    let status = |around: &Around, text: &str| Family::on(around, day(text)).status(around);
    let twice = bench.around(number(1, 0)).await;
    for (on, expected) in [
        ("2001-06-15", MaritalStatus::NoData),
        ("2001-06-16", MaritalStatus::Married),
        ("2014-03-12", MaritalStatus::Divorced),
        ("2015-08-08", MaritalStatus::Married),
        ("2021-11-16", MaritalStatus::Married),
        ("2021-11-17", MaritalStatus::DivorcedByCourt),
    ] {
        assert_eq!(status(&twice, on), expected, "{on}");
    }
    let widower = bench.around(number(3, 0)).await;
    assert_eq!(status(&widower, "2019-02-10"), MaritalStatus::Married);
    assert_eq!(status(&widower, "2019-02-11"), MaritalStatus::Widowed);
    let mother = bench.around(number(8, 0)).await;
    let rights = |on: &str| {
        let child = Family::on(&mother, day(on)).children[0].clone();
        (child.deprived.is_some(), child.restored.is_some())
    };
    assert_eq!(
        [rights("2016-03-21"), rights("2016-03-22"), rights("2020-09-14")],
        [(false, false), (true, false), (true, true)]
    );
    let before = bench.around(number(9, 3)).await;
    assert_eq!(Family::on(&before, day("2017-04-18")).children.len(), 1);
    assert_eq!(Family::on(&before, day("2017-04-19")).children.len(), 0);
}

async fn a_name_borne_before_is_kept(engine: Engine) {
    let bench = Bench::new(engine).await;
    let around = bench.around(number(13, 1)).await;
    let surname = |on: &str| around.identity_on(around.subject, day(on)).map(|who| who.last_name.be.clone());
    assert_eq!(surname("2021-08-27").as_deref(), Some("ЛЯВОНАВІЧ"));
    assert_eq!(surname("2021-08-28").as_deref(), Some("ДУБРОЎСКАЯ"));
    assert_eq!(surname("1990-01-01"), None);
}

/// Every synthetic family can be told in the promised form, by each of its people.
async fn every_family_can_be_told(engine: Engine) {
    let bench = Bench::new(engine).await;
    let mut married = 0;
    for household in synthetic::population(1, until(), 300) {
        for person in household.people.iter().filter_map(|person| person.number.as_deref()) {
            let data = bench.data(person, &ALL).await;
            assert_eq!(data["identif"], person, "{data:#}");
            married += u32::from(data["family"]["marital_status"]["code"] == "10");
        }
    }
    assert!(married > 60, "{married}");
}

on_both_engines! {
    absent_data_are_left_out,
    an_adoption_is_not_told,
    the_rights_of_one_parent_are_not_told_of_the_other,
    each_group_adds_its_own,
    what_was_in_force_when_is_known,
    a_name_borne_before_is_kept,
    every_family_can_be_told,
}
