//! `nais pki`, and the certificates that `nais verify` believes.

use std::path::Path;

use crate::run::{Told, nais_in};

fn made() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    nais_in(folder.path(), &["pki", "init", "--dir", "pki"]).ended(0);
    let issue = [
        "pki",
        "issue",
        "--dir",
        "pki",
        "--name",
        "clerk",
        "--cn",
        "Клерк Пётр",
        "--org",
        "Палата",
        "--unp",
        "191000015",
        "--purpose",
        "signature",
    ];
    nais_in(folder.path(), &issue).ended(0);
    folder
}

fn verify(folder: &Path, more: &[&str]) -> Told {
    nais_in(folder, &[&["verify", "pki/clerk.pem", "--roots", "pki/root.pem"], more].concat())
}

#[test]
fn a_certificate_is_believed_until_it_is_revoked() {
    let folder = made();
    let told = verify(folder.path(), &["--crl", "pki/crl.pem"]).ended(0);
    assert!(told.out.contains("certificate valid") && told.out.contains("Клерк Пётр"), "{}", told.out);
    assert!(!told.out.contains("not checked"), "{}", told.out);
    let told = verify(folder.path(), &[]).ended(0);
    assert!(told.out.contains("not checked: whether it was revoked"), "{}", told.out);
    nais_in(folder.path(), &["pki", "revoke", "--dir", "pki", "pki/clerk.pem"]).ended(0);
    let told = verify(folder.path(), &["--crl", "pki/crl.pem"]).ended(1);
    assert!(told.out.contains("revoked at"), "{}", told.out);
    let told = nais_in(folder.path(), &["pki", "show", "--dir", "pki"]).ended(0);
    assert!(told.out.contains("Клерк Пётр") && told.out.contains("revoked"), "{}", told.out);
    nais_in(folder.path(), &["pki", "crl", "--dir", "pki", "--days", "3"]).ended(0);
    verify(folder.path(), &["--crl", "pki/crl.pem"]).ended(1);
}

#[test]
fn another_root_another_purpose_and_another_time_are_refused() {
    let folder = made();
    nais_in(folder.path(), &["pki", "init", "--dir", "other"]).ended(0);
    let told = nais_in(folder.path(), &["verify", "pki/clerk.pem", "--roots", "other/root.pem"]).ended(1);
    assert!(told.out.contains("issuer is unknown"), "{}", told.out);
    let told = verify(folder.path(), &["--purpose", "tls-client"]).ended(1);
    assert!(told.out.contains("another purpose"), "{}", told.out);
    let told = verify(folder.path(), &["--at", "2001-01-01T00:00:00Z", "--json"]).ended(1);
    let value: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!((&value["valid"], &value["wrong"]), (&false.into(), &"not valid yet".into()));
    verify(folder.path(), &["--at", "yesterday"]).ended(2);
}

#[test]
fn nothing_is_overwritten_and_keys_are_the_owners() {
    let folder = made();
    let before = std::fs::read(folder.path().join("pki/root.key")).unwrap();
    let told = nais_in(folder.path(), &["pki", "init", "--dir", "pki"]).ended(2);
    assert!(told.err.contains("root.key"), "{}", told.err);
    assert_eq!(std::fs::read(folder.path().join("pki/root.key")).unwrap(), before);
    let again = ["pki", "issue", "--dir", "pki", "--name", "clerk", "--cn", "x", "--purpose", "signature"];
    nais_in(folder.path(), &again).ended(2);
    let outside = ["pki", "issue", "--dir", "pki", "--name", "../clerk", "--cn", "x", "--purpose", "signature"];
    nais_in(folder.path(), &outside).ended(2);
    nais_in(folder.path(), &["pki", "revoke", "--dir", "pki", "00ff"]).ended(2);
    #[cfg(unix)]
    for name in ["root.key", "issuing.key", "clerk.key"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join("pki").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn powers_are_attested_and_revoked() {
    let folder = made();
    let attest = |name: &str, holder: &str| {
        let words = ["pki", "attest", "--dir", "pki", "--name", name, "--holder", holder];
        nais_in(folder.path(), &[&words[..], &["--unp", "191000015", "--job-title", "clerk"]].concat())
    };
    attest("powers", "pki/clerk.pem").ended(0);
    let pem = |name: &str| std::fs::read_to_string(folder.path().join("pki").join(name)).unwrap();
    let powers = eds::AttributeCertificate::from_pem(&pem("powers.pem")).unwrap();
    let holder = eds::Certificate::chain_from_pem(&pem("clerk.pem")).unwrap().remove(0);
    assert_eq!((powers.unp(), powers.job_title(), powers.is_of(&holder)), (Some("191000015"), Some("clerk"), true));
    let trust = || {
        let one = |name: &str| eds::Certificate::from_pem(&pem(name)).unwrap();
        eds::Trust::new([one("root.pem")])
            .with_intermediates([one("issuing.pem")])
            .with_attribute_authorities([one("attributes.pem")])
            .with_crls(eds::Crl::all_from_pem(&pem("crl.pem")).unwrap())
    };
    let now = model::Clock::system().now();
    trust().check_attributes(&powers, &holder, now).unwrap();
    nais_in(folder.path(), &["pki", "revoke", "--dir", "pki", "pki/powers.pem"]).ended(0);
    let later = now + jiff::SignedDuration::from_secs(2);
    let revoked = trust().check_attributes(&powers, &holder, later);
    assert!(matches!(revoked, Err(eds::PathError::Revoked { .. })), "{revoked:?}");
    assert!(attest("powers", "pki/clerk.pem").ended(2).err.contains("powers.pem"), "nothing is overwritten");
    assert!(attest("attributes", "pki/clerk.pem").ended(2).err.contains("--name"));
    assert!(attest("other", "pki/nobody.pem").ended(2).err.contains("nobody.pem"));
}
