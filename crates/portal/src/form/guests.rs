//! A form for several people: each guest has own answers, the rest is shared with the person whom the form names first.

use jiff::civil::Date;
use model::Lang;
use serde_json::{Map, Value};

use super::{Field, Form, Kind, Page, Wrong, answers};

impl Form {
    /// Whether the form is for several people at all.
    pub(crate) fn has_guests(&self) -> bool {
        self.guests.is_some()
    }

    /// Whether further guests can be named beside whoever these answers are about.
    pub(crate) fn takes_guests(&self, answers: &Value) -> bool {
        self.guests.as_deref().is_some_and(|name| self.holds(Some(name), &self.asked_fields(answers), answers))
    }

    /// The pages on which a guest has own answers.
    pub(crate) fn guest_pages(&self) -> impl Iterator<Item = &Page> {
        self.pages.iter().filter(|page| page.guest)
    }

    /// What a table of guests may have columns for, in the form's order.
    pub(crate) fn columns(&self) -> Vec<&Field> {
        self.pages.iter().flat_map(|page| &page.fields).filter(|field| !field.shared && !field.is_file()).collect()
    }

    /// The answers that all share: nothing of the pages that are a guest's own.
    pub(crate) fn shared(&self, answers: &Value) -> Value {
        let mut shared = answers.clone();
        for field in self.guest_pages().flat_map(|page| &page.fields) {
            answers::set(&mut shared, &field.pointer, None);
        }
        shared
    }

    /// Everything about a guest: the own answers, and where there is none those of the first person.
    pub(crate) fn of_guest(&self, first: &Value, own: &Value) -> Value {
        let mut whole = self.shared(first);
        for field in self.columns() {
            if let Some(value) = own.pointer(&field.pointer) {
                answers::set(&mut whole, &field.pointer, Some(value.clone()));
            }
        }
        self.drop_files_of_others(&mut whole, own);
        self.asked(&whole)
    }

    /// All pages, on the way or not.
    pub(crate) fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// By what people tell these answers from others: the texts that have to be given on the pages of a guest's own.
    pub(crate) fn called(&self, answers: &Value) -> String {
        let fields = self.guest_pages().flat_map(|page| &page.fields);
        let texts = fields.filter(|field| field.kind == Kind::Text && field.required);
        texts.filter_map(|field| answers.pointer(&field.pointer)?.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// What is still missing in these answers.
    pub(crate) fn missing(&self, answers: &Value) -> Vec<Wrong> {
        let asked = self.asked_fields(answers).into_iter().map(|(_, field)| field);
        let missing = asked.filter(|field| self.requires(field, answers) && answers.pointer(&field.pointer).is_none());
        missing.map(answers::absent).collect()
    }

    /// A cell of a table as a browser would send its field; none when a list has no such value, by code or name.
    pub(crate) fn cell(&self, field: &Field, text: &str, day: Date) -> Option<Vec<(String, String)>> {
        let name = field.name();
        match field.kind {
            Kind::Date | Kind::BirthDate => {
                let [year, month, day] = date(text);
                Some(vec![
                    (format!("{name}-day"), day),
                    (format!("{name}-month"), month),
                    (format!("{name}-year"), year),
                ])
            }
            Kind::Checkbox => match &*text.to_lowercase() {
                "1" | "yes" | "true" | "так" | "да" => Some(vec![(name, "yes".to_owned())]),
                "0" | "no" | "false" | "не" | "нет" => Some(Vec::new()),
                _ => None,
            },
            Kind::Select | Kind::Radios | Kind::Country | Kind::Checkpoint if !field.is_yes_no() => {
                let same = |one: &str| one.to_lowercase() == text.to_lowercase();
                let of_lang = |lang| self.choices(field, lang, day).into_iter();
                let mut all = Lang::ALL.into_iter().flat_map(of_lang);
                all.find(|(code, name)| same(code) || same(name)).map(|(code, _)| vec![(name, code)])
            }
            _ => Some(vec![(name, text.to_owned())]),
        }
    }
}

/// Year, month and day of `2026-07-25`, `25.07.2026`, `20260725` or, of a birth, `1985`; else text that is no date.
fn date(text: &str) -> [String; 3] {
    let parts: Vec<&str> = text.split(['-', '.', '/']).map(str::trim).collect();
    let owned = |parts: [&str; 3]| parts.map(|part| if part == "00" { String::new() } else { part.to_owned() });
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => owned([year, month, day]),
        [day, month, year] => owned([year, month, day]),
        [year] if year.len() == 4 => owned([year, "", ""]),
        [all] => match (all.len(), all.get(..4), all.get(4..6), all.get(6..)) {
            (8, Some(year), Some(month), Some(day)) => owned([year, month, day]),
            _ => owned([text, "x", "x"]),
        },
        _ => owned([text, "x", "x"]),
    }
}

/// The values at the pointers of these fields, as an object of its own.
pub(crate) fn picked<'a>(answers: &Value, fields: impl Iterator<Item = &'a Field>) -> Value {
    let mut own = Value::Object(Map::new());
    for field in fields {
        if let Some(value) = answers.pointer(&field.pointer) {
            answers::set(&mut own, &field.pointer, Some(value.clone()));
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_of_tables_are_read_as_people_write_them() {
        for text in ["2026-07-25", "25.07.2026", "25/07/2026", "20260725"] {
            assert_eq!(date(text), ["2026", "07", "25"], "{text}");
        }
        assert_eq!(date("1985"), ["1985", "", ""]);
        assert_eq!(date("19850600"), ["1985", "06", ""]);
        assert_eq!(date("whenever it was"), ["whenever it was", "x", "x"]);
        assert_eq!(date("2026-07"), ["2026-07", "x", "x"]);
    }
}
