//! Every refusal has its texts in three languages, naming the same values.

use card::{CardError, Error, TEXTS};
use model::Kind;

const EVERY: [(CardError, Kind); 6] = [
    (CardError::WrongPin { left: 2 }, Kind::Unauthenticated),
    (CardError::Blocked, Kind::Forbidden),
    (CardError::Dead, Kind::Forbidden),
    (CardError::PinForm, Kind::Malformed),
    (CardError::OtherPin, Kind::Malformed),
    (CardError::Unreadable("x"), Kind::Malformed),
];

#[test]
fn every_refusal_is_written_three_times() {
    for (lang, text) in TEXTS {
        let sections: Vec<&str> = text.split("\n[").collect();
        assert_eq!(sections.len(), EVERY.len(), "{lang:?}: no text too few or too many");
        for (error, kind) in EVERY {
            let refusal = Error::from(error).refusal();
            assert_eq!(refusal.kind, kind, "{error}");
            let named = |section: &&&str| section.trim_start_matches('[').starts_with(&format!("{}]", refusal.code));
            let section = sections.iter().find(named).unwrap_or_else(|| panic!("{lang:?} lacks {}", refusal.code));
            assert!(section.contains("\ntitle = \"") && section.contains("\ndetail = \""));
            assert_eq!(section.matches('{').count(), refusal.params.len(), "{lang:?} {}", refusal.code);
        }
    }
}

#[test]
fn what_the_signature_refuses_keeps_its_code() {
    assert_eq!(Error::from(eds::Error::Library).refusal().code, "internal");
}
