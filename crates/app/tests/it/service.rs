//! `nais service` and `nais check`: a folder is made, checked, and its faults are named.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::nais_in;
use crate::source::workspace;

fn made() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let new = ["service", "new", "3.99.01/2", "--owner", "mns", "--url", "https://owner.example/api"];
    let told = nais_in(folder.path(), &new).ended(0);
    assert!(told.out.contains("ok 3.99.01/2"), "{}", told.out);
    let service = folder.path().join("services/3.99.01-2");
    (folder, service)
}

fn change(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_new_service_passes_its_check_and_is_listed() {
    let (folder, service) = made();
    nais_in(folder.path(), &["check"]).ended(0);
    nais_in(folder.path(), &["service", "check", service.to_str().unwrap()]).ended(0);
    let told = nais_in(folder.path(), &["service", "list", "--json"]).ended(0);
    let value: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(value["services"][0]["context"], "mns-399012/v1");
    assert_eq!(value["services"][0]["methods"][0], "POST records/search");
    let again = ["service", "new", "3.99.01/2", "--owner", "mns", "--url", "https://owner.example/api"];
    nais_in(folder.path(), &again).ended(2);
}

#[test]
fn faults_of_a_folder_are_named() {
    for (file, from, to, code, named) in [
        ("examples/search.json", "\"number\": \"1\"", "\"number\": 1", 1, "body/number"),
        ("examples/search.json", "records/search", "records/search?x=1", 1, "query parameter `x`"),
        ("passport.toml", "owner = ", "onwer = ", 1, "passport.toml: onwer"),
        ("text.be.toml", "cost = ", "csot = ", 1, "cost"),
        ("methods/search.schema.json", "\"type\": \"object\"", "\"type\": \"objekt\"", 1, "methods/search.schema.json"),
    ] {
        let (folder, service) = made();
        change(&service.join(file), from, to);
        let told = nais_in(folder.path(), &["service", "check", service.to_str().unwrap()]).ended(code);
        assert!(told.out.contains(named), "{file} {from}: {}{}", told.out, told.err);
    }
}

#[test]
fn the_folder_bears_the_code() {
    let (folder, service) = made();
    fs::rename(&service, folder.path().join("services/other")).unwrap();
    let told = nais_in(folder.path(), &["check", "services/other"]).ended(1);
    assert!(told.out.contains("3.99.01-2"), "{}", told.out);
}

#[test]
fn the_seeds_services_pass() {
    let services = workspace().join("services");
    let folders: Vec<String> =
        fs::read_dir(services).unwrap().map(|entry| entry.unwrap().path().display().to_string()).collect();
    let arguments: Vec<&str> = ["check"].into_iter().chain(folders.iter().map(String::as_str)).collect();
    let told = nais_in(&workspace(), &arguments).ended(0);
    assert!(
        told.out.contains("ok 3.88.01") && told.out.contains("ok 3.11.01") && told.out.contains("ok 3.40.01/1"),
        "{}",
        told.out
    );
}
