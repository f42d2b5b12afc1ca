//! The directory of persons: every spelling of a name once, found by keyed blocks.
//!
//! Crossings are many and names few: what is looked for by a part of a name or by its sound is looked for here, and only
//! then among the records, by exact keys.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use model::phonetic::phonetic_key;
use store::{Error, Param, Tx, Vault};

use super::sql;
use super::view::{View, fold_name, name_key};

/// How many persons a node remembers to be in the directory.
const REMEMBERED: usize = 200_000;
/// How many sightings wait to be confirmed.
const SIGHTED: usize = 20_000;

/// A person's names as one record spells them, folded to upper case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Names {
    pub surname: String,
    pub given: String,
    pub birth: String,
    pub surname_ru: String,
    pub name_ru: String,
}

impl Names {
    /// The names in a record; none when it names nobody.
    pub(crate) fn of(view: &View<'_>) -> Option<Self> {
        view.members.get("foreigner")?;
        let part = |name| fold_name(view.inner("foreigner", name).unwrap_or_default());
        Some(Self {
            surname: part("surname_lat"),
            given: part("given_names_lat"),
            birth: part("birth_date"),
            surname_ru: part("surname_ru"),
            name_ru: part("name_ru"),
        })
    }

    /// The keyed person.
    pub(crate) fn person(&self, vault: &Vault) -> i64 {
        vault.blind("isos.person", self.written().as_bytes())
    }

    /// The exact key under which this person's records are found.
    pub(crate) fn key(&self) -> String {
        name_key(&self.surname, &self.given, &self.birth)
    }

    /// The row of the directory.
    pub(crate) fn row(&self, vault: &Vault) -> Entry {
        let person = self.person(vault);
        let mut blocks = Vec::with_capacity(8);
        let sounds = [(&self.surname, &self.given), (&self.surname_ru, &self.name_ru)];
        for (surname, given) in sounds.into_iter().filter(|(surname, _)| !surname.is_empty()) {
            let sound = phonetic_key(surname);
            blocks.push(Block::Sounds(sound.clone(), sound_of_first(given)));
            blocks.push(Block::Sounds(sound.clone(), String::new()));
            blocks.push(Block::SoundAndBirth(sound, self.birth.clone()));
            blocks.push(Block::Surname(surname.clone()));
        }
        blocks.push(Block::Given(self.given.clone()));
        if !self.name_ru.is_empty() {
            blocks.push(Block::Given(self.name_ru.clone()));
        }
        blocks.push(Block::Birth(self.birth.clone()));
        let mut blocks: Vec<i64> = blocks.iter().map(|block| block.keyed(vault)).collect();
        blocks.sort_unstable();
        blocks.dedup();
        Entry { person, names: vault.seal(&names_place(person), self.written().as_bytes()), blocks }
    }

    fn written(&self) -> String {
        [&self.surname, &self.given, &self.birth, &self.surname_ru, &self.name_ru].map(String::as_str).join("\u{1f}")
    }

    fn read(text: &str) -> Self {
        let mut parts = text.split('\u{1f}').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        Self { surname: next(), given: next(), birth: next(), surname_ru: next(), name_ru: next() }
    }
}

/// A person's row with the blocks that lead to it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub person: i64,
    pub names: Vec<u8>,
    pub blocks: Vec<i64>,
}

/// What persons have in common who might be meant by the same question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Sound of the surname, birth date.
    SoundAndBirth(String, String),
    /// Sound of the surname, sound of the given names.
    Sounds(String, String),
    /// Surname as spelt.
    Surname(String),
    /// Given names as spelt.
    Given(String),
    /// Birth date.
    Birth(String),
}

impl Block {
    /// By the sound of a surname and a birth date.
    pub(crate) fn sound_and_birth(surname: &str, birth: &str) -> Self {
        Self::SoundAndBirth(phonetic_key(surname), birth.to_owned())
    }

    /// By the sounds of surname and first given name.
    pub(crate) fn sounds(surname: &str, given: &str) -> Self {
        Self::Sounds(phonetic_key(surname), sound_of_first(given))
    }

    /// The keyed block.
    pub(crate) fn keyed(&self, vault: &Vault) -> i64 {
        let text = match self {
            Self::SoundAndBirth(sound, birth) => format!("b\u{1f}{sound}\u{1f}{birth}"),
            Self::Sounds(surname, given) => format!("s\u{1f}{surname}\u{1f}{given}"),
            Self::Surname(surname) => format!("n\u{1f}{surname}"),
            Self::Given(given) => format!("g\u{1f}{given}"),
            Self::Birth(birth) => format!("d\u{1f}{birth}"),
        };
        vault.blind("isos.block", text.as_bytes())
    }
}

/// The sound of the first of the given names.
fn sound_of_first(given: &str) -> String {
    phonetic_key(given.split_whitespace().next().unwrap_or_default())
}

/// The persons under the blocks, at most `limit` of each block; each person once.
pub(crate) fn persons(tx: &mut Tx<'_>, vault: &Vault, blocks: &[Block], limit: i64) -> Result<Vec<Names>, Error> {
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for block in blocks {
        let rows = tx.query(&sql::PERSONS_IN_BLOCK, &[block.keyed(vault).into(), limit.into()], |row| {
            Ok((row.int(0)?, row.bytes(1)?.to_vec()))
        })?;
        for (person, sealed) in rows {
            if seen.insert(person) {
                let plain = vault.open(&names_place(person), &sealed)?;
                out.push(Names::read(&String::from_utf8_lossy(&plain)));
            }
        }
    }
    Ok(out)
}

/// Adds a person with the blocks; false when it was there.
pub(crate) fn enlist(tx: &mut Tx<'_>, entry: &Entry) -> Result<bool, Error> {
    if tx.execute(&sql::ADD_PERSON, &[entry.person.into(), Param::Bytes(&entry.names)])? == 0 {
        return Ok(false);
    }
    for block in &entry.blocks {
        tx.execute(&sql::ADD_BLOCK, &[(*block).into(), entry.person.into()])?;
    }
    Ok(true)
}

/// Removes a person with the blocks.
pub(crate) fn strike(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), Error> {
    for block in &entry.blocks {
        tx.execute(&sql::DROP_BLOCK, &[(*block).into(), entry.person.into()])?;
    }
    tx.execute(&sql::DROP_PERSON, &[entry.person.into()]).map(|_| ())
}

fn names_place(person: i64) -> [u8; 24] {
    let mut out = *b"isos_person.names\0\0\0\0\0\0\0";
    for (to, from) in out.iter_mut().skip(16).zip(person.to_be_bytes()) {
        *to = from;
    }
    out
}

/// Persons that a node knows to be in the directory, so that loading does not look them up again.
///
/// A transaction that adds a person may yet be undone: its persons are only *sighted*, and become *known* when a later
/// reading finds them committed. When the directory was thinned out (another epoch), everything is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    epoch: i64,
    known: HashSet<i64>,
    before: HashSet<i64>,
    sighted: HashSet<i64>,
    /// How often anybody was sighted since the last reading; somebody who travels often counts each time.
    times: usize,
}

impl Known {
    /// The epoch in which what is known was read.
    pub(crate) fn epoch(&self) -> i64 {
        self.lock().epoch
    }

    /// Whether the person is in the directory for sure.
    pub(crate) fn has(&self, person: i64) -> bool {
        let state = self.lock();
        state.known.contains(&person) || state.before.contains(&person)
    }

    /// The person was added or found by a transaction that is not yet known to be committed.
    pub(crate) fn sight(&self, person: i64) {
        let mut state = self.lock();
        state.times += 1;
        if state.sighted.len() < SIGHTED {
            state.sighted.insert(person);
        }
    }

    /// The persons who were sighted, when that was at least `least` times.
    pub(crate) fn sightings(&self, least: usize) -> Vec<i64> {
        let mut state = self.lock();
        if state.times < least.max(1) {
            return Vec::new();
        }
        state.times = 0;
        std::mem::take(&mut state.sighted).into_iter().collect()
    }

    /// These persons were read as committed in `epoch`.
    pub(crate) fn confirm(&self, epoch: i64, persons: impl IntoIterator<Item = i64>) {
        let mut state = self.lock();
        if state.epoch != epoch {
            state.epoch = epoch;
            state.known.clear();
            state.before.clear();
        }
        for person in persons {
            if state.known.len() >= REMEMBERED / 2 {
                state.before = std::mem::take(&mut state.known);
            }
            state.known.insert(person);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_bounded_and_forgotten_with_its_epoch() {
        let known = Known::default();
        known.confirm(1, 0..(REMEMBERED as i64 * 2));
        let held = {
            let state = known.lock();
            state.known.len() + state.before.len()
        };
        assert!(held <= REMEMBERED);
        assert!(known.has(REMEMBERED as i64 * 2 - 1));
        known.confirm(2, [5]);
        assert!(known.has(5) && !known.has(REMEMBERED as i64 * 2 - 1));
    }

    #[test]
    fn somebody_sighted_again_and_again_is_confirmed_too() {
        let known = Known::default();
        (0..3).for_each(|_| known.sight(7));
        assert!(known.sightings(4).is_empty());
        known.sight(7);
        assert_eq!(known.sightings(4), [7]);
        assert!(known.sightings(1).is_empty(), "they are being confirmed");
    }

    #[test]
    fn names_survive_writing() {
        let names = Names {
            surname: "SCHMIDT".into(),
            given: "ANNA LENA".into(),
            birth: "19850615".into(),
            surname_ru: "ШМИДТ".into(),
            name_ru: String::new(),
        };
        assert_eq!(Names::read(&names.written()), names);
        let vault = Vault::new(&[1; 32]).unwrap();
        assert_ne!(names.person(&vault), Names { name_ru: "АННА".into(), ..names.clone() }.person(&vault));
    }
}
