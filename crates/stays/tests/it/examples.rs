//! The service's examples, as the gateway's callers see them.

use model::passport::Verb;
use model::service::contains;
use model::{Kind, Lang, Refusal};
use serde_json::{Value, json};

use crate::bench::{Bench, Engine, service};

fn status(kind: Kind) -> u16 {
    match kind {
        Kind::Malformed => 400,
        Kind::NotFound => 404,
        Kind::Conflict => 409,
        _ => 500,
    }
}

async fn examples_are_answered_as_they_say(engine: Engine) {
    let bench = Bench::new(engine).await;
    let service = service();
    assert!(service.examples.len() >= 26);
    for example in &service.examples {
        let body = example.body.clone().unwrap();
        let lang = example.headers.get("Accept-Language").map_or(Lang::En, |header| Lang::negotiate(header));
        let schemas = service.schemas(service.passport.method(Verb::Post, &example.path).unwrap()).unwrap();
        let outcome = match schemas.request.as_ref().unwrap().check(&body) {
            Ok(()) => bench.reply(&example.consumer, lang, &example.path, &body).await,
            Err(faults) => Err(Refusal::new(Kind::Malformed, "schema").faults(faults)),
        };
        let (found, code, told) = match outcome {
            Ok(reply) => {
                let answer: Value = serde_json::from_slice(&reply.body).unwrap();
                let form = schemas.response.as_ref().unwrap().check(&answer);
                assert_eq!(form, Ok(()), "{}: {answer:#}", example.name);
                (reply.status, None, answer)
            }
            Err(refusal) => {
                let errors: Vec<Value> = refusal.faults.iter().map(|fault| json!({"pointer": fault.pointer})).collect();
                (status(refusal.kind), Some(refusal.code), json!({ "errors": errors }))
            }
        };
        let expect = &example.expect;
        assert_eq!((found, code), (expect.status, expect.code.as_deref()), "{}: {told:#}", example.name);
        let subset = expect.subset.clone().unwrap_or_else(|| json!({}));
        assert!(contains(&told, &subset), "{}:\n{told:#}\nlacks\n{subset:#}", example.name);
    }
}

on_both_engines! {
    examples_are_answered_as_they_say,
}
