//! What is searched by: read from the body that passed its schema.

use model::{Kind, Refusal};
use serde_json::Value;

use super::super::calendar;
use super::super::view::{Criterion, View, fold_name, fold_number};

/// Records on a page when the search does not say.
const PAGE: usize = 100;
/// Records on a page at most.
const PAGE_MAX: usize = 1000;

/// The names asked for; empty ones were not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub surname: String,
    pub given: String,
    pub surname_ru: String,
    pub name_ru: String,
    pub birth: String,
}

/// The criteria of one search; those given must all hold.
#[derive(Clone, Debug)]
pub(crate) struct Criteria {
    pub document: Option<String>,
    pub issuing_state: Option<String>,
    pub names: Asked,
    pub close: bool,
    /// Event time, both ends included.
    pub from: i64,
    pub to: i64,
    pub checkpoint: Option<String>,
    pub numbers: Vec<(Criterion, String)>,
    /// The moment whose state of knowledge is wanted.
    pub as_of: Option<i64>,
    pub limit: usize,
    /// Records of this sender only.
    pub source: Option<String>,
}

impl Asked {
    /// The names in the members `surname_lat`, `given_names_lat`, `surname_ru`, `name_ru`, `birth_date`.
    pub(crate) fn read(body: &Value) -> Self {
        let part = |name: &str| body.get(name).and_then(Value::as_str).map(fold_name).unwrap_or_default();
        Self {
            surname: part("surname_lat"),
            given: part("given_names_lat"),
            surname_ru: part("surname_ru"),
            name_ru: part("name_ru"),
            birth: part("birth_date"),
        }
    }

    /// Nothing was given.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Surname, given names and birth date in Latin letters and nothing else: the records' exact key.
    pub(crate) fn is_exact_key(&self) -> bool {
        ![&self.surname, &self.given, &self.birth].iter().any(|part| part.is_empty())
            && self.surname_ru.is_empty()
            && self.name_ru.is_empty()
    }

    /// A surname was given in either script.
    pub(crate) fn has_surname(&self) -> bool {
        !self.surname.is_empty() || !self.surname_ru.is_empty()
    }
}

impl Criteria {
    /// The criteria of a search; at least one.
    pub(crate) fn read(body: &Value) -> Result<Self, Refusal> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let moment = |name: &'static str, read: fn(&str) -> Option<i64>| {
            let wrong = || Refusal::new(Kind::Malformed, "moment-malformed").with("member", name);
            text(name).map(|text| read(text).ok_or_else(wrong)).transpose()
        };
        let from = moment("period_from", calendar::since)?;
        let to = moment("period_to", calendar::until)?;
        let numbers: Vec<_> = Criterion::NUMBERS
            .into_iter()
            .filter_map(|(criterion, name)| Some((criterion, fold_number(text(name)?))))
            .collect();
        let limit = body.get("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        let criteria = Self {
            document: text("doc_number").map(fold_number),
            issuing_state: text("issuing_state").map(str::to_owned),
            names: Asked::read(body),
            close: text("match") == Some("close"),
            from: from.unwrap_or(i64::MIN),
            to: to.unwrap_or(i64::MAX),
            checkpoint: text("checkpoint_code").map(str::to_uppercase),
            numbers,
            as_of: moment("as_of", calendar::until)?,
            limit: limit.unwrap_or(PAGE).clamp(1, PAGE_MAX),
            source: None,
        };
        let none = criteria.document.is_none()
            && criteria.names.is_empty()
            && criteria.checkpoint.is_none()
            && criteria.numbers.is_empty()
            && from.or(to).is_none();
        if none {
            return Err(Refusal::new(Kind::Malformed, "no-criterion"));
        }
        if criteria.from > criteria.to {
            return Err(Refusal::new(Kind::Malformed, "period-reversed"));
        }
        if criteria.close && !criteria.names.has_surname() {
            return Err(Refusal::new(Kind::Malformed, "close-needs-name"));
        }
        Ok(criteria)
    }

    /// The one term that leads to the fewest records, of those that need no directory of persons.
    pub(crate) fn narrowest(&self) -> (Criterion, String) {
        let number = |wanted: Criterion| {
            self.numbers.iter().find(|(criterion, _)| *criterion == wanted).map(|(_, value)| (wanted, value.clone()))
        };
        [Criterion::Visa, Criterion::Permit, Criterion::Registration, Criterion::Event]
            .into_iter()
            .find_map(number)
            .or_else(|| self.document.clone().map(|value| (Criterion::Document, value)))
            .or_else(|| (!self.close).then(|| self.exact_name()).flatten())
            .or_else(|| [Criterion::Vehicle, Criterion::Flight].into_iter().find_map(number))
            .or_else(|| self.checkpoint.clone().map(|value| (Criterion::Checkpoint, value)))
            .unwrap_or((Criterion::Any, String::new()))
    }

    fn exact_name(&self) -> Option<(Criterion, String)> {
        let Asked { surname, given, birth, .. } = &self.names;
        let key = super::super::view::name_key(surname, given, birth);
        self.names.is_exact_key().then_some((Criterion::Name, key))
    }

    /// Whether the directory of persons must be asked: names are wanted that no exact key covers, and nothing narrower.
    pub(crate) fn needs_directory(&self) -> bool {
        let (criterion, _) = self.narrowest();
        !self.names.is_empty()
            && matches!(criterion, Criterion::Vehicle | Criterion::Flight | Criterion::Checkpoint | Criterion::Any)
    }

    /// Whether the record has all that was asked for; names only when the match is exact.
    pub(crate) fn fits(&self, view: &View<'_>, source: &str) -> bool {
        self.source.as_deref().is_none_or(|own| own == source)
            && self.fits_document(view)
            && (self.close || self.fits_names(view))
            && self.checkpoint.as_deref().is_none_or(|code| view.text("checkpoint_code") == Some(code))
            && self.numbers.iter().all(|(criterion, value)| {
                Criterion::NUMBERS
                    .iter()
                    .find(|(known, _)| known == criterion)
                    .and_then(|(_, name)| view.text(name))
                    .is_some_and(|number| fold_number(number) == *value)
            })
    }

    fn fits_document(&self, view: &View<'_>) -> bool {
        let state = self.issuing_state.as_deref();
        if state.is_some_and(|state| view.inner("doc", "issuing_state") != Some(state)) {
            return false;
        }
        let Some(wanted) = &self.document else { return true };
        let number = fold_number(view.inner("doc", "doc_number").unwrap_or_default());
        let series = view.inner("doc", "doc_series").map(fold_number).unwrap_or_default();
        *wanted == number || *wanted == series + &number
    }

    fn fits_names(&self, view: &View<'_>) -> bool {
        let same = |asked: &str, name: &str| {
            asked.is_empty() || view.inner("foreigner", name).is_some_and(|found| fold_name(found) == asked)
        };
        let Asked { surname, given, surname_ru, name_ru, birth } = &self.names;
        same(surname, "surname_lat")
            && same(given, "given_names_lat")
            && same(surname_ru, "surname_ru")
            && same(name_ru, "name_ru")
            && same(birth, "birth_date")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_search_needs_a_criterion() {
        for nothing in [
            json!({}),
            json!({"match": "close", "limit": 5}),
            json!({"issuing_state": "DEU"}),
            json!({"as_of": "2025-01-01"}),
        ] {
            assert_eq!(Criteria::read(&nothing).unwrap_err().code, "no-criterion", "{nothing}");
        }
        let reversed = json!({"period_from": "2025-06-02", "period_to": "2025-06-01"});
        assert_eq!(Criteria::read(&reversed).unwrap_err().code, "period-reversed");
        let day = json!({"period_from": "2025-06-02", "period_to": "2025-06-02"});
        assert!(Criteria::read(&day).is_ok());
        assert_eq!(Criteria::read(&json!({"period_from": "2025-02-30"})).unwrap_err().code, "moment-malformed");
        let close = json!({"match": "close", "given_names_lat": "ANNA"});
        assert_eq!(Criteria::read(&close).unwrap_err().code, "close-needs-name");
    }

    #[test]
    fn the_narrowest_criterion_leads() {
        let leads = |body| Criteria::read(&body).unwrap().narrowest().0;
        assert_eq!(leads(json!({"checkpoint_code": "X", "doc_number": "1"})), Criterion::Document);
        assert_eq!(leads(json!({"visa_number": "X", "doc_number": "1"})), Criterion::Visa);
        assert_eq!(leads(json!({"flight_number": "X", "checkpoint_code": "1"})), Criterion::Flight);
        assert_eq!(leads(json!({"period_from": "2025-01-01"})), Criterion::Any);
        let name = json!({"surname_lat": "a", "given_names_lat": "b", "birth_date": "19900101", "flight_number": "B2"});
        assert_eq!(leads(name.clone()), Criterion::Name);
        assert!(!Criteria::read(&name).unwrap().needs_directory());
        assert!(Criteria::read(&json!({"surname_ru": "ИВАНОВ", "checkpoint_code": "X"})).unwrap().needs_directory());
    }
}
