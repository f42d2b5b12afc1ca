//! A provider whose keys change and a logout token that names none of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use axum::Json;
use axum::routing::get;
use serde_json::json;

use super::*;

/// A provider of the test: its address, and how often its keys were asked for.
async fn provider() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let about = json!({
        "issuer": issuer, "authorization_endpoint": "", "token_endpoint": "", "userinfo_endpoint": "",
        "end_session_endpoint": "", "jwks_uri": format!("{issuer}/keys"),
    });
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let key = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "known",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" }] });
    let router =
        axum::Router::new().route("/.well-known/openid-configuration", get(move || async move { Json(about) })).route(
            "/keys",
            get(move || async move {
                count.fetch_add(1, Ordering::SeqCst);
                Json(key)
            }),
        );
    tokio::spawn(async move { axum::serve(listener, router).await });
    (issuer, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_keys_do_not_make_us_ask_each_time() {
    let (issuer, asked) = provider().await;
    let micros = Arc::new(AtomicI64::new(1_800_000_000_000_000));
    let hand = micros.clone();
    let clock = Clock::from_fn(move || Timestamp::from_microsecond(hand.load(Ordering::SeqCst)).unwrap());
    let client = Client { issuer, id: "portal".to_owned(), secret: "secret".to_owned().into() };
    let config = Config { base_url: "http://localhost".to_owned(), client, gateway_url: String::new(), stand: true };
    let relying = Arc::new(Relying::new(&config, reqwest::Client::new(), clock));
    let many: Vec<_> = (0..20)
        .map(|number| {
            let relying = relying.clone();
            tokio::spawn(async move { relying.key(&format!("unknown-{number}")).await.is_ok() })
        })
        .collect();
    for one in many {
        assert!(!one.await.unwrap());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert!(relying.key("known").await.is_ok());
    // A new key is found after a minute at the latest.
    micros.fetch_add(60_000_000, Ordering::SeqCst);
    assert!(relying.key("newer").await.is_err());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}
