//! Help, wrong usage and exit codes.

use crate::run::{nais, nais_in};

/// Every command with its parts.
const COMMANDS: [&[&str]; 52] = [
    &["stand"],
    &["serve"],
    &["check"],
    &["migrate"],
    &["call"],
    &["verify"],
    &["service"],
    &["service", "list"],
    &["service", "check"],
    &["service", "new"],
    &["service", "publish"],
    &["consumer"],
    &["consumer", "register"],
    &["consumer", "list"],
    &["consumer", "enrol"],
    &["consumer", "strike"],
    &["treaty"],
    &["treaty", "conclude"],
    &["treaty", "list"],
    &["treaty", "state"],
    &["treaty", "subscribe"],
    &["treaty", "unsubscribe"],
    &["token"],
    &["token", "issue"],
    &["token", "list"],
    &["token", "revoke"],
    &["pki"],
    &["pki", "init"],
    &["pki", "issue"],
    &["pki", "revoke"],
    &["pki", "crl"],
    &["card"],
    &["card", "make"],
    &["card", "status"],
    &["card", "read"],
    &["card", "sign"],
    &["card", "unblock"],
    &["card", "change-pin"],
    &["ledger"],
    &["ledger", "fsck"],
    &["ledger", "adopt"],
    &["treaty", "login"],
    &["consent"],
    &["consent", "list"],
    &["consent", "export"],
    &["consent", "withdraw"],
    &["retention"],
    &["retention", "list"],
    &["retention", "purge"],
    &["witness"],
    &["backup"],
    &["restore"],
];

#[test]
fn every_command_has_help_with_an_example() {
    for command in COMMANDS.into_iter().chain([&["loadtest"] as &[&str], &["pki", "show"]]) {
        let told = nais(&[command, &["--help"]].concat()).ended(0);
        let example = format!("nais {}", command.join(" "));
        assert!(told.out.contains("Example"), "{command:?} has no example: {}", told.out);
        assert!(told.out.matches(&example).count() >= 2 || command.len() == 1, "{command:?}: {}", told.out);
    }
}

#[test]
fn the_program_lists_its_commands() {
    let told = nais(&["--help"]).ended(0);
    for command in COMMANDS.iter().filter(|command| command.len() == 1) {
        assert!(told.out.lines().any(|line| line.trim_start().starts_with(command[0])), "{command:?}");
    }
    assert!(told.out.contains("Exit codes"));
    nais(&[]).ended(2);
    nais(&["--version"]).ended(0);
}

#[test]
fn wrong_usage_ends_with_2_and_names_the_cure() {
    for (arguments, named) in [
        (vec!["stnad"], "stand"),
        (vec!["call", "GET", "services"], "--as"),
        (vec!["call", "--as", "nowhere", "GET", "services"], "nowhere/consumer.toml"),
        (vec!["call", "--as", "x", "--lang", "de", "GET", "services"], "en, be or ru"),
        (vec!["call", "--as", "x", "--header", "bad", "GET", "services"], "NAME:VALUE"),
        (vec!["verify"], "FILE"),
        (vec!["verify", "no-such-file"], "no-such-file: cannot be read"),
        (vec!["check", "--config", "no.toml"], "no.toml"),
        (vec!["serve", "--config", "no.toml"], "no.toml"),
        (vec!["migrate", "--config", "no.toml"], "no.toml"),
        (vec!["ledger", "fsck", "--config", "no.toml"], "no.toml"),
        (vec!["treaty", "list", "--config", "no.toml"], "no.toml"),
        (vec!["treaty", "state", "T-1", "activ"], "active"),
        (vec!["token", "issue", "mia", "--certificate", "no.pem"], "no.pem"),
        (
            vec!["consumer", "register", "mia", "--title", "t", "--unp", "1", "--source-code", "M", "--category", "c"],
            "--unp",
        ),
        (vec!["restore", "no.backup", "--config", "no.toml"], "no.toml"),
        (vec!["witness", "--dir", "w"], "--log"),
        (vec!["loadtest", "http://10.0.0.1/"], "only this machine"),
        (vec!["loadtest", "https://127.0.0.1:1/"], "--ca"),
        (vec!["loadtest", "http://127.0.0.1:1/", "--rows", "5"], "--rows"),
        (vec!["service", "new", "x", "--owner", "o", "--url", "https://a.example/"], "3.88.01"),
    ] {
        let told = nais(&arguments).ended(2);
        assert!(told.err.contains(named), "{arguments:?} does not name {named}: {}", told.err);
        assert!(told.out.is_empty(), "{arguments:?}: {}", told.out);
    }
}

#[test]
fn a_faulty_configuration_names_file_and_key() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("nais.toml"), "servces = \"x\"\n").unwrap();
    let told = nais_in(folder.path(), &["check", "--config", "nais.toml"]).ended(2);
    assert!(told.err.contains("nais.toml") && told.err.contains("servces"), "{}", told.err);
}

#[test]
fn a_service_that_is_away_fails_the_load_test() {
    // Port 9 of this machine is closed: every request is an error, which the table forbids.
    let arguments = ["loadtest", "http://127.0.0.1:9/x", "--rows", "4", "--seconds", "1", "--data", "{}", "--json"];
    let told = nais(&arguments).ended(1);
    let value: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(value["met"], false);
    assert_eq!(value["rows"][0]["errors"], value["rows"][0]["sent"]);
}
