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
    let root = Strict {
        found: &found,
        path: None,
        depth: 0,
    };
    let value = root
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    value.map_err(|wrong| {
        found.take().unwrap_or_else(|| {
            Fault::new("", "body-malformed", "malformed")
                .with("line", wrong.line())
                .with("column", wrong.column())
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
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| self.refuse("body-malformed", "number"))
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
            let place = Place {
                above: self.path,
                at: Step::Item(out.len()),
            };
            let seed = Strict {
                found: self.found,
                path: Some(&place),
                depth,
            };
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
            let place = Place {
                above: self.path,
                at: Step::Member(&name),
            };
            let value = members.next_value_seed(Strict {
                found: self.found,
                path: Some(&place),
                depth,
            })?;
            match out.entry(name) {
                Entry::Vacant(free) => {
                    free.insert(value);
                }
                Entry::Occupied(taken) => {
                    let place = Place {
                        above: self.path,
                        at: Step::Member(taken.key()),
                    };
                    let here = Strict {
                        found: self.found,
                        path: Some(&place),
                        depth,
                    };
                    return Err(here.refuse("body-duplicate-member", "duplicate-member"));
                }
            }
        }
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn code(bytes: &[u8]) -> (String, String) {
        let fault = parse(bytes).unwrap_err();
        (fault.code.into_owned(), fault.pointer)
    }

    #[test]
    fn duplicate_members_are_named() {
        let (code, pointer) = code(br#"{"a":[{"x/y":1,"x\u002fy":2}]}"#);
        assert_eq!(
            (code.as_str(), pointer.as_str()),
            ("body-duplicate-member", "/a/0/x~1y")
        );
    }

    #[test]
    fn depth_is_bounded_exactly() {
        let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nest(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(code(nest(MAX_DEPTH + 1).as_bytes()).0, "body-too-deep");
        assert_eq!(code("[".repeat(100_000).as_bytes()).0, "body-too-deep");
        assert_eq!(code(r#"{"a":"#.repeat(100_000).as_bytes()).0, "body-too-deep");
    }

    #[test]
    fn what_readers_differ_about_is_refused() {
        for bytes in [
            b"{} x".as_slice(),
            b"",
            b"1e999",
            b"-1e999",
            b"[1,]",
            b"NaN",
            b"01",
            br#""\ud800""#,
            br#""\udc00\ud800""#,
            br#""\u0000""#,
            br#"{"\u0000":1}"#,
            b"\"\x01\"",
            b"{'a':1}",
            b"// a\n1",
        ] {
            assert_eq!(code(bytes).0, "body-malformed", "{}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(code(b"\"\xff\"").0, "body-not-utf8");
        assert_eq!(code(b"\"\xed\xa0\x80\"").0, "body-not-utf8");
        assert_eq!(code(b"\xef\xbb\xbf{}").0, "body-not-utf8");
        assert_eq!(code(b"{\x00}").0, "body-malformed");
    }

    #[test]
    fn a_fault_says_where() {
        let fault = parse(b"{\n  \"a\": }").unwrap_err();
        assert_eq!(fault.params, vec![("line", "2".to_owned()), ("column", "8".to_owned())]);
    }

    /// RFC 8785 §3.2.2 (its example) and §3.2.3 (its sorting vector).
    #[test]
    fn the_vectors_of_rfc_8785() {
        let example = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        let value = parse(example.as_bytes()).unwrap();
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
            \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(String::from_utf8(canonical(&value).unwrap()).unwrap(), expected);

        let sorting = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
            "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
        let bytes = canonical(&parse(sorting.as_bytes()).unwrap()).unwrap();
        let sorted: Value = serde_json::from_slice(&bytes).unwrap();
        let values: Vec<&str> = sorted
            .as_object()
            .unwrap()
            .values()
            .map(|v| v.as_str().unwrap())
            .collect();
        assert_eq!(
            values,
            [
                "Carriage Return",
                "One",
                "Control",
                "Latin Small Letter O With Diaeresis",
                "Euro Sign",
                "Emoji: Grinning Face",
                "Hebrew Letter Dalet With Dagesh"
            ]
        );
    }

    /// RFC 8785 appendix B, the finite samples.
    #[test]
    fn the_numbers_of_rfc_8785() {
        for (bits, text) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_53e3, "333333333.3333332"),
            (0x41b3_de43_5555_53e4, "333333333.33333325"),
            (0x41b3_de43_5555_5557, "333333333.3333334"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(canonical(&f64::from_bits(bits)).unwrap(), text.as_bytes());
        }
        assert!(canonical(&f64::NAN).is_err() || canonical(&f64::NAN).unwrap() == b"null");
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i32>().prop_map(|n| json!(n)),
            any::<f64>()
                .prop_filter("finite", |n| n.is_finite())
                .prop_map(|n| json!(n)),
            "[^\0]{0,12}".prop_map(Value::String),
        ];
        leaf.prop_recursive(5, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::btree_map("[^\0]{0,6}", inner, 0..6).prop_map(|m| m.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            // Whatever the strict parser accepts the lenient one reads the same.
            if let Ok(value) = parse(&bytes) {
                prop_assert_eq!(value, serde_json::from_slice::<Value>(&bytes).unwrap());
            }
        }

        #[test]
        fn what_is_written_is_read_again(value in values()) {
            prop_assert_eq!(&parse(&serde_json::to_vec(&value).unwrap()).unwrap(), &value);
        }

        #[test]
        fn canonical_is_a_fixed_point(value in values()) {
            let once = canonical(&value).unwrap();
            let again = canonical(&parse(&once).unwrap()).unwrap();
            prop_assert_eq!(once, again);
        }

        #[test]
        fn order_of_members_does_not_matter(members in prop::collection::btree_map("[a-zА-я😀]{1,4}", any::<i32>(), 0..8)) {
            let forward: Map<String, Value> = members.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            let backward: Map<String, Value> = members.iter().rev().map(|(k, v)| (k.clone(), json!(v))).collect();
            prop_assert_eq!(canonical(&forward).unwrap(), canonical(&backward).unwrap());
        }
    }
}
