//! Classifiers: code lists with names in three languages and dates of validity; border checkpoints.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Deserialize;

use crate::calendar;
use crate::country::Country;
use crate::error::Error;
use crate::file;
use crate::lang::Lang;

/// A code list. A code may have several items that follow each other in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classifier {
    /// Which list, such as `claim`.
    pub kind: String,
    items: BTreeMap<String, Vec<Item>>,
    order: Vec<String>,
}

/// What a code means in a time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The code.
    pub code: String,
    /// English name.
    pub en: String,
    /// Belarusian name.
    pub be: String,
    /// Russian name.
    pub ru: String,
    /// First day; none: always.
    #[serde(with = "calendar::some_day", default)]
    pub valid_from: Option<Date>,
    /// Last day; none: until further notice.
    #[serde(with = "calendar::some_day", default)]
    pub valid_to: Option<Date>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    r#type: String,
    #[serde(default)]
    items: Vec<Item>,
}

impl Item {
    /// The name in a language.
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Be => &self.be,
            Lang::Ru => &self.ru,
        }
    }

    /// Whether the item is valid on this day.
    pub fn is_valid(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|first| first <= day) && self.valid_to.is_none_or(|last| day <= last)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.valid_from.unwrap_or(Date::MIN) <= other.valid_to.unwrap_or(Date::MAX)
            && other.valid_from.unwrap_or(Date::MIN) <= self.valid_to.unwrap_or(Date::MAX)
    }
}

impl Classifier {
    /// The list of a TOML text: `type = "claim"`, then `[[items]] code en be ru valid_from? valid_to?`.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let written: Written = file::toml(file, text)?;
        let mut list = Self { kind: written.r#type, items: BTreeMap::new(), order: Vec::new() };
        for (index, item) in written.items.into_iter().enumerate() {
            let key = format!("items.{index}");
            let empty = [&item.code, &item.en, &item.be, &item.ru].into_iter().any(|text| text.trim().is_empty());
            if empty {
                return Err(Error::file(file, key, "a code and a name in each language"));
            }
            if item.valid_from.zip(item.valid_to).is_some_and(|(first, last)| last < first) {
                return Err(Error::file(file, key, "valid_to not before valid_from"));
            }
            if !list.items.contains_key(&item.code) {
                list.order.push(item.code.clone());
            }
            let same = list.items.entry(item.code.clone()).or_default();
            if same.iter().any(|other| other.overlaps(&item)) {
                return Err(Error::file(file, key, format!("code {} once only at any time", item.code)));
            }
            same.push(item);
        }
        Ok(list)
    }

    /// What the code means on this day.
    pub fn item_at(&self, code: &str, day: Date) -> Option<&Item> {
        self.items.get(code)?.iter().find(|item| item.is_valid(day))
    }

    /// Whether the code ever meant anything.
    pub fn knows(&self, code: &str) -> bool {
        self.items.contains_key(code)
    }

    /// The items valid on this day, in the order of the file.
    pub fn items_at(&self, day: Date) -> impl Iterator<Item = &Item> {
        self.order.iter().filter_map(move |code| self.item_at(code, day))
    }
}

/// A border crossing point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Our own code, such as `BY-PL-01`.
    pub code: &'static str,
    /// English name.
    pub en: &'static str,
    /// Belarusian name.
    pub be: &'static str,
    /// Russian name.
    pub ru: &'static str,
    /// `road`, `road-pedestrian`, `road-internal`, `rail`, `air`.
    pub kind: &'static str,
    /// The neighbouring state; none for airports.
    pub neighbour: Option<Country>,
    /// The point on the other side.
    pub counterpart: &'static str,
    /// Whether the row is confirmed by a public source; where not, say so wherever it is shown.
    pub checked: bool,
}

impl Checkpoint {
    /// The name in a language.
    pub fn name(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Be => self.be,
            Lang::Ru => self.ru,
        }
    }

    /// Whether it lies on the border with Russia, where there is no border control.
    pub fn is_internal(&self) -> bool {
        self.kind == "road-internal"
    }
}

static CHECKPOINTS: LazyLock<Vec<Checkpoint>> =
    LazyLock::new(|| include_str!("../border-points.csv").lines().skip(1).filter_map(row).collect());

/// All border crossing points, in the order of the list.
pub fn checkpoints() -> &'static [Checkpoint] {
    &CHECKPOINTS
}

/// The border crossing point with this code.
pub fn checkpoint(code: &str) -> Option<&'static Checkpoint> {
    CHECKPOINTS.iter().find(|point| point.code == code)
}

fn row(line: &'static str) -> Option<Checkpoint> {
    let mut cells = line.split(',');
    let mut cell = || cells.next();
    let (code, ru, be, en) = (cell()?, cell()?, cell()?, cell()?);
    let (kind, neighbour, counterpart, checked) = (cell()?, cell()?, cell()?, cell()?);
    let neighbour = if neighbour.is_empty() { None } else { Some(Country::parse(neighbour).ok()?) };
    Some(Checkpoint { code, en, be, ru, kind, neighbour, counterpart, checked: checked == "yes" })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const CLAIMS: &str = r#"
type = "claim"
[[items]]
code = "02"
en = "Compensation"
be = "Кампенсацыя"
ru = "Возмещение"
valid_to = 2024-12-31
[[items]]
code = "01"
en = "Alimony"
be = "Аліменты"
ru = "Алименты"
[[items]]
code = "02"
en = "Compensation for harm"
be = "Кампенсацыя шкоды"
ru = "Возмещение вреда"
valid_from = 2025-01-01
"#;

    #[test]
    fn a_code_means_what_it_meant_on_the_day() {
        let claims = Classifier::parse("claim.toml", CLAIMS).unwrap();
        assert_eq!(claims.item_at("02", date(2024, 12, 31)).unwrap().name(Lang::En), "Compensation");
        assert_eq!(claims.item_at("02", date(2025, 1, 1)).unwrap().name(Lang::Be), "Кампенсацыя шкоды");
        assert!(claims.item_at("03", date(2025, 1, 1)).is_none());
        let codes: Vec<&str> = claims.items_at(date(2025, 1, 1)).map(|item| item.code.as_str()).collect();
        assert_eq!(codes, ["02", "01"]);
    }

    #[test]
    fn a_code_cannot_mean_two_things_at_once() {
        let wrong = CLAIMS.replace("2025-01-01", "2024-12-31");
        let told = Classifier::parse("claim.toml", &wrong).unwrap_err().to_string();
        assert_eq!(told, "claim.toml: items.2: code 02 once only at any time");
        assert!(Classifier::parse("claim.toml", &CLAIMS.replace("be = \"Аліменты\"", "be = \"\"")).is_err());
        assert!(Classifier::parse("claim.toml", &CLAIMS.replace("valid_from", "valid_form")).is_err());
    }

    #[test]
    fn every_row_of_the_border_is_read() {
        let rows = include_str!("../border-points.csv").lines().count() - 1;
        assert_eq!(checkpoints().len(), rows);
        let brest = checkpoint("BY-PL-01").unwrap();
        assert_eq!((brest.be, brest.neighbour.unwrap().code(), brest.checked), ("Брэст", "POL", true));
        assert!(checkpoint("BY-AIR-MSQ").unwrap().neighbour.is_none());
        assert!(checkpoints().iter().filter(|p| p.is_internal()).all(|p| !p.checked));
        assert!(checkpoints().iter().all(|p| !p.be.contains(['и', 'щ', 'ъ']) && !p.be.is_empty()));
    }
}
