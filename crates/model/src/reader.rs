//! Reading members of a JSON object in either spelling (`operator_unp`, `operatorUnp`), gathering what is wrong.

use jiff::civil::Date;
use jiff::{Timestamp, tz};
use serde_json::{Map, Value};

use crate::json::step;
use crate::refusal::Fault;

/// An object under reading, with the faults found in it so far.
pub(crate) struct Reader<'a> {
    members: Option<&'a Map<String, Value>>,
    at: String,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(value: &'a Value, at: impl Into<String>) -> Self {
        let at = at.into();
        let members = value.as_object();
        let faults = match members {
            Some(_) => Vec::new(),
            None => vec![Fault::new(at.clone(), "02", "type").with("expected", "object")],
        };
        Self { members, at, faults }
    }

    pub(crate) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    pub(crate) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Takes over the faults of a part.
    pub(crate) fn take(&mut self, part: Reader<'_>) {
        self.faults.extend(part.faults);
    }

    /// Where a member stands, in the spelling in which it was sent.
    pub(crate) fn pointer(&self, name: &str) -> String {
        let other = camel(name);
        let sent = |spelling: &str| self.members.is_some_and(|members| members.contains_key(spelling));
        step(&self.at, if !sent(name) && sent(&other) { &other } else { name })
    }

    /// The member, unless it is absent or null. Sent in both spellings it is a fault: two readers would differ.
    fn member(&mut self, name: &str) -> Option<&'a Value> {
        let members = self.members?;
        let other = camel(name);
        let second = if other == name { None } else { members.get(&other) };
        let found = match (members.get(name), second) {
            (Some(_), Some(_)) => {
                self.faults.push(Fault::new(step(&self.at, &other), "07", "duplicate-member"));
                None
            }
            (one, other) => one.or(other),
        };
        found.filter(|value| !value.is_null())
    }

    fn missing(&mut self, name: &str) {
        self.faults.push(Fault::new(self.pointer(name), "06", "required"));
    }

    fn mistyped(&mut self, name: &str, expected: &str) {
        self.faults.push(Fault::new(self.pointer(name), "02", "type").with("expected", expected));
    }

    /// A member that is an object; absent is a fault.
    pub(crate) fn object(&mut self, name: &str) -> Option<Reader<'a>> {
        let found = self.object_if(name);
        if found.is_none() && self.member(name).is_none() {
            self.missing(name);
        }
        found
    }

    /// The same when it may be absent.
    pub(crate) fn object_if(&mut self, name: &str) -> Option<Reader<'a>> {
        let value = self.member(name)?;
        Some(Reader::new(value, self.pointer(name)))
    }

    /// A text that must be there and not be blank, with its place.
    pub(crate) fn needed(&mut self, name: &str) -> Option<(&'a str, String)> {
        let at = self.pointer(name);
        match self.member(name).map(|value| value.as_str().map(str::trim)) {
            None | Some(Some("")) => self.missing(name),
            Some(None) => self.mistyped(name, "string"),
            Some(Some(text)) => return Some((text, at)),
        }
        None
    }

    /// The same of at most so many characters.
    pub(crate) fn text(&mut self, name: &str, max: usize) -> Option<String> {
        let (text, at) = self.needed(name)?;
        if text.chars().count() > max {
            self.faults.push(Fault::new(at, "02", "too-long").with("max", max));
            return None;
        }
        Some(text.to_owned())
    }

    /// Notes that a value could not be understood.
    pub(crate) fn parsed<T>(&mut self, value: Option<T>, at: String, expected: &str) -> Option<T> {
        if value.is_none() {
            self.faults.push(Fault::new(at, "02", "form").with("expected", expected));
        }
        value
    }

    /// A member that may be absent but not be wrong.
    pub(crate) fn optional<T>(&mut self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let value = self.member(name)?;
        let read = read(value);
        if read.is_none() {
            self.faults.push(Fault::new(self.pointer(name), "02", "other"));
        }
        read
    }

    /// Texts of a list; none when it is absent.
    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(value) = self.member(name) else { return Vec::new() };
        let texts: Option<Vec<String>> = value
            .as_array()
            .and_then(|items| {
                items
                    .iter()
                    .map(|item| item.as_str().map(str::trim).filter(|text| !text.is_empty()))
                    .collect::<Option<_>>()
            })
            .map(|texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect());
        if texts.is_none() {
            self.mistyped(name, "array");
        }
        texts.unwrap_or_default()
    }

    /// Items of a list of 1 to `max`, each with its place.
    pub(crate) fn items(&mut self, name: &str, max: usize) -> Vec<(String, &'a Value)> {
        let at = self.pointer(name);
        let Some(value) = self.member(name) else {
            self.missing(name);
            return Vec::new();
        };
        match value.as_array() {
            None => self.mistyped(name, "array"),
            Some(items) if items.is_empty() => self.missing(name),
            Some(items) if items.len() > max => {
                self.faults.push(Fault::new(at, "02", "too-many").with("max", max));
            }
            Some(items) => return items.iter().enumerate().map(|(n, item)| (format!("{at}/{n}"), item)).collect(),
        }
        Vec::new()
    }

    /// The code of a classifier's value, such as `{"code":"NOTARY","type":80}`.
    pub(crate) fn code(&mut self, name: &str) -> Option<String> {
        let mut value = self.object(name)?;
        let code = value.text("code", 10);
        self.take(value);
        code
    }

    /// Checks a classifier's value: its list, where it is named, and its code.
    pub(crate) fn coded(&mut self, name: &str, list: i64, fits: impl Fn(&str) -> bool) {
        let Some(mut value) = self.object(name) else { return };
        let other_list = value.member("type").is_some_and(|kind| kind.as_i64() != Some(list));
        let unknown = value.needed("code").is_some_and(|(code, _)| !fits(code));
        for (wrong, member) in [(other_list, "type"), (unknown, "code")] {
            if wrong {
                value.faults.push(Fault::new(value.pointer(member), "04", "classifier").with("list", list));
            }
        }
        self.take(value);
    }
}

/// `operator_unp` as `operatorUnp`.
fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut raise = false;
    for letter in name.chars() {
        match letter {
            '_' => raise = true,
            letter if raise => {
                out.extend(letter.to_uppercase());
                raise = false;
            }
            letter => out.push(letter),
        }
    }
    out
}

/// A moment with its offset.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// A bare day, with or without an offset after it: its first or its last moment in Minsk.
pub(crate) fn day(text: &str, to_its_end: bool) -> Option<Timestamp> {
    let (day, offset) = text.split_at_checked(10)?;
    if !matches!(offset, "" | "Z" | "+03:00") {
        return None;
    }
    let day: Date = day.parse().ok()?;
    let day = if to_its_end { day.tomorrow().ok()? } else { day };
    let minsk = tz::TimeZone::fixed(tz::offset(3));
    minsk.to_timestamp(day.at(0, 0, 0, 0)).ok()
}
