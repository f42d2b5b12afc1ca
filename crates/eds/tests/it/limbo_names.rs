//! The families of x509-limbo about name constraints and about many ways, remade; see `limbo`.

use der::asn1::{Ia5String, OctetString};
use x509_cert::ext::pkix::NameConstraints;
use x509_cert::ext::pkix::name::GeneralName;

use crate::forge::{Forge, constraints, dns};
use crate::limbo::{Case, long, middle, root, run, short};

fn mail(text: &str) -> GeneralName {
    GeneralName::Rfc822Name(Ia5String::new(text).unwrap())
}

fn address(octets: &[u8]) -> GeneralName {
    GeneralName::IpAddress(OctetString::new(octets).unwrap())
}

fn directory(text: &str) -> GeneralName {
    GeneralName::DirectoryName(std::str::FromStr::from_str(text).unwrap())
}

fn of(names: &[&GeneralName]) -> Forge {
    Forge::leaf().san(false, names.iter().copied().cloned().collect())
}

/// A root with these constraints and the end.
fn bound(permitted: &[&GeneralName], excluded: &[&GeneralName], end: &Forge) -> Case {
    let own = |names: &[&GeneralName]| names.iter().copied().cloned().collect::<Vec<_>>();
    short(&root().raw(constraints(&own(permitted), &own(excluded))), end)
}

#[test]
fn hosts() {
    let leaf = Forge::leaf();
    let [com, org, below] = ["example.com", "example.org", "a.example.com"].map(dns);
    let deep = dns("a.b.example.com");
    run(
        vec![
            ("nc::permitted-dns-match", true, bound(&[&com], &[], &leaf)),
            ("nc::permitted-dns-match-more", true, bound(&[&com], &[], &of(&[&deep]))),
            ("nc::permitted-dns-mismatch", false, bound(&[&org], &[], &leaf)),
            ("nc::permitted-dns-partial", false, bound(&[&dns("ample.com")], &[], &leaf)),
            ("nc::permitted-dns-one-of-two-names", false, bound(&[&com], &[], &of(&[&com, &org]))),
            ("nc::permitted-dns-one-of-two-subtrees", true, bound(&[&org, &com], &[], &leaf)),
            ("nc::excluded-dns-match", false, bound(&[], &[&com], &leaf)),
            ("nc::excluded-dns-match-case", false, bound(&[], &[&dns("EXAMPLE.com")], &leaf)),
            ("nc::excluded-dns-match-below", false, bound(&[], &[&com], &of(&[&below]))),
            ("nc::excluded-dns-mismatch", true, bound(&[], &[&org], &leaf)),
            ("nc::excluded-wins", false, bound(&[&com], &[&com], &leaf)),
            ("nc::excluded-wildcard", false, bound(&[], &[&below], &of(&[&dns("*.example.com")]))),
            ("nc::excluded-everything", false, bound(&[], &[&dns("")], &leaf)),
            ("nc::invalid-leading-period", false, bound(&[&dns(".example.com")], &[], &of(&[&below]))),
            ("nc::invalid-wildcard", false, bound(&[&dns("*.example.com")], &[], &of(&[&below]))),
        ],
        15,
    );
}

#[test]
fn addresses_and_mail() {
    let [net, other] = [[192, 0, 2, 0, 255, 255, 255, 0], [192, 0, 2, 0, 255, 0, 255, 0]].map(|net| address(&net));
    let (host, far) = (of(&[&address(&[192, 0, 2, 1])]), of(&[&address(&[198, 51, 100, 1])]));
    let (near, deep) = (of(&[&mail("a@example.com")]), of(&[&mail("a@b.example.com")]));
    let short_net = address(&[192, 0, 2, 0]);
    run(
        vec![
            ("nc::permitted-ip-match", true, bound(&[&net], &[], &host)),
            ("nc::permitted-ip-mismatch", false, bound(&[&net], &[], &far)),
            ("nc::excluded-ip-match", false, bound(&[], &[&net], &host)),
            ("nc::invalid-ip-length", false, bound(&[&short_net], &[], &host)),
            ("nc::invalid-ip-mask", false, bound(&[&other], &[], &host)),
            ("nc::ip-of-the-other-family", false, bound(&[&net], &[], &of(&[&address(&[0; 16])]))),
            ("nc::permitted-email-host", true, bound(&[&mail("example.com")], &[], &near)),
            ("nc::permitted-email-host-below", false, bound(&[&mail("example.com")], &[], &deep)),
            ("nc::permitted-email-subdomain", true, bound(&[&mail(".example.com")], &[], &deep)),
            ("nc::permitted-email-exact", true, bound(&[&mail("a@example.com")], &[], &near)),
            ("nc::permitted-email-other", false, bound(&[&mail("b@example.com")], &[], &near)),
            ("nc::excluded-email", false, bound(&[], &[&mail("example.com")], &near)),
            ("nc::invalid-email", false, bound(&[&mail("a@b@example.com")], &[], &near)),
        ],
        13,
    );
}

#[test]
fn directory_names_and_forms() {
    let leaf = Forge::leaf();
    let [com, org] = ["example.com", "example.org"].map(dns);
    let tree = |name: &GeneralName| constraints(std::slice::from_ref(name), &[]);
    let nested =
        |upper: &GeneralName, lower: &GeneralName| long(&root().raw(tree(upper)), &middle().raw(tree(lower)), &leaf);
    let maximum = "3014a0123010820b6578616d706c652e636f6d810102";
    run(
        vec![
            ("nc::permitted-dn-match", true, bound(&[&directory("CN=leaf")], &[], &leaf)),
            ("nc::permitted-dn-mismatch", false, bound(&[&directory("CN=other")], &[], &leaf)),
            ("nc::excluded-dn-match", false, bound(&[], &[&directory("CN=LEAF")], &leaf)),
            ("nc::permitted-dn-but-not-dns", false, bound(&[&directory("CN=leaf"), &org], &[], &leaf)),
            ("nc::maximum", false, short(&root().hex("2.5.29.30", true, maximum), &leaf)),
            ("nc::empty", false, short(&root().hex("2.5.29.30", true, "3000"), &leaf)),
            ("nc::leaf", false, short(&root(), &leaf.clone().raw(tree(&com)))),
            ("nc::intermediate-widens", false, nested(&org, &com)),
            ("nc::intermediate-narrows", false, nested(&dns("com"), &org)),
            ("nc::both-agree", true, nested(&dns("com"), &com)),
        ],
        10,
    );
}

#[test]
fn many_ways() {
    let (root, leaf) = (self::root(), Forge::leaf());
    let (first, second) = (Forge::authority("CN=a"), Forge::authority("CN=b"));
    let same_key = |one: &Forge, subject: &str| Forge { subject: subject.to_owned(), ..one.clone() };
    // Two authorities that certify each other, and nobody above.
    let loops = (vec![root.root()], vec![first.by(&second), second.by(&first)], leaf.by(&first));
    let loops_with_an_exit =
        (vec![root.root()], vec![first.by(&second), second.by(&first), first.by(&root)], leaf.by(&first));
    // The same authority under two roots, of which one forbids the name.
    let strict = Forge::authority("CN=strict").raw(constraints(&[dns("example.org")], &[]));
    let both = |roots: [&Forge; 2]| {
        (vec![strict.root(), root.root()], roots.map(|root| first.by(root)).to_vec(), leaf.by(&first))
    };
    let only_strict = (vec![strict.root(), root.root()], vec![first.by(&strict)], leaf.by(&first));
    // Several keys under one name; only one is the issuer's, and nothing but the signature tells which.
    let twins: Vec<Forge> = (0..4).map(|_| same_key(&Forge::authority("CN=twin"), "CN=twin")).collect();
    let twin_keys = (vec![root.root()], twins.iter().map(|twin| twin.by(&root)).collect(), leaf.by(&twins[3]));
    // Every authority certifies every other: the paths are more than anybody can try.
    let crowd: Vec<Forge> = (0..12).map(|number| Forge::authority(&format!("CN=crowd {number}"))).collect();
    let mesh = crowd.iter().flat_map(|issuer| crowd.iter().map(|one| one.by(issuer))).collect();
    let endless = (vec![root.root()], mesh, leaf.by(&crowd[0]));
    let names: Vec<_> = (0..600).map(|number| dns(&format!("{number}.example.com"))).collect();
    let many_names = Forge::leaf().san(false, names);
    let many_trees: Vec<_> = (0..600).map(|number| dns(&format!("{number}.org"))).collect();
    let bomb = short(&self::root().without::<NameConstraints>().raw(constraints(&[], &many_trees)), &many_names);
    let begun = std::time::Instant::now();
    run(
        vec![
            ("pathological::loop", false, loops),
            ("pathological::loop-with-an-exit", true, loops_with_an_exit),
            ("pathological::strict-root-and-another", true, both([&strict, &root])),
            ("pathological::another-and-strict-root", true, both([&root, &strict])),
            ("pathological::strict-root-only", false, only_strict),
            ("pathological::several-keys-of-one-name", true, twin_keys),
            ("pathological::everybody-certifies-everybody", false, endless),
            ("pathological::nc-dos", false, bomb),
        ],
        8,
    );
    assert!(begun.elapsed().as_secs() < 10, "bounded work");
}
