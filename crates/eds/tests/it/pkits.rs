//! NIST's PKITS: every certificate of it against everything in it at once, so that paths are built and not given.
//!
//! Its keys are RSA, which is none of our suites: each is replaced by a P-256 key of its own, and whatever an RSA key
//! had signed is signed by its replacement. What nobody's key had signed stays unsigned. Nothing else is touched.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eds::{Algorithm, Certificate, Crl, Form, PathError, Policies, Purpose, SigningKey, Trust};

use crate::tlv::Tlv;

const FILES: &str = include_str!("../vectors/pkits.txt");
const RSA: &str = "300d06092a864886f70d0101010500";
const ECDSA_SHA256: &str = "300a06082a8648ce3d040302";

/// The set with its keys replaced.
struct Pkits {
    certificates: BTreeMap<&'static str, Option<Certificate>>,
    lists: Vec<Crl>,
}

/// An RSA key of the set, and what stands for it.
struct Replaced {
    subject: Vec<u8>,
    spki: Vec<u8>,
    rsa: Vec<u8>,
    key: SigningKey,
}

fn files() -> impl Iterator<Item = (&'static str, &'static str, Vec<u8>)> {
    FILES.lines().map(|line| {
        let mut parts = line.split(' ');
        let mut next = || parts.next().unwrap();
        (next(), next(), STANDARD.decode(next()).unwrap())
    })
}

/// Where subject, issuer and key stand in a certificate of version 3; where the issuer stands in a list of version 2.
const CERTIFICATE_ISSUER: usize = 3;
const SUBJECT: usize = 5;
const KEY: usize = 6;
const LIST_ISSUER: usize = 2;

impl Pkits {
    fn read() -> Self {
        let keys: Vec<Replaced> =
            files().filter(|(kind, ..)| *kind == "cert").filter_map(|(_, _, der)| replaced(&der)).collect();
        let mut set = Self { certificates: BTreeMap::new(), lists: Vec::new() };
        for (kind, name, der) in files() {
            let mut file = Tlv::read(&der);
            if kind == "cert" {
                let spki = file.at(&[0, KEY]).der();
                if let Some(own) = keys.iter().find(|one| one.spki == spki) {
                    *file.at(&[0, KEY]) = Tlv::read(own.key.verifying_key().spki_der());
                }
                resign(&der, &mut file, CERTIFICATE_ISSUER, &keys);
                set.certificates.insert(name, Certificate::from_der(&file.der()).ok());
            } else {
                resign(&der, &mut file, LIST_ISSUER, &keys);
                set.lists.extend(Crl::from_der(&file.der()));
            }
        }
        set
    }

    fn trust(self) -> (Trust, BTreeMap<&'static str, Option<Certificate>>) {
        let (root, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.certificates.into_iter().partition(|(name, _)| *name == "TrustAnchorRootCertificate");
        let (ends, authorities): (BTreeMap<_, _>, BTreeMap<_, _>) =
            rest.into_iter().partition(|(name, _)| name.ends_with("EE"));
        let trust = Trust::new(root.into_values().flatten())
            .with_intermediates(authorities.into_values().flatten())
            .with_crls(self.lists);
        (trust, ends)
    }
}

fn replaced(certificate: &[u8]) -> Option<Replaced> {
    let mut tlv = Tlv::read(certificate);
    let subject = tlv.at(&[0, SUBJECT]).der();
    let key = tlv.at(&[0, KEY]);
    (hex::encode(key.members[0].der()) == RSA).then(|| Replaced {
        subject,
        spki: key.der(),
        rsa: key.members[1].value[1..].to_vec(),
        key: SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap(),
    })
}

/// Signs anew with what stands for the key that had signed. A signature of nobody becomes another of nobody.
fn resign(der: &[u8], file: &mut Tlv, issuer: usize, keys: &[Replaced]) {
    let mut old = Tlv::read(der);
    let (issuer, signed) = (old.at(&[0, issuer]).der(), old.at(&[0]).der());
    let signature = old.at(&[2]).value[1..].to_vec();
    let (by_name, others): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.subject == issuer);
    let signer = by_name
        .into_iter()
        .chain(others)
        .find(|one| UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &one.rsa).verify(&signed, &signature).is_ok());
    let algorithm = Tlv::read(&hex::decode(ECDSA_SHA256).unwrap());
    let at = if issuer == old.at(&[0, LIST_ISSUER]).der() { LIST_ISSUER - 1 } else { CERTIFICATE_ISSUER - 1 };
    *file.at(&[0, at]) = algorithm.clone();
    *file.at(&[1]) = algorithm;
    let stranger = &keys[0].key;
    let bytes = match signer {
        Some(one) => one.key.sign(&file.at(&[0]).der(), Form::Der).unwrap(),
        None => stranger.sign(b"something else", Form::Der).unwrap(),
    };
    file.at(&[2]).value = [&[0][..], &bytes].concat();
}

/// What a test asks of policies.
#[derive(Clone, Copy)]
enum Ask {
    Nothing,
    Explicit,
    ExplicitOf(&'static [u8]),
    Of(&'static [u8]),
    NoMapping,
    NoAny,
}

impl Ask {
    fn policies(self) -> Policies {
        let of = |numbers: &[u8]| {
            let names: Vec<String> = numbers.iter().map(|number| format!("2.16.840.1.101.3.2.1.48.{number}")).collect();
            Policies::one_of(names.iter().map(String::as_str)).unwrap()
        };
        match self {
            Self::Nothing => Policies::default(),
            Self::Explicit => Policies::default().explicit(),
            Self::ExplicitOf(numbers) => of(numbers).explicit(),
            Self::Of(numbers) => of(numbers),
            Self::NoMapping => Policies::default().without_mapping(),
            Self::NoAny => Policies::default().without_any(),
        }
    }
}

/// Sections 4.8, 4.10 and 4.12 where the outcome depends on what is asked, or the name does not tell it.
const ASKED: [(&str, Ask, bool); 45] = [
    ("ValidCertificatePathTest1EE", Ask::Explicit, true),
    ("ValidCertificatePathTest1EE", Ask::ExplicitOf(&[1]), true),
    ("ValidCertificatePathTest1EE", Ask::ExplicitOf(&[2]), false),
    ("ValidCertificatePathTest1EE", Ask::ExplicitOf(&[1, 2]), true),
    ("AllCertificatesNoPoliciesTest2EE", Ask::Nothing, true),
    ("AllCertificatesNoPoliciesTest2EE", Ask::Explicit, false),
    ("DifferentPoliciesTest3EE", Ask::Nothing, true),
    ("DifferentPoliciesTest3EE", Ask::Explicit, false),
    ("DifferentPoliciesTest3EE", Ask::ExplicitOf(&[1, 2]), false),
    ("DifferentPoliciesTest4EE", Ask::Nothing, false),
    ("DifferentPoliciesTest5EE", Ask::Nothing, false),
    ("OverlappingPoliciesTest6EE", Ask::Nothing, true),
    ("OverlappingPoliciesTest6EE", Ask::Of(&[1]), true),
    ("OverlappingPoliciesTest6EE", Ask::Of(&[2]), false),
    ("DifferentPoliciesTest7EE", Ask::Nothing, false),
    ("DifferentPoliciesTest8EE", Ask::Nothing, false),
    ("DifferentPoliciesTest9EE", Ask::Nothing, false),
    ("AllCertificatesSamePoliciesTest10EE", Ask::Nothing, true),
    ("AllCertificatesSamePoliciesTest10EE", Ask::Of(&[1]), true),
    ("AllCertificatesSamePoliciesTest10EE", Ask::Of(&[2]), true),
    ("AllCertificatesanyPolicyTest11EE", Ask::Nothing, true),
    ("AllCertificatesanyPolicyTest11EE", Ask::Of(&[1]), true),
    ("DifferentPoliciesTest12EE", Ask::Nothing, false),
    ("AllCertificatesSamePoliciesTest13EE", Ask::Of(&[1]), true),
    ("AllCertificatesSamePoliciesTest13EE", Ask::Of(&[2]), true),
    ("AllCertificatesSamePoliciesTest13EE", Ask::Of(&[3]), true),
    ("AnyPolicyTest14EE", Ask::Of(&[1]), true),
    ("AnyPolicyTest14EE", Ask::Of(&[2]), false),
    ("UserNoticeQualifierTest15EE", Ask::Nothing, true),
    ("UserNoticeQualifierTest16EE", Ask::Nothing, true),
    ("UserNoticeQualifierTest17EE", Ask::Nothing, true),
    ("UserNoticeQualifierTest18EE", Ask::Of(&[1]), true),
    ("UserNoticeQualifierTest18EE", Ask::Of(&[2]), true),
    ("UserNoticeQualifierTest19EE", Ask::Nothing, true),
    ("CPSPointerQualifierTest20EE", Ask::ExplicitOf(&[1]), true),
    ("ValidPolicyMappingTest1EE", Ask::Of(&[1]), true),
    ("ValidPolicyMappingTest1EE", Ask::Of(&[2]), false),
    ("ValidPolicyMappingTest1EE", Ask::NoMapping, false),
    ("ValidPolicyMappingTest3EE", Ask::Of(&[1]), false),
    ("ValidPolicyMappingTest3EE", Ask::Of(&[2]), true),
    ("ValidPolicyMappingTest5EE", Ask::Of(&[6]), false),
    ("ValidPolicyMappingTest6EE", Ask::Of(&[6]), false),
    ("ValidPolicyMappingTest12EE", Ask::Of(&[2]), true),
    ("inhibitAnyPolicyTest3EE", Ask::Nothing, true),
    ("inhibitAnyPolicyTest3EE", Ask::NoAny, false),
];

/// Valid, and refused on purpose: a name and the reason a line.
fn refused_on_purpose() -> BTreeMap<String, String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/pkits-refused.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split_once(' ').map(|(name, why)| (name.to_owned(), why.to_owned())).unwrap()).collect()
}

#[test]
fn nothing_invalid_is_accepted() {
    let at = "2020-01-01T00:00:00Z".parse().unwrap();
    let (mut trust, ends) = Pkits::read().trust();
    let by_name = ends.keys().filter(|name| name.starts_with("Valid") || name.starts_with("Invalid"));
    let by_name = by_name.map(|name| (*name, Ask::Nothing, name.starts_with("Valid")));
    let (mut cases, mut accepted, mut falsely_accepted, mut refused) = (0, 0, Vec::new(), BTreeMap::new());
    for (name, ask, valid) in by_name.chain(ASKED) {
        trust = trust.with_policies(ask.policies());
        let verdict = match &ends[name] {
            Some(end) => trust.check(end, Purpose::Signature, at),
            None => Err(PathError::Malformed),
        };
        cases += 1;
        match (verdict, valid) {
            (Ok(()), true) => accepted += 1,
            (Ok(()), false) => falsely_accepted.push(name),
            (Err(error), true) => {
                refused.insert(name, error);
            }
            (Err(_), false) => {}
        }
    }
    println!(
        "PKITS: {cases} cases, {accepted} valid accepted, {} valid refused, {falsely_accepted:?} falsely accepted",
        refused.len()
    );
    assert!(cases >= 248, "{cases} cases");
    assert_eq!(falsely_accepted, Vec::<&str>::new());
    let expected = refused_on_purpose();
    let (found, listed): (Vec<_>, Vec<_>) =
        (refused.keys().map(|name| (*name).to_owned()).collect(), expected.into_keys().collect());
    assert_eq!(found, listed, "{refused:?}");
}
