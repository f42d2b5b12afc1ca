//! A forgotten password: a message, a new password, every session over.

use jiff::SignedDuration;

use crate::browser::to;
use crate::house::{House, PASSWORD, everywhere};

const ANNA: &str = "anna@example.by";
const NEW: &str = "zbazhyna na vietry";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_all_sessions() {
    everywhere(async |house: House| {
        let old = house.anna_signed_in().await;
        let browser = house.browser();
        assert_eq!(to(&browser.post("/en/reset", &[("email", ANNA)]).await), "/en/reset/sent");
        let (_, code) = house.newest(ANNA).await;
        assert!(old.is_signed_in().await);
        assert_eq!(to(&browser.post("/en/reset/sent", &[("code", &code)]).await), "/en/reset/password");
        assert_eq!(to(&browser.post("/en/reset/password", &[("password", NEW)]).await), "/en/account");
        assert!(browser.is_signed_in().await && !old.is_signed_in().await);
        let refused = house.browser().post("/en/sign-in", &[("login", ANNA), ("password", PASSWORD)]).await;
        assert_eq!(refused.status, 422);
        house.browser().sign_in(ANNA, NEW).await;
        assert!(house.mail(ANNA).await[0].subject.contains("changed"));
        // The ticket is spent.
        assert_eq!(to(&browser.post("/en/reset/password", &[("password", PASSWORD)]).await), "/en/reset");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_is_good_for_an_hour() {
    everywhere(async |house: House| {
        house.anna().await;
        let browser = house.browser();
        browser.post("/en/reset", &[("email", ANNA)]).await;
        let (link, _) = house.newest(ANNA).await;
        house.pass(SignedDuration::from_mins(59));
        assert_eq!(browser.get(&link).await.status, 200);
        house.pass(SignedDuration::from_mins(1));
        assert_eq!(browser.get(&link).await.status, 410);
    })
    .await;
}
