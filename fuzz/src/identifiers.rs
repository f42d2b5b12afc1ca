//! Numbers, names, dates, amounts and codes: what is read is read again as the same.

use std::fmt::{Debug, Display};

use model::access::State;
use model::calendar::{days_of_stay, end_of_day, minsk_day, parse_day, start_of_day};
use model::{
    Amount, BirthDay, Category, Country, DocumentNumber, IdentificationNumber, Lang, Mode, NameBe, NameLat, NameRu,
    ServiceCode, Unp,
};

/// What is printed of a value is read as the same value, and its JSON too.
fn whole<T, E>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> Option<T>
where
    T: Display + PartialEq + serde::Serialize + serde::de::DeserializeOwned,
    E: Display,
{
    let value = match parse(text) {
        Ok(value) => value,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    let again = parse(&value.to_string());
    assert!(again.is_ok_and(|again| again == value), "what is printed is read as something else: {text:?}");
    let json = serde_json::to_string(&value).unwrap();
    assert!(serde_json::from_str::<T>(&json).unwrap() == value, "{json}");
    Some(value)
}

fn small<T: Debug>(value: &T) {
    assert!(format!("{value:?}").len() < 200);
}

/// The bytes as each of them.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(number) = whole(text, IdentificationNumber::parse) {
        assert_eq!(number.as_str().len(), 14);
        small(&number.warnings());
        assert!(
            number.birth_date().is_none_or(|birth| birth.date().is_some())
                && number.sex().is_some() == number.as_str().starts_with(|c| ('1'..='6').contains(&c))
        );
    }
    if let Some(unp) = whole(text, Unp::parse) {
        assert_eq!(unp.as_str().len(), 9);
    }
    if let Some(number) = whole(text, DocumentNumber::parse) {
        assert!((1..=20).contains(&number.as_str().chars().count()));
        assert_eq!(DocumentNumber::parse(&number.key()).unwrap().key(), number.key());
        small(&number.passport());
    }
    if let Some(birth) = whole(text, BirthDay::parse) {
        assert_eq!(birth.to_string(), text);
        if let Some(date) = birth.date() {
            assert!(BirthDay::from(date) == birth);
        }
    }
    if let Some(amount) = whole(text, Amount::parse) {
        assert_eq!((amount.to_string().as_str(), Amount::from_cents(amount.cents())), (text, Some(amount)));
        assert_eq!(amount.minus(amount), Some(Amount::ZERO));
    }
    for length in [
        whole(text, NameRu::parse).map(|n| n.as_str().len()),
        whole(text, NameBe::parse).map(|n| n.as_str().len()),
        whole(text, NameLat::parse).map(|n| n.as_str().len()),
    ] {
        assert!(length.is_none_or(|length| (1..=240).contains(&length)));
    }
    whole(text, Country::parse);
    whole(text, Category::parse);
    if let Some(code) = whole(text, ServiceCode::parse) {
        assert!(ServiceCode::parse(&code.path()).unwrap() == code);
    }
    if let Ok(mode) = Mode::parse(text) {
        assert_eq!(mode.as_str(), text);
    }
    if let Ok(state) = State::parse(text) {
        assert_eq!(state.as_str(), text);
    }
    small(&Lang::negotiate(text));
    if let Ok(day) = parse_day(text) {
        assert_eq!(day.to_string(), text);
        for at in [start_of_day(day), end_of_day(day)] {
            assert!(minsk_day(at) == day || at == jiff::Timestamp::MAX || day.year() < -9000, "{day}");
        }
        assert_eq!(days_of_stay(day, day), 1);
    }
}
