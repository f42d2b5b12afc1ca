//! JSON as messages may bear it: nothing more lenient than another reader, one canonical form, faults with places.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use model::passport::{Method, Service, Verb};
use model::{Fields, json};
use serde_json::Value;

/// The border service of the repository, whose schemas are the largest.
fn service() -> &'static Service {
    static SERVICE: OnceLock<Service> = OnceLock::new();
    SERVICE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/3.88.01");
        let mut files = BTreeMap::new();
        for part in ["", "methods"] {
            for entry in std::fs::read_dir(folder.join(part)).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                if path.is_file() {
                    files.insert(name, std::fs::read_to_string(path).unwrap());
                }
            }
        }
        Service::from_files(&files).unwrap()
    })
}

/// The first byte chooses the method; the rest is the body.
pub fn check(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else { return };
    let Ok(value) = json::parse(bytes) else { return };
    let other: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(other, value, "another reader sees another message");
    let canonical = json::canonical(&value).unwrap();
    let again = json::parse(&canonical).unwrap();
    assert_eq!(json::canonical(&again).unwrap(), canonical, "two canonical forms");
    assert_eq!(shape(&again), shape(&value), "the canonical form is another message");
    let methods: Vec<&Method> = service().passport.methods.iter().filter(|one| one.verb == Verb::Post).collect();
    let method = methods[usize::from(*choice) % methods.len()];
    let schemas = service().schemas(method).unwrap();
    let records = value.get("records").and_then(Value::as_array).into_iter().flatten();
    let checked = records.map(|record| (record, schemas.record.as_ref()));
    for (part, schema) in checked.chain([(&value, schemas.request.as_ref())]) {
        let Some(schema) = schema else { continue };
        match schema.check(part) {
            Ok(()) => assert!(schema.is_valid(part)),
            Err(faults) => {
                assert!(!schema.is_valid(part) && (1..=model::schema::MAX_FAULTS).contains(&faults.len()));
                // A fault is at something there is, or at a member that is missing.
                for fault in faults {
                    let above = fault.pointer.rsplit_once('/').map_or("", |(above, _)| above);
                    assert!(part.pointer(above).is_some(), "{fault:?} is nowhere");
                }
            }
        }
    }
    let cut = Fields::new(["records", "message_id"]).cut(&canonical).unwrap();
    let cut: Value = serde_json::from_slice(&cut).unwrap();
    let granted = |name: &String| name == "records" || name == "message_id";
    assert!(cut.as_object().is_none_or(|cut| cut.keys().all(granted)), "more than granted: {cut}");
    for name in ["records", "message_id"] {
        assert_eq!(cut.get(name), again.get(name).filter(|_| again.is_object()), "less than granted");
    }
}

/// The value without its numbers: RFC 8785 writes all of them as doubles.
fn shape(value: &Value) -> Value {
    match value {
        Value::Number(_) => Value::Null,
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        other => other.clone(),
    }
}
