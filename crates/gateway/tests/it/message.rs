//! RFC 9421: signed here by hand from the text of the standard, so that every part can be other than it should be.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use eds::http_signature::{ACCEPT_SIGNATURE, ResponseView, verify_response};
use eds::{Algorithm, Form, SigningKey, sha256};
use gateway::operator;

use crate::ask::{Question, SEARCH};
use crate::house::{ALL_ALPHA, ALL_BETA, House, everywhere};
use crate::party::{Identity, Pki, days, term};
use crate::told::Told;

/// A signature about to be made.
#[derive(Clone)]
pub(crate) struct Shape {
    pub label: String,
    /// Identifiers as they are written.
    pub components: Vec<String>,
    /// Names and values as they are written.
    pub params: Vec<(String, String)>,
}

impl Shape {
    /// As the contract wants it.
    pub(crate) fn new(house: &House, question: &Question, identity: &Identity) -> Self {
        let names: &[&str] = if question.body.is_empty() {
            &["@method", "@target-uri", "authorization"]
        } else {
            &["@method", "@target-uri", "content-type", "content-digest", "authorization"]
        };
        let now = house.now().as_second();
        let nonce = BASE64_URL_SAFE_NO_PAD.encode(store::random::<16>());
        let params = [
            ("created", now.to_string()),
            ("expires", (now + 60).to_string()),
            ("nonce", format!("\"{nonce}\"")),
            ("keyid", format!("\"{}\"", identity.certificate.fingerprint_hex())),
            ("tag", "\"nais-1\"".to_owned()),
        ];
        Self {
            label: "sig".to_owned(),
            components: names.iter().map(|name| format!("\"{name}\"")).collect(),
            params: params.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        }
    }

    /// The parameter with another value; one more when there is none.
    pub(crate) fn param(mut self, name: &str, value: &str) -> Self {
        match self.params.iter_mut().find(|(own, _)| own == name) {
            Some((_, own)) => value.clone_into(own),
            None => self.params.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    pub(crate) fn lacking(mut self, name: &str) -> Self {
        self.params.retain(|(own, _)| own != name);
        self.components.retain(|own| *own != format!("\"{name}\""));
        self
    }

    /// The value of `@signature-params`.
    pub(crate) fn text(&self) -> String {
        let params = self.params.iter().fold(String::new(), |mut text, (name, value)| {
            write!(text, ";{name}={value}").unwrap();
            text
        });
        format!("({}){params}", self.components.join(" "))
    }

    /// The question with this signature by that key.
    pub(crate) fn sign(&self, question: Question, key: &SigningKey) -> Question {
        self.put(question, |base| key.sign(base, Form::Fixed).unwrap())
    }

    /// The question with whatever `seal` makes of the base.
    pub(crate) fn put(&self, mut question: Question, seal: impl FnOnce(&[u8]) -> Vec<u8>) -> Question {
        if !question.body.is_empty() {
            let digest = digest(&question.body);
            question = question.instead("content-digest", &digest);
        }
        let mut base = String::new();
        for identifier in &self.components {
            let name = identifier.split('"').nth(1).unwrap();
            let value = match name {
                "@method" => question.verb.to_owned(),
                "@target-uri" => format!("https://{}{}", question.header("host"), question.target),
                "@path" | "@query" => "/".to_owned(),
                name => question.header(name).to_owned(),
            };
            writeln!(base, "{identifier}: {value}").unwrap();
        }
        let text = self.text();
        write!(base, "\"@signature-params\": {text}").unwrap();
        let signature = BASE64_STANDARD.encode(seal(base.as_bytes()));
        let label = &self.label;
        question
            .with("signature-input", &format!("{label}={text}"))
            .with("signature", &format!("{label}=:{signature}:"))
    }
}

pub(crate) fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64_STANDARD.encode(sha256(body)))
}

/// Signed as the contract wants it.
pub(crate) fn signed(house: &House, question: Question, identity: &Identity) -> Question {
    Shape::new(house, &question, identity).sign(question, &identity.key)
}

#[tokio::test]
async fn a_signature_of_a_registered_key_is_an_eds() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_BETA]).await;
        let p256 = house.enrol(&party, Algorithm::EcdsaP256Sha256).await;
        let post = Question::post(&party, "/beta/v1/records/search", SEARCH);
        let get = Question::get(&party, "/beta/v1/records/list?since=2026-01-01");
        for identity in [&party.sign, &p256] {
            for question in [&post, &get] {
                signed(&house, question.clone(), identity).ask(&house).await.answered(&house, 200).await;
            }
            let name = format!("\"{}\"", identity.key.algorithm().http_name());
            let named = Shape::new(&house, &post, identity).param("alg", &name);
            named.sign(post.clone(), &identity.key).ask(&house).await.answered(&house, 200).await;
        }
        assert_eq!(house.fake.asked(), 6);
    })
    .await;
}

#[tokio::test]
async fn what_is_covered_may_not_be_changed() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let second = house.token("one", &party.tls, 0, 9, 100).await;
        let ask = signed(&house, Question::search(&party), &party.sign);
        let other = br#"{"number":"A2"}"#;
        let altered: [(Question, u16, &str); 9] = [
            (Question { verb: "PUT", ..ask.clone() }, 401, "eds-invalid"),
            (Question { target: "/alpha/v1/records/short".to_owned(), ..ask.clone() }, 401, "eds-invalid"),
            (Question { target: "/alpha/v1/records/search?x=1".to_owned(), ..ask.clone() }, 401, "eds-invalid"),
            (ask.clone().instead("host", "other.example:8247"), 401, "eds-invalid"),
            (ask.clone().instead("content-type", "application/json;charset=utf-8"), 401, "eds-invalid"),
            (ask.clone().instead("authorization", &format!("Bearer {second}")), 401, "eds-invalid"),
            (Question { body: other.to_vec(), ..ask.clone() }, 400, "digest-mismatch"),
            (ask.clone().instead("content-digest", &digest(other)), 400, "digest-mismatch"),
            (
                Question { body: other.to_vec(), ..ask.clone().instead("content-digest", &digest(other)) },
                401,
                "eds-invalid",
            ),
        ];
        for (question, status, code) in altered {
            question.ask(&house).await.refused(&house, status, code).await;
        }
        // None of them used the nonce up.
        ask.ask(&house).await.answered(&house, 200).await;
        assert_eq!(house.fake.asked(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_signature_has_a_short_life() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = Question::search(&party);
        let now = house.now().as_second();
        // Clocks may differ by 30 seconds; the term is 60 at most.
        for (created, expires, holds) in [
            (now, now + 60, true),
            (now, now + 1, true),
            (now + 30, now + 90, true),
            (now - 90, now - 30, true),
            (now + 31, now + 91, false),
            (now - 91, now - 31, false),
            (now, now + 61, false),
            (now, now, false),
            (now + 10, now, false),
            (i64::MAX / 10_000, now, false),
            (-1, 59, false),
        ] {
            let shape = Shape::new(&house, &ask, &party.sign);
            let shape = shape.param("created", &created.to_string()).param("expires", &expires.to_string());
            let told = shape.sign(ask.clone(), &party.sign.key).ask(&house).await;
            if holds {
                told.answered(&house, 200).await;
            } else {
                told.refused(&house, 401, "eds-out-of-time").await;
            }
        }
        assert_eq!(house.fake.asked(), 4);
    })
    .await;
}

/// A system that was asked cannot pass the signed request on here under its own name.
#[tokio::test]
async fn what_was_signed_for_another_host_is_refused() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let at = |host: &str| signed(&house, Question::search(&party).instead("host", host), &party.sign);
        for host in ["gateway.example:8247", "gateway.example", "GATEWAY.example:443", "127.0.0.1:8247", "[::1]:8247"] {
            at(host).ask(&house).await.answered(&house, 200).await;
        }
        let asked = house.fake.asked();
        for host in ["other.example:8247", "gateway.example.other", "127.0.0.2", "[::2]:8247", "a.gateway.example", ""]
        {
            let told = at(host).ask(&house).await;
            told.refused(&house, 401, "eds-other-host").await;
        }
        assert_eq!(house.fake.asked(), asked);
    })
    .await;
}

#[tokio::test]
async fn the_key_is_the_consumers_and_in_force() {
    everywhere(async |house| {
        let one = house.party("one", 0, &[ALL_ALPHA]).await;
        let two = house.party("two", 1, &[ALL_ALPHA]).await;
        let ask = Question::search(&one);
        let by = |identity: &Identity| signed(&house, ask.clone(), identity);
        by(&two.sign).ask(&house).await.refused(&house, 403, "eds-not-permitted").await;
        let unregistered = house.pki.signing("one", Some(&one.unp), Algorithm::Ed25519, term(-1, 9));
        by(&unregistered).ask(&house).await.refused(&house, 401, "eds-key-unknown").await;
        let upper = format!("\"{}\"", one.sign.certificate.fingerprint_hex().to_ascii_uppercase());
        for keyid in [upper.as_str(), "\"\"", "\"../../etc\""] {
            let shape = Shape::new(&house, &ask, &one.sign).param("keyid", keyid);
            let told = shape.sign(ask.clone(), &one.sign.key).ask(&house).await;
            told.refused(&house, 401, "eds-key-unknown").await;
        }
        for (term, code) in [(term(-9, -1), "certificate-expired"), (term(1, 9), "certificate-not-yet-valid")] {
            let identity = house.pki.signing("one", Some(&one.unp), Algorithm::Ed25519, term);
            operator::enrol(&house.desk(), "one", &identity.certificate).await.unwrap();
            house.gateway.renew().await.unwrap();
            by(&identity).ask(&house).await.refused(&house, 401, code).await;
        }
        let foreign = Pki::new("Other").signing("one", Some(&one.unp), Algorithm::Ed25519, term(-1, 9));
        operator::enrol(&house.desk(), "one", &foreign.certificate).await.unwrap();
        operator::strike(&house.desk(), &one.sign.certificate.fingerprint_hex()).await.unwrap();
        house.gateway.renew().await.unwrap();
        by(&foreign).ask(&house).await.refused(&house, 401, "certificate-untrusted").await;
        by(&one.sign).ask(&house).await.refused(&house, 401, "certificate-revoked").await;
        assert_eq!(house.fake.asked(), 0);
    })
    .await;
}

#[tokio::test]
async fn the_registered_key_decides_the_algorithm() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let p256 = house.enrol(&party, Algorithm::EcdsaP256Sha256).await;
        let ask = Question::search(&party);
        for name in ["ecdsa-p256-sha256", "rsa-v1_5-sha256", "hmac-sha256", "none", "", "ED25519"] {
            let shape = Shape::new(&house, &ask, &party.sign).param("alg", &format!("\"{name}\""));
            let told = shape.sign(ask.clone(), &party.sign.key).ask(&house).await;
            told.refused(&house, 401, "eds-algorithm").await;
        }
        // One key's signature under the other's name; the public key as a secret; nothing; the other form of ECDSA.
        let shape = |identity: &Identity| Shape::new(&house, &ask, identity);
        let public = party.sign.certificate.verifying_key().spki_der().to_vec();
        let confused = [
            shape(&p256).sign(ask.clone(), &party.sign.key),
            shape(&party.sign).sign(ask.clone(), &p256.key),
            shape(&party.sign).put(ask.clone(), |base| eds::hmac(&public, base).to_vec()),
            shape(&party.sign).put(ask.clone(), |_| Vec::new()),
            shape(&party.sign).put(ask.clone(), |_| vec![0; 64]),
            shape(&p256).put(ask.clone(), |_| vec![0; 64]),
            shape(&p256).put(ask.clone(), |base| p256.key.sign(base, Form::Der).unwrap()),
            shape(&party.sign)
                .put(ask.clone(), |base| [party.sign.key.sign(base, Form::Fixed).unwrap(), vec![0]].concat()),
        ];
        for question in confused {
            question.ask(&house).await.refused(&house, 401, "eds-invalid").await;
        }
        assert_eq!(house.fake.asked(), 0);
    })
    .await;
}

/// The answer's own signature, bound to that of the request.
fn verify(house: &House, told: &Told, request_signature: &str) -> Result<(), eds::Error> {
    let headers: Vec<(&str, &[u8])> =
        told.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let view = ResponseView { status: told.status, headers: &headers, body: &told.body, request_signature };
    let key = |keyid: &str| (keyid == house.own.fingerprint_hex()).then(|| house.own.verifying_key().clone());
    verify_response(&view, house.now(), key).map(drop)
}

#[tokio::test]
async fn an_answer_is_signed_likewise_for_who_accepts_it() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let plain = signed(&house, Question::search(&party), &party.sign).ask(&house).await;
        assert!(!plain.has("signature") && !plain.has("signature-input"));
        let ask = Question::search(&party).with("accept-signature", ACCEPT_SIGNATURE);
        let ask = signed(&house, ask, &party.sign);
        let mut told = ask.ask(&house).await;
        told.answered(&house, 200).await;
        assert_eq!(verify(&house, &told, ask.header("signature")), Ok(()));
        // Neither another question's answer, nor another status, nor another body.
        let other = signed(&house, Question::search(&party), &party.sign);
        assert_eq!(verify(&house, &told, other.header("signature")), Err(eds::Error::Invalid));
        told.status = 201;
        assert_eq!(verify(&house, &told, ask.header("signature")), Err(eds::Error::Invalid));
        told.status = 200;
        told.body.push(b' ');
        assert_eq!(verify(&house, &told, ask.header("signature")), Err(eds::Error::DigestMismatch));
        // A refusal is signed as well: here the replay of the same bytes.
        let told = ask.ask(&house).await;
        told.refused(&house, 409, "replayed-nonce").await;
        assert_eq!(verify(&house, &told, ask.header("signature")), Ok(()));
        // Whoever asks for other signatures gets none of ours.
        for other in [r#"sig=("@status");tag="other""#, "sig=(", ""] {
            let ask = signed(&house, Question::search(&party).with("accept-signature", other), &party.sign);
            let told = ask.ask(&house).await;
            told.answered(&house, 200).await;
            assert!(!told.has("signature"), "{other}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_nonce_is_good_once_for_its_key() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let p256 = house.enrol(&party, Algorithm::EcdsaP256Sha256).await;
        let ask = signed(&house, Question::submit(&party, "x"), &party.sign);
        ask.ask(&house).await.answered(&house, 201).await;
        ask.ask(&house).await.refused(&house, 409, "replayed-nonce").await;
        // The same nonce on another question of the same key is a replay, of another key none.
        let nonce = ask.header("signature-input").split("nonce=").nth(1).unwrap().split(';').next().unwrap();
        let again = |identity: &Identity| {
            let question = Question::submit(&party, "y");
            Shape::new(&house, &question, identity).param("nonce", nonce).sign(question, &identity.key)
        };
        again(&party.sign).ask(&house).await.refused(&house, 409, "replayed-nonce").await;
        again(&p256).ask(&house).await.answered(&house, 201).await;
        assert_eq!(house.done().await, 2);
        house.pass(days(1));
        ask.ask(&house).await.refused(&house, 401, "eds-out-of-time").await;
    })
    .await;
}
