//! Everything that a signature's headers must be: changed piece by piece, all of it refused.

use crate::ask::Question;
use crate::house::{ALL_ALPHA, ALL_BETA, everywhere};
use crate::message::{Shape, signed};

/// Changes of a text that is signed, each with what it is called.
fn changes(text: &str) -> Vec<(String, String)> {
    let mut changed = vec![
        ("empty".to_owned(), String::new()),
        ("cut".to_owned(), text[..text.len() - 1].to_owned()),
        ("twice in one line".to_owned(), format!("{text}, {text}")),
        ("upper case".to_owned(), text.to_ascii_uppercase()),
        ("another label".to_owned(), text.replacen("sig=", "gis=", 1)),
        ("label in upper case".to_owned(), text.replacen("sig=", "Sig=", 1)),
        ("a list before".to_owned(), format!(",{text}")),
        ("a list after".to_owned(), format!("{text},")),
        ("a semicolon after".to_owned(), format!("{text};")),
        ("a parameter after".to_owned(), format!("{text};x=1")),
        ("no label".to_owned(), text.replacen("sig=", "", 1)),
    ];
    for (from, to) in [(" ", "  "), (";", "; "), ("=", " = "), ("(", "( "), (")", " )"), ("\"", "'"), (":", "")] {
        if text.contains(from) {
            changed.push((format!("{from:?} as {to:?}"), text.replace(from, to)));
        }
    }
    // Every single character lost or doubled where it carries meaning.
    for (at, _) in text.char_indices().filter(|(_, c)| "();=\":".contains(*c)) {
        changed.push((format!("without the character at {at}"), [&text[..at], &text[at + 1..]].concat()));
        changed.push((format!("the character at {at} twice"), [&text[..=at], &text[at..]].concat()));
    }
    changed.retain(|(_, one)| one != text);
    changed
}

#[tokio::test]
async fn headers_have_one_spelling() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = signed(&house, Question::search(&party), &party.sign);
        let mut tried = 0;
        for name in ["signature-input", "signature", "content-digest"] {
            for (what, value) in changes(ask.header(name)) {
                let told = ask.clone().instead(name, &value).ask(&house).await;
                assert!((400..402).contains(&told.status), "{name} {what}: {value}: {}", told.text());
                assert!(told.code().starts_with("eds-") || told.code() == "digest-mismatch", "{name} {what}");
                told.sealed(&house, &told.code()).await;
                tried += 1;
            }
            let told = ask.clone().with(name, ask.header(name)).ask(&house).await;
            told.refused(&house, 400, "eds-unreadable").await;
        }
        assert!(tried > 100, "{tried}");
        assert_eq!(house.fake.asked(), 0);
        ask.ask(&house).await.answered(&house, 200).await;
    })
    .await;
}

#[tokio::test]
async fn headers_stand_together() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA, ALL_BETA]).await;
        let ask = signed(&house, Question::search(&party), &party.sign);
        ask.clone().without("signature-input").ask(&house).await.refused(&house, 400, "eds-unreadable").await;
        ask.clone().without("signature").ask(&house).await.refused(&house, 400, "eds-unreadable").await;
        ask.clone().without("content-digest").ask(&house).await.refused(&house, 401, "eds-component-missing").await;
        ask.clone().without("content-type").ask(&house).await.refused(&house, 401, "eds-component-missing").await;
        // Taken off whole it is a question without EDS, which this service answers and the other does not.
        let off =
            |ask: &Question| ask.clone().without("signature-input").without("signature").without("content-digest");
        off(&ask).ask(&house).await.answered(&house, 200).await;
        let beta = signed(&house, Question::get(&party, "/beta/v1/records/list"), &party.sign);
        off(&beta).ask(&house).await.refused(&house, 403, "eds-missing").await;
        beta.ask(&house).await.answered(&house, 200).await;
        assert_eq!(house.fake.asked(), 2);
    })
    .await;
}

#[tokio::test]
async fn the_profile_is_exact() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let ask = Question::search(&party);
        let whole = Shape::new(&house, &ask, &party.sign);
        let named = |from: &str, to: &str| {
            let mut shape = whole.clone();
            shape.components.iter_mut().for_each(|own| *own = own.replace(from, to));
            shape
        };
        let mut cases = Vec::new();
        for name in ["@method", "@target-uri", "content-type", "content-digest", "authorization"] {
            cases.push((whole.clone().lacking(name), "eds-component-missing"));
            let mut twice = whole.clone();
            twice.components.push(format!("\"{name}\""));
            cases.push((twice, "eds-unreadable"));
            cases.push((named(name, &format!("{name}\";x=\"")), "eds-component-extra"));
        }
        for name in ["created", "expires", "nonce", "keyid"] {
            cases.push((whole.clone().lacking(name), "eds-component-missing"));
            cases.push((whole.clone().param(name, ":AAAA:"), "eds-unreadable"));
        }
        for (name, value, code) in [
            ("nonce", "\"short\"", "eds-component-missing"),
            ("nonce", "\"AAAAAAAAAAAAAAAAAAAAA\"", "eds-component-missing"),
            ("nonce", "\"AAAAAAAAAAA AAAAAAAAAAA\"", "eds-unreadable"),
            ("created", "\"1\"", "eds-unreadable"),
            ("created", "1.5", "eds-unreadable"),
            ("x", "1", "eds-component-extra"),
            ("jku", "\"https://evil.example\"", "eds-component-extra"),
        ] {
            cases.push((whole.clone().param(name, value), code));
        }
        let long = format!("\"{}\"", "n".repeat(129));
        cases.push((whole.clone().param("nonce", &long), "eds-unreadable"));
        let mut more = whole.clone();
        more.components.push("\"host\"".to_owned());
        cases.push((more, "eds-component-extra"));
        for (shape, code) in cases {
            let told = shape.sign(ask.clone(), &party.sign.key).ask(&house).await;
            let status = if code == "eds-unreadable" { 400 } else { 401 };
            assert_eq!(told.code(), code, "{}", shape.text());
            told.refused(&house, status, code).await;
        }
        assert_eq!(house.fake.asked(), 0);
        // Order is free, of components and of parameters: what is signed is what is written.
        let mut turned = whole.clone();
        turned.components.reverse();
        turned.params.reverse();
        turned.sign(ask.clone(), &party.sign.key).ask(&house).await.answered(&house, 200).await;
    })
    .await;
}

#[tokio::test]
async fn signatures_of_others_are_none_of_ours() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA, ALL_BETA]).await;
        let (alpha, beta) = (Question::search(&party), Question::get(&party, "/beta/v1/records/list"));
        for tag in [Some("\"other\""), Some("\"nais-2\""), Some("\"NAIS-1\""), Some("nais-1"), Some(":AAAA:"), None] {
            let other = |ask: &Question| {
                let whole = Shape::new(&house, ask, &party.sign);
                let shape = match tag {
                    Some(tag) => whole.param("tag", tag),
                    None => whole.lacking("tag"),
                };
                shape.sign(ask.clone(), &party.sign.key)
            };
            other(&alpha).ask(&house).await.answered(&house, 200).await;
            other(&beta).ask(&house).await.refused(&house, 403, "eds-missing").await;
        }
        // Beside another's signature ours counts, in one line or in two; two of ours do not.
        let ours = signed(&house, alpha.clone(), &party.sign);
        let beside = ours.clone().with("signature-input", "x=();tag=\"other\"").with("signature", "x=:AAAA:");
        beside.ask(&house).await.answered(&house, 200).await;
        let joined = |name: &str, more: &str, ask: Question| {
            let value = format!("{more}, {}", ask.header(name));
            ask.instead(name, &value)
        };
        let fresh = signed(&house, alpha.clone(), &party.sign);
        let fresh = joined("signature-input", "x=();tag=\"other\"", fresh);
        joined("signature", "x=:AAAA:", fresh).ask(&house).await.answered(&house, 200).await;
        let mut second = Shape::new(&house, &alpha, &party.sign);
        second.label = "second".to_owned();
        let both = second.sign(signed(&house, alpha.clone(), &party.sign), &party.sign.key);
        both.ask(&house).await.refused(&house, 400, "eds-several").await;
        let stray = ours.with("signature-input", "y=();tag=\"nais-1\"");
        stray.ask(&house).await.refused(&house, 400, "eds-several").await;
    })
    .await;
}
