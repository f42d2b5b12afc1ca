//! Signatures that outlive their certificates: evidence inside the message (CAdES-B-LT).

use eds::cms::{Demand, Evidence, Place, Signer, add_evidence, add_time_stamp, sign, signature_value, verify};
use eds::ocsp::{Question, Responder, Response};
use eds::pki::Authority;
use eds::tsp::{self, Request};
use eds::{Algorithm, Certificate, CmsError, Error, PathError, Purpose, Revocation, SigningKey, Trust};
use jiff::Timestamp;

use crate::bench::Bench;
use crate::house::{House, days, noon, term};

const CONTENT: &[u8] = "згода".as_bytes();

/// A stamped message of a signer whose certificate ends within a year, and who answers for it.
struct Made {
    house: House,
    signer: Certificate,
    stamped: Vec<u8>,
    tsa: Certificate,
}

fn made(algorithm: Algorithm) -> Made {
    let mut house = House::new(algorithm);
    let (signer, key) = house.signer(algorithm);
    let stamping = eds::pki::Profile { term: term(noon(), 1, 1900), ..house.profile("TSA", Purpose::TimeStamping) };
    let (tsa, tsa_key) = house.issue(&stamping, algorithm);
    let chain = [house.issuing.certificate().clone()];
    let signing = Signer { key: &key, certificate: &signer, chain: &chain };
    let message = sign(CONTENT, Place::Attached, &signing, noon()).unwrap();
    let authority = tsp::Authority::new(tsa_key, tsa.clone(), chain.clone(), "1.2.3.4").unwrap();
    let request = Request::new(algorithm, &signature_value(&message).unwrap()).unwrap().with_nonce(7).unwrap();
    let answer = authority.answer(&request.to_der().unwrap(), noon()).unwrap();
    let stamped = add_time_stamp(&message, &request.answered(&answer).unwrap()).unwrap();
    Made { house, signer, stamped, tsa }
}

fn answer(authority: &Authority, about: &Certificate, at: Timestamp) -> Response {
    let own = authority.certificate().clone();
    let responder = Responder::new(own.clone(), own, authority.key().clone()).unwrap();
    let question = Question::new(about, authority.certificate()).to_der().unwrap();
    Response::from_der(&responder.answer(&question, authority.record(), at, at + days(1) / 24).unwrap()).unwrap()
}

impl Made {
    /// As a signing program gathers it some seconds later.
    fn evidence(&self, at: Timestamp) -> Evidence {
        let (root, issuing) = (&self.house.root, &self.house.issuing);
        Evidence {
            certificates: vec![issuing.certificate().clone(), self.tsa.clone()],
            lists: Vec::new(),
            responses: vec![
                answer(issuing, &self.signer, at),
                answer(issuing, &self.tsa, at),
                answer(root, issuing.certificate(), at),
            ],
        }
    }

    fn judge(&self, message: &[u8], now: Timestamp) -> Result<(), Error> {
        let message = verify(message, None, &Demand::CADES).unwrap();
        let trust = Trust::new([self.house.root.certificate().clone()])
            .with_intermediates(message.certificates().iter().cloned())
            .with_revocation(Revocation::IfKnown)
            .with_crls(message.lists())
            .with_responses(message.responses().iter().cloned());
        message.only().unwrap().judge_kept(&trust, now).map(drop)
    }
}

#[test]
fn evidence_holds_when_the_certificate_has_long_expired() {
    for algorithm in Algorithm::ALL {
        let mut made = made(algorithm);
        let later = noon() + days(1500);
        assert!(later > made.signer.not_after());
        let kept = add_evidence(&made.stamped, &made.evidence(noon() + days(1) / 1440)).unwrap();
        assert_eq!(made.judge(&kept, later), Ok(()), "{algorithm:?}");
        assert_eq!(made.judge(&made.stamped, later), Err(PathError::CrlMissing.into()), "nothing was kept");
        assert_eq!(made.judge(&kept, noon() - days(1)), Err(PathError::NotYetValid.into()));
        assert_eq!(made.judge(&kept, noon() + days(1901)), Err(PathError::Expired.into()), "the stamp's certificate");

        let lists = Evidence { lists: made.house.crls().into(), ..Evidence::default() };
        let kept = add_evidence(&made.stamped, &lists).unwrap();
        assert_eq!(made.judge(&kept, later), Ok(()), "lists of that day do as well");
        let message = verify(&kept, None, &Demand::CADES).unwrap();
        assert_eq!((message.lists().len(), message.responses().len()), (2, 0));

        // Answers from before the stamp that were not in force at it say nothing.
        let old = add_evidence(&made.stamped, &made.evidence(noon() - days(1) / 2)).unwrap();
        assert_eq!(made.judge(&old, later), Err(PathError::CrlMissing.into()));
    }
}

#[test]
fn a_revocation_before_the_stamp_counts_and_one_after_it_does_not() {
    let mut made = made(Algorithm::EcdsaP256Sha256);
    let later = noon() + days(1500);
    made.house.issuing.revoke(&made.signer.serial_hex(), noon() + days(2)).unwrap();
    let kept = add_evidence(&made.stamped, &made.evidence(noon() + days(3))).unwrap();
    assert_eq!(made.judge(&kept, later), Ok(()));

    let mut made = self::made(Algorithm::EcdsaP256Sha256);
    made.house.issuing.revoke(&made.signer.serial_hex(), noon() - days(1)).unwrap();
    let kept = add_evidence(&made.stamped, &made.evidence(noon() + days(3))).unwrap();
    assert_eq!(made.judge(&kept, later), Err(PathError::Revoked { at: noon() - days(1) }.into()));
}

#[test]
fn what_was_kept_is_believed_for_its_signature_only() {
    let made = made(Algorithm::BignBeltHash);
    let stranger = self::made(Algorithm::BignBeltHash);
    let kept = add_evidence(&made.stamped, &stranger.evidence(noon())).unwrap();
    assert_eq!(
        made.judge(&kept, noon() + days(1500)),
        Err(PathError::CrlMissing.into()),
        "another authority's answers"
    );
    let message = verify(&made.stamped, None, &Demand::CADES).unwrap();
    let unstamped = {
        let (certificate, key) = (made.signer.clone(), SigningKey::generate(Algorithm::BignBeltHash).unwrap());
        let wrong = Signer { key: &key, certificate: &certificate, chain: &[] };
        sign(CONTENT, Place::Attached, &wrong, noon())
    };
    assert!(unstamped.is_err() && message.only().unwrap().stamp().is_some());
    let many = Evidence { responses: vec![made.evidence(noon()).responses[0].clone(); 33], ..Evidence::default() };
    let many = add_evidence(&made.stamped, &many).unwrap();
    assert_eq!(verify(&many, None, &Demand::CADES).err(), Some(CmsError::TooLarge.into()));
}

#[test]
fn openssl_reads_the_evidence_and_verifies_the_signature() {
    let mut made = made(Algorithm::EcdsaP256Sha256);
    let lists = made.house.crls().into();
    let evidence = Evidence { lists, ..made.evidence(noon()) };
    let bench = Bench::new();
    bench.write("kept.p7s", add_evidence(&made.stamped, &evidence).unwrap());
    bench.write("root.pem", made.house.root.certificate().to_pem());
    let at = noon().as_second();
    bench.must(&format!(
        "cms -verify -cades -binary -inform DER -in kept.p7s -CAfile root.pem -purpose any -crl_check_all -attime {at} -out content"
    ));
    assert_eq!(bench.bytes("content"), CONTENT);
    let shown = bench.must("cms -cmsout -print -noout -inform DER -in kept.p7s");
    assert!(
        shown.contains("version: 5") && shown.contains("OcspResponse") || shown.contains("1.3.6.1.5.5.7.16.2"),
        "{shown}"
    );
}
