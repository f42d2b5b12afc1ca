//! A stand from nothing: asked as a consumer, checked offline, looked after by the operator, backed up, rolled back.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::run::{Told, nais_in};

/// A stand on free ports; stopped when dropped.
struct Stand {
    folder: tempfile::TempDir,
    child: Child,
}

impl Stand {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("stand.log")).unwrap();
        // Free a moment ago; all are held at once so that they differ.
        let held = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [portal, gateway, operations] = held.map(|one| one.local_addr().unwrap().to_string());
        let arguments = ["stand", "--portal", &portal, "--gateway", &gateway, "--operations", &operations];
        let child = Command::new(env!("CARGO_BIN_EXE_nais"))
            .current_dir(folder.path())
            .args(arguments)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut stand = Self { folder, child };
        let begun = Instant::now();
        while !stand.told().contains("stand is ready") {
            assert!(stand.child.try_wait().unwrap().is_none(), "the stand has ended: {}", stand.told());
            assert!(begun.elapsed() < Duration::from_secs(120), "the stand is not ready: {}", stand.told());
            std::thread::sleep(Duration::from_millis(100));
        }
        stand
    }

    fn told(&self) -> String {
        fs::read_to_string(self.path().join("stand.log")).unwrap()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Stops it as an operator does; it must drain and end well.
    fn stop(&mut self) {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "{status}: {}", self.told());
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the stand did not end in 10 s: {}", self.told());
    }

    fn call(&self, consumer: &str, more: &[&str]) -> Told {
        let folder = format!("stand/consumers/{consumer}");
        nais_in(self.path(), &[&["call", "--as", &folder], more].concat())
    }

    /// A command with the stand's configuration.
    fn operate(&self, command: &[&str]) -> Told {
        nais_in(self.path(), &[command, &["--config", "stand/nais.toml"]].concat())
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it has ended already when all went well
        let _ = self.child.wait();
    }
}

const SUBMIT: [&str; 4] = ["POST", "mvd-38801/v1/crossings/submit", "--data", "@stand/requests/crossings-submit.json"];

#[test]
fn a_stand_from_nothing_to_a_refused_roll_back() {
    let mut stand = Stand::start();
    ask(&stand);
    refusals(&stand);
    ready_refusals(&stand);
    sign_to_last(&stand);
    stand.stop();
    verify_without_anybody(&stand);
    verify_what_lasts(&stand);
    consent(&stand);
    retention(&stand);
    roll_back(&stand);
}

/// The person takes the consent back with the card; it can be read by other systems before and after.
fn consent(stand: &Stand) {
    let ready = fs::read(stand.path().join("stand/requests/common-register.json")).unwrap();
    let ready: Value = serde_json::from_slice(&ready).unwrap();
    let id = ready["cover"]["agreement"]["consent_id"].as_str().unwrap().to_owned();
    let listed = stand.operate(&["consent", "list", "--json"]).ended(0).out;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert!(listed["consents"].as_array().unwrap().iter().any(|one| one["consent_id"] == id.as_str()), "{listed}");
    let exported = |state: &str| {
        let told = stand.operate(&["consent", "export", &id]).ended(0).out;
        let record: Value = serde_json::from_str(&told).unwrap();
        assert_eq!((&record["state"], &record["record_id"]), (&state.into(), &id.clone().into()), "{told}");
        assert!(!told.contains("3010190A001PB9"), "nothing of the person but the pseudonym: {told}");
    };
    exported("used");
    let people: Value =
        serde_json::from_str(&fs::read_to_string(stand.path().join("stand/people.json")).unwrap()).unwrap();
    let mut all = people.as_array().unwrap().iter();
    let person = all.find(|one| one["identification_number"] == "3010190A001PB9").unwrap();
    let card = format!("stand/cards/{}.card", person["card"].as_str().unwrap());
    let wish = serde_json::json!({ "consent_id": id, "withdraw": true, "time": "2026-11-22T10:00:00+03:00" });
    fs::write(stand.path().join("wish.json"), wish.to_string()).unwrap();
    let pin2 = person["pin2"].as_str().unwrap();
    let sign = ["card", "sign", "--card", &card, "--pin2", pin2, "--out", "wish.p7s", "wish.json"];
    nais_in(stand.path(), &sign).ended(0);
    let told = stand.operate(&["consent", "withdraw", "wish.p7s"]).ended(0).out;
    assert!(told.contains("is withdrawn") && told.contains("recorded in the ledger"), "{told}");
    assert!(stand.operate(&["consent", "withdraw", "wish.p7s"]).ended(0).out.contains("was withdrawn"));
    exported("withdrawn");
}

fn ask(stand: &Stand) {
    let told = stand.call("border-committee", &[&SUBMIT[..], &["--save", "saved"]].concat()).ended(0);
    for part in
        ["\"package_id\"", "\nsignature valid", "\nHTTP signature valid", "\nrequest digest valid", "\nreceipt valid"]
    {
        assert!(told.out.contains(part), "{part}: {}", told.out);
    }
    let told =
        stand.call("border-committee", &[&SUBMIT[..], &["--fresh", "--prefer", "receipt", "--json"]].concat()).ended(0);
    let value: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!((&value["checks"][0]["result"], &value["status"]), (&"not-needed".into(), &200.into()));
    stand.call("border-committee", &[&SUBMIT[..], &["--fresh", "--prefer", "respond-async"]].concat()).ended(0);
    nais_in(stand.path(), &["check", "--config", "stand/nais.toml"]).ended(0);
    let family = ["POST", "mvd-34001/v1/common/register", "--data", "@stand/requests/common-register.json"];
    let told = stand.call("notary-chamber", &family).ended(1);
    assert!(told.out.contains("(consent-missing)") && told.out.contains("\nreceipt valid"), "{}", told.out);
    let consented = [&family[..], &["--consent", "stand/requests/common-register.p7s"]].concat();
    let told = stand.call("notary-chamber", &consented).ended(0);
    for part in [
        "4150685B002PB8",
        "5230414C003PB2",
        "6071109H004PB7",
        "\nsignature valid",
        "\nconsent valid",
        "\nreceipt valid",
    ] {
        assert!(told.out.contains(part), "{part}: {}", told.out);
    }
    let told = stand.call("notary-chamber", &consented).ended(1);
    assert!(told.out.contains("(replayed-message)"), "{}", told.out);
    let told = stand.call("bank", &family).ended(1);
    assert!(told.out.contains("(no-subscription)"), "{}", told.out);
    by_the_clerk(stand);
    stand.operate(&["ledger", "fsck"]).ended(0);
    assert!(stand.operate(&["migrate"]).ended(0).out.contains("up to date"));
}

/// Somebody whose certificate names no organisation: their powers come from the attribute certificate beside it.
fn by_the_clerk(stand: &Stand) {
    let data = "@stand/requests/common-register-by-clerk.json";
    let consent = "stand/requests/common-register-by-clerk.p7s";
    let ask = ["POST", "mvd-34001/v1/common/register", "--data", data, "--consent", consent];
    let attributes = stand.path().join("stand/consumers/notary-clerk/attributes.pem");
    let aside = attributes.with_extension("aside");
    fs::rename(&attributes, &aside).unwrap();
    let told = stand.call("notary-clerk", &ask).ended(1);
    assert!(told.out.contains("(eds-wrong-role)"), "{}", told.out);
    fs::rename(&aside, &attributes).unwrap();
    let told = stand.call("notary-clerk", &ask).ended(0);
    assert!(told.out.contains("\nsignature valid") && told.out.contains("\nreceipt valid"), "{}", told.out);
    let (folder, people) = (stand.path().join("stand"), stand.path().join("stand/people.json"));
    let people: Value = serde_json::from_str(&fs::read_to_string(people).unwrap()).unwrap();
    let person =
        people.as_array().unwrap().iter().find(|one| one["identification_number"] == "3010190A001PB9").unwrap();
    let part = |name: &str| person[name].as_str().unwrap();
    let name = format!("{} {} {}", part("surname"), part("name"), part("patronymic"));
    let request = "stand/requests/common-register-by-clerk.json";
    let words =
        ["consent", "wording", request, "--folder", "stand/services/3.40.01-1", "--lang", "ru", "--name", &name];
    let shown = nais_in(stand.path(), &words).ended(0).out;
    assert_eq!(shown, fs::read_to_string(folder.join("requests/common-register-by-clerk.txt")).unwrap());
    // Written into a request, the digest is that of the text; a request without an agreement has no text.
    let mut other: Value = serde_json::from_slice(&fs::read(stand.path().join(request)).unwrap()).unwrap();
    fs::write(stand.path().join("own.json"), other.to_string()).unwrap();
    let own = ["consent", "wording", "own.json", "--folder", "stand/services/3.40.01-1", "--name", &name, "--lang"];
    let english = nais_in(stand.path(), &[&own[..], &["en", "--write"]].concat()).ended(0).out;
    let written: Value = serde_json::from_slice(&fs::read(stand.path().join("own.json")).unwrap()).unwrap();
    let agreement = &written["cover"]["agreement"];
    let digest: String = eds::sha256(english.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((&agreement["language"], &agreement["text_digest"]), (&"en".into(), &digest.into()));
    other["cover"].as_object_mut().unwrap().remove("agreement");
    fs::write(stand.path().join("own.json"), other.to_string()).unwrap();
    let told = nais_in(stand.path(), &[&own[..], &["en"]].concat()).ended(2).err;
    assert!(told.contains("cover.agreement"), "{told}");
    let told = nais_in(stand.path(), &["pki", "show", "--dir", "stand/pki"]).ended(0).out;
    assert!(told.contains("attributes") && told.contains(&name), "{told}");
}

fn refusals(stand: &Stand) {
    let told =
        stand.call("mia", &["POST", "mvd-38801/v1/crossings/search", "--data", "{\"x\":1}", "--lang", "be"]).ended(1);
    assert!(told.out.contains("/x: ") && told.out.contains("\nreceipt valid"), "{}", told.out);
    let told = stand.call("bank", &["GET", "minjust-31101/v1/classifiers/list?type=claim"]).ended(1);
    assert!(told.out.contains("(no-subscription)") && told.out.contains("\nsignature valid"), "{}", told.out);
    // A stranger's token: nobody is known, so nothing is signed or recorded, and that is said.
    let file = stand.path().join("stand/consumers/mia/consumer.toml");
    let known = fs::read_to_string(&file).unwrap();
    let unknown = |line: &str| {
        if line.starts_with("token") {
            "token = \"11111111-2222-4333-8444-555555555555\"".to_owned()
        } else {
            line.to_owned()
        }
    };
    fs::write(&file, known.lines().map(|line| unknown(line) + "\n").collect::<String>()).unwrap();
    let told = stand.call("mia", &["GET", "services"]).ended(1);
    assert!(told.out.contains("(token-unknown)") && told.out.contains("signature missing"), "{}", told.out);
    fs::write(&file, known).unwrap();
    stand.call("mia", &["GET", "services"]).ended(0);
}

/// Each thing that can be wrong with a consent has its own code, and says nothing about the person.
fn ready_refusals(stand: &Stand) {
    let folder = "stand/requests/refused";
    let index = fs::read(stand.path().join(folder).join("index.json")).unwrap();
    let index: Vec<Value> = serde_json::from_slice(&index).unwrap();
    assert!(index.len() >= 20, "{index:?}");
    let send = |consumer: &str, name: &str| -> Value {
        let (body, consent) = (format!("@{folder}/{name}.json"), format!("{folder}/{name}.p7s"));
        let words = ["POST", "mvd-34001/v1/common/register", "--data", &body, "--consent", &consent, "--json"];
        let told = nais_in(stand.path(), &[&["call", "--as", consumer], &words[..]].concat());
        serde_json::from_str(&told.out).unwrap_or_else(|_| panic!("{name}: {} {}", told.out, told.err))
    };
    for row in &index {
        let text = |member: &str| row[member].as_str().unwrap_or_default();
        let consumer = format!("stand/{}", text("consumer"));
        if !text("first").is_empty() {
            assert_eq!(send(&consumer, text("first"))["status"], 200, "{row}");
        }
        let told = send(&consumer, text("name"));
        let answer = &told["answer"];
        let code = if row["status"] == 200 { &answer["error_list"][0]["error_code"]["code"] } else { &answer["code"] };
        assert_eq!((&told["status"], code), (&row["status"], &row["code"]), "{row}: {told}");
        assert!(row["status"] == 200 || !answer.to_string().contains("3010190A001PB"), "{row}: {answer}");
    }
}

/// A card's signature, stamped, with its evidence inside.
fn sign_to_last(stand: &Stand) {
    let config: toml::Table = fs::read_to_string(stand.path().join("stand/nais.toml")).unwrap().parse().unwrap();
    let portal = config["portal"]["listen"].as_str().unwrap();
    let stamps = format!("http://{portal}/tsa");
    let people: Value = serde_json::from_slice(&fs::read(stand.path().join("stand/people.json")).unwrap()).unwrap();
    let holder = people.as_array().unwrap().iter().find(|one| one["card"] != "").unwrap();
    let card = format!("stand/cards/{}.card", holder["card"].as_str().unwrap());
    let pin = holder["pin2"].as_str().unwrap();
    let sign = |out: &str, more: &[&str]| {
        let words = ["card", "sign", "--card", &card, "--pin2", pin, "--out", out, "--timestamp", &stamps];
        nais_in(stand.path(), &[&words[..], more, &["stand/people.json"]].concat())
    };
    sign("lasting.p7s", &["--roots", "stand/pki/root.pem"]).ended(0);
    sign("stamped.p7s", &[]).ended(0);
}

/// When the signer's certificate has expired only what is kept inside tells that it was good.
fn verify_what_lasts(stand: &Stand) {
    let verify = |file: &str, at: &str| {
        let told = nais_in(stand.path(), &["verify", file, "--roots", "stand/pki/root.pem", "--at", at, "--json"]);
        serde_json::from_str::<Value>(&told.out).unwrap()
    };
    let later = "2036-01-01T00:00:00Z";
    let lasting = verify("lasting.p7s", later);
    assert_eq!((&lasting["valid"], &lasting["signatures"][0]["evidence_inside"]), (&true.into(), &true.into()));
    assert_eq!(lasting["signatures"][0]["unchecked"], serde_json::json!([]), "{lasting}");
    let stamped = verify("stamped.p7s", later);
    assert_eq!(stamped["signatures"][0]["evidence_inside"], false);
    assert!(stamped["signatures"][0]["unchecked"].to_string().contains("revoked"), "{stamped}");
}

fn verify_without_anybody(stand: &Stand) {
    let arguments = ["verify", "saved/receipt", "saved/record.json", "--answer", "saved/answer"];
    let told = nais_in(stand.path(), &arguments).ended(0);
    assert!(told.out.contains("border-committee") && told.out.contains("receipt valid"), "{}", told.out);
    let answer = stand.path().join("saved/answer");
    let changed = fs::read_to_string(&answer).unwrap().replace("accepted", "rejected");
    fs::write(&answer, changed).unwrap();
    let told = nais_in(stand.path(), &arguments).ended(1);
    assert!(told.out.contains("the answer was changed"), "{}", told.out);
    let told = stand.call("mia", &["GET", "services"]).ended(1);
    assert!(told.err.contains("cannot be reached"), "{}", told.err);
}

/// What need not be kept is listed, removed, and gone; the ledger stays sound.
fn retention(stand: &Stand) {
    assert!(stand.operate(&["retention", "list"]).ended(0).out.contains("nothing is due"));
    let file = stand.path().join("stand/services/3.88.01/retention.toml");
    let rules = fs::read_to_string(&file).unwrap();
    let shorter = rules.replace("kind = \"visa-annulments\"\nmonths = 120", "kind = \"visa-annulments\"\nmonths = 1");
    assert_ne!(rules, shorter);
    fs::write(&file, shorter).unwrap();
    let due = stand.operate(&["retention", "list"]).ended(0).out;
    assert!(due.contains("visa-annulments") && !due.contains("crossings"), "{due}");
    let told = stand.operate(&["retention", "purge"]).ended(0).out;
    assert!(told.contains(" records removed") && told.contains("recorded in the ledger"), "{told}");
    assert!(!told.starts_with("0 "), "{told}");
    let left = stand.operate(&["retention", "list", "--json"]).ended(0).out;
    let left: Value = serde_json::from_str(&left).unwrap();
    assert_eq!(left["due"], serde_json::json!([]));
    fs::write(&file, rules.replacen("months = 120", "months = 0", 1)).unwrap();
    assert!(stand.operate(&["retention", "list"]).ended(2).err.contains("retention.toml"));
    fs::write(&file, rules).unwrap();
    stand.operate(&["ledger", "fsck"]).ended(0);
}

/// An old database is put back: the witness knows, and nothing goes on.
fn roll_back(stand: &Stand) {
    let data = stand.path().join("stand/data");
    stand
        .operate(&["treaty", "conclude", "T-1", "--consumer", "mia", "--owner", "mvd", "--from", "2026-01-01"])
        .ended(0);
    stand
        .operate(&["treaty", "conclude", "T-1", "--consumer", "mia", "--owner", "mvd", "--from", "2026-01-01"])
        .ended(1);
    stand
        .operate(&["treaty", "conclude", "T-2", "--consumer", "none", "--owner", "mvd", "--from", "2026-01-01"])
        .ended(2);
    stand.operate(&["treaty", "state", "T-1", "active"]).ended(1);
    let token = stand.operate(&["token", "issue", "mia", "--certificate", "stand/consumers/mia/tls.pem"]).ended(0);
    let token = token.out.lines().next().unwrap().to_owned();
    stand.operate(&["token", "revoke", &token]).ended(0);
    assert!(!stand.operate(&["token", "list"]).ended(0).out.contains(&token), "tokens are shown once");
    stand.operate(&["backup", "one.backup"]).ended(0);
    stand.operate(&["backup", "one.backup"]).ended(2);
    stand.operate(&["restore", "one.backup"]).ended(2);
    let away = stand.path().join("away");
    fs::rename(&data, &away).unwrap();
    assert!(stand.operate(&["restore", "one.backup"]).ended(0).out.contains("the witnesses agree"));
    stand.operate(&["ledger", "fsck"]).ended(0);
    stand.operate(&["ledger", "adopt"]).ended(2);
    // The witness signs what a node shows it.
    stand.operate(&["treaty", "state", "T-1", "submitted"]).ended(0);
    let mut node = Command::new(env!("CARGO_BIN_EXE_nais"))
        .current_dir(stand.path())
        .args(["serve", "--config", "stand/nais.toml"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let size = |path: &Path| {
        fs::read_dir(path).unwrap().filter_map(|e| fs::read_to_string(e.unwrap().path()).ok()).collect::<String>()
    };
    let (state, begun) = (stand.path().join("stand/witness/state"), Instant::now());
    let before = size(&state);
    while size(&state) == before && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(100));
    }
    node.kill().unwrap();
    node.wait().unwrap();
    fs::remove_dir_all(&data).unwrap();
    let told = stand.operate(&["restore", "one.backup"]).ended(1);
    assert!(told.out.contains("rolled back"), "{}", told.out);
    assert!(stand.operate(&["ledger", "adopt"]).ended(1).err.contains("rolled back"));
    stand.operate(&["treaty", "list"]).ended(1);
}
