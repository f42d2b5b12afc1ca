//! What the authority writes, the certificate reads back.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use eds::pki::{Addresses, Authority, Profile, Record, Subject};
use eds::{Algorithm, Certificate, Purpose, SigningKey, chain_to_pem};
use proptest::prelude::*;

use crate::house::{House, noon, term};

#[test]
fn everything_asked_for_is_in_the_certificate() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let subject = Subject::new("Янка Купала").of("Нацыянальны цэнтр").person("Купала", "Янка Дамінікавіч");
    let profile = Profile {
        dns_names: vec!["gateway.nais.by".into(), "*.nais.by".into()],
        ip_addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
        unp: Some("100000007".into()),
        identification_number: Some("3010190A001PB9".into()),
        job_title: Some("Галоўны спецыяліст".into()),
        ..Profile::new(subject, [Purpose::Signature, Purpose::TlsClient], term(noon(), 1, 30))
    };
    let (certificate, key) = house.issue(&profile, Algorithm::Ed25519);
    let again = Certificate::from_pem(&certificate.to_pem()).unwrap();
    assert_eq!(again, certificate);
    assert_eq!(again.common_name(), Some("Янка Купала"));
    assert_eq!(again.unp(), Some("100000007"));
    assert_eq!(again.identification_number(), Some("3010190A001PB9"));
    assert_eq!(again.job_title(), Some("Галоўны спецыяліст"));
    assert_eq!(again.dns_names().collect::<Vec<_>>(), ["gateway.nais.by", "*.nais.by"]);
    assert_eq!(again.addresses().collect::<Vec<_>>(), profile.ip_addresses);
    assert_eq!(again.host().as_deref(), Some("gateway.nais.by"));
    for host in ["gateway.nais.by", "GATEWAY.NAIS.BY", "other.nais.by", "127.0.0.1", "[::1]"] {
        assert!(again.is_of_host(host), "{host}");
    }
    for host in ["nais.by", "a.b.nais.by", "gateway.nais.by.example", "127.0.0.2", "[::2]", "*.nais.by.", ""] {
        assert!(!again.is_of_host(host), "{host}");
    }
    assert_eq!(again.uris().count(), 0);
    assert_eq!((again.not_before(), again.not_after()), (profile.term.not_before, profile.term.not_after));
    assert_eq!(again.verifying_key(), key.verifying_key());
    assert_eq!(again.fingerprint(), eds::sha256(again.der()));
    assert_eq!(again.fingerprint_hex(), hex::encode(again.fingerprint()));
    assert_eq!(again.extended_key_usage().unwrap().len(), 2);
    let uses = again.key_usage().unwrap();
    assert!(uses.digital_signature() && uses.non_repudiation() && !uses.key_cert_sign() && !uses.crl_sign());
    assert!(!again.is_authority());
    assert!(!format!("{again:?}").contains("Купала"), "a person's name is not for logs");

    let root = house.root.certificate();
    assert!(root.is_authority() && root.key_usage().unwrap().key_cert_sign());
    assert_eq!(house.issuing.certificate().path_length(), Some(0));
    let chain = Certificate::chain_from_pem(&chain_to_pem([&again, house.issuing.certificate(), root])).unwrap();
    assert_eq!(chain.len(), 3);
}

/// As the State PKI issues to an official: the national algorithm, Cyrillic names, the person's extensions.
#[test]
fn a_person_of_the_national_algorithm() {
    let mut house = House::new(Algorithm::BignBeltHash);
    let subject = Subject::new("Купала Янка Дамінікавіч").of("Нацыянальны цэнтр").person("Купала", "Янка Дамінікавіч");
    let profile = Profile {
        unp: Some("100000007".into()),
        identification_number: Some("3010190A001PB9".into()),
        job_title: Some("Галоўны спецыяліст".into()),
        ..Profile::new(subject, [Purpose::Signature], term(noon(), 1, 30))
    };
    let (certificate, key) = house.issue(&profile, Algorithm::BignBeltHash);
    assert_eq!(house.trust().check(&certificate, Purpose::Signature, noon()), Ok(()));
    let again = Certificate::from_der(certificate.der()).unwrap();
    assert_eq!(again.surname().as_deref(), Some("Купала"));
    assert_eq!(again.given_names().as_deref(), Some("Янка Дамінікавіч"));
    assert_eq!(again.organization().as_deref(), Some("Нацыянальны цэнтр"));
    assert_eq!(again.common_name(), Some("Купала Янка Дамінікавіч"));
    assert_eq!(again.identification_number(), Some("3010190A001PB9"));
    assert_eq!((again.unp(), again.job_title()), (Some("100000007"), Some("Галоўны спецыяліст")));

    let holds = |bytes: &[u8]| certificate.der().windows(bytes.len()).any(|window| window == bytes);
    // bign-with-hbelt with NULL, inside and outside.
    let algorithm = hex::decode("300d06092a7000020022652d0c0500").unwrap();
    assert_eq!(certificate.der().windows(algorithm.len()).filter(|window| *window == algorithm).count(), 2);
    // BMPString of 14 characters, BMPString of 9.
    let number: Vec<u8> = "3010190A001PB9".bytes().flat_map(|byte| [0, byte]).collect();
    assert!(holds(&[&[0x1e, 28], number.as_slice()].concat()));
    let unp: Vec<u8> = "100000007".bytes().flat_map(|byte| [0, byte]).collect();
    assert!(holds(&[&[0x1e, 18], unp.as_slice()].concat()));
    // The identifiers of its key and of the issuer's are belt-hash of the point, whole.
    let identifier = |spki: &[u8]| eds::belt_hash(&spki[spki.len() - 64..]);
    let own = identifier(key.verifying_key().spki_der());
    let issuer = identifier(house.issuing.certificate().verifying_key().spki_der());
    assert!(holds(&[&[0x04, 34, 0x04, 32], own.as_slice()].concat()));
    assert!(holds(&[&[0x30, 34, 0x80, 32], issuer.as_slice()].concat()));
}

/// Whatever stands in an extension of the person but a text is no certificate.
#[test]
fn a_malformed_extension_of_the_person_is_refused() {
    let mut house = House::new(Algorithm::BignBeltHash);
    let profile = Profile { unp: Some("100000007".into()), ..house.profile("x", Purpose::Signature) };
    let (certificate, _) = house.issue(&profile, Algorithm::BignBeltHash);
    let mut der = certificate.der().to_vec();
    let at = der.windows(3).position(|window| window == [0x1e, 18, 0]).unwrap();
    for tag in [0x04, 0x02, 0x30, 0x13] {
        der[at] = tag;
        assert!(Certificate::from_der(&der).is_err(), "{tag:#x}");
    }
}

/// What nobody may have, made of what anybody may.
fn unissuable(good: &Profile) -> [(&'static str, Profile); 9] {
    let but = |change: &dyn Fn(&mut Profile)| {
        let mut profile = good.clone();
        change(&mut profile);
        profile
    };
    let named = |subject: Subject| but(&|profile| profile.subject = subject.clone());
    [
        ("no purpose", but(&|profile| profile.purposes.clear())),
        ("stamps and signs", but(&|profile| profile.purposes = vec![Purpose::TimeStamping, Purpose::Signature])),
        ("host", but(&|profile| profile.dns_names = vec!["a b".into()])),
        ("name too long", named(Subject::new("я".repeat(65)))),
        ("empty name", named(Subject::new(""))),
        ("NUL in the name", named(Subject::new("a\0b"))),
        ("country", named(Subject { country: Some("by".into()), ..Subject::new("x") })),
        ("backwards", but(&|profile| profile.term = term(noon(), -2, 1))),
        ("outlives its issuer", but(&|profile| profile.term = term(noon(), 1, 3000))),
    ]
}

#[test]
fn what_cannot_be_issued_is_refused() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let key = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let good = house.profile("x", Purpose::TlsServer);
    assert!(house.issuing.issue(&good, key.verifying_key()).is_ok());
    for (why, profile) in unissuable(&good) {
        assert!(house.issuing.issue(&profile, key.verifying_key()).is_err(), "{why}");
    }
    assert!(house.issuing.issue_ca(&Subject::new("ca"), key, term(noon(), 1, 1), 0).is_err(), "path length");
    assert!(house.issuing.revoke("00", noon()).is_err(), "unknown serial number");
    assert_eq!(house.issuing.record().issued.len(), 1);
}

#[test]
fn an_authority_survives_its_folder() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let (certificate, _) = house.signer(Algorithm::EcdsaP256Sha256);
    house.issuing.revoke(&certificate.serial_hex(), noon()).unwrap();
    house.issuing.revoke(&certificate.serial_hex(), noon() + crate::house::days(1)).unwrap();
    house.crls();
    let kept = serde_json::to_string(house.issuing.record()).unwrap();
    let record: Record = serde_json::from_str(&kept).unwrap();
    assert_eq!(&record, house.issuing.record());
    assert_eq!((record.revoked.len(), record.revoked[0].at, record.crls), (1, noon().as_second(), 1));

    let pem = house.issuing.certificate().to_pem();
    let key = SigningKey::from_pkcs8_pem(&house.issuing.key().to_pkcs8_pem().unwrap()).unwrap();
    let wrong = SigningKey::generate(Algorithm::Ed25519).unwrap();
    assert!(Authority::from_parts(Certificate::from_pem(&pem).unwrap(), wrong, record.clone()).is_err());
    assert!(Authority::from_parts(certificate.clone(), key.clone(), record.clone()).is_err());
    house.issuing = Authority::from_parts(Certificate::from_pem(&pem).unwrap(), key, record).unwrap();
    let trust = house.trust();
    let verdict = trust.check(&certificate, Purpose::Signature, noon());
    assert_eq!(verdict, Err(eds::PathError::Revoked { at: noon() }));
}

#[test]
fn a_certificate_has_one_spelling() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let (certificate, _) = house.signer(Algorithm::EcdsaP256Sha256);
    let mut der = certificate.der().to_vec();
    der.push(0);
    assert!(Certificate::from_der(&der).is_err(), "bytes behind");
    assert!(Certificate::from_pem("").is_err());
    assert!(Certificate::from_pem(&format!("{0}{0}", certificate.to_pem())).is_err(), "two");
    for cut in 0..certificate.der().len() {
        assert!(Certificate::from_der(&certificate.der()[..cut]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn noise_never_panics(bytes in any::<Vec<u8>>(), text in "\\PC{0,200}") {
        prop_assert!(Certificate::from_der(&bytes).is_err());
        prop_assert!(eds::Crl::from_der(&bytes).is_err());
        prop_assert!(eds::VerifyingKey::from_spki_der(&bytes).is_err());
        prop_assert!(SigningKey::from_pkcs8_der(&bytes).is_err());
        let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        let _ = Certificate::chain_from_pem(&pem);
        prop_assert!(SigningKey::from_pkcs8_pem(&text).is_err());
    }
}

/// Every single-byte change of a certificate is unreadable or untrusted, and never a panic.
#[test]
fn no_altered_certificate_is_trusted() {
    let mut house = House::new(Algorithm::Ed25519);
    let (certificate, _) = house.signer(Algorithm::Ed25519);
    let trust = house.trust();
    assert_eq!(trust.check(&certificate, Purpose::Signature, noon()), Ok(()));
    let (mut unreadable, mut untrusted) = (0, 0);
    for index in 0..certificate.der().len() {
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut der = certificate.der().to_vec();
            der[index] ^= change;
            match Certificate::from_der(&der) {
                Err(_) => unreadable += 1,
                Ok(altered) => {
                    assert!(trust.check(&altered, Purpose::Signature, noon()).is_err(), "byte {index}");
                    untrusted += 1;
                }
            }
        }
    }
    println!("{unreadable} unreadable, {untrusted} untrusted");
    assert!(untrusted > 100);
}

#[test]
fn certificates_say_where_their_status_is_told() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let (silent, _) = house.signer(Algorithm::EcdsaP256Sha256);
    assert!(silent.responders().is_empty() && silent.list_addresses().is_empty());
    let addresses = Addresses {
        ocsp: Some("http://localhost:8080/ocsp".into()),
        crl: Some("http://localhost:8080/pki/issuing.crl".into()),
    };
    house.issuing.tells_at(addresses);
    let (certificate, _) = house.signer(Algorithm::BignBeltHash);
    assert_eq!(certificate.responders(), ["http://localhost:8080/ocsp"]);
    assert_eq!(certificate.list_addresses(), ["http://localhost:8080/pki/issuing.crl"]);
    assert_eq!(house.trust().check(&certificate, Purpose::Signature, noon()), Ok(()), "a whole list covers it");
    house.issuing.tells_at(Addresses { ocsp: Some("no address".into()), crl: None });
    let profile = house.profile("x", Purpose::Signature);
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    assert!(house.issuing.issue(&profile, key.verifying_key()).is_err());
}
