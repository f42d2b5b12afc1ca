//! How clients prove who they are.

use serde_json::{Value, json};

use crate::house::{BASE, House, SECRET, everywhere};
use crate::system::{ASSERTION, BANK, PORTAL, SHOP, VERIFIER, code_for, field, redeem, token, token_as_shop};

fn claims(house: &House, jti: &str) -> Value {
    let now = house.now().as_second();
    json!({ "iss": "bank", "sub": "bank", "aud": format!("{BASE}/oidc"), "iat": now, "exp": now + 60, "jti": jti })
}

async fn redeem_asserted(house: &House, code: &str, assertion: &str) -> u16 {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BANK),
        ("code_verifier", VERIFIER),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", assertion),
    ];
    token(house, &fields).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_counts_once_and_only_for_us() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        let code = code_for(&browser, "bank", BANK, &[]).await;
        let changed = |name: &str, value: Value| {
            let mut claims = claims(&house, name);
            claims[name] = value;
            house.keys.assertion(&claims)
        };
        let now = house.now().as_second();
        for wrong in [
            changed("iss", json!("portal")),
            changed("sub", json!("portal")),
            changed("aud", json!("https://other.example")),
            changed("aud", json!([])),
            changed("exp", json!(now - 31)),
            changed("exp", json!(now + 3600)),
            changed("nbf", json!(now + 60)),
            changed("jti", json!("")),
            crate::system::Keys::generate().assertion(&claims(&house, "foreign")),
            "not.a.token".to_owned(),
            String::new(),
        ] {
            assert_eq!(redeem_asserted(&house, &code, &wrong).await, 401, "{wrong}");
        }
        // `none` and our own public key as an HMAC secret.
        let part = |value: &Value| {
            use base64::Engine as _;
            base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
        };
        let unsigned = format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims(&house, "none")));
        assert_eq!(redeem_asserted(&house, &code, &unsigned).await, 401);
        let hmac = jsonwebtoken::encode(
            &jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256),
            &claims(&house, "hmac"),
            &jsonwebtoken::EncodingKey::from_secret(house.keys.jwk.as_bytes()),
        );
        assert_eq!(redeem_asserted(&house, &code, &hmac.unwrap()).await, 401);
        let right = house.keys.assertion(&claims(&house, "right"));
        assert_eq!(redeem_asserted(&house, &code, &right).await, 200);
        let next = code_for(&browser, "bank", BANK, &[]).await;
        assert_eq!(redeem_asserted(&house, &next, &right).await, 401, "a replay");
        let to_endpoint = changed("aud", json!(["https://other.example", format!("{BASE}/oidc/token")]));
        assert_eq!(redeem_asserted(&house, &next, &to_endpoint).await, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_checked_and_nobody_else_can_use_the_code() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        let code = code_for(&browser, "portal", PORTAL, &[]).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", SHOP),
            ("code_verifier", VERIFIER),
        ];
        let wrong = token_as_shop(&house, "wrong", &fields).await;
        assert_eq!((wrong.status.as_u16(), field(&wrong, "error").as_str()), (401, "invalid_client"));
        assert!(wrong.header("www-authenticate").starts_with("Basic"));
        // The code of another client is no code, and stays good for its own.
        let stolen = token_as_shop(&house, SECRET, &fields).await;
        assert_eq!((stolen.status.as_u16(), field(&stolen, "error").as_str()), (400, "invalid_grant"));
        assert_eq!(redeem(&house, &code).await.status, 200);
        // Who has a secret or keys cannot come without.
        for client in ["shop", "bank", "nobody", ""] {
            let answer = token(&house, &[("grant_type", "authorization_code"), ("client_id", client)]).await;
            assert_eq!(answer.status, 401, "{client}");
        }
        let both = [("grant_type", "authorization_code"), ("client_id", "portal"), ("client_secret", "x")];
        assert_eq!(field(&token(&house, &both).await, "error"), "invalid_request");
        let twice = [("grant_type", "refresh_token"), ("client_id", "portal"), ("client_id", "portal")];
        assert_eq!(field(&token(&house, &twice).await, "error"), "invalid_request");
        let other = token(&house, &[("grant_type", "password"), ("client_id", "portal")]).await;
        assert_eq!(field(&other, "error"), "unsupported_grant_type");
        let json = house.client.post("/oidc/token").json(&json!({})).send().await;
        assert_eq!(field(&json, "error"), "invalid_request");
    })
    .await;
}
