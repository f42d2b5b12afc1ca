//! A service's folder as one value: passport, compiled schemas, texts in three languages, examples. No I/O: the caller
//! reads the files.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::file;
use crate::lang::Lang;
use crate::passport::{Method, Passport, Verb};
use crate::schema::{Files, Schema};
use crate::text::Texts;
use crate::wording::Wording;

/// Headings every service has, besides `methods.<path>.title`.
const HEADINGS: [&str; 7] = ["title", "description", "how_to_get", "term", "cost", "recipients", "result"];

/// The schemas of one file in `methods/`.
#[derive(Debug)]
pub struct Schemas {
    /// `$defs.request`: the body.
    pub request: Option<Schema>,
    /// `$defs.response`: the answer.
    pub response: Option<Schema>,
    /// `$defs.record`: one of the package's records, checked one by one.
    pub record: Option<Schema>,
}

/// A service.
#[derive(Debug)]
pub struct Service {
    /// Its passport.
    pub passport: Passport,
    /// What people read about it.
    pub texts: Texts,
    /// Requests with the answers expected, in the order of their files.
    pub examples: Vec<Example>,
    /// Schema files as they are, for OpenAPI.
    pub files: Files,
    /// The wording of the consents that people give to it.
    pub wording: Option<Wording>,
    /// Files of other parts as they are, by their paths: the form, classifiers, rules.
    pub parts: BTreeMap<String, String>,
    schemas: BTreeMap<String, Schemas>,
}

/// A request with the answer expected.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Consumer that asks.
    #[serde(rename = "as")]
    pub consumer: String,
    /// HTTP verb.
    #[serde(rename = "method")]
    pub verb: Verb,
    /// Below the service's context, with its query.
    pub path: String,
    /// Headers beyond those every request has.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body; none for GET.
    #[serde(default)]
    pub body: Option<Value>,
    /// The answer expected.
    pub expect: Expect,
}

/// An answer expected.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// HTTP status.
    pub status: u16,
    /// The problem's code.
    #[serde(default)]
    pub code: Option<String>,
    /// What the body must contain; see [`contains`].
    #[serde(default)]
    pub subset: Option<Value>,
}

impl Service {
    /// The service of a folder's files, by their paths inside it. What is wrong names file, key and what was expected.
    ///
    /// Files of other parts (`form.toml`, classifiers, own tables) are left to their readers, in `parts`.
    pub fn from_files(files: &BTreeMap<String, String>) -> Result<Self, Error> {
        let text = |name: &str| {
            files
                .get(name)
                .map(String::as_str)
                .ok_or_else(|| Error::file(name, "", "this file in the service's folder"))
        };
        let passport = Passport::parse(text("passport.toml")?)?;
        let texts = Texts::merge([
            (Lang::En, text("text.en.toml")?),
            (Lang::Be, text("text.be.toml")?),
            (Lang::Ru, text("text.ru.toml")?),
        ])?;
        complete(&texts, &passport)?;
        let documents = documents(files)?;
        let schemas = compile(&passport, &documents)?;
        let read = |path: &str| {
            ["passport.toml", "text.", "consent.", "methods/", "examples/"].iter().any(|own| path.starts_with(own))
        };
        let others = files.iter().filter(|(path, _)| !read(path));
        let parts = others.map(|(path, text)| (path.clone(), text.clone())).collect();
        let wording = Wording::read(files)?;
        Ok(Self { examples: examples(files, &passport)?, passport, texts, files: documents, wording, parts, schemas })
    }

    /// The schemas of a method; none when it takes no body and promises no form.
    pub fn schemas(&self, method: &Method) -> Option<&Schemas> {
        self.schemas.get(method.schema.as_deref()?)
    }

    /// The text under `key`, without values.
    pub fn text(&self, lang: Lang, key: &str) -> String {
        self.texts.line(lang, key, &[])
    }
}

/// Whether `value` has all that `subset` names: members of objects, items of arrays by their place; else equal.
pub fn contains(value: &Value, subset: &Value) -> bool {
    match (value, subset) {
        (Value::Object(value), Value::Object(subset)) => {
            subset.iter().all(|(name, wanted)| value.get(name).is_some_and(|found| contains(found, wanted)))
        }
        (Value::Array(value), Value::Array(subset)) => {
            subset.len() <= value.len() && value.iter().zip(subset).all(|(found, wanted)| contains(found, wanted))
        }
        (value, subset) => value == subset,
    }
}

fn complete(texts: &Texts, passport: &Passport) -> Result<(), Error> {
    let titles = passport.methods.iter().map(|method| format!("methods.{}.title", method.path));
    for key in HEADINGS.into_iter().map(str::to_owned).chain(titles) {
        // A heading may be a list of paragraphs or steps.
        if !texts.has(&key) && !texts.has(&format!("{key}.0")) {
            return Err(Error::file("text.en.toml", key, "a text, in all three languages"));
        }
    }
    Ok(())
}

fn documents(files: &BTreeMap<String, String>) -> Result<Files, Error> {
    let mut out = BTreeMap::new();
    for (path, text) in files {
        let Some(name) = path.strip_prefix("methods/").filter(|name| name.ends_with(".json")) else {
            continue;
        };
        if !name.ends_with(".schema.json") {
            return Err(Error::file(path, "", "a name that ends with .schema.json"));
        }
        out.insert(name.to_owned(), file::json(path, text)?);
    }
    Ok(Arc::new(out))
}

fn compile(passport: &Passport, documents: &Files) -> Result<BTreeMap<String, Schemas>, Error> {
    let mut out = BTreeMap::new();
    for (index, method) in passport.methods.iter().enumerate() {
        let Some(name) = &method.schema else { continue };
        let file = format!("{name}.schema.json");
        let Some(document) = documents.get(&file) else {
            let expected = format!("the name of a file in methods/; there is no methods/{file}");
            return Err(Error::file("passport.toml", format!("methods.{index}.schema"), expected));
        };
        let part = |part: &str| match document.pointer(&format!("/$defs/{part}")) {
            Some(_) => Schema::compile_in(documents, &file, &format!("#/$defs/{part}")).map(Some),
            None => Ok(None),
        };
        let schemas = Schemas { request: part("request")?, response: part("response")?, record: part("record")? };
        if method.verb == Verb::Post && schemas.request.is_none() {
            return Err(Error::file(format!("methods/{file}"), "/$defs/request", "the schema of the body"));
        }
        out.insert(name.clone(), schemas);
    }
    Ok(out)
}

fn examples(files: &BTreeMap<String, String>, passport: &Passport) -> Result<Vec<Example>, Error> {
    let mut out = Vec::new();
    for (path, text) in files {
        if !(path.starts_with("examples/") && path.ends_with(".json")) {
            continue;
        }
        let example: Example = file::json(path, text)?;
        let bare = example.path.split_once('?').map_or(example.path.as_str(), |(bare, _)| bare);
        let known = passport.methods.iter().any(|method| method.path == bare);
        // An example may show what happens at an address or with a verb that the service has not.
        if !known && example.expect.status < 400 {
            return Err(Error::file(path, "path", "the path of a method of this service"));
        }
        out.push(example);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folder() -> BTreeMap<String, String> {
        let passport = r#"
code = "3.88.01"
context = "mvd-38801/v1"
owner = "mvd"
modes = ["system"]
recipients = ["interior"]
ground = "Decree 107"
consent = "none"
eds = "optional"
[upstream]
url = "https://owner.example"
[term]
kind = "real-time"
[tariff]
kind = "free"
[[methods]]
path = "crossings/submit"
schema = "crossings"
"#;
        let text = r#"
title = "T"
description = "D"
how_to_get = ["one", "two"]
term = "t"
cost = "c"
recipients = "r"
result = "x"
[methods."crossings/submit"]
title = "S"
"#;
        let schema = json!({"$defs": {"request": {"type": "object", "required": ["records"]}}});
        let example = json!({"name": "n", "as": "mia", "method": "POST", "path": "crossings/submit?mode=test",
            "body": {"records": []}, "expect": {"status": 200, "subset": {"status": 200}}});
        BTreeMap::from([
            ("passport.toml".to_owned(), passport.to_owned()),
            ("text.en.toml".to_owned(), text.to_owned()),
            ("text.be.toml".to_owned(), text.to_owned()),
            ("text.ru.toml".to_owned(), text.to_owned()),
            ("methods/crossings.schema.json".to_owned(), schema.to_string()),
            ("examples/a.json".to_owned(), example.to_string()),
        ])
    }

    fn wrong(name: &str, change: impl Fn(&str) -> Option<String>) -> String {
        let mut files = folder();
        let text = files.remove(name).unwrap();
        if let Some(text) = change(&text) {
            files.insert(name.to_owned(), text);
        }
        Service::from_files(&files).unwrap_err().to_string()
    }

    #[test]
    fn a_folder_is_read() {
        let service = Service::from_files(&folder()).unwrap();
        let method = service.passport.method(Verb::Post, "crossings/submit").unwrap();
        let request = service.schemas(method).unwrap().request.as_ref().unwrap();
        assert!(request.check(&json!({"records": []})).is_ok());
        assert_eq!(request.check(&json!({})).unwrap_err()[0].pointer, "/records");
        assert_eq!(service.text(Lang::Be, "how_to_get.1"), "two");
        assert_eq!(service.examples[0].consumer, "mia");
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(wrong("text.be.toml", |_| None).starts_with("text.be.toml: : this file"));
        assert!(wrong("text.ru.toml", |t| Some(t.replace("cost", "prise"))).contains("cost"));
        assert!(wrong("methods/crossings.schema.json", |_| None).contains("there is no methods/crossings.schema.json"));
        assert!(wrong("methods/crossings.schema.json", |_| Some("{}".to_owned())).contains("/$defs/request"));
        assert!(wrong("methods/crossings.schema.json", |_| Some("{\"a\":1,\"a\":1}".to_owned())).contains("duplicate"));
        assert!(wrong("examples/a.json", |t| Some(t.replace("\"as\"", "\"us\""))).contains("us"));
        assert!(wrong("examples/a.json", |t| Some(t.replace("crossings/submit", "visas/submit"))).contains("path"));
        let mut files = folder();
        for lang in ["en", "be", "ru"] {
            let text = files.get_mut(&format!("text.{lang}.toml")).unwrap();
            *text = text.replace("result = \"x\"\n", "");
        }
        assert!(Service::from_files(&files).unwrap_err().to_string().starts_with("text.en.toml: result: a text"));
    }

    #[test]
    fn a_subset_is_found_in_its_place() {
        let value = json!({"a": [{"b": 1, "c": 2}, 3], "d": null});
        assert!(contains(&value, &json!({"a": [{"b": 1}]})));
        assert!(!contains(&value, &json!({"a": [3]})));
        assert!(!contains(&value, &json!({"e": null})));
        assert!(contains(&value, &value));
    }
}
