//! CMS messages: ours read by us and by OpenSSL, OpenSSL's read by us, whole and streamed.

use eds::cms::{self, Demand, Place, Signer};
use eds::{Algorithm, Certificate, CmsError, Error, PathError, Purpose, SigningKey};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::bench::Bench;
use crate::house::{House, days, noon};
use crate::tlv::Tlv;

/// «Согласие» in cp1251, which is no UTF-8: content is bytes.
const CP1251: &[u8] = b"{\"agreement\":\"\xd1\xee\xe3\xeb\xe0\xf1\xe8\xe5\"}\r\n\x00\x1a\xff";

fn signed(house: &House, (certificate, key): &(Certificate, SigningKey), content: &[u8], place: Place) -> Vec<u8> {
    let chain = [house.issuing.certificate().clone()];
    cms::sign(content, place, &Signer { key, certificate, chain: &chain }, house.at).unwrap()
}

fn now() -> Timestamp {
    model::Clock::system().now()
}

#[test]
fn what_we_sign_we_believe() {
    for algorithm in Algorithm::ALL {
        let mut house = House::new(algorithm);
        let signer = house.signer(algorithm);
        let trust = house.trust();
        for content in [CP1251, b"", &[7; 300_000]] {
            let message = signed(&house, &signer, content, Place::Attached);
            for demand in [Demand::ONE, Demand::CONSENT, Demand::CADES] {
                let read = cms::verify(&message, None, &demand).unwrap();
                assert_eq!(read.content(), content);
                assert_eq!(cms::content(&message, &demand).unwrap(), content);
                let signature = read.only().unwrap();
                assert_eq!(signature.certificate(), &signer.0);
                assert_eq!((signature.signed_at(), signature.at()), (Some(noon()), Some(noon())));
                assert!(signature.names_certificate() && signature.stamp().is_none());
                let judgement = signature.judge(&trust, noon()).unwrap();
                assert_eq!((judgement.at, judgement.stamped), (noon(), false));
            }
            assert_eq!(cms::verify(&message, None, &Demand::ONE).unwrap().certificates().len(), 2);
            let beside = signed(&house, &signer, content, Place::Detached);
            assert!(beside.len() < 4000);
            assert_eq!(cms::verify(&beside, Some(content), &Demand::CADES).unwrap().into_content(), content);
            let fault = |message: &[u8], beside| cms::verify(message, beside, &Demand::ONE).err();
            assert_eq!(fault(&beside, None), Some(Error::Cms(CmsError::ContentMissing)));
            assert_eq!(fault(&beside, Some(b"other")), Some(Error::Cms(CmsError::Altered)));
            assert_eq!(fault(&message, Some(content)), Some(Error::Cms(CmsError::ContentTwice)));
        }
    }
}

#[test]
fn the_path_is_judged_now() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let signer = house.signer(Algorithm::EcdsaP256Sha256);
    let message = signed(&house, &signer, CP1251, Place::Attached);
    let read = cms::verify(&message, None, &Demand::CONSENT).unwrap();
    let judge = |trust: eds::Trust, now| read.only().unwrap().judge(&trust, now).map(|found| found.at);
    assert_eq!(judge(house.trust(), noon()), Ok(noon()));
    // Who claims a moment proves nothing: the certificate has to be good when it is asked.
    assert_eq!(judge(house.trust(), noon() + days(400)), Err(PathError::Expired.into()));
    assert_eq!(judge(house.trust(), noon() - days(2)), Err(PathError::NotYetValid.into()));
    assert_eq!(judge(House::new(Algorithm::Ed25519).trust(), noon()), Err(PathError::UnknownIssuer.into()));
    house.issuing.revoke(&signer.0.serial_hex(), noon() + days(1) / 2).unwrap();
    assert!(matches!(judge(house.trust(), noon()), Err(Error::Path(PathError::Revoked { .. }))));
    let profile = house.profile("TLS", Purpose::TlsClient);
    let (certificate, key) = house.issue(&profile, Algorithm::Ed25519);
    let read = signed(&house, &(certificate, key), CP1251, Place::Attached);
    let read = cms::verify(&read, None, &Demand::CONSENT).unwrap();
    assert_eq!(read.only().unwrap().judge(&house.trust(), noon()), Err(PathError::WrongPurpose.into()));
}

/// The files that OpenSSL needs to know whom to trust, and a signer's certificate and key.
fn bench(house: &House, (certificate, key): &(Certificate, SigningKey)) -> Bench {
    let bench = Bench::new();
    bench.write("root.pem", house.root.certificate().to_pem());
    bench.write("ca.pem", house.issuing.certificate().to_pem());
    bench.write("end.pem", certificate.to_pem());
    bench.write("end.key", key.to_pkcs8_pem().unwrap().as_bytes());
    bench.write("content", CP1251);
    bench
}

#[test]
fn openssl_believes_what_we_sign() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let signer = house.signer(Algorithm::EcdsaP256Sha256);
    let bench = bench(&house, &signer);
    bench.write("attached.p7s", signed(&house, &signer, CP1251, Place::Attached));
    bench.write("detached.p7s", signed(&house, &signer, CP1251, Place::Detached));
    let at = noon().as_second();
    let verify = format!("cms -verify -cades -binary -inform DER -CAfile root.pem -purpose any -attime {at}");
    let said = bench.must(&format!("{verify} -in attached.p7s -out read"));
    assert!(said.contains("CAdES Verification successful"), "{said}");
    assert_eq!(bench.bytes("read"), CP1251);
    bench.must(&format!("{verify} -in detached.p7s -content content -out read"));
    bench.write("content", b"other");
    assert!(!bench.run(&format!("{verify} -in detached.p7s -content content -out read")).0, "altered");
}

#[test]
fn openssl_holds_our_ed25519_for_signed() {
    // Its CMS of this version knows no Ed25519; the signature over the attributes it can check all the same.
    let mut house = House::new(Algorithm::Ed25519);
    let signer = house.signer(Algorithm::Ed25519);
    let bench = bench(&house, &signer);
    let mut message = Tlv::read(&signed(&house, &signer, CP1251, Place::Attached));
    let info = message.at(&[1, 0, 4, 0]).clone();
    let attributes = Tlv { tag: 0x31, ..info.members[3].clone() };
    bench.write("attributes", attributes.der());
    bench.write("signature", &info.members[5].value);
    bench.must("x509 -in end.pem -noout -pubkey -out public.pem");
    bench.must("pkeyutl -verify -pubin -inkey public.pem -rawin -in attributes -sigfile signature");
    let digest = bench.must("dgst -sha512 -hex content");
    let digest = digest.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(hex::encode(attributes.der()).contains(&digest));
}

#[test]
fn we_believe_what_openssl_signs() {
    let mut house = House::at(Algorithm::EcdsaP256Sha256, now());
    let signer = house.signer(Algorithm::EcdsaP256Sha256);
    let trust = house.trust();
    let bench = bench(&house, &signer);
    let sign = "cms -sign -binary -in content -signer end.pem -inkey end.key -md sha256 -outform DER -out message";
    for (options, attached, names) in [
        ("-nodetach", true, false),
        ("-nodetach -cades", true, true),
        ("-nodetach -cades -stream", true, true),
        ("-nodetach -stream -certfile ca.pem", true, false),
        ("-nodetach -cades -keyid", true, true),
        ("-cades", false, true),
    ] {
        bench.must(&format!("{sign} {options}"));
        let message = bench.bytes("message");
        let beside = (!attached).then_some(CP1251);
        let read = cms::verify(&message, beside, &Demand::CONSENT).unwrap_or_else(|error| panic!("{options}: {error}"));
        assert_eq!(read.content(), CP1251, "{options}");
        let signature = read.only().unwrap();
        assert_eq!(signature.names_certificate(), names, "{options}");
        assert!((now() - signature.signed_at().unwrap()).get_seconds() < 60);
        signature.judge(&trust, now()).unwrap();
        let strict = cms::verify(&message, beside, &Demand::CADES);
        assert_eq!(strict.is_ok(), names, "{options}");
    }
    // Large content is streamed in many pieces.
    let large: Vec<u8> = (0..200_000_u32).map(|index| (index % 251) as u8).collect();
    bench.write("content", &large);
    bench.must(&format!("{sign} -nodetach -cades -stream"));
    assert_eq!(&bench.bytes("message")[..2], [0x30, 0x80], "not streamed");
    assert_eq!(cms::verify(&bench.bytes("message"), None, &Demand::CADES).unwrap().content(), large);
}

#[test]
fn what_openssl_signs_otherwise_is_refused() {
    let mut house = House::at(Algorithm::EcdsaP256Sha256, now());
    let signer = house.signer(Algorithm::EcdsaP256Sha256);
    let other = house.signer(Algorithm::EcdsaP256Sha256);
    let bench = bench(&house, &signer);
    bench.write("other.pem", other.0.to_pem());
    bench.write("other.key", other.1.to_pkcs8_pem().unwrap().as_bytes());
    for (options, fault) in [
        ("-md sha512", CmsError::Algorithm),
        ("-md sha256 -noattr", CmsError::AttributeMissing("contentType")),
        ("-md sha256 -nocerts", CmsError::NoCertificate),
        ("-md sha256 -econtent_type 1.2.3.4", CmsError::ContentType),
        ("-md sha256 -signer other.pem -inkey other.key", CmsError::Signers { wanted: 1, found: 2 }),
    ] {
        bench.must(&format!(
            "cms -sign -binary -in content -signer end.pem -inkey end.key -nodetach -outform DER -out message {options}"
        ));
        let read = cms::verify(&bench.bytes("message"), None, &Demand::CONSENT);
        assert_eq!(read.err(), Some(Error::Cms(fault)), "{options}");
    }
    bench.must(
        "cms -sign -binary -in content -signer end.pem -inkey end.key -signer other.pem -inkey other.key -md sha256 \
         -nodetach -outform DER -out message",
    );
    let both = cms::verify(&bench.bytes("message"), None, &Demand::of(2)).unwrap();
    assert_eq!((both.signatures().len(), both.only().is_none()), (2, true));
    bench.must("cms -encrypt -in content -outform DER -out message -aes256 ca.pem");
    assert_eq!(cms::verify(&bench.bytes("message"), None, &Demand::ONE).err(), Some(Error::Cms(CmsError::Unreadable)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn noise_never_panics(bytes in any::<Vec<u8>>()) {
        prop_assert!(cms::verify(&bytes, None, &Demand::ONE).is_err());
        prop_assert!(cms::signature_value(&bytes).is_err());
        prop_assert!(cms::content(&bytes, &Demand::ONE).is_err());
    }
}
