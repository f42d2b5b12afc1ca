//! `/oidc/auth`: the happy way, what is refused and to whom it is told, prompts, levels, consent.

use axum::http::header::LOCATION;
use jiff::SignedDuration;

use crate::browser::{hidden, param, to};
use crate::house::{BASE, House, PASSWORD, everywhere};
use crate::system::{PORTAL, SHOP, code, code_for, field, me, redeem, redeem_as_shop, request, verified};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_to_the_portal() {
    everywhere(async |house: House| {
        let id = house.anna().await;
        let browser = house.browser();
        let sign_in = to(&browser.get(&request("portal", PORTAL, &[])).await);
        assert!(sign_in.starts_with("/en/sign-in?flow=") && sign_in.len() < 80, "{sign_in}");
        let page = browser.get(&sign_in).await;
        let flow = hidden(&page.text(), "flow");
        let fields = [("login", "anna@example.by"), ("password", PASSWORD), ("flow", flow.as_str())];
        let resume = to(&browser.post("/en/sign-in", &fields).await);
        let code = code(&to(&browser.get(&resume).await), PORTAL);
        let tokens = redeem(&house, &code).await;
        assert_eq!((tokens.status.as_u16(), tokens.header("cache-control")), (200, "no-store"));
        let (header, claims) = verified(&house, &field(&tokens, "id_token")).await;
        assert_eq!(header.alg, jsonwebtoken::Algorithm::ES256);
        assert_eq!(claims["iss"], format!("{BASE}/oidc"));
        assert_eq!(
            (&claims["aud"], &claims["nonce"], &claims["acr"]),
            (&"portal".into(), &"n-1".into(), &"low".into())
        );
        assert_eq!(claims["amr"], serde_json::json!(["pwd"]));
        assert_eq!(claims["auth_time"], house.now().as_second());
        assert_eq!(claims["sub"], id.to_string());
        let me = me(&house, &field(&tokens, "access_token")).await.json();
        assert_eq!(me["sub"], claims["sub"]);
        assert_eq!(
            (&me["surname"], &me["name"], &me["givenName"]),
            (&"Kavalenka".into(), &"Anna".into(), &"Piatrouna".into())
        );
        assert_eq!(
            (&me["email"], &me["email_verified"], &me["locale"]),
            (&"anna@example.by".into(), &true.into(), &"en".into())
        );
        assert!(tokens.json().get("refresh_token").is_none());
        // Signed in already: no page at all.
        code_for(&browser, "portal", PORTAL, &[("prompt", "none")]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_trusted_is_never_sent_to() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        for uri in [
            "https://portal.example.by/signed-in/",
            "https://portal.example.by/signed-in?x=1",
            "https://portal.example.by/",
            "http://portal.example.by/signed-in",
            "https://PORTAL.example.by/signed-in",
            "https://evil.example/",
            "-",
            "https://portal.example.by/signed-in#x",
            "https://portal.example.by/a/../signed-in",
            SHOP,
        ] {
            let answer = browser.get(&request("portal", uri, &[("redirect_uri", uri)])).await;
            assert_eq!((answer.status.as_u16(), answer.header(LOCATION)), (400, ""), "{uri}");
        }
        assert_eq!(browser.get(&request("nobody", PORTAL, &[])).await.status, 400);
        let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", request("portal", PORTAL, &[]));
        assert_eq!(browser.get(&twice).await.status, 400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_that_is_wrong_is_told_to_the_client() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        for (more, error) in [
            (("code_challenge", "-"), "invalid_request"),
            (("code_challenge", "short"), "invalid_request"),
            (("code_challenge_method", "plain"), "invalid_request"),
            (("code_challenge_method", "-"), "invalid_request"),
            (("response_type", "token"), "unsupported_response_type"),
            (("response_type", "-"), "unsupported_response_type"),
            (("response_mode", "fragment"), "unsupported_response_type"),
            (("scope", "profile"), "invalid_scope"),
            (("prompt", "none login"), "invalid_request"),
            (("max_age", "-1"), "invalid_request"),
            (("request", "x"), "request_not_supported"),
            (("request_uri", "https://a"), "request_uri_not_supported"),
        ] {
            let url = to(&browser.get(&request("portal", PORTAL, &[more])).await);
            assert!(url.starts_with(PORTAL), "{url}");
            assert_eq!(param(&url, "error").as_deref(), Some(error), "{more:?}");
            assert_eq!(param(&url, "state").as_deref(), Some("st&ate"));
        }
        let twice = format!("{}&nonce=other", request("portal", PORTAL, &[]));
        assert_eq!(param(&to(&browser.get(&twice).await), "error").as_deref(), Some("invalid_request"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prompts_age_and_level_decide_whether_a_page_is_shown() {
    everywhere(async |house: House| {
        house.anna().await;
        let browser = house.browser();
        let error =
            async |more: &[(&str, &str)]| param(&to(&browser.get(&request("portal", PORTAL, more)).await), "error");
        assert_eq!(error(&[("prompt", "none")]).await.as_deref(), Some("login_required"));
        browser.sign_in("anna@example.by", PASSWORD).await;
        assert_eq!(error(&[("prompt", "none")]).await, None);
        assert_eq!(
            error(&[("prompt", "none"), ("acr_values", "substantial")]).await.as_deref(),
            Some("login_required")
        );
        house.pass(SignedDuration::from_mins(5));
        assert_eq!(error(&[("prompt", "none"), ("max_age", "300")]).await, None);
        assert_eq!(error(&[("prompt", "none"), ("max_age", "299")]).await.as_deref(), Some("login_required"));
        for more in [[("prompt", "login")], [("max_age", "60")], [("acr_values", "substantial")]] {
            house.pass(SignedDuration::from_mins(2));
            let sign_in = to(&browser.get(&request("portal", PORTAL, &more)).await);
            let flow = param(&sign_in, "flow").expect("a page");
            let fields = [("login", "anna@example.by"), ("password", PASSWORD), ("flow", flow.as_str())];
            let resume = to(&browser.post("/en/sign-in", &fields).await);
            let code = code(&to(&browser.get(&resume).await), PORTAL);
            let (_, claims) = verified(&house, &field(&redeem(&house, &code).await, "id_token")).await;
            assert_eq!((&claims["acr"], &claims["auth_time"]), (&"low".into(), &house.now().as_second().into()));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_outside_asks_the_person_once() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        let url = to(&browser.get(&request("shop", SHOP, &[("prompt", "none")])).await);
        assert_eq!(param(&url, "error").as_deref(), Some("consent_required"));
        let question = to(&browser.get(&request("shop", SHOP, &[("scope", "openid profile")])).await);
        assert!(question.starts_with("/en/consent?flow="), "{question}");
        let page = browser.get(&question).await.text();
        assert!(
            page.contains("Shop asks for your data")
                && page.contains("your name")
                && !page.contains("place of residence")
        );
        let flow = param(&question, "flow").unwrap();
        let no = to(&browser.post("/en/consent", &[("flow", &flow), ("answer", "no")]).await);
        assert!(no.starts_with(SHOP) && no.contains("&error=access_denied"), "{no}");
        assert_eq!(browser.get(&question).await.status, 410);
        let question = to(&browser.get(&request("shop", SHOP, &[("scope", "openid profile")])).await);
        let flow = param(&question, "flow").unwrap();
        let yes = to(&browser.post("/en/consent", &[("flow", &flow), ("answer", "yes")]).await);
        let tokens = redeem_as_shop(&house, &code(&to(&browser.get(&yes).await), SHOP)).await;
        let me = me(&house, &field(&tokens, "access_token")).await.json();
        assert!(me["surname"] == "Kavalenka" && me.get("email").is_none());
        // Known now; more is asked for again, and so is whatever the client wants to be asked.
        code_for(&browser, "shop", SHOP, &[("scope", "openid profile"), ("prompt", "none")]).await;
        for more in [[("scope", "openid email")], [("prompt", "consent")]] {
            assert!(to(&browser.get(&request("shop", SHOP, &more)).await).contains("/consent?"), "{more:?}");
        }
        // Allowed beside what was allowed before, not instead of it.
        let question = to(&browser.get(&request("shop", SHOP, &[("scope", "openid email")])).await);
        let flow = param(&question, "flow").unwrap();
        to(&browser.post("/en/consent", &[("flow", &flow), ("answer", "yes")]).await);
        code_for(&browser, "shop", SHOP, &[("scope", "openid profile email"), ("prompt", "none")]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_names_what_there_is() {
    everywhere(async |house: House| {
        let one = house.client.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(one, house.client.get("/oidc/.well-known/openid-configuration").send().await.json());
        assert_eq!(one["issuer"], format!("{BASE}/oidc"));
        for name in
            ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"]
        {
            let path = one[name].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
            let (get, post) = (house.client.get(&path).send().await, house.client.post(&path).send().await);
            assert!(get.status != 404 && post.status != 404, "{name}");
        }
    })
    .await;
}
