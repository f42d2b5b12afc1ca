//! Tests of faults: their pointers, codes and limits.

use proptest::prelude::*;

use super::*;

fn schema() -> Schema {
    let document = json!({"$defs": {
        "day": {"title": "date of birth", "type": "string", "pattern": "^[0-9]{8}$"},
        "request": {
            "type": "object",
            "additionalProperties": false,
            "required": ["id", "when"],
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "when": {"type": "string", "format": "date-time"},
                "day": {"$ref": "#/$defs/day"},
                "on": {"type": "string", "format": "date"},
                "birth": {"type": "string", "format": "birth-day"},
                "number": {"type": "string", "format": "identification-number"},
                "kind": {"enum": ["a", "b"]},
                "name": {"type": "string", "pattern": "^[A-Z]+$", "maxLength": 5},
                "count": {"type": "integer", "minimum": 1, "maximum": 9},
                "x~/y": {"const": 1},
                "items": {"type": "array", "items": {"type": "object", "required": ["z"]}, "maxItems": 2},
                "either": {"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
            }
        }
    }});
    Schema::compile(document, "#/$defs/request").unwrap()
}

fn one(member: &str, value: Value) -> Vec<(String, String, &'static str)> {
    let mut message = json!({"id": "0199aaaa-0000-7000-8000-000000000000", "when": "2025-06-02T14:05:00+03:00"});
    message[member] = value;
    match schema().check(&message) {
        Ok(()) => Vec::new(),
        Err(faults) => faults.into_iter().map(|f| (f.pointer, f.code.into_owned(), f.text)).collect(),
    }
}

#[test]
fn each_fault_has_its_pointer_and_code() {
    for (member, value, pointer, code, text) in [
        ("id", json!("x"), "/id", "02", "pattern"),
        ("when", json!("2025-06-02 14:05"), "/when", "03", "format-date"),
        ("on", json!("2025-02-30"), "/on", "03", "format-date"),
        ("day", json!("1990"), "/day", "03", "format-date"),
        ("birth", json!("19900230"), "/birth", "03", "format-date"),
        ("number", json!("3010190A001PB8"), "/number", "02", "check-digit"),
        ("kind", json!("c"), "/kind", "04", "enum"),
        ("name", json!("a"), "/name", "02", "pattern"),
        ("name", json!("ABCDEF"), "/name", "02", "too-long"),
        ("count", json!(10), "/count", "02", "range"),
        ("count", json!("1"), "/count", "02", "type"),
        ("x~/y", json!(2), "/x~0~1y", "04", "enum"),
        ("other", json!(1), "/other", "02", "unknown-member"),
        ("items", json!([{"z": 1}, {}]), "/items/1/z", "06", "required"),
        ("items", json!([{"z": 1}, {"z": 1}, {"z": 1}]), "/items", "02", "too-many"),
        ("either", json!({}), "/either", "06", "required-one-of"),
    ] {
        let found = one(member, value);
        assert_eq!(found, vec![(pointer.to_owned(), code.to_owned(), text)], "{member}");
    }
    assert_eq!(one("kind", json!("a")), vec![]);
    assert_eq!(one("number", json!("3010190A001PB9")), vec![]);
}

#[test]
fn a_wrong_check_digit_tells_the_right_one() {
    let message = json!({"id": "0199aaaa-0000-7000-8000-000000000000", "when": "2025-06-02T14:05:00Z",
        "number": "3010190A001PB8"});
    let faults = schema().check(&message).unwrap_err();
    assert_eq!(faults[0].params, vec![("expected", "9".to_owned())]);
}

#[test]
fn all_faults_are_told_up_to_the_limit() {
    let faults = schema().check(&json!({"kind": "c", "count": 0})).unwrap_err();
    assert_eq!(faults.len(), 4);
    let crowd: serde_json::Map<String, Value> = (0..1000).map(|n| (format!("m{n}"), json!(n))).collect();
    assert_eq!(schema().check(&Value::Object(crowd)).unwrap_err().len(), MAX_FAULTS);
}

#[test]
fn files_refer_to_each_other_and_to_nothing_else() {
    let files: Files = Arc::new(BTreeMap::from([
        (
            "common.schema.json".to_owned(),
            json!({"$defs": {"n": {"title": "Date", "type": "string", "pattern": "^1$"}}}),
        ),
        (
            "a.schema.json".to_owned(),
            json!({"$defs": {"request": {"properties": {"n": {"$ref": "common.schema.json#/$defs/n"}}}}}),
        ),
        ("b.schema.json".to_owned(), json!({"$defs": {"request": {"$ref": "https://example.com/x.json"}}})),
    ]));
    let schema = Schema::compile_in(&files, "a.schema.json", "#/$defs/request").unwrap();
    assert_eq!(schema.check(&json!({"n": "2"})).unwrap_err()[0].code, "03");
    assert!(Schema::compile_in(&files, "b.schema.json", "#/$defs/request").is_err());
    assert!(Schema::compile_in(&files, "a.schema.json", "#/$defs/answer").is_err());
}

#[test]
fn careless_schemas_are_refused() {
    for wrong in [
        json!({"type": "strnig"}),
        json!({"type": "string", "format": "dtae"}),
        json!({"type": "string", "pattern": "(?=a)b"}),
        json!({"type": "string", "pattern": "("}),
        json!({"$ref": "#/$defs/nowhere"}),
    ] {
        let document = json!({"$defs": {"request": wrong}});
        assert!(Schema::compile(document.clone(), "#/$defs/request").is_err(), "{document}");
    }
}

proptest! {
    #[test]
    fn a_value_is_valid_or_has_faults(name in "\\PC{0,8}", count in any::<i64>()) {
        let message = json!({"id": "0199aaaa-0000-7000-8000-000000000000", "when": "2025-06-02T14:05:00Z",
            "name": name, "count": count});
        let upper = !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase()) && name.len() <= 5;
        let good = upper && (1..=9).contains(&count);
        prop_assert_eq!(schema().check(&message).is_ok(), good);
    }

    #[test]
    fn no_fault_repeats_a_value(secret in "[a-z]{12}") {
        let faults = one("name", json!(secret));
        prop_assert!(!faults.is_empty());
        let told = format!("{faults:?}");
        prop_assert!(!told.contains(&secret));
    }
}
