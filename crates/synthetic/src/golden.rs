//! The families of `golden.toml`: each shows what breaks programs, and the people of the stand live in them.

use std::sync::LazyLock;

use jiff::civil::Date;
use model::identifier::{IdentificationNumber, Sex};
use serde::Deserialize;

use crate::household::{Act, Household, Individual, Kind, Status};
use crate::names::{Name, latin};

/// Families that break programs, in the order of their file.
pub fn golden() -> &'static [Household] {
    &GOLDEN.households
}

/// A card holder: the place in `people.json`, the person, and whether the Register knows them.
pub(crate) fn holders() -> impl Iterator<Item = (u64, &'static Individual, bool)> {
    GOLDEN.holders.iter().map(|(place, person, known)| (*place, person, *known))
}

struct Golden {
    households: Vec<Household>,
    holders: Vec<(u64, Individual, bool)>,
}

static GOLDEN: LazyLock<Golden> = LazyLock::new(|| read(include_str!("golden.toml")));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    household: Vec<WrittenHousehold>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHousehold {
    #[serde(rename = "case")]
    _case: String,
    person: Vec<WrittenPerson>,
    #[serde(default)]
    act: Vec<WrittenAct>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPerson {
    stand: Option<u64>,
    number: Option<String>,
    born: Option<String>,
    #[serde(default)]
    female: bool,
    ru: String,
    be: String,
    lat: Option<String>,
    citizenship: Option<String>,
    status: Option<String>,
    former: Option<WrittenFormer>,
    #[serde(default)]
    absent: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFormer {
    until: String,
    ru: String,
    be: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAct {
    kind: String,
    day: String,
    parties: Vec<usize>,
    concerns: Option<usize>,
    #[serde(default)]
    region: u64,
    number: String,
    #[serde(default)]
    certificate: String,
}

/// What is wrong in the file leaves a household out; a test counts them.
fn read(text: &str) -> Golden {
    let mut golden = Golden { households: Vec::new(), holders: Vec::new() };
    let Ok(file) = toml::from_str::<File>(text) else { return golden };
    for written in file.household {
        let mut people = Vec::new();
        for person in written.person {
            let (stand, absent) = (person.stand, person.absent);
            let Some(person) = person.read() else { continue };
            golden.holders.extend(stand.map(|place| (place, person.clone(), !absent)));
            if !absent {
                people.push(person);
            }
        }
        let acts = written.act.into_iter().filter_map(WrittenAct::read).collect();
        if !people.is_empty() {
            let index = golden.households.len() as u64;
            golden.households.push(Household { index, people, acts });
        }
    }
    golden.holders.sort_by_key(|(place, ..)| *place);
    golden
}

impl WrittenPerson {
    fn read(self) -> Option<Individual> {
        let number = self.number.as_deref().and_then(|number| IdentificationNumber::parse(number).ok());
        let told = number.as_ref().and_then(IdentificationNumber::birth_date).and_then(model::BirthDay::date);
        // Transient numbers tell neither day nor sex.
        let born = told.or_else(|| self.born.as_deref()?.parse().ok()).unwrap_or(Date::constant(1990, 1, 1));
        let female = number.as_ref().and_then(IdentificationNumber::sex).map_or(self.female, |sex| sex == Sex::Female);
        let mut name = full(&self.ru, &self.be)?;
        if let Some((surname, given)) = self.lat.as_deref().and_then(|lat| lat.split_once(' ')) {
            name.lat = [surname.to_owned(), given.to_owned()];
        }
        let former = self.former.and_then(|old| Some((full(&old.ru, &old.be)?, old.until.parse().ok()?)));
        Some(Individual {
            number: number.map(|number| number.as_str().to_owned()),
            name,
            former: former.into_iter().collect(),
            female,
            born,
            citizenship: self.citizenship.unwrap_or_else(|| "BLR".to_owned()),
            status: match self.status.as_deref() {
                Some("died") => Status::Died,
                Some("foreigner") => Status::Foreigner,
                _ => Status::Active,
            },
        })
    }
}

/// A name written as surname, given name and, where there is one, patronymic.
fn full(ru: &str, be: &str) -> Option<Name> {
    let parts = |text: &str| {
        let mut words = text.split(' ').map(str::to_owned);
        Some([words.next()?, words.next()?, words.next().unwrap_or_default()])
    };
    let (ru, be) = (parts(ru)?, parts(be)?);
    let [surname, given, _] = &be;
    Some(Name { lat: [latin(surname), latin(given)], ru, be })
}

impl WrittenAct {
    fn read(self) -> Option<Act> {
        let kind = match self.kind.as_str() {
            "birth" => Kind::Birth,
            "marriage" => Kind::Marriage,
            "divorce" => Kind::Divorce,
            "court-divorce" => Kind::CourtDivorce,
            "invalid-marriage" => Kind::InvalidMarriage,
            "death" => Kind::Death,
            "adoption" => Kind::Adoption,
            "deprivation" => Kind::Deprivation,
            "restoration" => Kind::Restoration,
            _ => return None,
        };
        let Self { parties, concerns, number, certificate, region, .. } = self;
        Some(Act { kind, day: self.day.parse().ok()?, parties, concerns, number, certificate, region })
    }
}

#[cfg(test)]
mod tests {
    use model::names::{NameBe, NameLat, NameRu};

    use super::*;

    #[test]
    fn the_whole_file_is_read() {
        let file: File = toml::from_str(include_str!("golden.toml")).unwrap();
        let written: usize = file.household.iter().map(|one| one.person.len()).sum();
        let acts: usize = file.household.iter().map(|one| one.act.len()).sum();
        let read: usize = golden().iter().map(|one| one.people.len()).sum();
        assert_eq!(read, written - 1, "one card holder is not in the Register");
        assert_eq!(golden().iter().map(|one| one.acts.len()).sum::<usize>(), acts);
        assert_eq!(holders().map(|(place, ..)| place).collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    }

    #[test]
    fn names_and_numbers_can_stand_in_the_register() {
        for person in golden().iter().flat_map(|one| &one.people) {
            for (name, _) in person.former.iter().chain([&(person.name.clone(), person.born)]) {
                let told = name.ru.iter().filter(|part| !part.is_empty());
                assert!(told.clone().all(|part| NameRu::parse(part).is_ok()), "{name:?}");
                assert!(name.be.iter().filter(|part| !part.is_empty()).all(|part| NameBe::parse(part).is_ok()));
                assert!(name.lat.iter().all(|part| NameLat::parse(part).is_ok()), "{name:?}");
                assert!(told.count() == 3 || name.ru[2].is_empty() && name.be[2].is_empty(), "{name:?}");
                let daughter = name.ru[2].ends_with('А');
                assert!(name.ru[2].is_empty() || daughter == person.female, "{name:?}");
            }
        }
    }
}
