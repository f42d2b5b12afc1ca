//! The house keeps its shape: arrows go down, files and functions stay small, every refusal has its texts.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::MetadataCommand;

use crate::source::{calls, files, functions, literal, sources, workspace};

/// The levels of design §2; a crate may name crates of lower levels only.
const LEVELS: [(&str, u8); 21] = [
    ("model", 0),
    ("bign", 0),
    ("comb", 0),
    ("eds", 1),
    ("store", 1),
    ("synthetic", 1),
    ("paper", 1),
    ("ledger", 2),
    ("web", 2),
    ("mail", 2),
    ("card", 2),
    ("btls", 2),
    ("identity", 3),
    ("gateway", 3),
    ("registers", 4),
    ("population", 4),
    ("stays", 4),
    ("portal", 4),
    ("terminal", 4),
    ("office", 4),
    ("agent", 4),
];
/// The top, and the measurement that stands beside it.
const TOP: [(&str, u8); 2] = [("app", 5), ("bench", 6)];

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 60;
const CRATE_LINES: std::ops::RangeInclusive<usize> = 500..=8_000;

fn level(name: &str) -> Option<u8> {
    LEVELS.iter().chain(&TOP).find(|(known, _)| *known == name).map(|(_, level)| *level)
}

/// Why an arrow is forbidden, if it is.
fn forbidden(from: &str, to: &str) -> Option<String> {
    let (Some(above), Some(below)) = (level(from), level(to)) else {
        return Some(format!("{from} or {to} has no level: write it into LEVELS and docs/architecture.md"));
    };
    if below >= above {
        return Some(format!("{from} (level {above}) names {to} (level {below}): arrows only go down"));
    }
    (above == 4 && to == "identity").then(|| format!("{from} names identity: level 4 never does"))
}

#[test]
fn arrows_only_go_down() {
    let manifest = workspace().join("Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap();
    let members: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        if level(&package.name).is_none() {
            wrong.push(format!("{} has no level: write it into LEVELS and docs/architecture.md", package.name));
        }
        let arrows = package.dependencies.iter().filter(|dependency| members.contains(&dependency.name));
        wrong.extend(arrows.filter_map(|dependency| forbidden(&package.name, &dependency.name)));
    }
    assert!(members.contains("app"), "the workspace was not read: {members:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_rule_of_arrows_can_fail() {
    assert_eq!(forbidden("gateway", "ledger"), None);
    assert!(forbidden("ledger", "gateway").is_some());
    assert!(forbidden("ledger", "web").is_some(), "sideways");
    assert!(forbidden("portal", "identity").is_some());
    assert_eq!(forbidden("app", "identity"), None);
    assert!(forbidden("app", "stranger").is_some());
}

#[test]
fn files_and_functions_stay_small() {
    let mut wrong = Vec::new();
    for (path, source) in sources() {
        let name = path.strip_prefix(workspace()).unwrap().display().to_string();
        let lines = source.lines().count();
        if lines > FILE_LINES {
            wrong.push(format!("{name}: {lines} lines, at most {FILE_LINES}"));
        }
        let long = functions(&source).into_iter().filter(|(_, lines)| *lines > FUNCTION_LINES);
        wrong.extend(
            long.map(|(function, lines)| format!("{name}: {function}: {lines} lines, at most {FUNCTION_LINES}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Files of tests that lie beside the code they test.
fn is_test(path: &std::path::Path) -> bool {
    path.iter().any(|part| part == "tests") || path.to_string_lossy().ends_with("_tests.rs")
}

/// Lines before the tests, which stand last in a file.
fn code_lines(source: &str) -> usize {
    source.split("\n#[cfg(test)]").next().map_or(0, |code| code.lines().count())
}

#[test]
fn crates_are_neither_small_nor_large() {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for (path, source) in sources() {
        let Ok(below) = path.strip_prefix(workspace().join("crates")) else {
            continue;
        };
        let mut parts = below.iter().map(|part| part.to_string_lossy().into_owned());
        if let (Some(name), Some(part)) = (parts.next(), parts.next())
            && part == "src"
        {
            *lines.entry(name).or_default() += if is_test(&path) { 0 } else { code_lines(&source) };
        }
    }
    let wrong: Vec<_> = lines.iter().filter(|(_, lines)| !CRATE_LINES.contains(lines)).collect();
    assert!(lines.len() >= 8, "{lines:?}");
    assert!(wrong.is_empty(), "lines of src outside {CRATE_LINES:?}: {wrong:?}");
}

#[test]
fn every_source_says_what_it_is_for() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|(path, source)| {
            !source.starts_with("//! ") && !path.ends_with("build.rs") && !path.ends_with("access_tests.rs")
        })
        .map(|(path, _)| path.strip_prefix(workspace()).unwrap().display().to_string())
        .collect();
    assert!(silent.is_empty(), "the first line must begin with `//! `: {silent:?}");
}

/// Keys of all refusal texts, by language.
fn texts() -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut keys: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for lang in ["en", "be", "ru"] {
        for path in files(&workspace().join("crates"), &format!("texts/refusals.{lang}.toml")) {
            let table: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
            for (code, value) in &table {
                if code == "fault" {
                    let faults = value.as_table().unwrap().keys().map(|key| format!("fault.{key}"));
                    keys.entry(lang).or_default().extend(faults);
                } else if value.get("title").is_some() && value.get("detail").is_some() {
                    keys.entry(lang).or_default().insert(code.clone());
                }
            }
        }
    }
    keys
}

#[test]
fn every_refusal_has_its_texts_in_three_languages() {
    let texts = texts();
    let (mut wrong, mut seen) = (BTreeSet::new(), 0);
    for (path, source) in sources() {
        let name = path.strip_prefix(workspace()).unwrap().display().to_string();
        if !name.contains("/src/") || name.ends_with("_tests.rs") || name.contains("/src/bin/") {
            continue;
        }
        let refusals = calls(&source, "Refusal::new").into_iter().filter_map(|call| call.get(1).cloned());
        let faults = calls(&source, "Fault::new").into_iter().filter_map(|call| call.get(2).cloned());
        let keys = refusals.filter_map(|argument| literal(&argument).map(str::to_owned));
        let keys = keys.chain(faults.filter_map(|argument| {
            literal(&argument).map(|text| format!("fault.{}", text.strip_prefix("fault.").unwrap_or(text)))
        }));
        for key in keys {
            seen += 1;
            for lang in ["en", "be", "ru"].into_iter().filter(|lang| !texts[lang].contains(&key)) {
                wrong.insert(format!("{name}: `{key}` has no text in {lang}"));
            }
        }
    }
    assert!(seen > 50, "only {seen} refusals were found: the scan is broken");
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}
