//! The folder is whole: every decision, step, slip and field has its words, in the right letters.

use std::collections::BTreeSet;

use model::Lang;
use serde_json::Value;
use stays::{List, Lists, Rules};

use crate::bench::{files, folder, service};

fn form() -> toml::Table {
    files()["form.toml"].parse().unwrap()
}

fn fields(form: &toml::Table) -> Vec<(String, String, toml::Table)> {
    let mut out = Vec::new();
    for page in form["pages"].as_array().unwrap() {
        for field in page["fields"].as_array().unwrap() {
            let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
            out.push((text(&page["id"]), text(&field["pointer"]), field.as_table().unwrap().clone()));
        }
    }
    out
}

/// The literals that stand as an argument of these calls in the crate's sources.
fn literals(before: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for name in ["rules/steps.rs", "application.rs", "reading.rs", "weigh.rs"] {
        let text = std::fs::read_to_string(sources.join(name)).unwrap();
        for (at, _) in text.match_indices(before) {
            let rest = text[at + before.len()..].trim_start();
            found.extend(rest.strip_prefix('"').and_then(|rest| rest.split('"').next()).map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_page_and_field_has_its_words() {
    let (form, service) = (form(), service());
    let has = |key: String| assert!(service.texts.has(&key), "{key}");
    for page in form["pages"].as_array().unwrap() {
        has(format!("form.pages.{}.title", page["id"].as_str().unwrap()));
        has(format!("form.blocks.{}", page["block"].as_str().unwrap()));
    }
    let lists: BTreeSet<&str> = List::ALL.iter().map(|list| list.name()).collect();
    for (_, pointer, field) in fields(&form) {
        has(format!("form.fields.{pointer}.label"));
        if let Some(options) = field.get("options") {
            assert!(lists.contains(options.as_str().unwrap()), "{options}");
        }
        let chosen = matches!(field["kind"].as_str().unwrap(), "radios" | "select" | "country" | "checkpoint");
        if field.get("required").is_some() {
            has(format!("form.fields.{pointer}.{}", if chosen { "choose" } else { "required" }));
        }
    }
    for key in ["form.statement", "form.start.need.0", "form.start.note.0"] {
        has(key.to_owned());
    }
}

#[test]
fn the_form_asks_what_the_schema_takes() {
    let schema: Value = serde_json::from_str(&files()["methods/common.schema.json"]).unwrap();
    let asked: BTreeSet<String> = fields(&form()).into_iter().map(|(_, pointer, _)| pointer).collect();
    for pointer in &asked {
        let mut names = pointer.trim_start_matches('/').split('/');
        let mut place = &schema["$defs"][names.next().unwrap()];
        for name in names {
            place = &place["properties"][name];
        }
        assert!(place.is_object(), "{pointer}");
    }
    // The usual way: a visa, through the airport, in Minsk, for oneself.
    let usual = ["visa-free", "event-document", "address", "representative", "host"];
    let pages = form()["pages"].as_array().unwrap().len();
    assert!(pages - usual.len() <= 12, "{pages}");
}

#[test]
fn every_decision_and_step_has_its_words() {
    let service = service();
    let codes = literals("refused(").into_iter().chain(literals("case.visit("));
    let codes = codes.chain(["registered", "acceptable", "faults", "short-stay", "treaty-exempt"].map(str::to_owned));
    let mut seen = 0;
    for code in codes {
        seen += 1;
        for part in ["title", "text", "cure"] {
            assert!(service.texts.has(&format!("decisions.{code}.{part}")), "{code}.{part}");
        }
    }
    assert!(seen >= 17, "{seen}");
    let told = literals("said.decides(");
    assert!(told.len() >= 18, "{told:?}");
    for text in told {
        assert!(service.texts.has(&format!("steps.{text}")), "{text}");
    }
    let plain = [
        "complete",
        "document",
        "border",
        "limit",
        "treaty",
        "treaty-longer",
        "deadline",
        "visa",
        "ground",
        "insurance",
        "year",
        "duplicate",
        "park",
        "park-other",
        "entry",
    ];
    for text in plain {
        assert!(service.texts.has(&format!("steps.{text}")), "{text}");
    }
}

#[test]
fn every_slip_has_its_words() {
    let service = service();
    let slips = [
        "required",
        "choose",
        "not-in-list",
        "too-long",
        "characters",
        "character",
        "check-digit",
        "length",
        "form",
        "number",
        "day",
        "day-ahead",
        "own-citizen",
        "expires-before-issued",
        "ends-before-begin",
        "leaves-before-entry",
        "stay-over",
        "issued-before-birth",
        "document-number-form",
        "document-number-differs",
        "email",
        "phone",
        "incomplete",
    ];
    for code in slips {
        assert!(service.texts.has(&format!("form.errors.{code}")), "{code}");
    }
    for code in literals("from.slip(pointer,").into_iter().chain(literals("self.slip(pointer,")) {
        assert!(slips.contains(&code.as_str()), "{code}");
    }
}

#[test]
fn languages_keep_their_letters() {
    let mut texts: Vec<(Lang, String)> =
        Lang::ALL.into_iter().map(|lang| (lang, files()[&format!("text.{}.toml", lang.code())].clone())).collect();
    texts.extend([(Lang::Be, include_str!("../../src/texts/refusals.be.toml").to_owned())]);
    texts.extend([(Lang::Ru, include_str!("../../src/texts/refusals.ru.toml").to_owned())]);
    for list in List::ALL {
        let text = std::fs::read_to_string(folder().join(format!("classifiers/{}.toml", list.name()))).unwrap();
        for (lang, key) in [(Lang::Be, "be = "), (Lang::Ru, "ru = ")] {
            texts.push((lang, text.lines().filter(|line| line.starts_with(key)).collect::<Vec<_>>().join("\n")));
        }
    }
    for (lang, text) in texts {
        for line in text.lines() {
            match lang {
                Lang::Be => assert!(!line.contains(['и', 'И', 'щ', 'Щ', 'ъ']), "{line}"),
                Lang::Ru => assert!(!line.contains(['і', 'І', 'ў', 'Ў']), "{line}"),
                Lang::En => {}
            }
        }
    }
}

#[test]
fn rows_lists_and_offices_are_read() {
    let (rules, lists) = (Rules::built_in().unwrap(), Lists::built_in().unwrap());
    assert_eq!(rules.offices.all().count(), 16);
    let day = jiff::civil::date(2026, 6, 5);
    assert_eq!(lists.name("visa-types", "C", Lang::Be, day), "C – кароткатэрміновая");
    assert!(!lists.has(List::Grounds, "neighbour", jiff::civil::date(2022, 4, 14)));
}
