//! Zones of the specimen of ICAO Doc 9303 and our own, every single slip in them, and whatever else is pasted.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// The specimens of Doc 9303 parts 4, 6 and 5.
const TD3: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
const TD2: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
const TD1: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";

fn today() -> Date {
    date(2026, 11, 22)
}

/// The specimen's Utopia is no state: Germany is. Check digits do not cover it in TD3 and TD2, nor in TD1.
fn german(zone: &str) -> String {
    zone.replace("UTO", "D<<")
}

#[test]
fn specimens_are_read() {
    for (zone, kind, number) in
        [(TD3, "passport", "L898902C3"), (TD2, "travel_document", "D23145890"), (TD1, "id_card", "D23145890")]
    {
        let read = parse(&german(zone), today()).unwrap();
        assert_eq!((read.kind, read.number.as_str()), (kind, number));
        assert_eq!((read.surname.as_str(), read.given_names.as_str()), ("ERIKSSON", "ANNA MARIA"));
        assert_eq!((read.issuing_state.code(), read.citizenship.code()), ("DEU", "DEU"));
        assert_eq!((read.birth_date.as_str(), read.sex), ("19740812", Some('F')));
        assert_eq!(read.expires_on, date(2012, 4, 15));
    }
}

#[test]
fn a_long_number_of_a_card_goes_on_in_the_optional_data() {
    // Doc 9303 part 5, the number of a Belgian card's form: D23145890734.
    let number = "D23145890734";
    let check = check_digit(number.chars()).unwrap();
    let first = format!("I<BELD23145890<734{check}<<<<<<<<<<<");
    let second = "7408122F1204159BEL<<<<<<<<<<<";
    let over = format!("{}{}{}{}", &first[5..], &second[..7], &second[8..15], &second[18..29]);
    let zone = format!("{first}\n{second}{}\nERIKSSON<<ANNA<MARIA<<<<<<<<<<", check_digit(over.chars()).unwrap());
    assert_eq!(parse(&zone, today()).unwrap().number, number);
}

#[test]
fn the_place_of_a_slip_is_named() {
    let zone = german(TD3);
    let first = |zone: &str| parse(zone, today()).unwrap_err().remove(0);
    let mistake = first(&zone.replace("L898902C36", "L898902C38"));
    assert_eq!((mistake.line, mistake.position, mistake.field), (2, 10, "number"));
    assert_eq!(mistake.problem, Problem::CheckDigit { expected: '6', found: '8' });
    let mistake = first(&zone.replace("7408122F", "74O8122F"));
    assert_eq!((mistake.line, mistake.position, mistake.field), (2, 16, "birth-date"));
    assert_eq!(mistake.problem, Problem::Character { found: 'O' });
    assert_eq!(first(TD3).problem, Problem::Country);
    assert_eq!(first("one line").problem, Problem::Lines { found: 1 });
    let mistake = first(&zone.replace("<<<<<10", "<<<<10"));
    assert_eq!((mistake.line, mistake.problem), (2, Problem::Length { expected: 44, found: 43 }));
    assert_eq!(first(&zone.replace("F1204159", "F1202309")).field, "expiry");
    assert_eq!(first(&zone.replace("ERIKSSON", "ERIKSS0N")).problem, Problem::Character { found: '0' });
}

#[test]
fn pasted_text_is_taken_for_what_was_meant() {
    let pasted = german(TD3).to_lowercase().replace("<<", "« ").replace('\n', "\r\n\r\n  ");
    assert_eq!(parse(&pasted, today()).unwrap().number, "L898902C3");
}

#[test]
fn the_century_is_the_nearest_past() {
    let born = |digits: &str| {
        let check = check_digit(digits.chars()).unwrap();
        let line = format!("L898902C36D<<{digits}{check}F1204159ZE184226B<<<<<1");
        let over = format!("{}{}{}", &line[..10], &line[13..20], &line[21..43]);
        let zone =
            format!("P<D<<ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n{line}{}", check_digit(over.chars()).unwrap());
        parse(&zone, today()).unwrap().birth_date
    };
    assert_eq!(born("261122"), "20261122");
    assert_eq!(born("261123"), "19261123");
    assert_eq!(born("74<<<<"), "19740000");
}

proptest! {
    #[test]
    fn nothing_pasted_panics(text in "[A-Z0-9<«a-zА-я \n]{0,140}") {
        let _ = parse(&text, today());
    }

    #[test]
    fn zones_of_right_size_never_panic(chars in prop::collection::vec(prop::sample::select("AB09<ÄO".chars().collect::<Vec<_>>()), 90)) {
        for width in [30, 36, 44] {
            let lines: Vec<String> = chars.chunks(width).take(90 / width).map(|line| line.iter().collect()).collect();
            let _ = parse(&lines.join("\n"), today());
        }
    }

    /// Any one character of line 2 of a passport changed to another digit or letter is noticed, unless its weight hides it.
    #[test]
    fn a_changed_digit_is_noticed(at in 0_usize..44, digit in 0_u32..10) {
        let zone = german(TD3);
        let (first, second) = zone.split_once('\n').unwrap();
        let mut line: Vec<char> = second.chars().collect();
        let new = char::from_digit(digit, 10).unwrap();
        prop_assume!(line[at] != new && line[at].is_ascii_digit());
        line[at] = new;
        let changed = format!("{first}\n{}", line.iter().collect::<String>());
        prop_assert!(parse(&changed, today()).is_err(), "position {}", at + 1);
    }
}
