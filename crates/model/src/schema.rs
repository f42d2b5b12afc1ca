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
        let target = files.get(name).and_then(|file| file.pointer(pointer.trim_start_matches('#')));
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
            .with_format("identification-number", |text: &str| IdentificationNumber::parse(text).is_ok())
            .with_format("unp", |text: &str| Unp::parse(text).is_ok())
            .with_format("country", |text: &str| Country::parse(text).is_ok())
            .with_format("currency", |text: &str| Currency::parse(text).is_ok())
            .with_format("amount", |text: &str| Amount::parse(text).is_ok())
            .build(&root)
            .map_err(|wrong| faulty(format!("a valid schema ({}: {})", wrong.instance_path(), wrong.masked())))?;
        Ok(Self { validator, files: Arc::clone(files) })
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
                faults.extend(unexpected.iter().map(|name| Fault::new(step(at, name), "02", "unknown-member")));
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
        match context.iter().filter(|wrongs| !wrongs.is_empty()).min_by_key(|wrongs| wrongs.len()) {
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
        let holder = pointer.rsplit_once('/').map_or("", |(holder, _)| holder).replace("%24", "$");
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
        self.0.get(name).cloned().ok_or_else(|| format!("no such file in methods/: {name}").into())
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
