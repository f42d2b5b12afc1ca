//! Keys and certificates that are the same in every run. They sign nothing but inputs of these checks.

use std::path::Path;
use std::sync::OnceLock;

use eds::detached::{certificate_header, sign};
use eds::http_signature::{RequestView, Signer, sign_request};
use eds::pki::{Authority, Profile, Subject, Term};
use eds::{Certificate, Crl, Purpose, SigningKey, Trust};
use jiff::{SignedDuration, Timestamp};
use ledger::{Algorithm, NoteKey};

/// Ed25519: the seed of a PKCS#8 file is all that tells such keys apart.
pub fn key(seed: u8) -> SigningKey {
    let mut der = hex::decode("302e020100300506032b657004220420").unwrap();
    der.extend_from_slice(&[seed; 32]);
    SigningKey::from_pkcs8_der(&der).unwrap()
}

/// The moment of every check.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_780_000_000).unwrap()
}

/// The kept root, and the certificate and list it issued: `cargo run --example keep` writes them anew.
pub struct Kept {
    /// Of the authority.
    pub root: Certificate,
    /// Of the person.
    pub leaf: Certificate,
    /// Trust in the root, with its list.
    pub trust: Trust,
}

/// Read once.
pub fn kept() -> &'static Kept {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    KEPT.get_or_init(|| {
        let root = Certificate::from_der(include_bytes!("../seeds/certificate/root.der")).unwrap();
        let leaf = Certificate::from_der(include_bytes!("../seeds/certificate/leaf.der")).unwrap();
        let crl = eds::Crl::from_der(include_bytes!("../seeds/certificate/list.der")).unwrap();
        Kept { trust: Trust::new([root.clone()]).with_crls([crl]), root, leaf }
    })
}

/// Writes the kept certificates and the inputs that need keys into `seeds`.
pub fn write(seeds: &Path) {
    let put = |name: &str, bytes: &[u8]| std::fs::write(seeds.join(name), bytes).unwrap();
    let year = |years: i64| now() + SignedDuration::from_hours(24 * 365 * years);
    let term = |years| Term { not_before: year(-1), not_after: year(years) };
    let mut root = Authority::root(&Subject::new("Fuzz Root"), key(1), term(100)).unwrap();
    let mut profile = Profile::new(Subject::new("Вера"), [Purpose::Signature], term(90));
    profile.unp = Some("191000015".to_owned());
    let leaf = root.issue(&profile, key(2).verifying_key()).unwrap();
    let gone = root.issue(&profile, key(3).verifying_key()).unwrap();
    root.revoke(&gone.serial_hex(), now()).unwrap();
    let list: Crl = root.crl(year(-1), year(80)).unwrap();
    put("certificate/root.der", root.certificate().der());
    put("certificate/leaf.der", leaf.der());
    put("certificate/list.der", list.der());
    put("certificate/leaf.pem", leaf.to_pem().as_bytes());
    let p256 = SigningKey::generate(eds::Algorithm::EcdsaP256Sha256).unwrap();
    let mut other = Authority::root(&Subject::new("Other"), key(5), term(100)).unwrap();
    put("certificate/p256.der", other.issue(&profile, p256.verifying_key()).unwrap().der());

    let body = "{\"a\":1}";
    let header = certificate_header(&leaf);
    put("detached/whole", format!("{}\n{header}\n{body}", sign(body.as_bytes(), &key(2)).unwrap()).as_bytes());
    put("detached/other", format!("{}\n{header}\n{body}", sign(b"other", &key(2)).unwrap()).as_bytes());

    let headers: [(&str, &[u8]); 2] = [("content-type", b"application/json"), ("authorization", b"Bearer x")];
    let view = RequestView {
        method: "POST",
        target_uri: "https://a.example:8247/b?c=1",
        headers: &headers,
        body: body.as_bytes(),
    };
    let made = sign_request(&view, &Signer::new(key(2), &leaf).unwrap(), year(-1)).unwrap();
    let (input, signature, digest) = (made.signature_input, made.signature, made.content_digest.unwrap());
    let message = format!(
        "POST /b?c=1\ncontent-type:application/json\nauthorization:Bearer x\ncontent-digest:{digest}\n\
         signature-input:{input}\nsignature:{signature}\naccept-signature:{}\n\n{body}",
        eds::http_signature::ACCEPT_SIGNATURE
    );
    put("http_signature/whole", message.as_bytes());

    let log = NoteKey::new("other.example/log", Algorithm::Ed25519, key(4)).unwrap();
    let text = "other.example/log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let note = format!("{text}\n{}\n", log.line(text, 0).unwrap());
    put("ledger/note", note.as_bytes());
    put("ledger/vkey", log.vkey().to_string().as_bytes());
    let receipt = format!("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\n{note}");
    put("ledger/receipt", receipt.as_bytes());
    let record = r#"{"record":{"type":"exchange","time":"2026-07-01T00:00:00Z"},"salt":"SALT"}"#;
    put("ledger/evidence", format!("{receipt}\0{}", record.replace("SALT", &"00".repeat(32))).as_bytes());
}
