//! Vectors of `domain.md` §1 and properties of check digits.

use proptest::prelude::*;

use super::*;

#[test]
fn the_numbers_of_the_domain() {
    for (number, sex, birth) in [
        ("3010190A001PB9", Sex::Male, "19900101"),
        ("4150685B002PB8", Sex::Female, "19850615"),
        ("5230414C003PB2", Sex::Male, "20140423"),
        ("6071109H004PB7", Sex::Female, "20091107"),
        ("3120775K005PB6", Sex::Male, "19750712"),
        ("4281292E006PB0", Sex::Female, "19921228"),
        ("3050560M007PB6", Sex::Male, "19600505"),
        ("6010115A008PB8", Sex::Female, "20150101"),
        ("3010190A010BA2", Sex::Male, "19900101"),
        ("4020291A011BI9", Sex::Female, "19910202"),
    ] {
        let parsed = IdentificationNumber::parse(number).unwrap();
        assert_eq!(parsed.sex(), Some(sex), "{number}");
        assert_eq!(parsed.birth_date().unwrap().to_string(), birth);
        assert_eq!(parsed.warnings(), vec![]);
    }
    let test = IdentificationNumber::parse("7010120A013PB3").unwrap();
    assert_eq!((test.sex(), test.birth_date(), test.warnings()), (None, None, vec![Warning::Transient]));
    assert!(IdentificationNumber::parse("0000000A000PB2").is_ok());
    assert_eq!(
        IdentificationNumber::parse("0000000A000PB3"),
        Err(Error::CheckDigit { what: PERSON, position: 14, expected: '2' })
    );
}

#[test]
fn look_alikes_are_folded_and_places_are_named() {
    let cyrillic = IdentificationNumber::parse(" 3010190а001рв9 ").unwrap();
    assert_eq!(cyrillic.as_str(), "3010190A001PB9");
    let wrong = |text: &str| IdentificationNumber::parse(text).unwrap_err();
    assert_eq!(wrong("3010190Ж001PB9"), Error::Character { what: PERSON, position: 8, expected: "a letter A–Z" });
    assert_eq!(wrong("301019OA001PB9"), Error::Character { what: PERSON, position: 7, expected: "a digit" });
    assert_eq!(wrong("3010190A001PB"), Error::Length { what: PERSON, expected: "14", found: 13 });
    assert!(IdentificationNumber::parse("3010190A001PB٩").is_err());
    assert_eq!(IdentificationNumber::parse("3310290A001PB0").unwrap_err().kind(), crate::Kind::Malformed);
}

#[test]
fn nothing_personal_is_debugged() {
    let number = IdentificationNumber::parse("3010190A001PB9").unwrap();
    assert_eq!(format!("{number:?}"), "IdentificationNumber(…)");
    assert_eq!(format!("{:?}", Unp::parse("200988541").unwrap()), "Unp(…)");
    assert_eq!(serde_json::to_string(&number).unwrap(), "\"3010190A001PB9\"");
    assert!(serde_json::from_str::<IdentificationNumber>("\"3010190A001PB8\"").is_err());
}

#[test]
fn taxpayers() {
    for good in
        ["200988541", "MA1953684", "191000015", "191000028", "100100107", "190000018", "AB1234563", "УНП 200 988 541"]
    {
        assert!(Unp::parse(good).is_ok(), "{good}");
    }
    assert_eq!(Unp::parse("МА1953684").unwrap().as_str(), "MA1953684");
    assert_eq!(Unp::parse("200988542"), Err(Error::CheckDigit { what: TAXPAYER, position: 9, expected: '1' }));
    for prefix in ["10000001", "29000003"] {
        for last in '0'..='9' {
            assert_eq!(Unp::parse(&format!("{prefix}{last}")), Err(Error::Impossible { what: TAXPAYER }));
        }
    }
    for bad in ["800000000", "2M0988541", "AA12345", "AD1234563", ""] {
        assert!(Unp::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn one_document_has_one_key() {
    let spaced = DocumentNumber::parse("mp 1234567").unwrap();
    assert_eq!(spaced.key(), DocumentNumber::parse("МР1234567").unwrap().key());
    assert_eq!(spaced.passport(), Some(("MP".to_owned(), "1234567".to_owned())));
    assert_eq!(DocumentNumber::parse("C01X00T47").unwrap().passport(), None);
    assert!(DocumentNumber::parse("I-ЛЮ 1234567").is_ok());
    for bad in ["", "  ", "--", "A;DROP", "123456789012345678901"] {
        assert!(DocumentNumber::parse(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,20}") {
        let _ = IdentificationNumber::parse(&text);
        let _ = Unp::parse(&text);
        let _ = DocumentNumber::parse(&text);
    }

    #[test]
    fn exactly_one_check_digit_fits(stem in "[1-6][0-9]{6}[ABCHKEM][0-9]{3}(PB|BA|BI)") {
        let fitting: Vec<u8> =
            (0..10).filter(|d| IdentificationNumber::parse(&format!("{stem}{d}")).is_ok()).collect();
        prop_assert_eq!(fitting.len(), 1);
    }

    #[test]
    fn one_wrong_digit_is_seen(stem in "[1-6][0-9]{6}[ABCHKEM][0-9]{3}PB", at in 0_usize..7, by in 1_u32..10) {
        let number = (0..10).map(|d| format!("{stem}{d}")).find(|n| IdentificationNumber::parse(n).is_ok()).unwrap();
        let mut chars: Vec<char> = number.chars().collect();
        chars[at] = char::from_digit((chars[at].to_digit(10).unwrap() + by) % 10, 10).unwrap();
        let wrong: String = chars.into_iter().collect();
        prop_assert!(IdentificationNumber::parse(&wrong).is_err());
    }
}
