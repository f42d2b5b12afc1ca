//! RFC 9421 under attack: whatever is dropped, doubled, moved or changed is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eds::http_signature::{RequestView, Signer, content_digest, sign_request, verify_request};
use eds::{Algorithm, Error, SigningKey, VerifyingKey};
use model::Kind;
use proptest::prelude::*;

use crate::house::{House, noon};

/// A request that a forger may rewrite.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Wire {
    pub(crate) fn unsigned(body: &str) -> Self {
        let mut headers = vec![("Authorization".to_owned(), "Bearer 5f1c".to_owned())];
        if !body.is_empty() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        Self {
            method: "POST".to_owned(),
            uri: "https://127.0.0.1:8247/mvd-38801/v1/crossings/submit?mode=test".to_owned(),
            headers,
            body: body.as_bytes().to_vec(),
        }
    }

    pub(crate) fn signed(body: &str, signer: &Signer) -> Self {
        let mut wire = Self::unsigned(body);
        let added = wire.view(|view| sign_request(view, signer, noon())).unwrap();
        wire.headers.extend(added.content_digest.map(|digest| ("Content-Digest".to_owned(), digest)));
        wire.headers.push(("Signature-Input".to_owned(), added.signature_input));
        wire.headers.push(("Signature".to_owned(), added.signature));
        wire
    }

    pub(crate) fn view<T>(&self, see: impl FnOnce(&RequestView<'_>) -> T) -> T {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        see(&RequestView { method: &self.method, target_uri: &self.uri, headers: &headers, body: &self.body })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(header, _)| header == name).unwrap().1
    }

    fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut changed = self.clone();
        changed.headers.iter_mut().find(|(header, _)| header == name).unwrap().1 = value.into();
        changed
    }

    pub(crate) fn check(&self, key: &VerifyingKey) -> Result<(), Error> {
        self.view(|view| verify_request(view, noon(), |_| Some(key.clone()))).map(drop)
    }
}

pub(crate) struct Party {
    pub(crate) signer: Signer,
    pub(crate) key: SigningKey,
    pub(crate) keyid: String,
}

pub(crate) fn party(algorithm: Algorithm) -> Party {
    let (certificate, key) = House::new(algorithm).signer(algorithm);
    Party { signer: Signer::new(key.clone(), &certificate).unwrap(), keyid: certificate.fingerprint_hex(), key }
}

/// What a forger does to each header.
fn changes_of_the_headers(good: &Wire) -> Vec<(String, Wire)> {
    let mut forged = Vec::new();
    let mut add = |what: &str, wire: Wire| forged.push((what.to_owned(), wire));
    for (index, (name, value)) in good.headers.iter().enumerate() {
        let mut dropped = good.clone();
        dropped.headers.remove(index);
        add(&format!("{name} dropped"), dropped);
        let mut doubled = good.clone();
        doubled.headers.push((name.to_lowercase(), value.clone()));
        add(&format!("{name} doubled"), doubled);
        add(&format!("{name} emptied"), good.with(name, ""));
        add(&format!("{name} longer"), good.with(name, format!("{value}x")));
        add(&format!("{name} in capitals"), good.with(name, value.to_uppercase()));
        add(&format!("{name} cut"), good.with(name, &value[..value.len() - 1]));
    }
    forged
}

/// What a forger does to the rest of the message.
fn changes_of_the_message(good: &Wire) -> Vec<(String, Wire)> {
    let mut forged = Vec::new();
    let mut add = |what: &str, change: &dyn Fn(&mut Wire)| {
        let mut wire = good.clone();
        change(&mut wire);
        forged.push((what.to_owned(), wire));
    };
    for method in ["GET", "PUT", "post", "POST "] {
        add("another method", &|wire| wire.method = method.into());
    }
    for (from, to) in [("https", "http"), ("8247", "8248"), ("127.0.0.1", "localhost"), ("test", "live"), ("?", "?a&")]
    {
        add("another address", &|wire| wire.uri = good.uri.replace(from, to));
    }
    add("another body", &|wire| wire.body = b"[2]".to_vec());
    add("a longer body", &|wire| wire.body.push(b' '));
    if !good.body.is_empty() {
        add("no body", &|wire| wire.body.clear());
        add("another body and its digest", &|wire| {
            wire.body = b"[2]".to_vec();
            *wire = wire.with("Content-Digest", content_digest(b"[2]"));
        });
    }
    forged
}

/// `Signature-Input` of these components and parameters.
fn rewrite(good: &Wire, components: &[&str], parameters: &[&str]) -> Wire {
    let tail: String = parameters.iter().map(|parameter| format!(";{parameter}")).collect();
    good.with("Signature-Input", format!("nais=({}){tail}", components.join(" ")))
}

/// The components and the parameters of `Signature-Input`, as written.
fn parts(input: &str) -> (Vec<&str>, Vec<&str>) {
    let inside = input.split_once('(').unwrap().1.split_once(')').unwrap();
    (inside.0.split(' ').collect(), inside.1.split(';').skip(1).collect())
}

/// What a forger does to each component and each parameter.
fn changes_of_the_parts(good: &Wire) -> Vec<(String, Wire)> {
    let input = good.header("Signature-Input");
    let (components, parameters) = parts(input);
    let write = |components: &[&str], parameters: &[&str]| rewrite(good, components, parameters);
    let mut forged = Vec::new();
    let mut add = |what: &str, wire: Wire| forged.push((what.to_owned(), wire));
    for (names, is_component) in [(&components, true), (&parameters, false)] {
        let put = |list: &[&str]| {
            if is_component { write(list, &parameters) } else { write(&components, list) }
        };
        for (index, name) in names.iter().enumerate() {
            let mut list = names.clone();
            list.remove(index);
            add(&format!("{name} dropped"), put(&list));
            for at in [0, index, names.len()] {
                let mut list = names.clone();
                list.insert(at, name);
                add(&format!("{name} doubled at {at}"), put(&list));
            }
            for other in index + 1..names.len() {
                let mut list = names.clone();
                list.swap(index, other);
                add(&format!("{name} moved to {other}"), put(&list));
            }
            let changed = [
                name.to_uppercase(),
                format!("{name};req"),
                format!("{name};sf"),
                name.replace('"', ""),
                name.replace('"', ":"),
                name.replace(['1', '2', '3', '4', 'a', 'e'], "5"),
                format!(" {name}"),
                format!("{name} "),
            ];
            for change in changed.iter().filter(|change| change.as_str() != *name) {
                let mut list = names.clone();
                list[index] = change;
                let wire = put(&list);
                // A space at the end of a header is not part of its value.
                if wire.header("Signature-Input").trim_end() != input {
                    add(&format!("{name} as {change:?}"), wire);
                }
            }
        }
    }
    forged
}

/// What a forger does to the list of components and parameters.
fn changes_of_the_input(good: &Wire) -> Vec<(String, Wire)> {
    let (input, signature) = (good.header("Signature-Input"), good.header("Signature"));
    let (components, parameters) = parts(input);
    let write = |components: &[&str], parameters: &[&str]| rewrite(good, components, parameters);
    let mut forged = Vec::new();
    let mut add = |what: &str, wire: Wire| forged.push((what.to_owned(), wire));
    for extra in ["\"date\"", "\"@authority\"", "\"host\"", "\"@method\"", "x", "1"] {
        add(&format!("{extra} added"), write(&[components.as_slice(), &[extra]].concat(), &parameters));
    }
    for extra in ["alg=\"ecdsa-p256-sha256\"", "alg=\"ed25519\"", "alg=\"hmac-sha256\"", "alg=\"none\"", "x=1", "req"] {
        add(&format!("{extra} added"), write(&components, &[parameters.as_slice(), &[extra]].concat()));
    }
    let label = |header: &str| header.replacen("nais=", "other=", 1);
    add("labels differ", good.with("Signature", label(signature)));
    add("two of ours", good.with("Signature-Input", format!("{input}, {}", label(input))));
    add("not a list", good.with("Signature-Input", format!("nais=1;{}", parameters.join(";"))));
    forged
}

/// What a forger does to the signature itself.
fn changes_of_the_signature(good: &Wire) -> Vec<(String, Wire)> {
    let signature = good.header("Signature");
    let mut forged = Vec::new();
    let mut add = |what: &str, wire: Wire| forged.push((what.to_owned(), wire));
    for (index, _) in signature.match_indices(|c: char| c.is_ascii_alphanumeric()).skip(5) {
        let mut changed = signature.as_bytes().to_vec();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        add(&format!("signature changed at {index}"), good.with("Signature", String::from_utf8(changed).unwrap()));
    }
    let bytes = STANDARD.decode(signature.trim_start_matches("nais=:").trim_end_matches(':')).unwrap();
    let (r, s) = bytes.split_at(32);
    let zero = [0; 32];
    for (what, value) in [
        ("halves swapped", [s, r].concat()),
        ("r = 0", [&zero, s].concat()),
        ("s = 0", [r, &zero].concat()),
        ("all zero", vec![0; bytes.len()]),
        ("all ones", vec![255; bytes.len()]),
        ("too short", bytes[..bytes.len() - 1].to_vec()),
        ("too long", [&bytes[..], &[0]].concat()),
        ("empty", vec![]),
    ] {
        add(what, good.with("Signature", format!("nais=:{}:", STANDARD.encode(value))));
    }
    forged
}

#[test]
fn whatever_is_changed_is_refused() {
    let mut tried = 0;
    for algorithm in Algorithm::ALL {
        let party = party(algorithm);
        for body in ["[1]", ""] {
            let good = Wire::signed(body, &party.signer);
            assert_eq!(good.check(party.key.verifying_key()), Ok(()));
            let forgeries = [
                changes_of_the_headers(&good),
                changes_of_the_message(&good),
                changes_of_the_parts(&good),
                changes_of_the_input(&good),
                changes_of_the_signature(&good),
            ];
            for (what, forged) in forgeries.into_iter().flatten() {
                let error = forged.check(party.key.verifying_key()).expect_err(&what);
                assert_ne!(error.kind(), Kind::Internal, "{what}: {error}");
                tried += 1;
            }
        }
    }
    println!("{tried} forgeries, all refused");
    assert!(tried > 800);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_byte_may_change(header in 0..5_usize, position in any::<prop::sample::Index>(), byte in 0x20..0x7f_u8) {
        static PARTY: std::sync::OnceLock<(Party, Wire)> = std::sync::OnceLock::new();
        let (party, good) = PARTY.get_or_init(|| {
            let party = party(Algorithm::Ed25519);
            let wire = Wire::signed("[1]", &party.signer);
            (party, wire)
        });
        let (name, value) = good.headers[header].clone();
        let mut changed = value.clone().into_bytes();
        let index = position.index(changed.len());
        changed[index] = byte;
        let changed = String::from_utf8(changed).unwrap();
        // Spaces at the ends are not part of a header's value.
        if changed.trim() != value {
            prop_assert!(good.with(&name, changed).check(party.key.verifying_key()).is_err());
        }
    }
}
