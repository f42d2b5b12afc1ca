//! How near a person's names are to those asked for, and why.

use model::Lang;
use model::fold::{birth_likeness, birth_variants};
use model::similar::similarity;
use model::text::Texts;

use super::super::directory::{Block, Names};
use super::criteria::Asked;

/// Persons nearer than this, in hundredths, are shown.
const NEAR: u32 = 78;
/// Weights of surname, given names and birth date.
const WEIGHTS: [u32; 3] = [45, 30, 25];
/// What is taken off when surname and given names stand in each other's place.
const SWAPPED: u32 = 5;

/// Nearness of a person to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closeness {
    /// 0–100; 100 is the same.
    pub score: u32,
    surname: u32,
    given: Option<u32>,
    birth: Option<(bool, String)>,
    swapped: bool,
}

/// The nearness, when it is near enough.
pub(crate) fn closeness(asked: &Asked, names: &Names) -> Option<Closeness> {
    let birth = (!asked.birth.is_empty()).then(|| {
        let near = u32::from(birth_likeness(&asked.birth, &names.birth).score) / 10;
        (near, asked.birth == names.birth)
    });
    measured(asked, names, birth, false)
        .or_else(|| asked_given(asked).then(|| measured(asked, names, birth, true)).flatten())
}

/// The blocks in which persons near to those asked for are.
///
/// Variants of the birth date are tried here and not stored: a person costs a few rows once.
pub(crate) fn blocks(asked: &Asked) -> Vec<Block> {
    let mut out = Vec::new();
    for (surname, given) in [(&asked.surname, &asked.given), (&asked.surname_ru, &asked.name_ru)] {
        if surname.is_empty() {
            continue;
        }
        if asked.birth.is_empty() && given.is_empty() {
            out.push(Block::sounds(surname, ""));
            out.push(Block::Surname(surname.clone()));
        }
        if !asked.birth.is_empty() {
            for birth in birth_variants(&asked.birth) {
                out.push(Block::sound_and_birth(surname, &birth));
            }
            if !given.is_empty() {
                out.push(Block::sound_and_birth(given, &asked.birth));
            }
        }
        if !given.is_empty() {
            out.push(Block::sounds(surname, given));
            out.push(Block::sounds(given, surname));
        }
    }
    out
}

impl Closeness {
    /// Why, in the caller's language.
    pub(crate) fn reason(&self, texts: &Texts, lang: Lang) -> String {
        if self.score == 100 && self.birth.is_some() {
            return texts.line(lang, "isos.reason.same", &[]);
        }
        let mut parts = vec![texts.line(lang, "isos.reason.surname", &[("score", self.surname.to_string())])];
        if let Some(given) = self.given {
            parts.push(texts.line(lang, "isos.reason.given", &[("score", given.to_string())]));
        }
        if self.swapped {
            parts.push(texts.line(lang, "isos.reason.swapped", &[]));
        }
        match &self.birth {
            Some((true, _)) => parts.push(texts.line(lang, "isos.reason.birth-same", &[])),
            Some((false, date)) => parts.push(texts.line(lang, "isos.reason.birth-near", &[("date", date.clone())])),
            None => {}
        }
        parts.join(", ")
    }
}

fn asked_given(asked: &Asked) -> bool {
    !asked.given.is_empty() || !asked.name_ru.is_empty()
}

/// The cheap parts come first: most of those who share a block are told apart by their birth dates.
fn measured(asked: &Asked, names: &Names, birth: Option<(u32, bool)>, swapped: bool) -> Option<Closeness> {
    let off = if swapped { SWAPPED } else { 0 };
    let has_given = asked_given(asked);
    let score = |surname: u32, given: u32| {
        let given = has_given.then_some(given);
        let parts = [Some(surname), given, birth.map(|(near, _)| near)];
        let weighed = parts.iter().zip(WEIGHTS).filter_map(|(part, weight)| part.map(|part| (part * weight, weight)));
        let (sum, weights) = weighed.fold((0, 0), |(sum, all), (part, weight)| (sum + part, all + weight));
        (sum / weights.max(1)).saturating_sub(off)
    };
    let surnames = [names.surname.as_str(), names.surname_ru.as_str()];
    let givens = [names.given.as_str(), names.name_ru.as_str()];
    let (for_surname, for_given) = if swapped { (givens, surnames) } else { (surnames, givens) };
    if score(100, 100) < NEAR {
        return None;
    }
    let surname = nearest([&asked.surname, &asked.surname_ru], for_surname).unwrap_or(0);
    if score(surname, 100) < NEAR {
        return None;
    }
    let given = nearest([&asked.given, &asked.name_ru], for_given);
    let score = score(surname, given.unwrap_or(0));
    let birth = birth.map(|(_, same)| (same, names.birth.clone()));
    (score >= NEAR).then_some(Closeness { score, surname, given, birth, swapped })
}

/// The best similarity of any spelling asked for to any spelling known, in hundredths; none when nothing was asked.
fn nearest(asked: [&String; 2], known: [&str; 2]) -> Option<u32> {
    let asked = asked.into_iter().filter(|asked| !asked.is_empty());
    asked
        .map(|asked| {
            known.iter().filter(|known| !known.is_empty()).map(|known| similar(asked, known)).max().unwrap_or(0)
        })
        .max()
}

fn similar(asked: &str, known: &str) -> u32 {
    u32::from(similarity(asked, known)) / 10
}
