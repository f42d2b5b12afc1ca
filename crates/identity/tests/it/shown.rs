//! Every page in three languages: made without a failure, in its language, with nothing left to fill in.

use crate::browser::to;
use crate::house::{House, everywhere};
use crate::system::{SHOP, request};

fn judged(text: &str, lang: &str, path: &str) {
    assert!(text.contains(&format!("<html lang=\"{lang}\"")), "{path}: {text}");
    assert_eq!(text.matches("<h1").count(), 1, "{path}");
    for left in ["id.", "{count}", "{client}", "undefined"] {
        let visible = text.split("<main").nth(1).unwrap();
        assert!(!visible.contains(&format!(">{left}")), "{path}: {left} in {visible}");
    }
    let english = ["Sign in<", "Password<", "Send the message<"];
    let foreign = lang != "en" && english.iter().any(|word| text.contains(word));
    assert!(!foreign, "{path}: English in {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_in_every_language() {
    everywhere(async |house: House| {
        house.anna().await;
        for lang in ["en", "be", "ru"] {
            let guest = house.browser();
            guest.post(&format!("/{lang}/reset"), &[("email", "anna@example.by")]).await;
            for path in [
                "register",
                "register?kind=organisation",
                "reset",
                "reset/sent",
                "sign-in",
                "sign-in/card",
                "signed-out",
                "stand/mail",
            ] {
                let answer = guest.get(&format!("/{lang}/{path}")).await;
                assert_eq!(answer.status, 200, "{path}");
                judged(&answer.text(), lang, path);
            }
            let (link, _) = house.newest("anna@example.by").await;
            judged(&guest.get(&link).await.text(), lang, "confirm");
            judged(&guest.get(&format!("/{lang}/reset/confirm?token=x")).await.text(), lang, "late");
            let signed_in = house.browser();
            let fields = [("login", "anna@example.by"), ("password", crate::house::PASSWORD)];
            to(&signed_in.post(&format!("/{lang}/sign-in"), &fields).await);
            for path in ["identity/sessions", "identity/password", "identity/two-step", "identity/passkeys", "sign-out"]
            {
                let answer = signed_in.get(&format!("/{lang}/{path}")).await;
                assert_eq!(answer.status, 200, "{path}");
                judged(&answer.text(), lang, path);
            }
            let enrol = signed_in.post(&format!("/{lang}/identity/two-step"), &[("do", "begin")]).await;
            judged(&enrol.text(), lang, "enrol");
            let question = to(&signed_in.get(&request("shop", SHOP, &[("ui_locales", lang)])).await);
            judged(&signed_in.get(&question).await.text(), lang, "consent");
            let wrong = request("nobody", SHOP, &[("ui_locales", lang)]);
            judged(&signed_in.get(&wrong).await.text(), lang, "oidc error");
        }
        let mail = house.browser().get("/stand/mail").await.text();
        assert!(
            mail.contains("<a class=\"govuk-link\" href=\"https://id.example.by/be/reset/confirm?token="),
            "{mail}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_personal_lies_open_in_the_database() {
    everywhere(async |house: House| {
        house.anna_signed_in().await.register("ivan@example.by", "").await;
        let Some(path) = house.db.sqlite_path() else {
            return;
        };
        let mut all = std::fs::read(path).unwrap();
        all.extend(std::fs::read(path.with_extension("db-wal")).unwrap_or_default());
        let all = String::from_utf8_lossy(&all).to_lowercase();
        assert!(all.contains("identity_account"), "the file was not read");
        for word in ["kavalenka", "anna@", "ivan@", "piatrouna"] {
            assert!(!all.contains(word), "{word}");
        }
    })
    .await;
}
