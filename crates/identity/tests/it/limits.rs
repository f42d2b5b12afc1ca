//! How often anything may be tried; passwords that are hashed anew.

use jiff::SignedDuration;

use crate::browser::{Browser, to};
use crate::house::{House, PASSWORD, everywhere};

const ANNA: &str = "anna@example.by";

async fn tried(browser: &Browser<'_>, login: &str, password: &str) -> (u16, String) {
    let answer = browser.post("/en/sign-in", &[("login", login), ("password", password)]).await;
    (answer.status.as_u16(), answer.header("retry-after").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_wrong_passwords_and_the_right_one_waits() {
    everywhere(async |house: House| {
        house.anna().await;
        for login in [ANNA, "nobody@example.by"] {
            let browser = house.browser();
            for _ in 0..10 {
                assert_eq!(tried(&browser, login, "wrong").await.0, 422);
            }
            let (status, wait) = tried(&browser, login, PASSWORD).await;
            assert_eq!((status, wait.as_str()), (429, "900"), "{login}");
        }
        house.pass(SignedDuration::from_mins(15));
        house.browser().sign_in(ANNA, PASSWORD).await;
        // Success forgets what was wrong before.
        for _ in 0..9 {
            tried(&house.browser(), ANNA, "wrong").await;
        }
        house.browser().sign_in(ANNA, PASSWORD).await;
        assert_eq!(tried(&house.browser(), ANNA, "wrong").await.0, 422);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_messages_an_hour_to_one_address() {
    everywhere(async |house: House| {
        house.anna().await;
        for email in [ANNA, "ivan@example.by"] {
            for _ in 0..3 {
                assert_eq!(house.browser().register(email, "").await.status, 303);
            }
            let answer = house.browser().register(&email.to_uppercase(), "").await;
            assert!(answer.status == 429 && answer.text().contains("60 minutes"), "{}", answer.text());
            assert_eq!(house.mail(email).await.len(), 3);
        }
        house.pass(SignedDuration::from_hours(1));
        assert_eq!(house.browser().register(ANNA, "").await.status, 303);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_address_has_its_limit_too() {
    everywhere(async |house: House| {
        house.anna().await;
        let mut browser = house.browser();
        for n in 0..100 {
            assert_eq!(tried(&browser, &format!("p{n}@example.by"), "wrong").await.0, 422);
        }
        assert_eq!(tried(&browser, ANNA, PASSWORD).await.0, 429);
        browser.address = "198.51.100.1:1".parse().unwrap();
        browser.sign_in(ANNA, PASSWORD).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_hashed_anew_when_the_cost_changes() {
    everywhere(async |house: House| {
        house.anna().await;
        let kept = async || {
            house
                .db
                .read(|tx| {
                    let statement = store::Statement::new("HASH", "SELECT password FROM identity_account");
                    tx.query_opt(&statement, &[], |row| Ok(row.text(0)?.to_owned()))
                })
                .await
                .unwrap()
                .unwrap()
        };
        assert!(kept().await.starts_with("$argon2id$v=19$m=64,"));
        let client = house.reopened(128).await;
        let browser = Browser::new(&client);
        assert_eq!(tried(&browser, ANNA, "wrong").await.0, 422);
        assert!(kept().await.starts_with("$argon2id$v=19$m=64,"));
        browser.sign_in(ANNA, PASSWORD).await;
        assert!(kept().await.starts_with("$argon2id$v=19$m=128,"));
        browser.sign_in(ANNA, PASSWORD).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_other_sites_change_nothing() {
    everywhere(async |house: House| {
        house.anna().await;
        let body = "login=anna%40example.by&password=vasilki+u+poli+rastuc";
        for site in ["cross-site", "same-site"] {
            let call = house.client.post("/en/sign-in").header("sec-fetch-site".parse().unwrap(), site);
            let answer = call.body("application/x-www-form-urlencoded", body).send().await;
            assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (403, ""), "{site}");
        }
        let browser = house.browser();
        assert_eq!(to(&browser.get("/en/identity/sessions").await), "/en/sign-in");
    })
    .await;
}
