//! Signing out: asked for by a client, told to clients.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use jiff::SignedDuration;

use crate::browser::{encoded, hidden, to};
use crate::house::{self, House, PASSWORD, everywhere, everywhere_with};
use crate::system::{PORTAL, code_for, field, redeem, verified};

const BYE: &str = "https://portal.example.by/bye";

fn end(pairs: &[(&str, &str)]) -> String {
    format!("/oidc/session/end?{}", encoded(pairs))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_ends_the_session_it_can_name() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        let code = code_for(&browser, "portal", PORTAL, &[]).await;
        let hint = field(&redeem(&house, &code).await, "id_token");
        // An address that is not the client's is never sent to.
        for (client, uri) in [("portal", "https://evil.example/"), ("shop", BYE), ("", BYE)] {
            let answer = browser.get(&end(&[("client_id", client), ("post_logout_redirect_uri", uri)])).await;
            assert_eq!(answer.status, 400, "{client} {uri}");
        }
        assert_eq!(browser.get(&end(&[("id_token_hint", &format!("{hint}x"))])).await.status, 400);
        assert_eq!(browser.get(&end(&[("id_token_hint", &hint), ("client_id", "shop")])).await.status, 400);
        // Without the hint the person is asked.
        let asked =
            browser.get(&end(&[("client_id", "portal"), ("post_logout_redirect_uri", BYE), ("state", "s")])).await;
        assert!(asked.status == 200 && browser.is_signed_in().await);
        let page = asked.text();
        let fields = ["client", "target", "state"].map(|name| (name, hidden(&page, name)));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(to(&browser.post("/en/sign-out", &fields).await), format!("{BYE}?state=s"));
        assert!(!browser.is_signed_in().await);
        // With it, at once; an expired one too.
        browser.sign_in("anna@example.by", PASSWORD).await;
        let code = code_for(&browser, "portal", PORTAL, &[]).await;
        let hint = field(&redeem(&house, &code).await, "id_token");
        house.pass(SignedDuration::from_mins(20));
        assert!(browser.is_signed_in().await);
        house.pass(SignedDuration::from_mins(20));
        assert!(browser.is_signed_in().await);
        house.pass(SignedDuration::from_mins(25));
        let answer = browser.get(&end(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)])).await;
        assert_eq!(to(&answer), BYE);
        assert!(!browser.is_signed_in().await);
        assert_eq!(to(&browser.get("/oidc/session/end").await), "/en/signed-out");
    })
    .await;
}

/// A client that hears of sign-outs, the second time it is told.
async fn listening() -> (u16, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (told, tries) = (heard.clone(), Arc::new(AtomicUsize::new(0)));
    let router = Router::new().route(
        "/bye",
        post(async move |body: String| {
            if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                return StatusCode::SERVICE_UNAVAILABLE;
            }
            told.lock().unwrap().push(body);
            StatusCode::OK
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (port, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_told_until_they_have_heard() {
    for engine in 0..2 {
        let (port, heard) = listening().await;
        let config = |keys: &crate::system::Keys| {
            let mut config = house::config(keys);
            config.clients[0].backchannel_logout_uri = Some(format!("http://127.0.0.1:{port}/bye"));
            config
        };
        let nth = std::cell::Cell::new(0);
        everywhere_with(config, async |house: House| {
            nth.set(nth.get() + 1);
            if nth.get() != engine + 1 {
                return; // a listener of its own for each engine
            }
            let browser = house.anna_signed_in().await;
            let code = code_for(&browser, "portal", PORTAL, &[]).await;
            let (_, id) = verified(&house, &field(&redeem(&house, &code).await, "id_token")).await;
            assert_eq!(house.identity.tell_clients().await.unwrap(), 0);
            browser.post("/en/sign-out", &[]).await;
            assert_eq!(house.identity.tell_clients().await.unwrap(), 0, "it did not take it");
            assert_eq!(house.identity.tell_clients().await.unwrap(), 0, "not due yet");
            house.pass(SignedDuration::from_secs(11));
            assert_eq!(house.identity.tell_clients().await.unwrap(), 1);
            let bodies = heard.lock().unwrap().clone();
            let token = bodies[0].strip_prefix("logout_token=").unwrap();
            let (header, claims) = verified(&house, token).await;
            assert_eq!((header.typ.as_deref(), bodies.len()), (Some("logout+jwt"), 1));
            assert_eq!((&claims["sid"], &claims["sub"], &claims["aud"]), (&id["sid"], &id["sub"], &"portal".into()));
            assert!(claims["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
            assert!(claims.get("nonce").is_none());
            house.pass(SignedDuration::from_hours(1));
            assert_eq!(house.identity.tell_clients().await.unwrap(), 0);
        })
        .await;
    }
}
