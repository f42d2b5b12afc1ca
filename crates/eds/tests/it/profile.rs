//! RFC 9421 signed well, but not as the profile wants; and answers. The signature base here is written by hand,
//! independently of the crate's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eds::http_signature::{ResponseView, content_digest, sign_response, verify_request, verify_response};
use eds::{Algorithm, Error, Form};
use jiff::{SignedDuration, Timestamp};

use crate::forgery::{Party, Wire, party};
use crate::house::noon;

/// A request signed by hand over `components` with these parameters; `{keyid}` stands for the key's name.
fn by_hand(party: &Party, body: &str, components: &[&str], parameters: &str) -> Wire {
    let mut wire = Wire::unsigned(body);
    if !body.is_empty() {
        wire.headers.push(("Content-Digest".to_owned(), content_digest(body.as_bytes())));
    }
    let mut base = String::new();
    for component in components {
        let value = match *component {
            "\"@method\"" => wire.method.clone(),
            "\"@target-uri\"" => wire.uri.clone(),
            "\"content-type\"" => "application/json".to_owned(),
            "\"content-digest\"" => content_digest(body.as_bytes()),
            "\"authorization\"" => "Bearer 5f1c".to_owned(),
            _ => "127.0.0.1:8247".to_owned(),
        };
        base += &format!("{component}: {value}\n");
    }
    let parameters = format!("({}){}", components.join(" "), parameters.replace("{keyid}", &party.keyid));
    base += &format!("\"@signature-params\": {parameters}");
    let signature = party.key.sign(base.as_bytes(), Form::Fixed).unwrap();
    wire.headers.push(("Signature-Input".to_owned(), format!("sig1={parameters}")));
    wire.headers.push(("Signature".to_owned(), format!("sig1=:{}:", STANDARD.encode(signature))));
    wire
}

const COVERED: [&str; 5] =
    ["\"@method\"", "\"@target-uri\"", "\"content-type\"", "\"content-digest\"", "\"authorization\""];
const NONCE: &str = "bm9uY2Ugb2YgMTI4IGJpdHM";

fn parameters(created: i64, term: i64) -> String {
    format!(";created={created};expires={};nonce=\"{NONCE}\";keyid=\"{{keyid}}\";tag=\"nais-1\"", created + term)
}

#[test]
fn another_program_may_sign_in_its_own_order() {
    for algorithm in Algorithm::ALL {
        let party = party(algorithm);
        let mut components = COVERED;
        components.reverse();
        let now = noon().as_second();
        let named = format!(";alg=\"{}\"{}", algorithm.http_name(), parameters(now, 60));
        for parameters in [parameters(now, 60), parameters(now, 1), named] {
            let wire = by_hand(&party, "[1]", &components, &parameters);
            let signed = wire.view(|view| verify_request(view, noon(), |_| Some(party.key.verifying_key().clone())));
            let signed = signed.unwrap();
            assert_eq!((signed.keyid.as_str(), signed.nonce.as_str()), (party.keyid.as_str(), NONCE));
            assert_eq!(signed.created, noon());
            assert_eq!(signed.forget_after().as_second(), signed.expires.as_second() + 30);
        }
        // A signature for somebody else may stand beside ours.
        let mut beside = by_hand(&party, "[1]", &COVERED, &parameters(now, 60));
        beside.headers.push(("Signature-Input".into(), "proxy=(\"@method\");tag=\"proxy\"".into()));
        beside.headers.push(("Signature".into(), "proxy=:AAAA:".into()));
        assert_eq!(beside.check(party.key.verifying_key()), Ok(()));
    }
}

#[test]
fn well_signed_is_not_enough() {
    let party = party(Algorithm::EcdsaP256Sha256);
    let check = |components: &[&str], parameters: &str| {
        by_hand(&party, "[1]", components, parameters).check(party.key.verifying_key())
    };
    let now = noon().as_second();
    let good = parameters(now, 60);
    assert_eq!(check(&COVERED, &good), Ok(()));
    for index in 0..COVERED.len() {
        let mut fewer = COVERED.to_vec();
        let name = fewer.remove(index).trim_matches('"');
        assert!(matches!(check(&fewer, &good), Err(Error::ComponentMissing(missing)) if missing == name), "{name}");
    }
    let more = [&COVERED[..], &["\"@authority\""]].concat();
    assert_eq!(check(&more, &good), Err(Error::ComponentExtra("@authority".into())));
    assert_eq!(
        by_hand(&party, "", &COVERED, &good).check(party.key.verifying_key()),
        Err(Error::ComponentExtra("content-type".into())),
        "without a body"
    );
    for (parameter, name) in [
        (format!(";created={now}"), "created"),
        (format!(";expires={}", now + 60), "expires"),
        (format!(";nonce=\"{NONCE}\""), "nonce"),
        (";keyid=\"{keyid}\"".to_owned(), "keyid"),
    ] {
        assert_eq!(check(&COVERED, &good.replace(&parameter, "")), Err(Error::ComponentMissing(name)));
    }
    assert_eq!(check(&COVERED, &good.replace(";tag=\"nais-1\"", "")), Err(Error::Unsigned));
    assert_eq!(check(&COVERED, &good.replace("nais-1", "nais-2")), Err(Error::Unsigned));
}

#[test]
fn parameters_are_of_their_kind() {
    let party = party(Algorithm::EcdsaP256Sha256);
    let good = parameters(noon().as_second(), 60);
    for (what, changed, expected) in [
        ("short nonce", good.replace(NONCE, "c2hvcnQ"), Error::ComponentMissing("nonce")),
        ("odd nonce", good.replace(NONCE, &"é".repeat(22)), Error::Unreadable("signature-input")),
        ("nonce as bytes", good.replace(&format!("\"{NONCE}\""), ":AAAA:"), Error::Unreadable("signature-input")),
        ("keyid in capitals", good.replace("{keyid}", &party.keyid.to_uppercase()), Error::KeyUnknown),
        ("another algorithm", format!("{good};alg=\"ed25519\""), Error::Algorithm),
        ("no algorithm", format!("{good};alg=\"none\""), Error::Algorithm),
        ("an unknown parameter", format!("{good};jku=\"https://evil\""), Error::ComponentExtra("jku".into())),
    ] {
        assert_eq!(
            by_hand(&party, "[1]", &COVERED, &changed).check(party.key.verifying_key()),
            Err(expected),
            "{what}"
        );
    }
}

#[test]
fn clocks_may_differ_by_half_a_minute() {
    let party = party(Algorithm::Ed25519);
    let now = noon().as_second();
    for (created, term, good) in [
        (now + 30, 60, true),
        (now + 31, 60, false),
        (now - 90, 60, true),
        (now - 91, 60, false),
        (now, 0, false),
        (now, -1, false),
        (now, 61, false),
        (now - 3600, 7200, false),
        (-1, 60, false),
        (999_999_999_999_000, 60, false),
    ] {
        let wire =
            by_hand(&party, "", &["\"@method\"", "\"@target-uri\"", "\"authorization\""], &parameters(created, term));
        let expected = if good { Ok(()) } else { Err(Error::OutOfTime) };
        assert_eq!(wire.check(party.key.verifying_key()), expected, "{} {term}", created - now);
    }
}

#[test]
fn the_key_is_found_by_its_name_and_is_the_one() {
    let (ours, other) = (party(Algorithm::EcdsaP256Sha256), party(Algorithm::EcdsaP256Sha256));
    let good = Wire::signed("[1]", &ours.signer);
    let verdict = good.view(|view| verify_request(view, noon(), |_| None));
    assert_eq!(verdict, Err(Error::KeyUnknown));
    let asked = good.view(|view| {
        verify_request(view, noon(), |keyid| (keyid == ours.keyid).then(|| ours.key.verifying_key().clone()))
    });
    assert!(asked.is_ok());
    assert_eq!(good.check(other.key.verifying_key()), Err(Error::Invalid));
    assert_eq!(good.check(party(Algorithm::Ed25519).key.verifying_key()), Err(Error::Invalid), "another suite's key");
    let later = noon() + SignedDuration::from_secs(120);
    let late = good.view(|view| verify_request(view, later, |_| Some(ours.key.verifying_key().clone())));
    assert_eq!(late, Err(Error::OutOfTime));
    assert_eq!(Wire::unsigned("[1]").check(ours.key.verifying_key()), Err(Error::Unsigned));
    let again = Wire::signed("[1]", &ours.signer);
    assert_ne!(again.header("Signature-Input"), good.header("Signature-Input"), "a nonce is never used twice");
}

#[test]
fn an_answer_is_bound_to_its_request() {
    for algorithm in Algorithm::ALL {
        let party = party(algorithm);
        let request_signature = "nais=:AAAA:";
        for body in [&b"{}"[..], b""] {
            let mut headers = vec![("content-type", "application/json".to_owned())];
            let bytes = |headers: &[(&'static str, String)]| headers.to_vec();
            let at: Timestamp = noon();
            let plain = bytes(&headers);
            let plain: Vec<_> = plain.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            let view = ResponseView { status: 200, headers: &plain, body, request_signature };
            let added = sign_response(&view, &party.signer, at).unwrap();
            headers.extend(added.content_digest.map(|digest| ("content-digest", digest)));
            headers.push(("signature-input", added.signature_input));
            headers.push(("signature", added.signature));
            let signed: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            let check = |status, body, request_signature| {
                let view = ResponseView { status, headers: &signed, body, request_signature };
                verify_response(&view, at, |_| Some(party.key.verifying_key().clone())).map(|signed| signed.keyid)
            };
            assert_eq!(check(200, body, request_signature), Ok(party.keyid.clone()));
            assert_eq!(check(201, body, request_signature), Err(Error::Invalid));
            assert_eq!(check(200, body, "nais=:BBBB:"), Err(Error::Invalid), "another request's answer");
            assert!(check(200, b"{\"a\":1}", request_signature).is_err());
        }
    }
}
