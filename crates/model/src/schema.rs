//! JSON Schema 2020-12 over messages: fast when all is well, every fault with its pointer when not.
//!
//! Regular expressions run in linear time (no look-around), references stay inside the service's folder, unknown formats
//! are errors. Besides the standard's formats these are known: `birth-day`, `identification-number`, `unp`, `country`,
//! `currency`, `amount`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jsonschema::error::{TypeKind, ValidationErrorKind as Wrong};
use jsonschema::{Draft, PatternOptions, Retrieve, Uri, ValidationError, Validator};
use serde_json::{Value, json};

use crate::amount::Amount;
use crate::country::Country;
use crate::currency::Currency;
use crate::error::Error;
use crate::identifier::{IdentificationNumber, Unp};
use crate::json::step;
use crate::names::BirthDay;
use crate::refusal::Fault;

/// How many faults one check tells at most.
pub const MAX_FAULTS: usize = 100;

const BASE: &str = "nais:///methods/";

/// Schema files of one service by name, such as `crossings.schema.json`; they may refer to each other.
pub type Files = Arc<BTreeMap<String, Value>>;

/// A compiled schema.
pub struct Schema {
    validator: Validator,
    files: Files,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}

impl Schema {
    /// The schema at `pointer` (such as `#/$defs/request`) of a document that stands alone.
    pub fn compile(document: Value, pointer: &str) -> Result<Self, Error> {
        let name = "message.schema.json";
        Self::compile_in(&Arc::new(BTreeMap::from([(name.to_owned(), document)])), name, pointer)
    }

    /// The schema at `pointer` of file `name`; its references may name the other files.
    pub fn compile_in(files: &Files, name: &str, pointer: &str) -> Result<Self, Error> {
        let faulty = |expected: String| Error::file(format!("methods/{name}"), pointer, expected);
        let target = files
            .get(name)
            .and_then(|file| file.pointer(pointer.trim_start_matches('#')));
        if target.is_none() {
            return Err(faulty("a schema at this place".to_owned()));
        }
        let root = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": format!("{BASE}{name}{pointer}"),
        });
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_base_uri(format!("{BASE}check"))
            .with_retriever(Folder(Arc::clone(files)))
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .with_format("birth-day", |text: &str| BirthDay::parse(text).is_ok())
            .with_format("identification-number", |text: &str| {
                IdentificationNumber::parse(text).is_ok()
            })
            .with_format("unp", |text: &str| Unp::parse(text).is_ok())
            .with_format("country", |text: &str| Country::parse(text).is_ok())
            .with_format("currency", |text: &str| Currency::parse(text).is_ok())
            .with_format("amount", |text: &str| Amount::parse(text).is_ok())
            .build(&root)
            .map_err(|wrong| {
                faulty(format!(
                    "a valid schema ({}: {})",
                    wrong.instance_path(),
                    wrong.masked()
                ))
            })?;
        Ok(Self {
            validator,
            files: Arc::clone(files),
        })
    }

    /// Whether `value` is as it must be.
    pub fn is_valid(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// Nothing, or the faults of `value` in the order of the schema, at most [`MAX_FAULTS`].
    pub fn check(&self, value: &Value) -> Result<(), Vec<Fault>> {
        if self.validator.is_valid(value) {
            return Ok(());
        }
        let mut faults = Vec::new();
        for wrong in self.validator.iter_errors(value) {
            self.tell(&wrong, &mut faults);
            if faults.len() >= MAX_FAULTS {
                faults.truncate(MAX_FAULTS);
                break;
            }
        }
        if faults.is_empty() {
            faults.push(Fault::new("", "02", "other"));
        }
        Err(faults)
    }

    fn tell(&self, wrong: &ValidationError<'_>, faults: &mut Vec<Fault>) {
        let at = wrong.instance_path().as_str();
        match wrong.kind() {
            Wrong::AdditionalProperties { unexpected } | Wrong::UnevaluatedProperties { unexpected } => {
                faults.extend(
                    unexpected
                        .iter()
                        .map(|name| Fault::new(step(at, name), "02", "unknown-member")),
                );
            }
            Wrong::AnyOf { context } | Wrong::OneOfNotValid { context } => self.tell_nearest(at, context, faults),
            Wrong::PropertyNames { error } => self.tell(error, faults),
            kind => faults.push(self.single(at, kind, wrong)),
        }
    }

    /// Of several alternatives the nearest is told: the one with the fewest faults, the earliest of equals.
    fn tell_nearest(&self, at: &str, context: &[Vec<ValidationError<'static>>], faults: &mut Vec<Fault>) {
        if let Some(names) = one_required_of(context) {
            faults.push(Fault::new(at, "06", "required-one-of").with("names", names));
            return;
        }
        match context
            .iter()
            .filter(|wrongs| !wrongs.is_empty())
            .min_by_key(|wrongs| wrongs.len())
        {
            Some(wrongs) => wrongs.iter().for_each(|wrong| self.tell(wrong, faults)),
            None => faults.push(Fault::new(at, "02", "alternative")),
        }
    }

    fn single(&self, at: &str, kind: &Wrong, wrong: &ValidationError<'_>) -> Fault {
        match kind {
            Wrong::Required { property } => {
                Fault::new(step(at, property.as_str().unwrap_or_default()), "06", "required")
            }
            Wrong::Enum { options } => Fault::new(at, "04", "enum").with("allowed", listed(options)),
            Wrong::Constant { expected_value } => Fault::new(at, "04", "enum").with("allowed", plain(expected_value)),
            Wrong::Format { format } => formatted(at, format, wrong.instance()),
            Wrong::Pattern { pattern } if self.is_dated(wrong) => {
                Fault::new(at, "03", "format-date").with("expected", pattern)
            }
            Wrong::Pattern { pattern } => Fault::new(at, "02", "pattern").with("expected", pattern),
            Wrong::Type { kind } => Fault::new(at, "02", "type").with("expected", types(kind)),
            Wrong::MaxLength { limit } => Fault::new(at, "02", "too-long").with("max", limit),
            Wrong::MinLength { limit } => Fault::new(at, "02", "too-short").with("min", limit),
            Wrong::MaxItems { limit } => Fault::new(at, "02", "too-many").with("max", limit),
            Wrong::MinItems { limit } => Fault::new(at, "02", "too-few").with("min", limit),
            Wrong::Maximum { limit } => Fault::new(at, "02", "range").with("expected", format!("≤ {limit}")),
            Wrong::Minimum { limit } => Fault::new(at, "02", "range").with("expected", format!("≥ {limit}")),
            Wrong::ExclusiveMaximum { limit } => Fault::new(at, "02", "range").with("expected", format!("< {limit}")),
            Wrong::ExclusiveMinimum { limit } => Fault::new(at, "02", "range").with("expected", format!("> {limit}")),
            Wrong::UniqueItems => Fault::new(at, "07", "duplicate"),
            Wrong::FalseSchema => Fault::new(at, "02", "unknown-member"),
            Wrong::OneOfMultipleValid { .. } => Fault::new(at, "02", "alternative"),
            _ => Fault::new(at, "02", "other"),
        }
    }

    /// Whether the schema that bears the failed `pattern` calls itself a date in its `title`.
    fn is_dated(&self, wrong: &ValidationError<'_>) -> bool {
        let place = wrong.absolute_keyword_location().map(Uri::as_str).unwrap_or_default();
        let Some((file, pointer)) = place.strip_prefix(BASE).and_then(|rest| rest.split_once('#')) else {
            return false;
        };
        let holder = pointer
            .rsplit_once('/')
            .map_or("", |(holder, _)| holder)
            .replace("%24", "$");
        self.files
            .get(file)
            .and_then(|file| file.pointer(&holder))
            .and_then(|schema| schema.get("title"))
            .and_then(Value::as_str)
            .is_some_and(|title| title.to_lowercase().contains("date"))
    }
}

/// The names, when every alternative fails by the absence of members of the same object only.
fn one_required_of(context: &[Vec<ValidationError<'static>>]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for wrong in context.iter().flatten() {
        match wrong.kind() {
            Wrong::Required { property } => names.push(property.as_str()?),
            _ => return None,
        }
    }
    (names.len() > 1 && names.len() == context.len()).then(|| names.join(", "))
}

fn formatted(at: &str, format: &str, instance: &Value) -> Fault {
    let text = instance.as_str().unwrap_or_default();
    let precise = match format {
        "identification-number" => IdentificationNumber::parse(text).err(),
        "unp" => Unp::parse(text).err(),
        "country" => Country::parse(text).err(),
        "currency" => Currency::parse(text).err(),
        "amount" => Amount::parse(text).err(),
        _ => None,
    };
    match (precise, format) {
        (Some(error), _) => error.fault(at),
        (None, "date") => Fault::new(at, "03", "format-date").with("expected", "YYYY-MM-DD"),
        (None, "date-time") => Fault::new(at, "03", "format-date").with("expected", "YYYY-MM-DDThh:mm:ss+03:00"),
        (None, "time") => Fault::new(at, "03", "format-date").with("expected", "hh:mm:ss+03:00"),
        (None, "birth-day") => Fault::new(at, "03", "format-date").with("expected", "YYYYMMDD"),
        (None, other) => Fault::new(at, "02", "pattern").with("expected", other),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn listed(options: &Value) -> String {
    let names: Vec<String> = options.as_array().into_iter().flatten().take(40).map(plain).collect();
    names.join(", ")
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(several) => {
            let names: Vec<String> = several.iter().map(|one| one.to_string()).collect();
            names.join(", ")
        }
    }
}

/// The service's own files; nothing else is ever fetched.
struct Folder(Files);

impl Retrieve for Folder {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.as_str().strip_prefix(BASE).unwrap_or_default();
        self.0
            .get(name)
            .cloned()
            .ok_or_else(|| format!("no such file in methods/: {name}").into())
    }
}

#[cfg(test)]
mod tests {
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
            Err(faults) => faults
                .into_iter()
                .map(|f| (f.pointer, f.code.into_owned(), f.text))
                .collect(),
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
            (
                "items",
                json!([{"z": 1}, {"z": 1}, {"z": 1}]),
                "/items",
                "02",
                "too-many",
            ),
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
            (
                "b.schema.json".to_owned(),
                json!({"$defs": {"request": {"$ref": "https://example.com/x.json"}}}),
            ),
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
            assert!(
                Schema::compile(document.clone(), "#/$defs/request").is_err(),
                "{document}"
            );
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
}
