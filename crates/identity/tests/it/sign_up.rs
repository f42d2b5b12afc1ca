//! Signing up by e-mail: the link, the code, scanners, tabs, other devices, late and newer messages.

use jiff::SignedDuration;

use crate::browser::{hidden, param, to};
use crate::house::{House, PASSWORD, everywhere};
use crate::system::{PORTAL, code, request};

const ANNA: &str = "anna@example.by";

#[tokio::test(flavor = "multi_thread")]
async fn by_link_with_a_scanner_and_two_tabs() {
    everywhere(async |house: House| {
        let browser = house.browser();
        assert_eq!(to(&browser.register(ANNA, "").await), "/en/register/sent");
        let waiting = browser.get("/en/register/sent").await;
        assert!(waiting.text().contains(ANNA) && waiting.text().contains("data-look=\"5\""), "{}", waiting.text());
        let (link, _) = house.newest(ANNA).await;
        // Whatever looks at mail first opens the link, twice, and presses nothing.
        let scanner = house.browser();
        for _ in 0..2 {
            assert_eq!(scanner.get(&link).await.status, 200);
        }
        let page = browser.get(&link).await;
        let token = hidden(&page.text(), "token");
        let choose = to(&browser.post("/en/register/confirm", &[("token", &token)]).await);
        assert_eq!(choose, "/en/register/password");
        // The tab that waits goes on by itself.
        assert_eq!(to(&browser.get("/en/register/sent").await), choose);
        assert_eq!(browser.get(&choose).await.status, 200);
        let weak = browser.post(&choose, &[("password", "Kavalenka-2027")]).await;
        assert!(weak.status == 422 && weak.text().contains("without your name"), "{}", weak.text());
        assert_eq!(to(&browser.post(&choose, &[("password", PASSWORD)]).await), "/en/account");
        assert!(browser.is_signed_in().await);
        assert_eq!(to(&browser.get("/en/register/sent").await), "/en/account");
        // The link is spent, for everybody.
        assert_eq!(scanner.get(&link).await.status, 410);
        assert_eq!(scanner.post("/en/register/confirm", &[("token", &token)]).await.status, 410);
        assert!(!scanner.is_signed_in().await);
        scanner.sign_in("Anna@Example.BY", PASSWORD).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_goes_with_the_link_or_the_code() {
    everywhere(async |house: House| {
        // With the code, in the page that waits.
        let browser = house.browser();
        browser.register(ANNA, "").await;
        let (link, code) = house.newest(ANNA).await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let again = browser.post("/en/register/sent", &[("code", wrong), ("password", PASSWORD)]).await;
        assert!(again.status == 422 && again.text().contains("href=\"#code\""), "{}", again.text());
        assert!(!again.text().contains(PASSWORD));
        assert_eq!(
            to(&browser.post("/en/register/sent", &[("code", &code), ("password", PASSWORD)]).await),
            "/en/account"
        );
        assert!(browser.is_signed_in().await);
        assert_eq!(house.browser().get(&link).await.status, 410);
        // With the link, in a browser that did not ask; a weak password is asked for again, the link is not.
        house.browser().register("ivan@example.by", "").await;
        let (link, _) = house.newest("ivan@example.by").await;
        let other = house.browser();
        let token = hidden(&other.get(&link).await.text(), "token");
        let weak = other.post("/en/register/confirm", &[("token", &token), ("password", "Kavalenka-2027")]).await;
        assert!(weak.status == 422 && weak.text().contains("action=\"/en/register/password\""), "{}", weak.text());
        assert_eq!(to(&other.post("/en/register/password", &[("password", PASSWORD)]).await), "/en/account");
        assert!(other.is_signed_in().await);
        // And at once.
        house.browser().register("boris@example.by", "").await;
        let (link, _) = house.newest("boris@example.by").await;
        let third = house.browser();
        let token = hidden(&third.get(&link).await.text(), "token");
        let done = third.post("/en/register/confirm", &[("token", &token), ("password", PASSWORD)]).await;
        assert_eq!(to(&done), "/en/account");
        assert!(third.is_signed_in().await);
        assert_eq!(third.post("/en/register/confirm", &[("token", &token), ("password", PASSWORD)]).await.status, 410);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_code_with_five_tries() {
    everywhere(async |house: House| {
        let browser = house.browser();
        browser.register(ANNA, "").await;
        let (link, right) = house.newest(ANNA).await;
        let wrong = if right == "000000" { "000001" } else { "000000" };
        for left in (0..4).rev() {
            let answer = browser.post("/en/register/sent", &[("code", wrong)]).await;
            assert!(answer.status == 422 && answer.text().contains(&format!("{} tr", left + 1)), "{}", answer.text());
        }
        let spaced = format!("{} {}", &right[..3], &right[3..]);
        assert_eq!(to(&browser.post("/en/register/sent", &[("code", &spaced)]).await), "/en/register/password");
        assert_eq!(house.browser().get(&link).await.status, 410);
        // Five wrong ones, and the right one is worth nothing; the link is.
        let other = house.browser();
        other.register("ivan@example.by", "").await;
        let (link, right) = house.newest("ivan@example.by").await;
        let wrong = if right == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            other.post("/en/register/sent", &[("code", wrong)]).await;
        }
        assert_eq!(other.post("/en/register/sent", &[("code", &right)]).await.status, 422);
        assert_eq!(other.get(&link).await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_asked_with_my_address_gets_nothing_of_what_i_confirm() {
    everywhere(async |house: House| {
        let (stranger, mine) = (house.browser(), house.browser());
        stranger.register(ANNA, "").await;
        let (link, _) = house.newest(ANNA).await;
        let token = param(&link, "token").unwrap();
        assert_eq!(to(&mine.post("/en/register/confirm", &[("token", &token)]).await), "/en/register/password");
        let waiting = stranger.get("/en/register/sent").await;
        assert!(waiting.status == 200 && waiting.text().contains("another browser"), "{}", waiting.text());
        assert_eq!(to(&stranger.get("/en/register/password").await), "/en/register");
        assert_eq!(to(&stranger.post("/en/register/password", &[("password", PASSWORD)]).await), "/en/register");
        assert_eq!(to(&mine.post("/en/register/password", &[("password", PASSWORD)]).await), "/en/account");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_late_and_broken_links() {
    everywhere(async |house: House| {
        let browser = house.browser();
        browser.register(ANNA, "").await;
        let (first, first_code) = house.newest(ANNA).await;
        let second_browser = house.browser();
        second_browser.register(ANNA, "").await;
        let (second, _) = house.newest(ANNA).await;
        let told = browser.get(&first).await;
        assert!(told.status == 410 && told.text().contains("newer message"), "{}", told.text());
        assert_ne!(browser.post("/en/register/sent", &[("code", &first_code)]).await.status, 303);
        assert_eq!(browser.get(&second).await.status, 200);
        assert_eq!(browser.get("/en/register/confirm?token=x").await.status, 410);
        assert_eq!(browser.get("/en/register/confirm").await.status, 410);
        // A link for one purpose is none for another.
        assert_eq!(browser.get(&second.replace("register", "reset")).await.status, 410);
        house.pass(SignedDuration::from_hours(24));
        assert_eq!(second_browser.get(&second).await.status, 410);
        assert_eq!(second_browser.get("/en/register/sent").await.status, 410);
        house.identity.tidy().await.unwrap();
        assert!(house.browser().get(&second).await.text().contains("does not hold"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_spend_at_once_and_one_succeeds() {
    everywhere(async |house: House| {
        house.browser().register(ANNA, "").await;
        let (link, _) = house.newest(ANNA).await;
        let token = param(&link, "token").unwrap();
        let tries = (0..20).map(|_| {
            let (client, body) = (house.client.clone(), format!("token={token}"));
            tokio::spawn(async move {
                let call = client.post("/en/register/confirm").header("sec-fetch-site".parse().unwrap(), "same-origin");
                call.body("application/x-www-form-urlencoded", body).send().await.status
            })
        });
        let tries: Vec<_> = tries.collect();
        let mut right = 0;
        for one in tries {
            right += usize::from(one.await.unwrap() == 303);
        }
        assert_eq!(right, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn known_and_unknown_addresses_get_the_same_answer() {
    everywhere(async |house: House| {
        house.anna().await;
        for path in ["/en/register", "/en/reset"] {
            let mut pages = Vec::new();
            for email in [ANNA, "nobo@example.by"] {
                let browser = house.browser();
                let fields = [("email", email), ("surname", "A"), ("given_name", "B")];
                let sent = to(&browser.post(path, &fields).await);
                let waiting = browser.get(&sent).await;
                let wrong = browser.post(&sent, &[("code", "12345")]).await;
                let hide = |text: String| {
                    text.replace(email, "").lines().filter(|l| !l.contains("request")).collect::<String>()
                };
                pages.push((sent, waiting.status, hide(waiting.text()), wrong.status, hide(wrong.text())));
            }
            assert_eq!(pages[0], pages[1], "{path}");
        }
        let told = house.mail(ANNA).await;
        assert!(told[1].subject.contains("already") && !told[1].text.contains("token="), "{}", told[1].text);
        let told = house.mail("nobo@example.by").await;
        assert!(told[0].subject.contains("no account") && told[1].text.contains("token="), "{}", told[0].text);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_is_returned_to() {
    everywhere(async |house: House| {
        let browser = house.browser();
        let register =
            to(&browser.get(&request("portal", PORTAL, &[("prompt", "create"), ("ui_locales", "be")])).await);
        assert!(register.starts_with("/be/register?flow="), "{register}");
        let page = browser.get(&register).await;
        let policy = page.header("content-security-policy");
        assert!(policy.contains("form-action 'self' https://portal.example.by;"), "{policy}");
        let flow = hidden(&page.text(), "flow");
        browser.register(ANNA, &flow).await;
        let (_, digits) = house.newest(ANNA).await;
        let choose = to(&browser.post("/en/register/sent", &[("code", &digits)]).await);
        let resume = to(&browser.post(&choose, &[("password", PASSWORD)]).await);
        assert!(resume.starts_with("/oidc/resume?flow="), "{resume}");
        code(&to(&browser.get(&resume).await), PORTAL);
        assert_eq!(browser.get(&resume).await.status, 410, "a request is answered once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_fields_are_named_and_organisations_have_a_number() {
    everywhere(async |house: House| {
        let browser = house.browser();
        let fields = [("email", "anna@"), ("surname", "<b>"), ("given_name", ""), ("patronymic", "")];
        let answer = browser.post("/ru/register", &fields).await;
        let text = answer.text();
        assert_eq!(answer.status, 422);
        for field in ["email", "surname", "given_name"] {
            assert!(text.contains(&format!("href=\"#{field}\"")), "{field} in {text}");
        }
        assert!(!text.contains("href=\"#patronymic\"") && !text.contains("<b>"), "{text}");
        assert!(text.contains("value=\"&lt;b"), "what was typed stays: {text}");
        let company = [("kind", "organisation"), ("email", ANNA), ("surname", "A"), ("given_name", "B")];
        let named = [company.as_slice(), &[("organisation", "Завод"), ("unp", "123")]].concat();
        assert!(browser.post("/en/register", &named).await.text().contains("href=\"#unp\""));
        let named = [company.as_slice(), &[("organisation", "Завод"), ("unp", "100582333")]].concat();
        assert_eq!(to(&browser.post("/en/register", &named).await), "/en/register/sent");
        assert_eq!(browser.get("/xx/register").await.status, 404);
    })
    .await;
}
