//! JSON as messages may bear it: strict in, canonical out, cut to what is permitted.
//!
//! One pass: what a lenient parser lets through differently from another (duplicate members, a byte order mark, lone
//! surrogates, numbers beyond any type) is refused, because the EDS covers bytes and two readers must see one message.

use std::cell::Cell;
use std::fmt;

use serde::Serialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use crate::error::Error;
use crate::refusal::{Fault, Kind, Refusal};

/// How deep arrays and objects may lie in each other.
pub const MAX_DEPTH: usize = 64;

/// The value of `bytes`, or the first fault.
///
/// The fault's `code` is the refusal's code: `body-not-utf8`, `body-malformed`, `body-duplicate-member`, `body-too-deep`.
pub fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|wrong| {
        Fault::new("", "body-not-utf8", "not-utf8").with("position", wrong.valid_up_to().saturating_add(1))
    })?;
    if text.starts_with('\u{feff}') {
        return Err(Fault::new("", "body-not-utf8", "byte-order-mark"));
    }
    let found = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let root = Strict { found: &found, path: None, depth: 0 };
    let value = root.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|wrong| {
        found.take().unwrap_or_else(|| {
            Fault::new("", "body-malformed", "malformed").with("line", wrong.line()).with("column", wrong.column())
        })
    })
}

/// The refusal for a fault of [`parse`].
pub fn refuse(fault: Fault) -> Refusal {
    let code = match fault.code.as_ref() {
        "body-not-utf8" => "body-not-utf8",
        "body-duplicate-member" => "body-duplicate-member",
        "body-too-deep" => "body-too-deep",
        _ => "body-malformed",
    };
    Refusal::new(Kind::Malformed, code).faults(vec![fault])
}

/// RFC 8785 bytes of `value`: the same for everybody who has the same facts.
pub fn canonical(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json_canonicalizer::to_vec(value).map_err(|wrong| Error::Canonical(wrong.to_string()))
}

/// `name` as one step of a JSON pointer (RFC 6901 §3).
pub fn step(pointer: &str, name: &str) -> String {
    let mut out = String::with_capacity(pointer.len().saturating_add(name.len()).saturating_add(1));
    out.push_str(pointer);
    out.push('/');
    for c in name.chars() {
        match c {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            c => out.push(c),
        }
    }
    out
}

/// Where the reader is; lives on the stack, so that a message without faults pays nothing for pointers.
#[derive(Clone, Copy)]
struct Place<'a> {
    above: Option<&'a Place<'a>>,
    at: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

fn pointer(place: Option<&Place<'_>>) -> String {
    let Some(place) = place else { return String::new() };
    let above = pointer(place.above);
    match place.at {
        Step::Member(name) => step(&above, name),
        Step::Item(index) => format!("{above}/{index}"),
    }
}

struct Strict<'a> {
    found: &'a Cell<Option<Fault>>,
    path: Option<&'a Place<'a>>,
    depth: usize,
}

impl Strict<'_> {
    fn refuse<E: de::Error>(&self, code: &'static str, text: &'static str) -> E {
        self.found.set(Some(Fault::new(pointer(self.path), code, text)));
        E::custom(text)
    }

    fn deeper(&self) -> Option<usize> {
        self.depth.checked_add(1).filter(|depth| *depth <= MAX_DEPTH)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| self.refuse("body-malformed", "number"))
    }

    /// Strings that bear escapes come here; the others are borrowed. NUL can come by an escape only, and no SQL text
    /// column holds it.
    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        if value.contains('\0') {
            return Err(self.refuse("body-malformed", "nul"));
        }
        Ok(Value::String(value.to_owned()))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let Some(depth) = self.deeper() else {
            return Err(self.refuse("body-too-deep", "too-deep"));
        };
        let mut out = Vec::new();
        loop {
            let place = Place { above: self.path, at: Step::Item(out.len()) };
            let seed = Strict { found: self.found, path: Some(&place), depth };
            match items.next_element_seed(seed)? {
                Some(item) => out.push(item),
                None => return Ok(Value::Array(out)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let Some(depth) = self.deeper() else {
            return Err(self.refuse("body-too-deep", "too-deep"));
        };
        let mut out = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if name.contains('\0') {
                return Err(self.refuse("body-malformed", "nul"));
            }
            let place = Place { above: self.path, at: Step::Member(&name) };
            let value = members.next_value_seed(Strict { found: self.found, path: Some(&place), depth })?;
            match out.entry(name) {
                Entry::Vacant(free) => {
                    free.insert(value);
                }
                Entry::Occupied(taken) => {
                    let place = Place { above: self.path, at: Step::Member(taken.key()) };
                    let here = Strict { found: self.found, path: Some(&place), depth };
                    return Err(here.refuse("body-duplicate-member", "duplicate-member"));
                }
            }
        }
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
