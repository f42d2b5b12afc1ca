//! What was typed on a page becomes part of the request's body, or a reason why not.

use jiff::civil::Date;
use serde_json::{Map, Value};
use web::pages;

use super::{Field, Form, Kind, Page};

/// Why an answer cannot be kept as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Which answer.
    pub pointer: String,
    /// What is shown, in the reader's language.
    pub message: Message,
}

/// What is shown about an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// A text of the portal below `form.`.
    Own(&'static str),
    /// A text that somebody else has written in the reader's language.
    Told(String),
}

/// What a field holds.
enum Typed {
    Nothing,
    Value(Value),
    Wrong(&'static str),
}

/// Most characters of one answer; what is longer is a mistake of pasting, and the schema has its own bounds.
const LONGEST: usize = 2_000;

/// Puts what was typed on the page into `answers`; what is wrong with it, in the order of the fields.
///
/// A mistake in one field costs no other; what is wrong is no answer.
pub(crate) fn read(form: &Form, page: &Page, given: &pages::Form, answers: &mut Value) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for field in &page.fields {
        // A condition may hang on an answer of the same page, read just before.
        if !form.fields(page, answers).iter().any(|asked| asked.pointer == field.pointer) {
            continue;
        }
        let mut say = |key| wrong.push(Wrong { pointer: field.pointer.clone(), message: Message::Own(key) });
        if field.is_file() {
            // Files are answers from the moment they came.
            if form.requires(field, answers) && answers.pointer(&field.pointer).is_none() {
                say(missing(field.kind));
            }
            continue;
        }
        let value = match typed(field, given) {
            Typed::Value(value) => Some(value),
            Typed::Nothing => {
                if form.requires(field, answers) {
                    say(missing(field.kind));
                }
                None
            }
            Typed::Wrong(key) => {
                say(key);
                None
            }
        };
        set(answers, &field.pointer, value);
    }
    wrong
}

/// An answer that is needed is not there.
pub(super) fn absent(field: &Field) -> Wrong {
    Wrong { pointer: field.pointer.clone(), message: Message::Own(missing(field.kind)) }
}

fn missing(kind: Kind) -> &'static str {
    match kind {
        Kind::Date | Kind::BirthDate => "missing-date",
        Kind::Select | Kind::Radios | Kind::Country | Kind::Checkpoint | Kind::Checkbox => "missing-choice",
        Kind::File => "missing-file",
        _ => "missing",
    }
}

fn typed(field: &Field, form: &pages::Form) -> Typed {
    let name = field.name();
    match field.kind {
        Kind::Date => date(form, &name, false),
        Kind::BirthDate => date(form, &name, true),
        Kind::Checkbox => {
            if form.has(&name) {
                Typed::Value(Value::Bool(true))
            } else {
                Typed::Nothing
            }
        }
        Kind::Radios if field.is_yes_no() => match form.get(&name) {
            "yes" => Typed::Value(Value::Bool(true)),
            "no" => Typed::Value(Value::Bool(false)),
            _ => Typed::Nothing,
        },
        Kind::Number => match form.get(&name) {
            "" => Typed::Nothing,
            text => text.parse::<u32>().map_or(Typed::Wrong("number"), |number| Typed::Value(number.into())),
        },
        _ => text(field, form.get(&name)),
    }
}

fn text(field: &Field, typed: &str) -> Typed {
    // Several blanks are one: they come with pasting.
    let mut text = if field.kind == Kind::Textarea {
        typed.trim().to_owned()
    } else {
        typed.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    if text.is_empty() {
        return Typed::Nothing;
    }
    if text.chars().count() > LONGEST || text.contains('\0') {
        return Typed::Wrong("too-long");
    }
    if field.kind == Kind::Phone {
        text.retain(|sign| !matches!(sign, ' ' | '-' | '(' | ')'));
    }
    if field.upper {
        text = text.to_uppercase();
    }
    Typed::Value(Value::String(text))
}

/// Day, month and year in fields of their own; of a birth, day and month may be unknown.
fn date(form: &pages::Form, name: &str, of_birth: bool) -> Typed {
    let part = |part: &str| form.get(&format!("{name}-{part}")).to_owned();
    let (day, month, year) = (part("day"), part("month"), part("year"));
    if [&day, &month, &year].iter().all(|part| part.is_empty()) {
        return Typed::Nothing;
    }
    let number = |text: &str| -> Option<i16> { if text.is_empty() { Some(0) } else { text.parse().ok() } };
    let (Some(d), Some(m), Some(y)) = (number(&day), number(&month), number(&year)) else {
        return Typed::Wrong("date");
    };
    if !(1850..=2200).contains(&y) {
        return Typed::Wrong("date-year");
    }
    if of_birth && (d == 0 || m == 0) {
        // Without its month a day says nothing.
        return if d == 0 && (0..=12).contains(&m) {
            Typed::Value(format!("{y:04}{m:02}00").into())
        } else {
            Typed::Wrong("date")
        };
    }
    let (Ok(d), Ok(m)) = (i8::try_from(d), i8::try_from(m)) else { return Typed::Wrong("date") };
    match Date::new(y, m, d) {
        Ok(_) if of_birth => Typed::Value(format!("{y:04}{m:02}{d:02}").into()),
        Ok(date) => Typed::Value(date.to_string().into()),
        Err(_) => Typed::Wrong("date"),
    }
}

/// The day in the three fields of this name; none where nothing is typed, or the text below `form.` that says what is wrong.
pub(crate) fn day(form: &pages::Form, name: &str) -> Result<Option<Date>, &'static str> {
    match date(form, name, false) {
        Typed::Nothing => Ok(None),
        Typed::Value(value) => Ok(value.as_str().and_then(|day| day.parse().ok())),
        Typed::Wrong(key) => Err(key),
    }
}

/// Sets or removes the value at a pointer of plain names; the objects above it are made.
pub(crate) fn set(body: &mut Value, pointer: &str, value: Option<Value>) {
    let mut place = body;
    let mut names = pointer.trim_start_matches('/').split('/').peekable();
    while let Some(name) = names.next() {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(members) = place else { return };
        if names.peek().is_none() {
            match value {
                Some(value) => drop(members.insert(name.to_owned(), value)),
                None => drop(members.shift_remove(name)),
            }
            return;
        }
        if value.is_none() && !members.contains_key(name) {
            return;
        }
        place = members.entry(name).or_insert_with(|| Value::Object(Map::new()));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn field(kind: Kind) -> Field {
        Field {
            pointer: "/a/b".into(),
            kind,
            options: None,
            width: None,
            autocomplete: None,
            required: true,
            required_when: None,
            shared: false,
            upper: true,
            files: None,
            when: None,
        }
    }

    fn read_one(field: Field, body: &str) -> (Value, Vec<Wrong>) {
        let page =
            Page { id: "p".into(), block: "b".into(), when: None, zone: false, guest: false, fields: vec![field] };
        let form = Form {
            check: String::new(),
            submit: String::new(),
            zone: None,
            guests: None,
            conditions: BTreeMap::new(),
            pages: vec![page],
            lists: BTreeMap::new(),
            tariffs: super::super::tariff::Tariffs::default(),
        };
        let mut answers = json!({"a": {"b": "before"}});
        let wrong = read(&form, &form.pages[0], &pages::Form::parse(body.as_bytes()), &mut answers);
        (answers.pointer("/a/b").cloned().unwrap_or_default(), wrong)
    }

    #[test]
    fn what_is_typed_is_tidied() {
        assert_eq!(read_one(field(Kind::Text), "a.b=++tester++de+").0, json!("TESTER DE"));
        assert_eq!(read_one(field(Kind::Phone), "a.b=%2B375+(29)+111-22-33").0, json!("+375291112233"));
        assert_eq!(read_one(field(Kind::Number), "a.b=30").0, json!(30));
        assert_eq!(read_one(field(Kind::Number), "a.b=thirty").1[0].message, Message::Own("number"));
        assert_eq!(read_one(field(Kind::Text), "a.b=+").1[0].message, Message::Own("missing"));
        assert_eq!(read_one(field(Kind::Text), "a.b=").0, Value::Null);
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        let of =
            |kind, d: &str, m: &str, y: &str| read_one(field(kind), &format!("a.b-day={d}&a.b-month={m}&a.b-year={y}"));
        assert_eq!(of(Kind::Date, "2", "06", "2025").0, json!("2025-06-02"));
        assert_eq!(of(Kind::Date, "29", "2", "2024").0, json!("2024-02-29"));
        for (d, m, y) in [("29", "2", "2025"), ("", "6", "2025"), ("x", "6", "2025"), ("31", "4", "2025")] {
            assert_eq!(of(Kind::Date, d, m, y).1[0].message, Message::Own("date"), "{d} {m} {y}");
            // What is wrong is no answer, not even the one before it.
            assert_eq!(of(Kind::Date, d, m, y).0, Value::Null);
        }
        assert_eq!(of(Kind::Date, "1", "1", "25").1[0].message, Message::Own("date-year"));
        assert_eq!(of(Kind::BirthDate, "", "", "1985").0, json!("19850000"));
        assert_eq!(of(Kind::BirthDate, "", "6", "1985").0, json!("19850600"));
        assert_eq!(of(Kind::BirthDate, "15", "", "1985").1[0].message, Message::Own("date"));
        assert_eq!(of(Kind::BirthDate, "15", "6", "1985").0, json!("19850615"));
    }

    #[test]
    fn places_are_made_and_left() {
        let mut body = json!({});
        set(&mut body, "/a/b/c", Some(json!(1)));
        set(&mut body, "/a/d", Some(json!(2)));
        set(&mut body, "/a/b/c", None);
        set(&mut body, "/x/y", None);
        assert_eq!(body, json!({"a": {"b": {}, "d": 2}}));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(kind in 0_usize..6, body in ".{0,60}") {
            let kinds = [Kind::Text, Kind::Number, Kind::Date, Kind::BirthDate, Kind::Phone, Kind::Checkbox];
            let body = format!("a.b={body}&a.b-day={body}&a.b-month={body}&a.b-year={body}");
            read_one(field(kinds[kind]), &body);
        }
    }
}
