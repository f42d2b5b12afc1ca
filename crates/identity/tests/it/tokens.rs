//! Codes and tokens: once, in time, for their client; stolen ones end everything; keys change.

use jiff::SignedDuration;

use crate::house::{House, everywhere};
use crate::system::{PORTAL, VERIFIER, code_for, field, me, published, redeem, redeem_with, refresh, verified};

const OFFLINE: (&str, &str) = ("scope", "openid profile offline_access");

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_once_and_its_second_use_takes_back_what_it_gave() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        let code = code_for(&browser, "portal", PORTAL, &[OFFLINE]).await;
        let tokens = redeem(&house, &code).await;
        let (access, refresh_token) = (field(&tokens, "access_token"), field(&tokens, "refresh_token"));
        assert_eq!(me(&house, &access).await.status, 200);
        let again = redeem(&house, &code).await;
        assert_eq!((again.status.as_u16(), field(&again, "error").as_str()), (400, "invalid_grant"));
        assert_eq!(me(&house, &access).await.status, 401);
        assert_eq!(refresh(&house, &refresh_token).await.status, 400);
        assert!(browser.get("/en/identity/sessions").await.text().contains("used twice"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_bound_to_verifier_address_and_time() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        let other = VERIFIER.replace('a', "b");
        for (verifier, uri) in [(other.as_str(), PORTAL), ("short", PORTAL), (VERIFIER, "https://portal.example.by/x")]
        {
            let code = code_for(&browser, "portal", PORTAL, &[]).await;
            assert_eq!(redeem_with(&house, &code, verifier, uri).await.status, 400);
            assert_eq!(redeem(&house, &code).await.status, 400, "it was tried before");
        }
        let code = code_for(&browser, "portal", PORTAL, &[]).await;
        house.pass(SignedDuration::from_secs(60));
        assert_eq!(redeem(&house, &code).await.status, 400);
        assert_eq!(redeem(&house, "unknown").await.status, 400);
        assert_eq!(field(&redeem_with(&house, &code, "", PORTAL).await, "error"), "invalid_request");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_change_and_a_used_one_ends_them_all() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        let code = code_for(&browser, "portal", PORTAL, &[OFFLINE]).await;
        let first = field(&redeem(&house, &code).await, "refresh_token");
        house.pass(SignedDuration::from_hours(24));
        let tokens = refresh(&house, &first).await;
        let second = field(&tokens, "refresh_token");
        let (_, claims) = verified(&house, &field(&tokens, "id_token")).await;
        assert!(claims.get("nonce").is_none() && claims["auth_time"].as_i64() < claims["iat"].as_i64());
        let tokens = refresh(&house, &second).await;
        let (third, access) = (field(&tokens, "refresh_token"), field(&tokens, "access_token"));
        assert_eq!(refresh(&house, &second).await.status, 400);
        assert_eq!(refresh(&house, &third).await.status, 400, "whoever holds it may be the thief");
        assert_eq!(me(&house, &access).await.status, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_end_with_time_with_the_session_and_with_everything() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        let access = async |more: &[(&str, &str)]| {
            let code = code_for(&browser, "portal", PORTAL, more).await;
            let tokens = redeem(&house, &code).await;
            (field(&tokens, "access_token"), tokens.json()["refresh_token"].as_str().map(str::to_owned))
        };
        let (old, _) = access(&[]).await;
        house.pass(SignedDuration::from_mins(10));
        assert_eq!(me(&house, &old).await.status, 401);
        let ((short, _), (_, long)) = (access(&[]).await, access(&[OFFLINE]).await);
        browser.post("/en/sign-out", &[]).await;
        assert_eq!(me(&house, &short).await.status, 401);
        let long = field(&refresh(&house, &long.unwrap()).await, "refresh_token");
        browser.sign_in("anna@example.by", crate::house::PASSWORD).await;
        browser.post("/en/identity/sessions/end", &[("everywhere", "yes")]).await;
        assert_eq!(refresh(&house, &long).await.status, 400);
        house.pass(SignedDuration::from_hours(24 * 91));
        house.identity.tidy().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_change_and_old_tokens_still_hold() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        let token = async || {
            let code = code_for(&browser, "portal", PORTAL, &[]).await;
            field(&redeem(&house, &code).await, "id_token")
        };
        let old = token().await;
        house.identity.rotate_key().await.unwrap();
        let new = token().await;
        let (before, _) = verified(&house, &old).await;
        let (after, _) = verified(&house, &new).await;
        assert_ne!(before.kid, after.kid);
        assert_eq!(published(&house).await.len(), 2);
        house.pass(SignedDuration::from_secs(24 * 3600 + 1));
        house.identity.tidy().await.unwrap();
        let left = published(&house).await;
        assert_eq!((left.len(), left[0]["kid"].as_str()), (1, after.kid.as_deref()));
        // Before the key is too old the next is published, a day before it signs.
        house.pass(SignedDuration::from_hours(24 * 88));
        house.identity.tidy().await.unwrap();
        assert_eq!(published(&house).await.len(), 2);
        house.pass(SignedDuration::from_hours(23));
        browser.sign_in("anna@example.by", crate::house::PASSWORD).await;
        assert_eq!(verified(&house, &token().await).await.0.kid, after.kid);
        house.pass(SignedDuration::from_hours(1));
        browser.sign_in("anna@example.by", crate::house::PASSWORD).await;
        assert_ne!(verified(&house, &token().await).await.0.kid, after.kid);
        assert!(!published(&house).await.iter().any(|key| key.get("d").is_some()));
    })
    .await;
}
