//! Paths: what is trusted, and why not.

use eds::ocsp::{Question, Responder, Response};
use eds::pki::{Authority, Profile, Record, Subject};
use eds::{Algorithm, CachedTrust, PathError, Purpose, Revocation, SigningKey, Trust};

use crate::house::{House, days, noon, term};

const ALL: [Purpose; 5] =
    [Purpose::Signature, Purpose::TlsClient, Purpose::TlsServer, Purpose::OcspSigning, Purpose::TimeStamping];

#[test]
fn a_certificate_serves_its_purpose_and_no_other() {
    for algorithm in Algorithm::ALL {
        let mut house = House::new(algorithm);
        let trust = house.trust();
        for issued in ALL {
            let profile = house.profile("x", issued);
            let (certificate, _) = house.issue(&profile, algorithm);
            for asked in ALL {
                let expected = if issued == asked { Ok(()) } else { Err(PathError::WrongPurpose) };
                assert_eq!(trust.check(&certificate, asked, noon()), expected, "{issued:?} used for {asked:?}");
            }
        }
        let both = Profile {
            purposes: vec![Purpose::TlsClient, Purpose::TlsServer],
            ..house.profile("x", Purpose::TlsClient)
        };
        let (certificate, _) = house.issue(&both, algorithm);
        assert_eq!(trust.check(&certificate, Purpose::TlsServer, noon()), Ok(()));
        for authority in [house.root.certificate(), house.issuing.certificate()] {
            assert!(trust.check(authority, Purpose::Signature, noon()).is_err(), "an authority is no signer");
        }
    }
}

#[test]
fn time_and_revocation() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let (certificate, _) = house.signer(Algorithm::EcdsaP256Sha256);
    let check = |trust: &Trust, at| trust.check(&certificate, Purpose::Signature, at);
    let trust = house.trust();
    assert_eq!(check(&trust, noon()), Ok(()));
    assert_eq!(check(&trust, certificate.not_before() - days(1)), Err(PathError::NotYetValid));
    assert_eq!(check(&trust, certificate.not_after() + days(1)), Err(PathError::Expired));
    assert_eq!(check(&trust, noon() + days(2)), Err(PathError::CrlStale));
    assert_eq!(check(&house.trust_without_lists(), noon()), Err(PathError::CrlMissing));
    let early = house.trust_without_lists().with_crls([
        house.root.crl(noon() + days(1), noon() + days(2)).unwrap(),
        house.issuing.crl(noon() + days(1), noon() + days(2)).unwrap(),
    ]);
    assert_eq!(check(&early, noon()), Err(PathError::CrlStale), "a list from the future");

    house.issuing.revoke(&certificate.serial_hex(), noon() - days(1)).unwrap();
    let revoked = PathError::Revoked { at: noon() - days(1) };
    assert_eq!(check(&house.trust(), noon()), Err(revoked));
    assert_eq!(revoked.refusal().code, "certificate-revoked");
}

#[test]
fn the_newest_list_counts_and_a_forged_one_does_not() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let (certificate, _) = house.signer(Algorithm::EcdsaP256Sha256);
    let older = house.crls();
    house.issuing.revoke(&certificate.serial_hex(), noon()).unwrap();
    let newer = house.issuing.crl(noon(), noon() + days(1)).unwrap();
    let check = |trust: Trust| trust.check(&certificate, Purpose::Signature, noon());
    assert!(matches!(
        check(house.trust_without_lists().with_crls(older).with_crls([newer])),
        Err(PathError::Revoked { .. })
    ));

    // Another authority of the same name, with its own key: its silence proves nothing.
    let name = Subject::new("Выдавецкі цэнтр").of("НЦЭП");
    let key = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let mut twin = Authority::root(&name, key, term(noon(), 10, 10)).unwrap();
    let forged = twin.crl(noon(), noon() + days(1)).unwrap();
    let [of_root, _] = house.crls();
    assert_eq!(check(house.trust_without_lists().with_crls([of_root, forged])), Err(PathError::CrlMissing));
}

#[test]
fn a_revoked_authority_takes_its_certificates_along() {
    let mut house = House::new(Algorithm::Ed25519);
    let (certificate, _) = house.signer(Algorithm::EcdsaP256Sha256);
    house.root.revoke(&house.issuing.certificate().serial_hex(), noon()).unwrap();
    assert_eq!(house.trust().check(&certificate, Purpose::Signature, noon()), Err(PathError::Revoked { at: noon() }));
}

#[test]
fn without_a_network_only_what_is_known_counts() {
    let mut house = House::new(Algorithm::Ed25519);
    let (certificate, _) = house.signer(Algorithm::Ed25519);
    let offline = |trust: Trust| trust.with_revocation(Revocation::IfKnown);
    let check = |trust: Trust, at| offline(trust).check(&certificate, Purpose::Signature, at);
    assert_eq!(check(house.trust_without_lists(), noon()), Ok(()));
    assert_eq!(check(house.trust(), noon() + days(30)), Ok(()), "a stale list is no proof against it");
    house.issuing.revoke(&certificate.serial_hex(), noon()).unwrap();
    assert_eq!(check(house.trust(), noon()), Err(PathError::Revoked { at: noon() }));
    assert_eq!(check(house.trust(), noon() - days(1) / 2), Ok(()), "it held before it was revoked");
}

#[test]
fn strangers_are_unknown_and_twins_are_caught() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let mut stranger = House::new(Algorithm::EcdsaP256Sha256);
    let (certificate, _) = stranger.signer(Algorithm::EcdsaP256Sha256);
    let trust = house.trust();
    // Same names, other keys: the key identifiers differ, so our authorities did not issue it.
    assert_eq!(trust.check(&certificate, Purpose::Signature, noon()), Err(PathError::UnknownIssuer));
    assert_eq!(
        trust.check(stranger.root.certificate(), Purpose::Signature, noon()),
        Err(PathError::UnknownIssuer),
        "a self-signed stranger"
    );
    let mixed = Trust::new([house.root.certificate().clone()])
        .with_intermediates([stranger.issuing.certificate().clone()])
        .with_crls(house.crls());
    assert_eq!(mixed.check(&certificate, Purpose::Signature, noon()), Err(PathError::UnknownIssuer));
}

#[test]
fn an_end_certificate_issues_nothing() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let (certificate, key) = house.signer(Algorithm::EcdsaP256Sha256);
    assert!(Authority::from_parts(certificate, key, Record::default()).is_err());
}

#[test]
fn a_path_no_longer_than_allowed() {
    let mut house = House::new(Algorithm::Ed25519);
    let key = || SigningKey::generate(Algorithm::Ed25519).unwrap();
    let mut middle = house.root.issue_ca(&Subject::new("Сярэдні"), key(), term(noon(), 1, 100), 1).unwrap();
    let mut low = middle.issue_ca(&Subject::new("Ніжні"), key(), term(noon(), 1, 100), 0).unwrap();
    let profile = Profile::new(Subject::new("x"), [Purpose::Signature], term(noon(), 1, 10));
    let certificate = low.issue(&profile, key().verifying_key()).unwrap();
    let lists = |root: &mut Authority, middle: &mut Authority, low: &mut Authority| {
        [root, middle, low].map(|authority| authority.crl(noon(), noon() + days(1)).unwrap())
    };
    let crls = lists(&mut house.root, &mut middle, &mut low);
    let trust = Trust::new([house.root.certificate().clone()])
        .with_intermediates([low.certificate().clone(), middle.certificate().clone()])
        .with_crls(crls);
    assert_eq!(trust.check(&certificate, Purpose::Signature, noon()), Ok(()));
}

#[test]
fn what_no_list_tells_is_asked_and_learnt() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let (certificate, _) = house.signer(Algorithm::BignBeltHash);
    let cached = CachedTrust::new(house.trust_without_lists());
    let check = |at| cached.check(&certificate, Purpose::Signature, at);
    assert_eq!(check(noon()), Err(PathError::CrlMissing));
    assert_eq!(check(noon()), Err(PathError::CrlMissing));
    let unknown = cached.unknown();
    assert_eq!((unknown.len(), cached.unknown().len()), (1, 0));
    let chain = cached.trust().chain_of(&unknown[0]);
    assert_eq!(chain.len(), 3, "end, authority, root");
    let answers = |house: &House, at: jiff::Timestamp| {
        let by = |authority: &Authority, of: &eds::Certificate| {
            let own = authority.certificate().clone();
            let responder = Responder::new(own.clone(), own.clone(), authority.key().clone()).unwrap();
            let question = Question::new(of, &own).to_der().unwrap();
            Response::from_der(&responder.answer(&question, authority.record(), at, at + days(1)).unwrap()).unwrap()
        };
        [by(&house.issuing, &chain[0]), by(&house.root, &chain[1])]
    };
    cached.learn(answers(&house, noon()), noon());
    assert_eq!(check(noon()), Ok(()));
    assert_eq!(check(noon() + days(2)), Err(PathError::CrlMissing), "no longer than the answers hold");
    house.issuing.revoke(&certificate.serial_hex(), noon()).unwrap();
    cached.learn(answers(&house, noon()), noon());
    assert_eq!(check(noon()), Err(PathError::Revoked { at: noon() }), "a later answer undoes the verdict");
    cached.replace(house.trust_without_lists());
    assert_eq!(check(noon()), Err(PathError::CrlMissing), "new files drop what was learnt");
}

#[test]
fn verdicts_are_kept_until_something_can_change() {
    let mut house = House::new(Algorithm::EcdsaP256Sha256);
    let (certificate, _) = house.signer(Algorithm::EcdsaP256Sha256);
    let cached = CachedTrust::new(house.trust());
    let check = |at| cached.check(&certificate, Purpose::Signature, at);
    assert_eq!(check(noon()), Ok(()));
    assert_eq!(check(noon()), Ok(()));
    assert_eq!(check(noon() + days(2)), Err(PathError::CrlStale), "kept no longer than the list holds");
    assert_eq!(cached.check(&certificate, Purpose::TlsClient, noon()), Err(PathError::WrongPurpose));

    house.issuing.revoke(&certificate.serial_hex(), noon()).unwrap();
    cached.replace_crls(house.crls());
    assert_eq!(check(noon()), Err(PathError::Revoked { at: noon() }), "a new list drops what was kept");
    assert_eq!(check(noon()), Err(PathError::Revoked { at: noon() }));

    cached.replace(Trust::default());
    assert_eq!(check(noon()), Err(PathError::UnknownIssuer));
}
