//! The rules from tables of cases: days round holidays, year ends and 29 February, every refusal, and properties.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::application::{Address, Application};
use crate::lists::{List, Lists};

fn rules() -> &'static Rules {
    static RULES: std::sync::LazyLock<Rules> = std::sync::LazyLock::new(|| Rules::built_in().unwrap());
    &RULES
}

fn lists() -> &'static Lists {
    static LISTS: std::sync::LazyLock<Lists> = std::sync::LazyLock::new(|| Lists::built_in().unwrap());
    &LISTS
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A German who came by air on 2 June 2025 and stays to 30 June.
fn sample() -> Value {
    json!({
        "foreigner": {"surname_lat": "TESTER", "given_names_lat": "OTTO", "birth_date": "19700320", "sex": "M", "citizenship": "DEU"},
        "document": {"type": "passport", "number": "C01X00T47", "issuing_state": "DEU", "issued_on": "2018-05-02", "expires_on": "2031-05-01"},
        "insurance": {"insurer": "Belgosstrakh", "policy_number": "BGS-1", "valid_from": "2018-06-01", "valid_to": "2031-01-01", "sum": "10000"},
        "visa": {"regime": "visa", "number": "BY1234567", "type": "C", "multiplicity": "1", "valid_from": "2018-06-01", "valid_to": "2031-01-01", "stay_days": "90"},
        "entry": {"route": "state-border", "date": "2025-06-02", "checkpoint": "BY-AIR-MSQ", "purpose": "01"},
        "stay": {"to": "2025-06-30", "address": {"region": "minsk", "city_district": "centralny", "street": "vulica Niamiha", "house": "5", "flat": "12"}},
        "applicant": {"kind": "self"},
    })
}

/// The sample with members changed: `[pointer, value]`.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut value = sample();
    for (pointer, new) in changes {
        let (holder, name) = pointer.rsplit_once('/').unwrap();
        value.pointer_mut(holder).unwrap()[name] = new.clone();
    }
    value
}

fn read(value: &Value, today: Date) -> Application {
    Application::read(value, rules(), lists(), today).unwrap_or_else(|slips| panic!("{slips:?}"))
}

fn crossing(direction: Direction, at: &str, checkpoint: &str) -> Crossing {
    let at = format!("{at}T12:00:00+03:00").parse().unwrap();
    Crossing { direction, at, checkpoint: checkpoint.to_owned(), document: "C01X00T47".to_owned() }
}

/// Decides with the crossing that the application names.
fn decided(changes: &[(&str, Value)], today: &str) -> Decision {
    let value = with(changes);
    let application = read(&value, day(today));
    let code = application.entry.checkpoint.map_or("", |point| point.code);
    let own = crossing(Direction::Entry, &application.entry.date.to_string(), code);
    decide(rules(), &application, &Facts { today: day(today), crossings: &[own], earlier: &[] })
}

#[test]
fn deadlines_round_holidays_year_ends_and_leap_days() {
    // Entry, last day in time; worked out by hand with a calendar.
    let table = [
        ("2019-01-02", "2019-01-08"), // five days; the 6th is a Sunday, the 7th Christmas
        ("2019-02-25", "2019-03-01"), // no leap day
        ("2019-04-28", "2019-05-04"), // Easter Sunday, then 1 May
        ("2019-05-06", "2019-05-13"), // Radunitsa on the 7th, Victory Day, a Sunday
        ("2020-02-26", "2020-03-02"), // over 29 February
        ("2020-06-30", "2020-07-06"), // the last day of five days; 3 and 5 July
        ("2020-07-01", "2020-07-13"), // the first day of ten days
        ("2021-12-27", "2022-01-08"), // 1, 2 and 7 January
        ("2023-12-24", "2024-01-08"), // two Sundays, Christmas twice, 1 and 2 January
        ("2024-02-20", "2024-03-01"), // over 29 February
        ("2024-02-29", "2024-03-12"), // 3, 8 and 10 March
        ("2024-12-20", "2025-01-03"), // over the year's end
        ("2025-04-19", "2025-05-02"), // 20 and 27 April, Radunitsa, 1 May
        ("2025-06-02", "2025-06-12"), // plain
        ("2025-06-30", "2025-07-11"), // 3 and 6 July
        ("2025-07-03", "2025-07-15"), // entry on a holiday
        ("2025-07-06", "2025-07-17"), // entry on a Sunday
        ("2025-10-31", "2025-11-12"), // 2, 7 and 9 November
        ("2025-12-25", "2026-01-09"), // Christmas, two Sundays, 1, 2 and 7 January
        ("2026-11-22", "2026-12-03"), // a Sunday
        ("2027-02-27", "2027-03-11"), // 28 February and 7, 8 March
    ];
    for (entry, last) in table {
        let found = rules().deadline(day(entry)).unwrap();
        let counted =
            |last: Date| day(entry).series(1.day()).take_while(|d| *d <= last).filter(|d| rules().counts(*d)).count();
        let limit = rules().limit(day(entry)).unwrap();
        assert_eq!(counted(found), limit as usize, "{entry}: {found}");
        assert!(rules().counts(found), "{entry}: {found}");
        assert_eq!(found.to_string(), last, "{entry}");
    }
}

#[test]
fn radunitsa_is_the_ninth_day_after_orthodox_easter() {
    // Meeus' rule for the Julian calendar, thirteen days later in the civil one.
    for year in 2019..=2027_i16 {
        let (a, b, c) = (year % 4, year % 7, year % 19);
        let d = (19 * c + 15) % 30;
        let e = (2 * a + 4 * b - d + 34) % 7;
        let (month, on) = ((d + e + 114) / 31, (d + e + 114) % 31 + 1);
        let easter = date(year, month as i8, on as i8) + 13.days();
        let radunitsa = easter + 9.days();
        assert_eq!(radunitsa.weekday(), Weekday::Tuesday);
        assert!(rules().holiday(radunitsa).is_some_and(|names| names[0].starts_with("Radunitsa")), "{radunitsa}");
        for (month, on) in [(1, 1), (1, 7), (3, 8), (5, 1), (5, 9), (7, 3), (11, 7), (12, 25)] {
            assert!(!rules().counts(date(year, month, on)), "{year}-{month}-{on}");
        }
        assert_eq!(
            rules().counts(date(year, 1, 2)) || date(year, 1, 2).weekday() == Weekday::Sunday,
            year == 2019 || date(year, 1, 2).weekday() == Weekday::Sunday
        );
    }
}

#[test]
fn outcomes_by_table() {
    let rows: Vec<&'static str> = include_str!("cases.txt").lines().filter(|line| !line.starts_with('#')).collect();
    assert!(rows.len() >= 40);
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let change = |word: &'static str| match (word.strip_prefix("free:"), word.split_once('=')) {
            (Some(ground), _) => ("/visa", json!({"regime": "visa-free", "ground": ground})),
            (None, Some((pointer, value))) => (pointer, json!(value)),
            (None, None) => panic!("{word}"),
        };
        let changes: Vec<(&str, Value)> = row.rsplit('|').next().unwrap().split_whitespace().map(change).collect();
        let decision = decided(&changes, cells[1]);
        assert_eq!((decision.outcome.word(), decision.code), (cells[2], cells[3]), "{row}: {decision:#?}");
        let last = decision.steps.iter().rfind(|step| !step.passed);
        assert_eq!(last.is_none(), cells[3] == "registered", "{row}");
        assert!(decision.steps.iter().all(|step| !step.act.is_empty() || step.row.is_empty()), "{row}");
    }
}

#[test]
fn facts_decide_too() {
    use Direction::{Entry, Exit};
    let application = read(&sample(), day("2025-06-05"));
    let own = crossing(Entry, "2025-06-02", "BY-AIR-MSQ");
    let decision = |crossings: &[Crossing], earlier: &[Earlier]| {
        decide(rules(), &application, &Facts { today: day("2025-06-05"), crossings, earlier })
    };
    let code = |crossings: &[Crossing], earlier: &[Earlier]| decision(crossings, earlier).code;
    let earlier = |from: &str, to: &str| Earlier {
        number: "RB-2025-0000001-0".into(),
        from: day(from),
        to: day(to),
        ground: String::new(),
    };
    assert_eq!(code(&[], &[]), "entry-not-found");
    assert_eq!(code(&[crossing(Entry, "2025-06-02", "BY-PL-01")], &[]), "entry-differs");
    assert_eq!(code(&[crossing(Entry, "2025-06-03", "BY-AIR-MSQ")], &[]), "entry-differs");
    assert_eq!(code(&[crossing(Entry, "2025-05-02", "BY-AIR-MSQ")], &[]), "entry-not-found");
    assert_eq!(code(&[crossing(Exit, "2025-06-02", "BY-AIR-MSQ")], &[]), "entry-not-found");
    assert_eq!(code(&[own.clone(), crossing(Exit, "2025-06-04", "BY-PL-01")], &[]), "departed");
    let spring = [crossing(Entry, "2025-03-01", "BY-PL-01"), crossing(Exit, "2025-04-30", "BY-PL-01"), own.clone()];
    assert_eq!(code(&spring, &[]), "registered", "61 and 29 days are 90");
    let longer = [crossing(Entry, "2025-02-28", "BY-PL-01"), crossing(Exit, "2025-04-30", "BY-PL-01"), own.clone()];
    assert_eq!(code(&longer, &[]), "year-limit", "62 and 29 days are 91");
    let own = std::slice::from_ref(&own);
    assert_eq!(code(own, &[earlier("2025-04-01", "2025-06-01")]), "registered");
    assert_eq!(code(own, &[earlier("2025-04-01", "2025-06-02")]), "already-registered");
    assert_eq!(code(own, &[earlier("2025-06-02", "2025-06-30")]), "already-registered");
    let extension = decision(own, &[earlier("2025-06-02", "2025-06-20")]);
    assert_eq!(extension.code, "extension");
    let expected = Outcome::PersonalVisit { reason: "extension", by: day("2025-06-20"), office: "24101".into() };
    assert_eq!(extension.outcome, expected, "the district's own office");
}

#[test]
fn the_park_is_registered_online_once_a_year() {
    let value = with(&[("/visa", json!({"regime": "visa-free", "ground": "park180"}))]);
    let application = read(&value, day("2025-06-05"));
    let own = [crossing(Direction::Entry, "2025-06-02", "BY-AIR-MSQ")];
    let code = |from: &str, ground: &str| {
        let to = day(from) + 10.days();
        let earlier = [Earlier { number: "RB-2025-0000001-0".into(), from: day(from), to, ground: ground.into() }];
        decide(rules(), &application, &Facts { today: day("2025-06-05"), crossings: &own, earlier: &earlier }).code
    };
    assert_eq!(code("2025-02-01", "park180"), "park-once-a-year");
    assert_eq!(code("2024-12-15", "park180"), "registered");
    assert_eq!(code("2025-02-01", "airport30"), "registered");
}

#[test]
fn days_of_the_year_are_counted_once() {
    use Direction::{Entry, Exit};
    let stays = [
        crossing(Entry, "2024-12-30", "X"),
        crossing(Exit, "2025-01-02", "X"),
        crossing(Entry, "2025-01-02", "X"),
        crossing(Exit, "2025-01-03", "X"),
        crossing(Exit, "2025-02-01", "X"),
        crossing(Entry, "2025-03-01", "X"),
        crossing(Entry, "2025-03-05", "X"),
    ];
    assert_eq!(days_before(&stays, day("2025-06-02"), 2025), 5);
    assert_eq!(days_before(&stays, day("2025-06-02"), 2024), 2);
    assert_eq!(days_before(&stays, day("2025-01-02"), 2025), 1);
}

#[test]
fn rows_are_held_against_each_other() {
    let text = include_str!("../../../../services/200.12.14.1/rules.toml");
    let wrong = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        Rules::parse(&text.replacen(from, to, 1), Offices::built_in().unwrap()).unwrap_err().to_string()
    };
    assert!(wrong("to = 2020-06-30", "to = 2020-07-01").contains("limit-10-days"));
    assert!(wrong("act = \"law-105-z-41\"", "act = \"law-105\"").contains("law-105"));
    assert!(wrong("citizenship = \"RUS\"", "citizenship = \"RUX\"").contains("RUX"));
    assert!(wrong("days = 5", "day = 5").contains("unknown field"));
    assert_eq!(rules().act("treaty", Lang::Ru), "Международный договор Республики Беларусь с государством гражданства");
}

#[test]
fn numbers_of_passports_have_their_states_form() {
    for (state, number, fits) in [
        ("DEU", "C01X00T47", true),
        ("DEU", "CO1X00T47", false),
        ("DEU", "C01X00T4", false),
        ("POL", "AB1234567", true),
        ("POL", "A1234567", false),
        ("JPN", "anything", true),
    ] {
        assert_eq!(rules().fits_number(state, number), fits, "{state} {number}");
    }
}

#[test]
fn every_region_and_district_has_its_office() {
    let mut seen = std::collections::BTreeSet::new();
    for region in ["minsk", "brest", "vitebsk", "gomel", "grodno", "minsk-region", "mogilev"] {
        assert!(lists().has(List::Regions, region, day("2025-06-02")));
        let address = Address { region: region.into(), ..Address::default() };
        seen.insert(rules().offices.nearest(&address).code.clone());
    }
    assert_eq!(seen.len(), 7);
    for office in rules().offices.all().filter_map(|office| office.district.as_ref()) {
        assert!(lists().has(List::MinskDistricts, office, day("2025-06-02")), "{office}");
    }
}

proptest! {
    #[test]
    fn a_deadline_is_a_counted_day_and_never_goes_back(offset in 0_i32..3000) {
        let entry = date(2019, 1, 2) + offset.days();
        let (one, next) = (rules().deadline(entry).unwrap(), rules().deadline(entry + 1.day()).unwrap());
        prop_assert!(rules().counts(one));
        prop_assert!(one >= entry && one <= next);
    }

    #[test]
    fn who_is_late_today_is_late_tomorrow(entry in 0_i32..1500, today in 0_i32..60, stay in 11_i32..80) {
        let entry = date(2020, 7, 1) + entry.days();
        let changes = [("/entry/date", json!(entry.to_string())), ("/stay/to", json!((entry + stay.days()).to_string()))];
        let application = read(&with(&changes), entry);
        let own = [crossing(Direction::Entry, &entry.to_string(), "BY-AIR-MSQ")];
        let code = |today: Date| decide(rules(), &application, &Facts { today, crossings: &own, earlier: &[] }).code;
        let today = entry + today.days();
        if code(today) == "late" {
            prop_assert_eq!(code(today + 1.day()), "late");
        }
    }

    #[test]
    fn a_longer_stay_is_never_freer(stay in 0_i32..200, citizen in prop::sample::select(vec!["DEU", "UKR", "RUS"])) {
        let entry = day("2025-06-02");
        let outcome = |stay: i32| {
            let to = (entry + stay.days()).to_string();
            decided(&[("/stay/to", json!(to)), ("/foreigner/citizenship", json!(citizen))], "2025-06-02").outcome
        };
        if matches!(outcome(stay + 1), Outcome::NotRequired { .. }) {
            prop_assert!(matches!(outcome(stay), Outcome::NotRequired { .. }), "{stay}");
        }
    }
}
