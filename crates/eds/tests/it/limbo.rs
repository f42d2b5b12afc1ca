//! The families of C2SP's x509-limbo (`rfc5280`, `pathological`) remade: the set itself is in no package registry.
//!
//! Each case: certificates of any shape but well signed, a server's certificate asked for, valid or not. Names of hosts
//! are rustls' to match, so the families about them are left out.

use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use der::asn1::OctetString;
use eds::{Purpose, Revocation, Trust};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, InhibitAnyPolicy, KeyUsages, SubjectKeyIdentifier,
};

use crate::forge::{Forge, dns, read};

/// Roots, authorities between, the end.
pub(crate) type Case = (Vec<Vec<u8>>, Vec<Vec<u8>>, Vec<u8>);

fn accepted((roots, between, end): &Case) -> bool {
    let all = |list: &[Vec<u8>]| list.iter().filter_map(|der| read(der)).collect::<Vec<_>>();
    let trust = Trust::new(all(roots)).with_intermediates(all(between)).with_revocation(Revocation::IfKnown);
    let at = "2024-07-01T00:00:00Z".parse().unwrap();
    read(end).is_some_and(|end| trust.check(&end, Purpose::TlsServer, at).is_ok())
}

pub(crate) fn root() -> Forge {
    Forge::authority("CN=x509-limbo-root")
}

pub(crate) fn middle() -> Forge {
    Forge::authority("CN=x509-limbo-intermediate")
}

/// The root signs the end.
pub(crate) fn short(root: &Forge, end: &Forge) -> Case {
    (vec![root.root()], Vec::new(), end.by(root))
}

/// Root, one authority, end.
pub(crate) fn long(root: &Forge, middle: &Forge, end: &Forge) -> Case {
    (vec![root.root()], vec![middle.by(root)], end.by(middle))
}

pub(crate) fn run(cases: Vec<(&str, bool, Case)>, at_least: usize) {
    let wrong: Vec<&str> =
        cases.iter().filter(|(_, valid, case)| accepted(case) != *valid).map(|(name, ..)| *name).collect();
    let invalid = cases.iter().filter(|(_, valid, _)| !valid).count();
    println!("{} cases remade after x509-limbo, {invalid} of them invalid; wrong: {wrong:?}", cases.len());
    assert!(wrong.is_empty() && cases.len() >= at_least, "{wrong:?} of {}", cases.len());
}

/// Root, authority and end, of which each case changes one.
struct Plain {
    root: Forge,
    middle: Forge,
    leaf: Forge,
}

impl Plain {
    fn new() -> Self {
        Self { root: root(), middle: middle(), leaf: Forge::leaf() }
    }

    fn end(&self, change: impl FnOnce(Forge) -> Forge) -> Case {
        short(&self.root, &change(self.leaf.clone()))
    }

    fn mid(&self, change: impl FnOnce(Forge) -> Forge) -> Case {
        long(&self.root, &change(self.middle.clone()), &self.leaf)
    }

    fn top(&self, change: impl FnOnce(Forge) -> Forge) -> Case {
        short(&change(root()), &self.leaf)
    }
}

const UNKNOWN: &str = "1.3.6.1.4.1.55738.666.1";

#[test]
fn identifiers_and_roles() {
    let plain = Plain::new();
    let Plain { root, middle, leaf } = &plain;
    let nameless = AuthorityKeyIdentifier { key_identifier: None, ..Default::default() };
    let odd = SubjectKeyIdentifier(OctetString::new(*b"x").unwrap());
    let unidentified = (vec![root.root()], Vec::new(), leaf.signed(root));
    let critical = leaf.clone().with::<AuthorityKeyIdentifier>(true, &nameless).signed(root);
    let middle_unidentified = (vec![root.root()], vec![middle.signed(root)], leaf.by(middle));
    let bits = KeyUsages::DigitalSignature | KeyUsages::KeyCertSign;
    let cases = vec![
        ("short", true, plain.end(|leaf| leaf)),
        ("long", true, plain.mid(|middle| middle)),
        ("aki::leaf-missing-aki", false, unidentified),
        ("aki::critical-aki", false, (vec![root.root()], Vec::new(), critical)),
        ("aki::intermediate-missing-aki", false, middle_unidentified),
        ("ski::critical-ski", false, plain.mid(|middle| middle.with::<SubjectKeyIdentifier>(true, &odd))),
        ("ski::intermediate-missing-ski", false, plain.mid(|middle| middle.without::<SubjectKeyIdentifier>())),
        ("ski::root-missing-ski", false, plain.top(|root| root.without::<SubjectKeyIdentifier>())),
        ("unknown-critical-extension-ee", false, plain.end(|leaf| leaf.hex(UNKNOWN, true, "0500"))),
        ("unknown-noncritical-extension-ee", true, plain.end(|leaf| leaf.hex(UNKNOWN, false, "0500"))),
        ("unknown-critical-extension-intermediate", false, plain.mid(|middle| middle.hex(UNKNOWN, true, "0500"))),
        ("unknown-critical-extension-root", false, plain.top(|root| root.hex(UNKNOWN, true, "0500"))),
        ("intermediate-ca-without-ca-bit", false, plain.mid(|middle| middle.basic(false, None))),
        ("intermediate-missing-basic-constraints", false, plain.mid(|middle| middle.without::<BasicConstraints>())),
        ("root-missing-basic-constraints", false, plain.top(|root| root.without::<BasicConstraints>())),
        ("ca-without-keycertsign", false, plain.mid(|middle| middle.uses(KeyUsages::CRLSign))),
        ("leaf-ku-keycertsign", false, plain.end(|leaf| leaf.uses(bits))),
        ("leaf-pathlen", false, plain.end(|leaf| leaf.basic(false, Some(0)))),
        ("leaf-is-an-authority", false, plain.end(|leaf| leaf.basic(true, None))),
        ("ee-empty-issuer", false, short(&Forge::authority(""), leaf)),
        ("ca-empty-subject", false, long(root, &Forge::authority(""), leaf)),
        ("root-signed-by-another", false, (vec![self::root().root()], Vec::new(), leaf.by(root))),
    ];
    run(cases, 22);
}

#[test]
fn forms_and_terms() {
    let plain = Plain::new();
    let twice = |mut leaf: Forge| {
        let again = leaf.extensions[0].clone();
        leaf.extensions.push(again);
        leaf
    };
    let nameless = |leaf: Forge| Forge { subject: String::new(), ..leaf };
    let san = || vec![dns("example.com")];
    let cases = vec![
        ("duplicate-extensions", false, plain.end(twice)),
        ("serial::too-long", false, plain.end(|leaf| Forge { serial: vec![0x11; 21], ..leaf })),
        ("serial::zero", false, plain.end(|leaf| Forge { serial: vec![0], ..leaf })),
        ("serial::negative", false, plain.end(|leaf| Forge { serial: vec![0x80, 1], ..leaf })),
        ("version::v1", false, plain.end(|leaf| Forge { version: 0, ..leaf })),
        ("version::v4", false, plain.end(|leaf| Forge { version: 3, ..leaf })),
        ("unused-bits-in-the-signature", false, plain.end(|leaf| Forge { signature_unused_bits: 1, ..leaf })),
        ("validity::expired-leaf", false, plain.end(|leaf| Forge { to: "200101000000Z", ..leaf })),
        ("validity::expired-intermediate", false, plain.mid(|middle| Forge { to: "200101000000Z", ..middle })),
        ("validity::expired-root", false, plain.top(|root| Forge { to: "200101000000Z", ..root })),
        ("validity::not-yet", false, plain.end(|leaf| Forge { from: "300101000000Z", ..leaf })),
        ("validity::no-zone", false, plain.end(|leaf| Forge { to: "4001010000000", ..leaf })),
        ("validity::never-ends", true, plain.end(|leaf| Forge { to: "99991231235959Z", ..leaf })),
        ("san::noncritical-with-empty-subject", false, plain.end(nameless)),
        ("san::critical-with-empty-subject", true, plain.end(|leaf| nameless(leaf).san(true, san()))),
        ("san::malformed", false, plain.end(|leaf| leaf.hex("2.5.29.17", false, "30030102"))),
        ("san::empty", false, plain.end(|leaf| leaf.hex("2.5.29.17", false, "3000"))),
        ("san::nul", false, plain.end(|leaf| leaf.san(false, vec![dns("example.com\0.evil")]))),
    ];
    run(cases, 18);
}

#[test]
fn usages_and_policies() {
    let plain = Plain::new();
    let access = "3010300e06082b060105050730018602683a";
    let cases = vec![
        ("eku::leaf-without", false, plain.end(|leaf| leaf.without::<ExtendedKeyUsage>())),
        ("eku::wrong", false, plain.end(|leaf| leaf.for_usage(ID_KP_CLIENT_AUTH))),
        ("eku::empty", false, plain.end(|leaf| leaf.hex("2.5.29.37", false, "3000"))),
        ("eku::intermediate-wrong", false, plain.mid(|middle| middle.for_usage(ID_KP_CLIENT_AUTH))),
        ("eku::intermediate-right", true, plain.mid(|middle| middle.for_usage(ID_KP_SERVER_AUTH))),
        ("ku::empty", false, plain.end(|leaf| leaf.hex("2.5.29.15", true, "030100"))),
        ("pc::leaf-demands-a-policy", false, plain.end(Forge::demanding_a_policy)),
        ("pc::intermediate-demands-a-policy", false, plain.mid(Forge::demanding_a_policy)),
        ("pc::empty", false, plain.mid(|middle| middle.hex("2.5.29.36", true, "3000"))),
        ("pc::no-any", true, plain.mid(|middle| middle.with::<InhibitAnyPolicy>(true, &InhibitAnyPolicy(0)))),
        ("access::critical", false, plain.end(|leaf| leaf.hex("1.3.6.1.5.5.7.1.1", true, access))),
    ];
    run(cases, 11);
}

#[test]
fn lengths_of_paths() {
    let limited = |root: &Forge, length| root.clone().basic(true, Some(length));
    let (root, leaf) = (root(), Forge::leaf());
    let (one, two) = (Forge::authority("CN=one"), Forge::authority("CN=two"));
    let three = |root: &Forge, one: &Forge| (vec![root.root()], vec![one.by(root), two.by(one)], leaf.by(&two));
    // A key rolled over under the same name does not count.
    let rolled = Forge::authority(&one.subject);
    let self_issued = |one: &Forge| (vec![root.root()], vec![one.by(&root), rolled.by(one)], leaf.by(&rolled));
    run(
        vec![
            ("pathlen::root-0-leaf", true, short(&limited(&root, 0), &leaf)),
            ("pathlen::root-0-intermediate", false, long(&limited(&root, 0), &one, &leaf)),
            ("pathlen::root-1-two-intermediates", false, three(&limited(&root, 1), &one)),
            ("pathlen::root-2-two-intermediates", true, three(&limited(&root, 2), &one)),
            ("pathlen::intermediate-0", false, three(&root, &limited(&one, 0))),
            ("pathlen::intermediate-1", true, three(&root, &limited(&one, 1))),
            ("pathlen::self-issued", true, self_issued(&limited(&one, 0))),
        ],
        7,
    );
}
