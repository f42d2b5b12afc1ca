//! The status of certificates: our responder and OpenSSL's, our questions and OpenSSL's.

use eds::ocsp::{Question, Responder, Response, Status};
use eds::pki::Authority;
use eds::{Algorithm, Certificate, Error, PathError, Purpose, Revocation, SigningKey};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::bench::Bench;
use crate::house::{House, days, noon};
use crate::tlv::Tlv;

fn delegate(house: &mut House, algorithm: Algorithm) -> (Certificate, SigningKey) {
    let profile = house.profile("OCSP", Purpose::OcspSigning);
    house.issue(&profile, algorithm)
}

/// The authority's own key, and one that it certified.
fn responders(house: &mut House, algorithm: Algorithm) -> [Responder; 2] {
    let issuer = house.issuing.certificate().clone();
    let (certificate, key) = delegate(house, algorithm);
    [
        Responder::new(issuer.clone(), issuer.clone(), house.issuing.key().clone()).unwrap(),
        Responder::new(issuer, certificate, key).unwrap(),
    ]
}

fn answer(responder: &Responder, authority: &Authority, certificate: &Certificate, at: Timestamp) -> Vec<u8> {
    let question = Question::new(certificate, authority.certificate()).to_der().unwrap();
    responder.answer(&question, authority.record(), at, at + days(1)).unwrap()
}

#[test]
fn an_answer_says_good_revoked_or_unknown() {
    for algorithm in Algorithm::ALL {
        let mut house = House::new(algorithm);
        let responders = responders(&mut house, algorithm);
        let (good, _) = house.signer(algorithm);
        let (revoked, _) = house.signer(algorithm);
        house.issuing.revoke(&revoked.serial_hex(), noon() - days(1)).unwrap();
        let mut other = House::new(algorithm);
        let (stranger, _) = other.signer(algorithm);
        let issuer = house.issuing.certificate().clone();
        for responder in responders {
            for (certificate, expected) in [
                (&good, Status::Good),
                (&revoked, Status::Revoked { at: noon() - days(1) }),
                (&stranger, Status::Unknown),
            ] {
                let question = Question::new(certificate, &issuer).with_nonce([7; 32]).unwrap();
                let request = question.to_der().unwrap();
                let record = house.issuing.record();
                let answer = responder.answer(&request, record, noon(), noon() + days(1)).unwrap();
                if expected == Status::Unknown {
                    // Its issuer only bears the same name.
                    assert_eq!(question.answered(&answer, noon()), Ok(Status::Unknown));
                    continue;
                }
                assert_eq!(question.answered(&answer, noon()), Ok(expected));
                let again = Question::new(certificate, &issuer).with_nonce([8; 32]).unwrap();
                assert_eq!(again.answered(&answer, noon()), Err(PathError::CrlMissing.into()), "another nonce");
                let foreign = Question::new(certificate, other.issuing.certificate());
                assert_eq!(foreign.answered(&answer, noon()), Err(PathError::CrlMissing.into()), "a twin's key");
            }
        }
    }
}

#[test]
fn an_answer_is_fresh_and_by_whom_it_must_be() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let [own, delegated] = responders(&mut house, Algorithm::EcdsaP256Sha256);
    let (certificate, _) = house.signer(Algorithm::EcdsaP256Sha256);
    let issuer = house.issuing.certificate().clone();
    let question = Question::new(&certificate, &issuer);
    let bytes = answer(&own, &house.issuing, &certificate, noon());
    let stale = Err(Error::Path(PathError::CrlStale));
    assert_eq!(question.answered(&bytes, noon() + days(1)), Ok(Status::Good));
    assert_eq!(question.answered(&bytes, noon() + days(2)), stale);
    assert_eq!(question.answered(&bytes, noon() - days(1)), stale, "from the future");
    let bytes = answer(&delegated, &house.issuing, &certificate, noon() + days(400));
    let late = question.answered(&bytes, noon() + days(400));
    assert_eq!(late, Err(PathError::CrlMissing.into()), "the responder's certificate has expired");

    let (signer, key) = house.signer(Algorithm::EcdsaP256Sha256);
    assert!(Responder::new(issuer.clone(), signer.clone(), key.clone()).is_err(), "not certified for OCSP");
    // Signed by that certificate all the same.
    let mut forged = Tlv::read(&answer(&delegated, &house.issuing, &certificate, noon()));
    let basic = forged.at(&[1, 0, 1]).value.clone();
    let mut basic = Tlv::read(&basic);
    basic.members[2].value = [vec![0], key.sign(&basic.members[0].der(), eds::Form::Der).unwrap()].concat();
    *basic.at(&[3, 0, 0]) = Tlv::read(signer.der());
    forged.at(&[1, 0, 1]).value = basic.der();
    assert_eq!(question.answered(&forged.der(), noon()), Err(PathError::CrlMissing.into()));
    let mut stranger = House::new(Algorithm::EcdsaP256Sha256);
    let (certificate, key) = delegate(&mut stranger, Algorithm::EcdsaP256Sha256);
    assert!(Responder::new(issuer, certificate, key).is_err(), "certified by another");
}

#[test]
fn no_altered_answer_is_believed() {
    let mut house = House::new(Algorithm::Ed25519);
    let [_, delegated] = responders(&mut house, Algorithm::Ed25519);
    let (certificate, _) = house.signer(Algorithm::Ed25519);
    let question = Question::new(&certificate, house.issuing.certificate());
    let bytes = answer(&delegated, &house.issuing, &certificate, noon());
    assert_eq!(question.answered(&bytes, noon()), Ok(Status::Good));
    for index in 0..bytes.len() {
        for change in [0x01, 0x80] {
            let mut altered = bytes.clone();
            altered[index] ^= change;
            assert!(question.answered(&altered, noon()).is_err(), "byte {index}");
        }
    }
    let request = question.to_der().unwrap();
    for noise in [&b""[..], &request[1..], &[0x30, 0]] {
        let refused = delegated.answer(noise, house.issuing.record(), noon(), noon() + days(1)).unwrap();
        assert_eq!(question.answered(&refused, noon()).err(), Some(Error::Certificate("the OCSP responder refused")));
    }
}

#[test]
fn answers_stand_beside_lists() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let [own, _] = responders(&mut house, Algorithm::EcdsaP256Sha256);
    let (certificate, _) = house.signer(Algorithm::EcdsaP256Sha256);
    let response = |house: &House, at| Response::from_der(&answer(&own, &house.issuing, &certificate, at)).unwrap();
    let good = response(&house, noon());
    let of_root = house.root.crl(noon() - days(1), noon() + days(9)).unwrap();
    let bare = house.trust_without_lists().with_crls([of_root]);
    let check = |trust: &eds::Trust, at| trust.check_until(&certificate, Purpose::Signature, at);
    assert_eq!(check(&bare, noon()), Err(PathError::CrlMissing));
    let trust = bare.with_responses([good.clone()]);
    assert_eq!(check(&trust, noon()), Ok(noon() + days(1)));
    assert_eq!(check(&trust, noon() + days(2)), Err(PathError::CrlMissing), "the answer is old");

    let silent = house.trust();
    house.issuing.revoke(&certificate.serial_hex(), noon() - days(1)).unwrap();
    let revoked = Err(PathError::Revoked { at: noon() - days(1) });
    let bad = response(&house, noon());
    assert_eq!(check(&silent.with_responses([bad.clone(), good.clone()]), noon()), revoked, "the list is older");
    assert_eq!(check(&house.trust().with_responses([good]), noon()), revoked, "the answer is older");
    let offline = house.trust_without_lists().with_revocation(Revocation::IfKnown).with_responses([bad]);
    assert_eq!(check(&offline, noon() + days(9)), revoked, "old news of a revocation is news");
}

const INDEX: &str =
    "V\t{expiry}\t\t{good}\tunknown\t/CN=good\nR\t{expiry}\t261101000000Z\t{revoked}\tunknown\t/CN=revoked\n";

#[test]
fn openssl_believes_our_answers_and_we_its() {
    let now = model::Clock::system().now();
    let mut house = House::at(Algorithm::EcdsaP256Sha256, now);
    let [_, delegated] = responders(&mut house, Algorithm::EcdsaP256Sha256);
    let (good, _) = house.signer(Algorithm::EcdsaP256Sha256);
    let (revoked, _) = house.signer(Algorithm::EcdsaP256Sha256);
    house.issuing.revoke(&revoked.serial_hex(), now - days(1)).unwrap();
    let (certificate, key) = delegate(&mut house, Algorithm::EcdsaP256Sha256);
    let bench = Bench::new();
    bench.write("root.pem", house.root.certificate().to_pem());
    bench.write("ca.pem", house.issuing.certificate().to_pem());
    bench.write("chain.pem", house.root.certificate().to_pem() + &house.issuing.certificate().to_pem());
    bench.write("ocsp.pem", certificate.to_pem());
    bench.write("ocsp.key", key.to_pkcs8_pem().unwrap().as_bytes());
    let index = INDEX
        .replace("{expiry}", "350101000000Z")
        .replace("{good}", &good.serial_hex().to_uppercase())
        .replace("{revoked}", &revoked.serial_hex().to_uppercase());
    bench.write("index", index);
    for (certificate, word) in [(&good, "good"), (&revoked, "revoked")] {
        bench.write("end.pem", certificate.to_pem());
        for (digest, nonce) in [("-sha1", ""), ("-sha256", "-no_nonce")] {
            bench.must(&format!("ocsp {digest} -issuer ca.pem -cert end.pem {nonce} -reqout request"));
            let record = house.issuing.record();
            bench.write("answer", delegated.answer(&bench.bytes("request"), record, now, now + days(1)).unwrap());
            // The question is read back, so that the nonce is compared.
            let said = bench.must("ocsp -reqin request -respin answer -CAfile chain.pem -resp_text");
            assert!(
                said.contains("Response verify OK") && said.contains(&format!("Cert Status: {word}")),
                "{digest}: {said}"
            );
        }
        let question = Question::new(certificate, house.issuing.certificate()).with_nonce([9; 32]).unwrap();
        bench.write("request", question.to_der().unwrap());
        for options in ["", "-resp_key_id"] {
            bench.must(&format!(
                "ocsp -index index -CA ca.pem -rsigner ocsp.pem -rkey ocsp.key -reqin request -respout answer -ndays 1 \
                 {options}"
            ));
            let status = question.answered(&bench.bytes("answer"), model::Clock::system().now()).unwrap();
            assert_eq!(matches!(status, Status::Good), word == "good", "{status:?}");
            assert_eq!(matches!(status, Status::Revoked { .. }), word == "revoked", "{status:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn noise_never_panics(bytes in any::<Vec<u8>>()) {
        prop_assert!(Response::from_der(&bytes).is_err());
    }
}
