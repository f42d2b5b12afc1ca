//! The second factor: enrolment, codes that count once, recovery codes, turning it off.

use aws_lc_rs::hmac;
use jiff::SignedDuration;

use crate::browser::{Browser, hidden, to};
use crate::house::{House, PASSWORD, everywhere};

const ANNA: &str = "anna@example.by";

/// An authenticator, written from RFC 6238 and RFC 4648 alone.
fn shown(typed: &str, seconds: i64) -> String {
    let mut bits = String::new();
    for c in typed.chars().filter(|c| !c.is_whitespace()) {
        bits += &format!("{:05b}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap());
    }
    let secret: Vec<u8> =
        (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap()).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &(seconds as u64 / 30).to_be_bytes());
    let at = (tag.as_ref()[19] & 15) as usize;
    let four: [u8; 4] = tag.as_ref()[at..at + 4].try_into().unwrap();
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// Turns it on; the key and the recovery codes.
pub(crate) async fn enrol(house: &House, browser: &Browser<'_>) -> (String, Vec<String>) {
    let page = browser.post("/en/identity/two-step", &[("do", "begin")]).await.text();
    let key: String = page.split("secret=").nth(1).unwrap().chars().take_while(char::is_ascii_alphanumeric).collect();
    let sealed = hidden(&page, "sealed");
    let wrong = browser.post("/en/identity/two-step", &[("do", "confirm"), ("sealed", &sealed), ("code", "1")]).await;
    assert_eq!(wrong.status, 422);
    let code = shown(&key, house.now().as_second());
    let page =
        browser.post("/en/identity/two-step", &[("do", "confirm"), ("sealed", &sealed), ("code", &code)]).await.text();
    let codes: Vec<String> = page.split("<code>").skip(1).map(|rest| rest[..11].to_owned()).collect();
    assert_eq!(codes.len(), 10, "{page}");
    (key, codes)
}

async fn password(browser: &Browser<'_>) {
    let answer = browser.post("/en/sign-in", &[("login", ANNA), ("password", PASSWORD)]).await;
    assert_eq!(to(&answer), "/en/sign-in/second-factor");
    assert!(!browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_asked_for_and_counts_once() {
    everywhere(async |house: House| {
        let (key, recovery) = enrol(&house, &house.anna_signed_in().await).await;
        let browser = house.browser();
        password(&browser).await;
        let step = "/en/sign-in/second-factor";
        // The code of the enrolment is used up.
        let used = shown(&key, house.now().as_second());
        assert_eq!(browser.post(step, &[("code", &used)]).await.status, 422);
        house.pass(SignedDuration::from_secs(30));
        let code = shown(&key, house.now().as_second());
        assert_eq!(to(&browser.post(step, &[("code", &code)]).await), "/en/account");
        assert!(browser.is_signed_in().await);
        let other = house.browser();
        password(&other).await;
        assert_eq!(other.post(step, &[("code", &code)]).await.status, 422, "a replay");
        assert_eq!(to(&other.post(step, &[("code", &recovery[3].to_uppercase())]).await), "/en/account");
        let third = house.browser();
        password(&third).await;
        assert_eq!(third.post(step, &[("code", &recovery[3])]).await.status, 422, "a replay");
        house.pass(SignedDuration::from_mins(10));
        assert_eq!(to(&third.post(step, &[("code", &recovery[4])]).await), "/en/sign-in", "too late");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_cannot_be_guessed_and_a_reset_does_not_go_round_them() {
    everywhere(async |house: House| {
        let anna = house.anna_signed_in().await;
        let (_, recovery) = enrol(&house, &anna).await;
        let browser = house.browser();
        password(&browser).await;
        for _ in 0..10 {
            assert_eq!(browser.post("/en/sign-in/second-factor", &[("code", "1")]).await.status, 422);
        }
        let answer = browser.post("/en/sign-in/second-factor", &[("code", &recovery[0])]).await;
        assert_eq!(answer.status, 429);
        house.pass(SignedDuration::from_mins(15));
        let browser = house.browser();
        browser.post("/en/reset", &[("email", ANNA)]).await;
        let (_, code) = house.newest(ANNA).await;
        browser.post("/en/reset/sent", &[("code", &code)]).await;
        let next = browser.post("/en/reset/password", &[("password", "zbazhyna na vietry")]).await;
        assert_eq!(to(&next), "/en/sign-in/second-factor");
        assert!(!browser.is_signed_in().await);
        browser.post("/en/sign-in/second-factor", &[("code", &recovery[0])]).await;
        let wrong = browser.post("/en/identity/two-step", &[("do", "remove"), ("code", "1")]).await;
        assert_eq!(wrong.status, 422);
        let off = browser.post("/en/identity/two-step", &[("do", "remove"), ("code", &recovery[1])]).await;
        assert_eq!(to(&off), "/en/identity/two-step");
        house.browser().sign_in(ANNA, "zbazhyna na vietry").await;
    })
    .await;
}
