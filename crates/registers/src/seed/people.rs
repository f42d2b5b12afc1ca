//! Synthetic people of the stand: accounts, cards, PINs, roles. None of them exists.

use jiff::civil::Date;
use serde::Serialize;

use super::names::{BELARUS, Name};
use super::numbers::identification_number;
use super::rng::Rng;
use super::stream;

/// Identification numbers of the documentation's examples (`domain.md` §1.1), all with right check digits.
const KNOWN: [&str; 11] = [
    "3010190A001PB9",
    "4150685B002PB8",
    "5230414C003PB2",
    "6071109H004PB7",
    "3120775K005PB6",
    "4281292E006PB0",
    "3050560M007PB6",
    "6010115A008PB8",
    "3010190A010BA2",
    "4020291A011BI9",
    "7010120A013PB3",
];

const COUNT: u64 = 40;

/// A person of the stand; written to `people.json` as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// With a right check digit.
    pub identification_number: String,
    /// Russian.
    pub surname: String,
    /// Russian.
    pub name: String,
    /// Russian.
    pub patronymic: String,
    /// Belarusian surname, name, patronymic.
    pub names_be: [String; 3],
    /// Latin surname and name.
    pub names_lat: [String; 2],
    /// Of the account.
    pub email: String,
    /// Of the account; may be shown: it opens nothing but a stand.
    pub password: String,
    /// Name of the software ID card in `cards/`, without `.card`.
    pub card: String,
    /// Of the card: reading.
    pub pin1: String,
    /// Of the card: signing.
    pub pin2: String,
    /// What the person may do besides what everybody may.
    pub roles: Vec<&'static str>,
    /// Whether the Population Register knows the person; one card holder it does not.
    #[serde(skip)]
    pub in_register: bool,
}

/// The people of the stand, the same for the same seed.
pub fn people(seed: u64) -> Vec<Person> {
    (0..COUNT).map(|index| person(seed, index)).collect()
}

/// The person of this index.
pub(super) fn person(seed: u64, index: u64) -> Person {
    let mut rng = Rng::stream(seed, stream::PERSON, index);
    let known = usize::try_from(index).ok().and_then(|at| KNOWN.get(at)).copied();
    let female = known.map_or(index % 2 == 1, |number| matches!(number.as_bytes().first(), Some(b'2' | b'4' | b'6')));
    let name = BELARUS.name(&mut rng, female);
    let identification_number = known.map(str::to_owned).unwrap_or_else(|| {
        let born = Date::constant(1960, 1, 1).saturating_add(jiff::Span::new().days(rng.between(0, 15_700)));
        identification_number(born, female, index, 100 + index, "PB")
    });
    let Name { ru: [surname, given, patronymic], be, lat } = name;
    let email = lat.iter().rev().map(|part| part.to_lowercase()).collect::<Vec<_>>().join(".");
    Person {
        email: format!("{email}.{index}@example.com"),
        password: format!("{}-{}-{}", word(&mut rng), word(&mut rng), rng.number("9999")),
        card: format!("card-{:02}", index + 1),
        pin1: rng.number("999999"),
        pin2: rng.number("99999999"),
        roles: roles(index),
        in_register: !identification_number.starts_with('7'),
        identification_number,
        surname,
        name: given,
        patronymic,
        names_be: be,
        names_lat: lat,
    }
}

fn roles(index: u64) -> Vec<&'static str> {
    match index {
        30 | 31 => vec!["citizen", "notary"],
        32 | 33 => vec!["citizen", "clerk"],
        34 => vec!["citizen", "operator"],
        35 => vec!["citizen", "auditor"],
        36 => vec!["citizen", "owner"],
        _ => vec!["citizen"],
    }
}

const WORDS: [&str; 16] = [
    "birch", "stork", "linen", "amber", "forest", "harvest", "lantern", "meadow", "orchard", "pebble", "river",
    "saddle", "thistle", "village", "willow", "winter",
];

fn word(rng: &mut Rng) -> &'static str {
    rng.pick(&WORDS, "birch")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use model::identifier::IdentificationNumber;

    use super::*;

    #[test]
    fn people_are_told_apart_and_their_numbers_hold() {
        let people = people(1);
        assert_eq!(people.len(), 40);
        for person in &people {
            assert!(IdentificationNumber::parse(&person.identification_number).is_ok(), "{person:?}");
            assert!(person.password.len() >= 15, "{person:?}");
            assert_eq!((person.pin1.len(), person.pin2.len()), (6, 8));
        }
        let distinct = |of: fn(&Person) -> &String| people.iter().map(of).collect::<HashSet<_>>().len();
        assert_eq!(distinct(|p| &p.identification_number), 40);
        assert_eq!(distinct(|p| &p.email), 40);
        assert_eq!(distinct(|p| &p.card), 40);
        assert_eq!(people.iter().filter(|person| !person.in_register).count(), 1);
    }

    #[test]
    fn the_sex_of_name_and_number_agree() {
        for person in people(2) {
            let female = person.patronymic.ends_with('А');
            let digit = person.identification_number.as_bytes()[0];
            assert_eq!(female, matches!(digit, b'2' | b'4' | b'6'), "{person:?}");
        }
    }
}
