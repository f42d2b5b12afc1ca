//! The people's ID cards, with keys of the national algorithm, and the consent that goes with the ready request to the
//! Population Register.

use std::path::Path;

use card::{Blank, Card, Identity, Pair, Pin, Pins};
use eds::cms::Place;
use eds::pki::{Profile, Subject};
use eds::{Algorithm, Purpose};
use jiff::Timestamp;
use registers::seed;
use secrecy::SecretString;

use super::SEED;
use super::pki::Pki;
use crate::exit::Error;
use crate::files::{self, Readers};

/// Few: the PINs of these cards stand in people.json for everybody to read.
const ROUNDS: u32 = 1_000;
/// Of every card of a stand.
const PUK: &str = "12345678";

/// A card for everybody who has one.
pub(super) fn create(dir: &Path, pki: &mut Pki) -> Result<(), Error> {
    for person in seed::people(SEED).iter().filter(|person| !person.card.is_empty()) {
        let blank = Blank {
            holder: format!("{} {}", person.surname, person.name),
            identity: Identity {
                identification_number: person.identification_number.clone(),
                surname: person.surname.clone(),
                name: person.name.clone(),
                patronymic: person.patronymic.clone(),
            },
            authentication: pair(pki, person, Purpose::TlsClient)?,
            signature: pair(pki, person, Purpose::Signature)?,
        };
        let secret = |digits: &str| SecretString::from(digits.to_owned());
        let pins = Pins { one: secret(&person.pin1), two: secret(&person.pin2), puk: secret(PUK) };
        let card = Card::make(&blank, &pins, ROUNDS).map_err(Error::failed)?;
        keep(dir, &person.card, &card)?;
    }
    Ok(())
}

fn pair(pki: &mut Pki, person: &seed::Person, purpose: Purpose) -> Result<Pair, Error> {
    let given_names = format!("{} {}", person.name, person.patronymic).trim().to_owned();
    let subject = Subject::new(full_name(person)).person(&*person.surname, given_names);
    let number = person.identification_number.clone();
    pki.held(
        |term| Profile { identification_number: Some(number), ..Profile::new(subject, [purpose], term) },
        Algorithm::BignBeltHash,
    )
}

/// As the certificates say it.
pub(super) fn full_name(person: &seed::Person) -> String {
    format!("{} {} {}", person.surname, person.name, person.patronymic).trim().to_owned()
}

fn keep(dir: &Path, name: &str, card: &Card) -> Result<(), Error> {
    let text = serde_json::to_vec_pretty(card).map_err(Error::failed)?;
    files::replace_for(Readers::Owner, &dir.join("cards").join(format!("{name}.card")), &text)
}

/// The person with this number signs the content with the card; none without such a person.
pub(super) fn signed(dir: &Path, number: &str, content: &[u8], at: Timestamp) -> Result<Option<Vec<u8>>, Error> {
    let people = seed::people(SEED);
    let Some(person) = people.iter().find(|one| one.identification_number == number && !one.card.is_empty()) else {
        return Ok(None);
    };
    let text = files::text(&dir.join("cards").join(format!("{}.card", person.card)))?;
    let mut card: Card = serde_json::from_str(&text).map_err(Error::failed)?;
    let attempt = card.begin(Pin::Two).map_err(Error::failed)?;
    let pin = SecretString::from(person.pin2.clone());
    let message = card.sign(attempt, &pin, content, Place::Attached, at).map_err(Error::failed)?;
    keep(dir, &person.card, &card)?;
    Ok(Some(message))
}
