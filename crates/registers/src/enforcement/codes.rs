//! The register's code lists, read from the service's folder: names in three languages, each valid in its time.

use std::collections::BTreeMap;

use model::Lang;
use model::classifier::{Classifier, Item};
use model::error::Error;

use super::record::Day;

/// A code list of the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Statuses of a proceeding.
    Status,
    /// Reasons of a status.
    StatusReason,
    /// What is claimed.
    Claim,
    /// Measures of enforcement.
    Measure,
    /// States of a measure.
    MeasureStatus,
    /// Currencies, full names.
    Currency,
    /// Currencies, short names.
    CurrencyShort,
    /// Enforcement bodies.
    Body,
}

impl List {
    /// All lists; the first six are furnished by `classifiers/list`.
    pub const ALL: [Self; 8] = [
        Self::Status,
        Self::StatusReason,
        Self::Claim,
        Self::Measure,
        Self::MeasureStatus,
        Self::Currency,
        Self::CurrencyShort,
        Self::Body,
    ];
    /// Lists that consumers may ask for.
    pub const FURNISHED: [Self; 6] =
        [Self::Status, Self::StatusReason, Self::Claim, Self::Measure, Self::MeasureStatus, Self::Currency];

    /// The list's name in requests and in its file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::StatusReason => "status_reason",
            Self::Claim => "claim",
            Self::Measure => "measure",
            Self::MeasureStatus => "measure_status",
            Self::Currency => "currency",
            Self::CurrencyShort => "currency_short",
            Self::Body => "opi",
        }
    }
}

/// All code lists, complete.
#[derive(Clone, Debug)]
pub struct Codes(Vec<(List, Classifier)>);

/// The lists that come with the program.
const BUILT_IN: [&str; 8] = [
    include_str!("../../../../services/3.11.01/classifiers/status.toml"),
    include_str!("../../../../services/3.11.01/classifiers/status_reason.toml"),
    include_str!("../../../../services/3.11.01/classifiers/claim.toml"),
    include_str!("../../../../services/3.11.01/classifiers/measure.toml"),
    include_str!("../../../../services/3.11.01/classifiers/measure_status.toml"),
    include_str!("../../../../services/3.11.01/classifiers/currency.toml"),
    include_str!("../../../../services/3.11.01/classifiers/currency_short.toml"),
    include_str!("../../../../services/3.11.01/classifiers/opi.toml"),
];

impl Codes {
    /// The lists that come with the program.
    pub fn built_in() -> Result<Self, Error> {
        List::ALL.into_iter().zip(BUILT_IN).map(|(list, text)| read(list, text)).collect::<Result<_, _>>().map(Self)
    }

    /// The lists of a service's folder: `classifiers/<name>.toml` for each.
    pub fn from_files(files: &BTreeMap<String, String>) -> Result<Self, Error> {
        let of = |list: List| {
            let file = file(list);
            let text = files.get(&file).ok_or_else(|| Error::file(&*file, "", "this file in the service's folder"))?;
            read(list, text)
        };
        List::ALL.into_iter().map(of).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the code is in the list and in force on this day.
    pub(super) fn has(&self, list: List, code: &str, on: Day) -> bool {
        self.list(list).and_then(|known| known.item_at(code, on.0)).is_some()
    }

    /// The code's name on this day. Codes were checked on entry; one that has left the list since shows itself.
    pub(super) fn name<'a>(&'a self, list: List, code: &'a str, on: Day, lang: Lang) -> &'a str {
        self.list(list).and_then(|known| known.item_at(code, on.0)).map_or(code, |item| item.name(lang))
    }

    /// Codes in force on this day, in the order of the list.
    pub(super) fn items(&self, list: List, on: Day) -> impl Iterator<Item = &Item> {
        self.list(list).into_iter().flat_map(move |known| known.items_at(on.0))
    }

    fn list(&self, list: List) -> Option<&Classifier> {
        self.0.iter().find(|(known, _)| *known == list).map(|(_, classifier)| classifier)
    }
}

fn file(list: List) -> String {
    format!("classifiers/{}.toml", list.name())
}

fn read(list: List, text: &str) -> Result<(List, Classifier), Error> {
    let file = file(list);
    let classifier = Classifier::parse(&file, text)?;
    if classifier.kind != list.name() {
        return Err(Error::file(file, "type", format!("`{}`", list.name())));
    }
    Ok((list, classifier))
}
