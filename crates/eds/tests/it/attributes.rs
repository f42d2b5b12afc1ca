//! Attribute certificates: whose they are, who may issue them, until when they count, and what is no such certificate.

use eds::pki::{Authority, Profile, Subject, Term};
use eds::{
    Algorithm, AttributeCertificate, CachedTrust, Certificate, Error, PathError, Powers, Purpose, SigningKey, Trust,
};
use proptest::prelude::*;

use crate::bench::Bench;
use crate::house::{House, days, noon, term};
use crate::tlv::Tlv;

/// An authority of attribute certificates, somebody, and what is attested of them.
struct Office {
    house: House,
    authority: Authority,
    holder: Certificate,
    attributes: AttributeCertificate,
}

fn powers(term: Term) -> Powers {
    Powers { unp: "191000015".into(), job_title: "спецыяліст".into(), term }
}

impl Office {
    fn new(algorithm: Algorithm) -> Self {
        let mut house = House::new(algorithm);
        let key = SigningKey::generate(algorithm).unwrap();
        let subject = Subject::new("Цэнтр атрыбутных сертыфікатаў");
        let mut authority = house.issuing.issue_attribute_authority(&subject, key, term(noon(), 10, 100)).unwrap();
        let (holder, _) = house.signer(algorithm);
        let attributes = authority.attest(&powers(term(noon(), 1, 30)), &holder).unwrap();
        Self { house, authority, holder, attributes }
    }

    fn trust(&mut self) -> Trust {
        let list = self.authority.crl(noon() - days(1), noon() + days(1)).unwrap();
        self.without_list().with_crls([list])
    }

    fn without_list(&mut self) -> Trust {
        self.house.trust().with_attribute_authorities([self.authority.certificate().clone()])
    }

    fn judge(&mut self) -> Result<(), PathError> {
        let trust = self.trust();
        trust.check_attributes(&self.attributes, &self.holder, noon()).map(drop)
    }
}

#[test]
fn what_is_attested_is_read_and_holds() {
    for algorithm in Algorithm::ALL {
        let mut office = Office::new(algorithm);
        let read = AttributeCertificate::from_pem(&office.attributes.to_pem()).unwrap();
        assert_eq!((read.unp(), read.job_title()), (Some("191000015"), Some("спецыяліст")));
        assert_eq!((read.not_before(), read.not_after()), (noon() - days(1), noon() + days(30)));
        assert!(read.is_of(&office.holder));
        assert_eq!(office.judge(), Ok(()));
        let trust = office.trust();
        let until = trust.check_attributes(&read, &office.holder, noon()).unwrap();
        assert_eq!(until, noon() + days(1), "the list has to be renewed then");
    }
}

/// The signature by a program that is not ours, over the bytes that RFC 5755 §4.1 has signed.
#[test]
fn openssl_verifies_it() {
    let (bench, office) = (Bench::new(), Office::new(Algorithm::EcdsaP256Sha256));
    bench.write("authority.pem", office.authority.certificate().to_pem());
    bench.write("public.pem", bench.must("x509 -in authority.pem -noout -pubkey"));
    assert!(bench.must("x509 -in authority.pem -noout -text").contains("2.5.29.50"), "a source of authority");
    bench.write("attributes.der", office.attributes.der());
    let shown = bench.must("asn1parse -inform DER -in attributes.der");
    assert!(shown.contains("1.2.112.1.2.1.1.1.1.2") && shown.contains("ecdsa-with-SHA256"), "{shown}");
    let outer = Tlv::read(office.attributes.der());
    bench.write("info", outer.members[0].der());
    bench.write("signature", &outer.members[2].value[1..]);
    let verify = "pkeyutl -verify -pubin -inkey public.pem -rawin -digest sha256 -in info -sigfile signature";
    bench.must(verify);
    bench.write("info", outer.members[0].members[1].der());
    assert!(!bench.run(verify).0, "of the holder alone");
}

#[test]
fn it_is_of_one_holder_and_has_a_term() {
    let mut office = Office::new(Algorithm::EcdsaP256Sha256);
    let (other, _) = office.house.signer(Algorithm::EcdsaP256Sha256);
    let trust = office.trust();
    let at = |holder: &Certificate, at| trust.check_attributes(&office.attributes, holder, at).err();
    assert_eq!(at(&other, noon()), Some(PathError::WrongHolder));
    assert_eq!(at(&office.holder, noon() - days(2)), Some(PathError::NotYetValid));
    assert_eq!(at(&office.holder, noon() + days(31)), Some(PathError::Expired));
    assert_eq!(at(&office.holder, noon() + days(2)), Some(PathError::CrlStale));
}

#[test]
fn only_an_authority_for_it_may_issue_it() {
    let mut office = Office::new(Algorithm::EcdsaP256Sha256);
    // Nobody said that this authority counts.
    let trust = office.house.trust();
    let verdict = trust.check_attributes(&office.attributes, &office.holder, noon());
    assert_eq!(verdict, Err(PathError::UnknownIssuer));
    // Its certificate leads to no root of ours.
    let mut stranger = Office::new(Algorithm::EcdsaP256Sha256);
    let theirs = stranger.authority.attest(&powers(term(noon(), 1, 30)), &office.holder).unwrap();
    let list = stranger.authority.crl(noon() - days(1), noon() + days(1)).unwrap();
    let trust = office.trust().with_attribute_authorities([stranger.authority.certificate().clone()]).with_crls([list]);
    let verdict = trust.check_attributes(&theirs, &office.holder, noon());
    assert_eq!(verdict, Err(PathError::BadSignature), "of the same name, with another key");
    // A signer's certificate is none, and neither kind of authority does the work of the other.
    let (signer, key) = office.house.signer(Algorithm::EcdsaP256Sha256);
    assert!(!signer.is_attribute_authority());
    assert!(Authority::from_parts(signer, key, Default::default()).is_err());
    let profile = Profile::new(Subject::new("x"), [Purpose::Signature], term(noon(), 1, 9));
    let key = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    assert!(matches!(office.authority.issue(&profile, key.verifying_key()), Err(Error::Authority(_))));
    assert!(matches!(
        office.house.issuing.attest(&powers(term(noon(), 1, 9)), &office.holder),
        Err(Error::Authority(_))
    ));
    let beyond = powers(term(noon(), 1, 101));
    assert!(matches!(office.authority.attest(&beyond, &office.holder), Err(Error::Authority(_))));
    // Its key signs nothing but attribute certificates.
    let verdict = office.trust().check(office.authority.certificate(), Purpose::Signature, noon());
    assert_eq!(verdict, Err(PathError::WrongPurpose));
}

#[test]
fn it_is_revoked_with_its_issuer_or_by_itself() {
    let mut office = Office::new(Algorithm::BignBeltHash);
    let verdict = office.without_list().check_attributes(&office.attributes, &office.holder, noon());
    assert_eq!(verdict, Err(PathError::CrlMissing));
    let cached = CachedTrust::new(office.trust());
    let check =
        |cached: &CachedTrust, office: &Office| cached.check_attributes(&office.attributes, &office.holder, noon());
    assert_eq!((check(&cached, &office), check(&cached, &office)), (Ok(()), Ok(())));
    let at = noon() - days(1);
    office.authority.revoke(&office.attributes.serial_hex(), at).unwrap();
    cached.replace(office.trust());
    assert_eq!(check(&cached, &office), Err(PathError::Revoked { at }));
    assert_eq!(check(&cached, &office), Err(PathError::Revoked { at }), "remembered");

    let mut office = Office::new(Algorithm::Ed25519);
    office.house.issuing.revoke(&office.authority.certificate().serial_hex(), at).unwrap();
    assert_eq!(office.judge(), Err(PathError::Revoked { at }));
}

#[test]
fn what_was_changed_does_not_hold() {
    let mut office = Office::new(Algorithm::EcdsaP256Sha256);
    let (trust, der) = (office.trust(), office.attributes.der().to_vec());
    for (place, byte) in der.iter().enumerate() {
        let mut altered = der.clone();
        altered[place] = byte ^ 1;
        if let Ok(read) = AttributeCertificate::from_der(&altered) {
            assert!(trust.check_attributes(&read, &office.holder, noon()).is_err(), "byte {place}");
        }
    }
}

type Change = fn(&mut Vec<Tlv>);

/// The certificate's parts as RFC 5755 §4.1 orders them, changed.
fn reshaped(office: &Office, change: impl FnOnce(&mut Vec<Tlv>)) -> Result<AttributeCertificate, Error> {
    let mut outer = Tlv::read(office.attributes.der());
    change(&mut outer.members[0].members);
    AttributeCertificate::from_der(&outer.der())
}

#[test]
fn what_the_profile_forbids_is_not_read() {
    const HOLDER: usize = 1;
    const ISSUER: usize = 2;
    const ATTRIBUTES: usize = 6;
    let office = Office::new(Algorithm::Ed25519);
    assert!(reshaped(&office, |_| {}).is_ok());
    let faults: [(&str, Change); 8] = [
        ("version 1", |info| info[0].value = vec![0]),
        ("nobody holds it", |info| info[HOLDER].members.clear()),
        ("the old form of the issuer", |info| info[ISSUER].tag = 0x30),
        ("an issuer without a name", |info| info[ISSUER].members.clear()),
        ("another algorithm inside", |info| info[3].members[0].value = vec![0x2a]),
        ("an attribute twice", |info| {
            let first = info[ATTRIBUTES].members[0].clone();
            info[ATTRIBUTES].members.push(first);
        }),
        ("an attribute with two values", |info| {
            let values = &mut info[ATTRIBUTES].members[0].members[1].members;
            let mut second = values[0].clone();
            second.value.reverse();
            values.push(second);
            values.sort_by_key(Tlv::der);
        }),
        ("an extension twice", |info| {
            let last = info.last_mut().unwrap();
            let first = last.members[0].clone();
            last.members.push(first);
        }),
    ];
    for (what, change) in faults {
        assert!(matches!(reshaped(&office, change), Err(Error::Attributes(_))), "{what}");
    }
}

#[test]
fn a_critical_extension_that_is_unknown_is_refused() {
    let mut office = Office::new(Algorithm::Ed25519);
    let critical = reshaped(&office, |info| {
        // targetInformation (RFC 5755 §4.3.2): for whom it counts, which we do not read.
        let oid = Tlv::leaf(0x06, &[0x55, 0x1d, 0x37]);
        let flag = Tlv::leaf(0x01, &[0xff]);
        let value = Tlv::leaf(0x04, &[0x30, 0x00]);
        info.last_mut().unwrap().members.push(Tlv::branch(0x30, vec![oid, flag, value]));
    });
    let verdict = office.trust().check_attributes(&critical.unwrap(), &office.holder, noon());
    assert_eq!(verdict, Err(PathError::UnknownCritical));
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in any::<Vec<u8>>()) {
        prop_assert!(AttributeCertificate::from_der(&bytes).is_err());
    }
}
