//! Time stamps: ours read by OpenSSL, OpenSSL's by us, on signatures and on anything.

use eds::cms::{self, Demand, Place, Signer};
use eds::pki::Profile;
use eds::tsp::{Authority, Request, Token};
use eds::{Algorithm, Certificate, CmsError, Error, PathError, Purpose, SigningKey};
use jiff::Timestamp;

use crate::bench::Bench;
use crate::house::{House, INTERNATIONAL, days, noon, term};
use crate::tlv::Tlv;

const POLICY: &str = "1.2.112.0.2.0.34.101.78.2.31";

fn stamper(house: &mut House, algorithm: Algorithm) -> (Certificate, SigningKey) {
    let profile =
        Profile { term: term(house.at, 2, 1000), ..house.profile("Пазнака часу", Purpose::TimeStamping) };
    house.issue(&profile, algorithm)
}

fn authority(house: &mut House, algorithm: Algorithm) -> Authority {
    let (certificate, key) = stamper(house, algorithm);
    Authority::new(key, certificate, [house.issuing.certificate().clone()], POLICY).unwrap()
}

fn stamped(authority: &Authority, algorithm: Algorithm, bytes: &[u8], at: Timestamp) -> Token {
    let request = Request::new(algorithm, bytes).unwrap().with_nonce(0xfedc_ba98_7654_3210).unwrap();
    request.answered(&authority.answer(&request.to_der().unwrap(), at).unwrap()).unwrap()
}

#[test]
fn a_token_stamps_its_bytes_at_its_moment() {
    for algorithm in Algorithm::ALL {
        let mut house = House::new(algorithm);
        let authority = authority(&mut house, algorithm);
        let trust = house.trust();
        let token = stamped(&authority, algorithm, b"bytes", noon());
        assert_eq!((token.at(), token.policy()), (noon(), POLICY.to_owned()));
        assert_eq!((token.covers(b"bytes"), token.covers(b"other")), (Ok(()), Err(CmsError::TimeStamp.into())));
        assert_eq!(token.judge(&trust, noon()), Ok(()));
        let again = Token::read(token.der()).unwrap();
        assert_eq!((again.serial_hex(), again.certificates().len()), (token.serial_hex(), 2));
        assert_ne!(stamped(&authority, algorithm, b"bytes", noon()).serial_hex(), token.serial_hex());
        assert_eq!(token.judge(&House::new(algorithm).trust(), noon()), Err(PathError::UnknownIssuer.into()));
    }
}

#[test]
fn an_answer_is_to_its_question() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let authority = authority(&mut house, Algorithm::EcdsaP256Sha256);
    let ask =
        |bytes: &[u8], nonce: u64| Request::new(Algorithm::EcdsaP256Sha256, bytes).unwrap().with_nonce(nonce).unwrap();
    let answer = authority.answer(&ask(b"bytes", 1).to_der().unwrap(), noon()).unwrap();
    assert!(ask(b"bytes", 1).answered(&answer).is_ok());
    let fault = |request: &Request, answer: &[u8]| request.answered(answer).err();
    assert_eq!(fault(&ask(b"bytes", 2), &answer), Some(CmsError::TimeStamp.into()), "another nonce");
    assert_eq!(fault(&ask(b"other", 1), &answer), Some(CmsError::TimeStamp.into()), "other bytes");
    let plain = Request::new(Algorithm::EcdsaP256Sha256, b"bytes").unwrap();
    assert_eq!(fault(&plain, &answer), Some(CmsError::TimeStamp.into()), "a nonce nobody asked for");
    let refusal = Request::new(Algorithm::EcdsaP256Sha256, b"bytes").unwrap().with_policy("1.2.3").unwrap();
    let refused = authority.answer(&refusal.to_der().unwrap(), noon()).unwrap();
    assert!(matches!(fault(&refusal, &refused), Some(Error::Authority(_))));
    for noise in [&b""[..], b"x", &[0x30, 0]] {
        let refused = authority.answer(noise, noon()).unwrap();
        assert!(matches!(fault(&plain, &refused), Some(Error::Authority(_))));
    }
    for nonce in [0, 0x7f, 0x80, 0xff, 0x100, u64::MAX] {
        let request = ask(b"bytes", nonce);
        assert!(request.answered(&authority.answer(&request.to_der().unwrap(), noon()).unwrap()).is_ok(), "{nonce}");
    }
}

#[test]
fn only_a_stamping_certificate_stamps() {
    let mut house = House::new(Algorithm::Ed25519);
    let (certificate, key) = house.signer(Algorithm::Ed25519);
    assert!(Authority::new(key, certificate, [], POLICY).is_err());
    let (certificate, _) = stamper(&mut house, Algorithm::Ed25519);
    let other = SigningKey::generate(Algorithm::Ed25519).unwrap();
    assert!(Authority::new(other, certificate, [], POLICY).is_err());
}

/// A signature of noon with a stamp of that moment.
fn signature(house: &mut House, authority: &Authority, signer: &(Certificate, SigningKey)) -> Vec<u8> {
    let chain = [house.issuing.certificate().clone()];
    let signer = Signer { key: &signer.1, certificate: &signer.0, chain: &chain };
    let message = cms::sign(b"content", Place::Attached, &signer, noon()).unwrap();
    let value = cms::signature_value(&message).unwrap();
    let token = stamped(authority, Algorithm::EcdsaP256Sha256, &value, noon());
    cms::add_time_stamp(&message, &token).unwrap()
}

#[test]
fn a_stamped_signature_outlives_its_certificate() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let authority = authority(&mut house, Algorithm::EcdsaP256Sha256);
    let signer = house.signer(Algorithm::EcdsaP256Sha256);
    let message = signature(&mut house, &authority, &signer);
    let read = cms::verify(&message, None, &Demand::CADES).unwrap();
    let signature = read.only().unwrap();
    assert_eq!(signature.stamp().unwrap().at(), noon());
    let later = noon() + days(400);
    let lists = |house: &mut House| {
        let (from, to) = (later - days(1), later + days(1));
        let crls = [house.root.crl(from, to).unwrap(), house.issuing.crl(from, to).unwrap()];
        house.trust_without_lists().with_crls(crls)
    };
    let judgement = signature.judge(&lists(&mut house), later).unwrap();
    assert_eq!((judgement.at, judgement.stamped), (noon(), true), "the certificate has expired since");
    house.issuing.revoke(&signer.0.serial_hex(), noon() + days(100)).unwrap();
    assert!(signature.judge(&lists(&mut house), later).is_ok(), "revoked since");
    assert!(signature.judge(&house.trust(), noon() - days(1)).is_err(), "a stamp from the future");
    assert_eq!(signature.judge(&house.trust(), later), Err(PathError::CrlStale.into()), "old lists know nothing new");

    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let signer = house.signer(Algorithm::EcdsaP256Sha256);
    let authority = self::authority(&mut house, Algorithm::EcdsaP256Sha256);
    let message = self::signature(&mut house, &authority, &signer);
    house.issuing.revoke(&signer.0.serial_hex(), noon() - days(1)).unwrap();
    let read = cms::verify(&message, None, &Demand::CADES).unwrap();
    let verdict = read.only().unwrap().judge(&lists(&mut house), later);
    assert_eq!(verdict, Err(PathError::Revoked { at: noon() - days(1) }.into()), "revoked before");
    // A stamp by nobody known: it is no proof.
    let stranger = self::authority(&mut House::new(Algorithm::Ed25519), Algorithm::Ed25519);
    let signer = house.signer(Algorithm::EcdsaP256Sha256);
    let message = self::signature(&mut house, &stranger, &signer);
    let read = cms::verify(&message, None, &Demand::CADES).unwrap();
    assert_eq!(read.only().unwrap().judge(&house.trust(), noon()), Err(PathError::UnknownIssuer.into()));
}

#[test]
fn a_stamp_on_something_else_is_seen() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let authority = authority(&mut house, Algorithm::EcdsaP256Sha256);
    let signer = house.signer(Algorithm::EcdsaP256Sha256);
    let (one, other) = (signature(&mut house, &authority, &signer), signature(&mut house, &authority, &signer));
    let mut mixed = Tlv::read(&one);
    *mixed.at(&[1, 0, 4, 0, 6]) = Tlv::read(&other).at(&[1, 0, 4, 0, 6]).clone();
    let verdict = cms::verify(&mixed.der(), None, &Demand::CADES).err();
    assert_eq!(verdict, Some(CmsError::TimeStamp.into()));
    let token = stamped(&authority, Algorithm::EcdsaP256Sha256, b"other", noon());
    assert_eq!(cms::add_time_stamp(&one, &token).err(), Some(CmsError::TimeStamp.into()));
    // Every changed byte of the stamp is seen.
    let start = one.windows(11).rposition(|window| hex::encode(window) == "2a864886f70d010910020e").unwrap();
    let mut seen = 0;
    for index in (start + 11..one.len()).step_by(7) {
        let mut altered = one.clone();
        altered[index] ^= 0x01;
        seen += usize::from(cms::verify(&altered, None, &Demand::CADES).is_err());
    }
    let all = (start + 11..one.len()).step_by(7).count();
    // Certificates sent along with the token but not its signer's are claims that nobody checks here.
    assert!(seen * 10 > all * 4, "{seen} of {all}");
}

#[test]
fn openssl_believes_our_stamps() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let authority = authority(&mut house, Algorithm::EcdsaP256Sha256);
    let bench = Bench::new();
    bench.write("root.pem", house.root.certificate().to_pem());
    bench.write("ca.pem", house.issuing.certificate().to_pem());
    bench.write("content", b"bytes");
    bench.must("ts -query -data content -sha256 -cert -out request.tsq");
    bench.write("answer.tsr", authority.answer(&bench.bytes("request.tsq"), noon()).unwrap());
    let at = noon().as_second();
    let verify = format!("ts -verify -CAfile root.pem -untrusted ca.pem -attime {at} -in answer.tsr");
    bench.must(&format!("{verify} -queryfile request.tsq"));
    bench.must(&format!("{verify} -data content"));
    assert!(bench.must("ts -reply -in answer.tsr -text").contains(POLICY));
    bench.write("content", b"other");
    assert!(!bench.run(&format!("{verify} -data content")).0);
    // A refusal is one that it can read.
    bench.must("ts -query -data content -sha1 -cert -out request.tsq");
    bench.write("answer.tsr", authority.answer(&bench.bytes("request.tsq"), noon()).unwrap());
    let said = bench.must("ts -reply -in answer.tsr -text");
    assert!(said.contains("unrecognized or unsupported algorithm"), "{said}");
}

const CONFIG: &str = "
[tsa]
default_tsa = ours
[ours]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha512
ess_cert_id_alg = sha256
";

#[test]
fn we_believe_openssls_stamps() {
    let at = model::Clock::system().now();
    let mut house = House::at(Algorithm::EcdsaP256Sha256, at);
    let (certificate, key) = stamper(&mut house, Algorithm::EcdsaP256Sha256);
    let bench = Bench::new();
    bench.write("openssl.cnf", CONFIG);
    bench.write("serial", "0102\n");
    bench.write("tsa.pem", certificate.to_pem());
    bench.write("tsa.key", key.to_pkcs8_pem().unwrap().as_bytes());
    bench.write("ca.pem", house.issuing.certificate().to_pem());
    let reply = "ts -reply -config openssl.cnf -signer tsa.pem -inkey tsa.key -chain ca.pem";
    for algorithm in INTERNATIONAL {
        let request = Request::new(algorithm, b"bytes").unwrap().with_nonce(u64::MAX).unwrap();
        bench.write("request.tsq", request.to_der().unwrap());
        bench.must(&format!("{reply} -queryfile request.tsq -out answer.tsr"));
        let token = request.answered(&bench.bytes("answer.tsr")).unwrap();
        assert!((token.at() - at).get_seconds() < 60);
        assert_eq!(token.policy(), "1.2.3.4");
        assert_eq!(token.judge(&house.trust(), token.at()), Ok(()));
        assert_eq!(token.covers(b"bytes"), Ok(()));
    }
    let request = Request::new(Algorithm::EcdsaP256Sha256, b"bytes").unwrap().with_policy("1.2.3.5").unwrap();
    bench.write("request.tsq", request.to_der().unwrap());
    bench.must(&format!("{reply} -queryfile request.tsq -out answer.tsr"));
    assert!(matches!(request.answered(&bench.bytes("answer.tsr")).err(), Some(Error::Authority(_))));
}
