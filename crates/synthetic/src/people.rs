//! Synthetic people of the stand: accounts, cards, PINs, roles. None of them exists.

use serde::Serialize;

use crate::golden::holders;
use crate::rng::Rng;
use crate::stream;

/// A person of the stand; written to `people.json` as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// With a right check digit.
    pub identification_number: String,
    /// Russian.
    pub surname: String,
    /// Russian.
    pub name: String,
    /// Russian; empty when there is none.
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

/// The people of the stand, the same for the same seed; their names and families are those of every seed.
pub fn people(seed: u64) -> Vec<Person> {
    holders().map(|(place, one, in_register)| of(seed, place, one, in_register)).collect()
}

/// The person at this place.
pub fn person(seed: u64, place: u64) -> Option<Person> {
    let (_, one, in_register) = holders().find(|(at, ..)| *at == place)?;
    Some(of(seed, place, one, in_register))
}

fn of(seed: u64, place: u64, one: &crate::Individual, in_register: bool) -> Person {
    let mut rng = Rng::stream(seed, stream::PERSON, place);
    let crate::Name { ru: [surname, name, patronymic], be, lat } = one.name.clone();
    let email = lat.iter().rev().map(|part| part.to_lowercase()).collect::<Vec<_>>().join(".");
    Person {
        identification_number: one.number.clone().unwrap_or_default(),
        surname,
        name,
        patronymic,
        names_be: be,
        names_lat: lat,
        email: format!("{email}.{place}@example.com"),
        password: format!("{}-{}-{}", word(&mut rng), word(&mut rng), rng.number("9999")),
        card: format!("card-{:02}", place + 1),
        pin1: rng.number("999999"),
        pin2: rng.number("99999999"),
        roles: roles(place),
        in_register,
    }
}

fn roles(place: u64) -> Vec<&'static str> {
    match place {
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
        assert_eq!(people[10].identification_number, "7010120A013PB3");
        assert!(["notary", "clerk"].iter().all(|role| people.iter().any(|person| person.roles.contains(role))));
        assert_eq!(person(1, 4).as_ref(), people.get(4));
    }

    #[test]
    fn numbers_of_the_documentation_are_there() {
        for number in ["3010190A001PB9", "4150685B002PB8", "5230414C003PB2", "6071109H004PB7"] {
            assert!(people(1).iter().any(|person| person.identification_number == number));
        }
    }
}
