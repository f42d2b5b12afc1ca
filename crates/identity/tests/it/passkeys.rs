//! Passkeys: added, used to sign in and as the second step, removed; and whatever is not believed.

use jiff::SignedDuration;

use crate::authenticator::{Authenticator, Fields};
use crate::browser::{Browser, to};
use crate::house::{House, PASSWORD, everywhere};
use crate::two_step::enrol;

const OWN: &str = "/en/identity/passkeys";

async fn send(browser: &Browser<'_>, path: &str, fields: &Fields) -> web::client::Answer {
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(path, &pairs).await
}

/// Anna has a passkey.
async fn added(browser: &Browser<'_>) -> Authenticator {
    let key = Authenticator::new();
    let page = browser.get(OWN).await.text();
    assert_eq!(to(&send(browser, OWN, &key.create(&page)).await), OWN);
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_signs_in_once_for_each_challenge() {
    everywhere(async |house: House| {
        let owner = house.anna_signed_in().await;
        let key = added(&owner).await;
        assert!(house.mail("anna@example.by").await[0].subject.contains("passkey was added"));
        let browser = house.browser();
        let page = browser.get("/en/sign-in").await.text();
        let fields = key.get(&page);
        assert_eq!(to(&send(&browser, "/en/sign-in/passkey", &fields).await), "/en/account");
        assert!(browser.is_signed_in().await);
        // The same words again.
        let other = house.browser();
        assert_eq!(send(&other, "/en/sign-in/passkey", &fields).await.status, 422);
        // A challenge that is too old.
        let page = other.get("/en/sign-in").await.text();
        let fields = key.get(&page);
        house.pass(SignedDuration::from_mins(11));
        assert_eq!(send(&other, "/en/sign-in/passkey", &fields).await.status, 422);
        assert!(!other.is_signed_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_authenticator_says_is_believed_only_if_it_is_ours() {
    everywhere(async |house: House| {
        let owner = house.anna_signed_in().await;
        let mut key = added(&owner).await;
        let browser = house.browser();
        let refused = async |fields: &Fields| {
            let answer = send(&browser, "/en/sign-in/passkey", fields).await;
            assert_eq!(answer.status, 422);
            assert!(answer.text().contains("The passkey was not accepted"), "{}", answer.text());
        };
        let page = async || browser.get("/en/sign-in").await.text();
        refused(&Authenticator::new().get(&page().await)).await;
        key.origin = "https://id.example.by.evil.example".to_owned();
        refused(&key.get(&page().await)).await;
        key.origin = crate::house::BASE.to_owned();
        for name in ["sealed", "id", "client", "data", "signature"] {
            for value in ["", "*", "AAAA"] {
                let mut fields = key.get(&page().await);
                fields.iter_mut().find(|(known, _)| *known == name).unwrap().1 = value.to_owned();
                refused(&fields).await;
            }
        }
        // A challenge of another page.
        let register = owner.get(OWN).await.text();
        refused(&key.get(&register)).await;
        // A copy that lags behind.
        let now = key.counter.get();
        key.counter.set(0);
        refused(&key.get(&page().await)).await;
        key.counter.set(now);
        assert_eq!(to(&send(&browser, "/en/sign-in/passkey", &key.get(&page().await)).await), "/en/account");
        let events = owner.get("/en/identity/sessions").await.text();
        assert!(events.contains("A passkey was not accepted"), "{events}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_takes_the_second_step_of_its_own_account() {
    everywhere(async |house: House| {
        let owner = house.anna_signed_in().await;
        enrol(&house, &owner).await;
        let key = added(&owner).await;
        let browser = house.browser();
        let step = to(&browser.post("/en/sign-in", &[("login", "anna@example.by"), ("password", PASSWORD)]).await);
        assert_eq!(step, "/en/sign-in/second-factor");
        let page = browser.get(&step).await.text();
        let stranger = send(&browser, &step, &Authenticator::new().get(&page)).await;
        assert_eq!(stranger.status, 422);
        assert!(!browser.is_signed_in().await);
        assert_eq!(to(&send(&browser, &step, &key.get(&stranger.text())).await), "/en/account");
        assert!(browser.is_signed_in().await);
        // Without the first step the second is none.
        let other = house.browser();
        assert_eq!(to(&send(&other, &step, &key.get(&page)).await), "/en/sign-in");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_are_changed_by_their_owner_soon_after_signing_in() {
    everywhere(async |house: House| {
        assert_eq!(to(&house.browser().get(OWN).await), "/en/sign-in");
        let owner = house.anna_signed_in().await;
        let key = added(&owner).await;
        let page = owner.get(OWN).await.text();
        let id = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, &key.id);
        assert!(page.contains(&id) && page.contains("Firefox, Linux"), "{page}");
        // The same key twice; a challenge for another account.
        assert_eq!(send(&owner, OWN, &key.create(&page)).await.status, 422);
        let (email, password) = ("other@example.by".parse().unwrap(), secrecy::SecretString::from(PASSWORD));
        house.identity.add_account(email, "A", "B", "", &password, model::Lang::En).await.unwrap();
        let other = house.browser();
        other.sign_in("other@example.by", PASSWORD).await;
        assert_eq!(send(&other, OWN, &Authenticator::new().create(&page)).await.status, 422);
        assert_eq!(other.post(OWN, &[("do", "remove"), ("id", &id)]).await.status, 404);
        // Long after signing in nothing is changed.
        house.pass(SignedDuration::from_mins(16));
        let late = owner.post(OWN, &[("do", "remove"), ("id", &id)]).await;
        assert!(late.status == 200 && late.text().contains("sign in again"), "{}", late.text());
        assert!(!late.text().contains("data-passkey=\""));
        owner.sign_in("anna@example.by", PASSWORD).await;
        assert_eq!(to(&owner.post(OWN, &[("do", "remove"), ("id", &id)]).await), OWN);
        assert!(owner.get(OWN).await.text().contains("This account has no passkeys"));
        let browser = house.browser();
        let page = browser.get("/en/sign-in").await.text();
        assert_eq!(send(&browser, "/en/sign-in/passkey", &key.get(&page)).await.status, 422);
        assert!(house.mail("anna@example.by").await[0].subject.contains("passkey was removed"));
    })
    .await;
}
