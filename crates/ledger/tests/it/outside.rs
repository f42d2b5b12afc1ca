//! The independent verifiers in `verify/`, which share no code with the server: they accept what holds and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ledger::witness::submit_once;
use ledger::{LogReader, Private, TilePath};

use crate::support::{self, add, engines, open_with};
use crate::witness::serve;

fn verifiers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../verify")
}

/// A log as files: what `/ledger/` serves, its key, one receipt with its record.
async fn export(to: &Path) -> (LogReader, tempfile::TempDir) {
    let (config, folder) = engines().remove(0);
    let watcher = serve(&folder.path().join("witness")).await;
    let reader = open_with(&config, std::slice::from_ref(&watcher)).await.unwrap();
    add(reader.db(), 0, 600, 600).await;
    submit_once(&reader, std::slice::from_ref(&watcher), &mut [0]).await.unwrap();
    for number in 0..=2u64 {
        let width = if number == 2 { 88 } else { 256 };
        for path in [TilePath::hashes(0, number), TilePath::entries(number)] {
            write(to, &reader, TilePath { width, ..path }).await;
        }
    }
    write(to, &reader, TilePath { width: 2, ..TilePath::hashes(1, 0) }).await;
    let file = |name: &str, content: &str| fs::write(to.join(name), content).unwrap();
    file("checkpoint", &reader.checkpoint().await.unwrap());
    file("log.vkey", &reader.log().vkey().to_string());
    file("witness.vkey", &watcher.client.vkey().to_string());
    file("receipt", &reader.receipt(300).await.unwrap().to_string());
    let mut record = support::record(300);
    record.details.insert("прычына".into(), "\u{8}\"\\\u{1f}\u{7f}\u{2028} / й".into());
    let odd = ledger::record::entry(&record, &support::salt(300), &support::vault()).unwrap();
    let stamps = reader.db().commit(move |_, out| {
        out.push(odd);
        Ok(())
    });
    file("odd.receipt", &stamps.await.unwrap().1[0]);
    let private = |record| serde_json::to_string(&Private { record, salt: support::salt(300) }).unwrap();
    file("record.json", &private(support::record(300)));
    file("odd.json", &private(record));
    (reader, folder)
}

async fn write(to: &Path, reader: &LogReader, path: TilePath) {
    let file = to.join(format!("tile/{path}"));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, reader.tile(path).await.unwrap().unwrap()).unwrap();
}

/// Runs a verifier; `None` when its language is not installed here.
fn run(command: &mut Command) -> Option<(i32, String)> {
    let output = match command.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.code().unwrap(), String::from_utf8_lossy(&text).into_owned()))
}

#[tokio::test]
async fn python_accepts_what_holds_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (_reader, _database) = export(folder.path()).await;
    let verify = |receipt: &str, record: &str| {
        let mut python = Command::new("python3");
        python.arg(verifiers().join("python/verify_receipt.py")).args([receipt, record, "--key", "log.vkey"]);
        run(python.args(["--witness", "witness.vkey"]).current_dir(folder.path()))
    };
    let Some((code, text)) = verify("receipt", "record.json") else {
        return;
    };
    if text.contains("No module named") {
        return; // the package `cryptography` is not installed
    }
    assert_eq!(
        (code, text.trim()),
        (0, "receipt valid: entry 300 of 600 in nais.example/ledger, seen by witness.example/w1")
    );
    assert_eq!(verify("odd.receipt", "odd.json").unwrap().0, 0);
    assert_eq!(verify("receipt", "odd.json").unwrap().0, 1);
    spoil(&folder.path().join("receipt"), "\n600\n", "\n601\n");
    assert_eq!(verify("receipt", "record.json").unwrap().0, 1);
}

#[tokio::test]
async fn go_accepts_what_holds_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (_reader, _database) = export(folder.path()).await;
    let program = folder.path().join("verify-go");
    let mut go = Command::new("go");
    go.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOFLAGS", "");
    let build = run(go.args(["build", "-o"]).arg(&program).arg(".").current_dir(verifiers().join("go")));
    let Some((0, _)) = build else { return }; // no Go, or not Debian's golang-golang-x-mod-dev
    let verify = |args: &[&str]| run(Command::new(&program).args(args).current_dir(folder.path())).unwrap();
    let receipt = ["receipt", "-key", "log.vkey", "-receipt"];
    let (code, text) = verify(&[&receipt[..], &["receipt", "-record", "record.json"]].concat());
    assert_eq!((code, text.trim()), (0, "receipt valid: entry 300 of 600 in nais.example/ledger"));
    let entry = hex::encode(support::entry(300).data);
    assert_eq!(verify(&[&receipt[..], &["receipt", "-entry", &entry]].concat()).0, 0);
    assert_eq!(verify(&[&receipt[..], &["odd.receipt", "-record", "odd.json"]].concat()).0, 0);
    assert_eq!(verify(&[&receipt[..], &["receipt", "-record", "odd.json"]].concat()).0, 1);
    let whole = ["log", "-key", "log.vkey", "-from", ".", "-entries"];
    let (code, text) = verify(&whole);
    assert!(code == 0 && text.starts_with("log valid: 600 entries"), "{text}");
    let bundle = folder.path().join("tile/entries/001");
    let mut bytes = fs::read(&bundle).unwrap();
    bytes[40] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let (code, text) = verify(&whole);
    assert!(code == 1 && text.contains("entry 257"), "{text}");
    spoil(&folder.path().join("checkpoint"), "\n600\n", "\n601\n");
    assert_eq!(verify(&whole).0, 1);
}

fn spoil(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from));
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}
