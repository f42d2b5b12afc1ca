//! Who asks, from where, with which form.

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::routing::{get, post};
use axum::{Router, middleware};
use proptest::prelude::*;
use tower::ServiceExt as _;

use super::*;

fn app() -> Router {
    let pages = pages(&[]);
    let app = Router::new()
        .route("/en/form", post(async |form: Form| form.get("name").to_owned()))
        .route("/en/page", get(async || "page"));
    app.layer(middleware::from_fn_with_state(pages.clone(), same_origin)).merge(pages.router())
}

async fn ask(method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    app().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap()
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn what_changes_something_comes_from_our_own_page() {
    let host = ("host", "nais.example:8443");
    let own: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        &[host, ("origin", "https://nais.example:8443")],
        &[host, ("origin", "https://NAIS.example:8443")],
    ];
    for fields in own {
        let response = ask("POST", "/en/form", &[fields, &[FORM]].concat(), "name=x").await;
        assert_eq!(response.status(), 200, "{fields:?}");
    }
    let strange: [&[(&str, &str)]; 11] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), host, ("origin", "https://nais.example:8443")],
        &[("sec-fetch-site", "")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-origin")],
        &[host, ("origin", "null")],
        &[host, ("origin", "https://nais.example")],
        &[host, ("origin", "https://evil.example:8443")],
        &[host, ("origin", "nais.example:8443")],
        &[("origin", "https://nais.example:8443")],
        &[host, ("origin", "https://nais.example:8443"), ("origin", "https://evil.example")],
    ];
    for fields in strange {
        for path in ["/en/form", "/en/view"] {
            let response = ask("POST", path, &[fields, &[FORM]].concat(), "name=x").await;
            assert_eq!(response.status(), 403, "{path} {fields:?}");
            assert!(html(response).await.contains("The request did not come from our page"));
        }
    }
    assert_eq!(ask("GET", "/en/page", &[("sec-fetch-site", "cross-site")], "").await.status(), 200);
}

#[tokio::test]
async fn what_is_no_form_is_refused_with_a_page() {
    let own = ("sec-fetch-site", "same-origin");
    let large = "x".repeat(64 * 1024 + 1);
    for (fields, body, status, title) in [
        (vec![own], "name=x", 415, "We could not read the form"),
        (vec![own, ("content-type", "application/json")], "{}", 415, "We could not read the form"),
        (vec![own, FORM], large.as_str(), 413, "The form is too large"),
    ] {
        let response = ask("POST", "/en/form", &fields, body).await;
        assert_eq!(response.status(), status);
        assert!(html(response).await.contains(title));
    }
    let response = ask("POST", "/en/form", &[own, FORM], "name=+%D0%B0+b%00+").await;
    assert_eq!(html(response).await, "а b\u{fffd}");
}

#[test]
fn a_form_keeps_the_order_and_all_values() {
    let form = Form::parse(b"box=a&name=+x+&box=b&empty=");
    assert_eq!(form.get("name"), "x");
    assert_eq!(form.get("none"), "");
    assert_eq!(form.all("box"), ["a", "b"]);
    assert!(form.has("empty") && !form.has("none"));
    assert_eq!(form.pairs()[1], ("name".to_owned(), " x ".to_owned()));
    assert_eq!(format!("{form:?}"), r#"["box", "name", "box", "empty"]"#, "names, never values");
    assert_eq!(Form::parse("a=1&".repeat(5_000).as_bytes()).pairs().len(), 1_000);
}

proptest! {
    #[test]
    fn any_bytes_are_a_form(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let form = Form::parse(&bytes);
        for (name, value) in form.pairs() {
            prop_assert!(form.has(name) && !name.contains('\0') && !value.contains('\0'));
        }
    }

    #[test]
    fn what_is_typed_arrives(name in "[^\0]*", value in "[^\0]*") {
        let sent = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
        let form = Form::parse(sent.as_bytes());
        prop_assert_eq!(form.get(&name), value.trim());
    }

    #[test]
    fn no_redirect_leaves_unless_the_caller_says_so(path in r"[/\\\t\n a-z:@%.?#]{0,12}") {
        let response = see_other(&path);
        let location = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
        let whole = path.starts_with("https://") || path.starts_with("http://");
        prop_assert!(whole || (location.starts_with('/') && !location.starts_with("//") && !location.contains('\\')));
    }
}

#[test]
fn a_view_knows_its_language_and_its_place() {
    let seen = |path: &str| {
        let view = view(path);
        (view.lang, view.path.clone(), view.url("/help"))
    };
    assert_eq!(seen("/be/services?q=x&p=2"), (Lang::Be, "/services?q=x&p=2".to_owned(), "/be/help".to_owned()));
    assert_eq!(seen("/ru"), (Lang::Ru, "/".to_owned(), "/ru/help".to_owned()));
    assert_eq!(seen("/ru/"), (Lang::Ru, "/".to_owned(), "/ru/help".to_owned()));
    assert_eq!(seen("/ru?x=1"), (Lang::Ru, "/?x=1".to_owned(), "/ru/help".to_owned()));
    assert_eq!(seen("/rue/x"), (Lang::En, "/rue/x".to_owned(), "/en/help".to_owned()));
    assert_eq!(view("/be").url("/"), "/be");
    assert_eq!(view("/be").url("/?x=1"), "/be?x=1");
    let request = Request::get("/").header("accept-language", "be").body(()).unwrap();
    assert_eq!(View::of(&request.into_parts().0).lang, Lang::Be);
}

#[tokio::test]
async fn the_language_switch_keeps_the_place_and_the_question() {
    let page = html(pages(&[]).error(&view("/be/services?q=a%26b&page=2"), StatusCode::NOT_FOUND, "not-found")).await;
    for lang in ["en", "be", "ru"] {
        let link = format!("href=\"/{lang}/services?q=a%26b&amp;page=2\"");
        assert!(page.contains(&link), "{link} in {page}");
        assert!(page.contains(&format!("lang=\"{lang}\" hreflang=\"{lang}\"")), "{lang} in {page}");
    }
}

#[tokio::test]
async fn settings_are_kept_and_lead_back_here() {
    let own = ("sec-fetch-site", "same-origin");
    let chosen = "size=largest&spacing=wide&colours=yellow-on-black&back=";
    for (back, leads) in [
        ("/ru/services%3Fq%3Dx", "/ru/services?q=x"),
        ("//evil.example", "/ru"),
        ("/%5Cevil.example", "/ru"),
        ("/%09/evil.example", "/ru"),
        ("https:evil.example", "/ru"),
        ("https://evil.example/", "/ru"),
        ("", "/ru"),
    ] {
        let response = ask("POST", "/ru/view", &[own, FORM], &format!("{chosen}{back}")).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()[header::LOCATION]),
            (303, &HeaderValue::from_static(leads))
        );
        let kept = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert_eq!(kept, "nais_view=largest.wide.yellow-on-black; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");
    }
    let request = Request::get("/en/x").header("cookie", "nais_view=largest.wide.yellow-on-black").body(()).unwrap();
    let view = View::of(&request.into_parts().0);
    assert_eq!(
        view.settings,
        Settings { size: Size::Largest, spacing: Spacing::Wide, colours: Colours::YellowOnBlack }
    );
    let page = html(pages(&[]).error(&view, StatusCode::NOT_FOUND, "not-found")).await;
    let classes = "nais-size-largest nais-spacing-wide nais-colours-yellow-on-black";
    assert!(page.contains(&format!("class=\"govuk-template {classes}\"")), "{page}");
    assert_eq!(Settings::parse("x.\"><script>.1"), Settings::default());
}
