//! Sessions: their length, their list, their end; the change of a password; the level of a unique identifier.

use identity::operator::Issue;
use jiff::SignedDuration;
use model::{IdentificationNumber, Lang};
use secrecy::SecretString;

use crate::browser::to;
use crate::house::{House, PASSWORD, everywhere};

const ANNA: &str = "anna@example.by";
const NEW: &str = "zbazhyna na vietry";

#[tokio::test(flavor = "multi_thread")]
async fn half_an_hour_idle_and_twelve_hours_at_most() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        for _ in 0..24 {
            house.pass(SignedDuration::from_mins(29));
            assert!(browser.is_signed_in().await);
        }
        house.pass(SignedDuration::from_mins(24));
        assert!(!browser.is_signed_in().await, "twelve hours");
        let idle = house.browser();
        idle.sign_in(ANNA, PASSWORD).await;
        house.pass(SignedDuration::from_mins(30));
        assert!(!idle.is_signed_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_changes_the_cookie_and_ends_the_old_session() {
    everywhere(async |house: House| {
        let browser = house.anna_signed_in().await;
        let old = browser.cookies.borrow().clone();
        browser.sign_in(ANNA, PASSWORD).await;
        assert_ne!(*browser.cookies.borrow(), old);
        let thief = house.browser();
        *thief.cookies.borrow_mut() = old;
        assert!(!thief.is_signed_in().await);
        // An identifier that somebody else chose is none.
        thief.cookies.borrow_mut().insert("__Host-nais_id".to_owned(), "A".repeat(43));
        thief.sign_in(ANNA, PASSWORD).await;
        assert_ne!(thief.cookies.borrow()["__Host-nais_id"], "A".repeat(43));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_or_all_are_ended_from_the_list() {
    everywhere(async |house: House| {
        let here = house.anna_signed_in().await;
        let (there, other) = (house.browser(), house.browser());
        there.sign_in(ANNA, PASSWORD).await;
        other.sign_in(ANNA, PASSWORD).await;
        let page = here.get("/en/identity/sessions").await.text();
        assert!(page.contains("Firefox, Linux") && page.contains("192.0.2.0/24") && !page.contains("192.0.2.77"));
        let ids: Vec<&str> =
            page.split("name=\"session\" value=\"").skip(1).filter_map(|rest| rest.get(..36)).collect();
        let own = page.split("<h2").find(|part| part.contains("this session")).unwrap();
        let foreign = ids.iter().find(|id| !own.contains(**id)).unwrap();
        assert_eq!(ids.len(), 3);
        assert_eq!(to(&here.post("/en/identity/sessions/end", &[("session", foreign)]).await), "/en/identity/sessions");
        let left = [there.is_signed_in().await, other.is_signed_in().await];
        assert_eq!(left.into_iter().filter(|left| *left).count(), 1);
        // Sessions of others cannot be ended, whatever their name.
        let boris = house.browser();
        boris.register("boris@example.by", "").await;
        let (_, code) = house.newest("boris@example.by").await;
        boris.post("/en/register/sent", &[("code", &code)]).await;
        boris.post("/en/register/password", &[("password", PASSWORD)]).await;
        for id in &ids {
            boris.post("/en/identity/sessions/end", &[("session", id)]).await;
        }
        assert!(here.is_signed_in().await);
        assert_eq!(to(&here.post("/en/identity/sessions/end", &[("everywhere", "yes")]).await), "/en/signed-out");
        for browser in [&here, &there, &other] {
            assert!(!browser.is_signed_in().await);
        }
        assert!(boris.is_signed_in().await);
        here.sign_in(ANNA, PASSWORD).await;
        let page = here.get("/en/identity/sessions").await.text();
        for event in ["Signed in", "Another session ended", "Signed out everywhere"] {
            assert!(page.contains(event), "{event}");
        }
        assert_eq!(to(&here.post("/en/sign-out", &[]).await), "/en/signed-out");
        assert!(!here.is_signed_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_needs_the_present_one() {
    everywhere(async |house: House| {
        let here = house.anna_signed_in().await;
        let there = house.browser();
        there.sign_in(ANNA, PASSWORD).await;
        let change = async |old: &str, new: &str| {
            here.post("/en/identity/password", &[("old", old), ("password", new)]).await.status.as_u16()
        };
        assert_eq!(change("wrong", NEW).await, 422);
        assert_eq!(change(PASSWORD, "Kavalenka-2027").await, 422);
        assert!(there.is_signed_in().await);
        assert_eq!(change(PASSWORD, NEW).await, 200);
        assert!(here.is_signed_in().await && !there.is_signed_in().await);
        there.sign_in(ANNA, NEW).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unique_identifier_has_a_password_of_its_own() {
    everywhere(async |house: House| {
        let id = house.anna().await;
        let number = IdentificationNumber::parse("4110385A001PB1")
            .or_else(|_| (0..10).find_map(|n| IdentificationNumber::parse(&format!("4110385A001PB{n}")).ok()).ok_or(()))
            .unwrap();
        let issue = |password: &str| Issue {
            number: number.clone(),
            surname: "Kavalenka".into(),
            given_name: "Anna".into(),
            patronymic: String::new(),
            residence: Some("г.Минск, ул. Лесная, д. 1".into()),
            email: Some(ANNA.parse().unwrap()),
            lang: Lang::Be,
            password: SecretString::from(password),
        };
        assert!(house.identity.issue_identifier(issue("short")).await.is_err());
        assert_eq!(house.identity.issue_identifier(issue(NEW)).await.unwrap(), id);
        assert!(matches!(house.identity.issue_identifier(issue(NEW)).await, Err(identity::Error::Exists)));
        let browser = house.browser();
        for (login, password) in [(number.as_str(), PASSWORD), (ANNA, NEW)] {
            let answer = browser.post("/en/sign-in", &[("login", login), ("password", password)]).await;
            assert_eq!(answer.status, 422);
        }
        browser.sign_in(ANNA, PASSWORD).await;
        browser.sign_in(&number.as_str().to_lowercase(), NEW).await;
    })
    .await;
}
