//! What a page says, and the fields it comes with.

use axum::http::header;
use base64::Engine as _;
use proptest::prelude::*;

use super::*;

#[tokio::test]
async fn a_page_comes_with_the_fields_that_keep_it_safe() {
    let pages = pages(&[("p.html", "{% extends 'base.html' %}{% block title %}T{% endblock %}")]);
    let response = pages.show(&view("/be/x"), "p.html", context! {});
    assert_eq!(response.status(), 200);
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-language", "be"),
        ("cache-control", "no-store"),
        ("vary", "Cookie"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(response.headers()[name], value, "{name}");
    }
}

#[tokio::test]
async fn a_page_has_its_frame_in_every_language_and_nothing_inline_but_the_style_of_its_top() {
    let pages = pages(&[("p.html", "{% extends 'base.html' %}{% block content %}<h1>x</h1>{% endblock %}")]);
    for lang in Lang::ALL {
        let mut view = view(&format!("/{}/services/12?q=%22%3Cb%3E", lang.code()));
        let response = pages.show(&view, "p.html", context! {});
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let page = html(response).await;
        let (before, rest) = page.split_once("<style>").unwrap();
        let (top, after) = rest.split_once("</style>").unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, top.as_bytes());
        let digest = base64::engine::general_purpose::STANDARD.encode(digest);
        assert!(policy.contains(&format!("style-src 'self' 'sha256-{digest}';")), "{policy}");
        let page = format!("{before}{after}");
        for inline in ["<style", " style=", " onclick", "javascript:", "http://", "https://"] {
            assert!(!page.contains(inline), "{inline} in {page}");
        }
        assert!(page.len() < 10 * 1024, "the frame alone has {} bytes", page.len());
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("<script type=\"module\" src=\"/assets/app-"));
        assert!(page.starts_with(&format!("<!doctype html>\n<html lang=\"{}\"", lang.code())), "{page}");
        let url = |path: &str| format!("href=\"{}\"", super::super::view::url(lang, path));
        for path in ["/", "/services", "/verify", "/help", "/sign-in", "/accessibility", "/developers", "/status"] {
            assert!(page.contains(&url(path)), "{path} in {page}");
        }
        assert!(page.contains("aria-current=\"true\"><strong"), "the part we are in: {page}");
        assert!(page.contains(&format!("action=\"/{}/view\"", lang.code())));
        view.account = Some("Кацярына <К>".to_owned());
        let page = html(pages.show(&view, "p.html", context! {})).await;
        assert!(page.contains(&url("/account")) && page.contains("Кацярына &lt;К&gt;") && !page.contains("/sign-in"));
    }
}

/// Far below what a page may take, and far above what it takes even without optimisation.
#[test]
fn a_page_is_made_quickly() {
    let pages = pages(&[(
        "p.html",
        r#"{% extends "base.html" %}{% import "govuk.html" as g %}{% block content %}{% for n in range(10) -%}
        {{ g.input({"name": n, "label": {"text": n}, "hint": {"text": n}, "errorMessage": {"text": n}}) }}
        {%- endfor %}{% endblock %}"#,
    )]);
    let view = view("/be/services");
    assert_eq!(pages.show(&view, "p.html", context! {}).status(), 200);
    let started = std::time::Instant::now();
    for _ in 0..100 {
        pages.show(&view, "p.html", context! {});
    }
    let each = started.elapsed() / 100;
    println!("a page with ten fields takes {each:?}");
    assert!(each < std::time::Duration::from_millis(10), "{each:?}");
}

#[tokio::test]
async fn a_title_says_that_there_are_errors() {
    let pages = pages(&[("p.html", "{% extends 'base.html' %}{% block title %}Name & co{% endblock %}")]);
    let title = async |values| {
        let page = html(pages.show(&view("/en/x"), "p.html", values)).await;
        page.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0.to_owned()
    };
    assert_eq!(title(context! {}).await, "Name & co – National e-services portal");
    assert_eq!(title(context! { errors => Vec::<String>::new() }).await, "Name & co – National e-services portal");
    assert_eq!(title(context! { errors => ["x"] }).await, "Error: Name & co – National e-services portal");
}

#[tokio::test]
async fn a_page_that_cannot_be_made_is_an_error_page() {
    let pages = pages(&[("p.html", "{{ misspelt }}"), ("q.html", "{{ x.y.z }}"), ("r.html", "{{ t(key) }}")]);
    for (template, values) in [
        ("p.html", context! {}),
        ("q.html", context! { x => context! {} }),
        ("r.html", context! { key => "no.such" }),
        ("none.html", context! {}),
    ] {
        let response = pages.show(&view("/ru/x"), template, values);
        assert_eq!(response.status(), 500, "{template}");
        assert!(html(response).await.contains("Произошёл сбой на нашей стороне"), "{template}");
    }
    assert_eq!(pages.plain(Lang::En, "p.html", context! {}), "");
}

#[tokio::test]
async fn every_error_has_its_page_in_every_language() {
    let pages = pages(&[]);
    let names =
        ["not-found", "forbidden", "gone", "too-many", "unavailable", "failed", "other-site", "bad-form", "too-large"];
    for name in names {
        for lang in Lang::ALL {
            let response = pages.error(&view(&format!("/{}/x", lang.code())), StatusCode::GONE, name);
            let page = html(response).await;
            let title = pages.text(lang, &format!("error-page.{name}.title"), &[]);
            assert!(page.contains(&title) && !page.contains("error-page."), "{name} {lang:?}: {page}");
            assert_eq!(page.matches("<h1").count(), 1);
        }
    }
}

fn said(pages: &Pages, lang: Lang, value: &str) -> String {
    pages.plain(lang, "m.txt", context! { value })
}

#[test]
fn dates_are_written_as_each_language_writes_them() {
    let pages = pages(&[("m.txt", "{{ value|date }} / {{ value|datetime }}")]);
    // Three hours later in Minsk, and so another day.
    let at = "2026-06-01T21:05:00Z";
    assert_eq!(said(&pages, Lang::En, at), "2 June 2026 / 2 June 2026, 00:05");
    assert_eq!(said(&pages, Lang::Be, at), "2 чэрвеня 2026 г. / 2 чэрвеня 2026 г., 00:05");
    assert_eq!(said(&pages, Lang::Ru, at), "2 июня 2026 г. / 2 июня 2026 г., 00:05");
    assert_eq!(said(&pages, Lang::Ru, "1979-12-31"), "31 декабря 1979 г. / 31 декабря 1979 г.");
    assert_eq!(said(&pages, Lang::Be, "2026-02-28T09:00:00"), "28 лютага 2026 г. / 28 лютага 2026 г., 09:00");
    assert_eq!(said(&pages, Lang::En, "soon"), "", "not a date: nothing rather than nonsense");
    let stamp: jiff::Timestamp = "2026-06-02T11:05:09.123Z".parse().unwrap();
    let pages = super::pages(&[("m.txt", "{{ at|time }}")]);
    assert_eq!(pages.plain(Lang::En, "m.txt", context! { at => minijinja::value::Serde(stamp) }), "14:05");
}

#[test]
fn numbers_are_grouped_as_each_language_groups_them() {
    let pages = pages(&[("m.txt", "{{ 1234567.5|number }} {{ 1234|number }} {{ value|number }}")]);
    assert_eq!(said(&pages, Lang::En, "-12"), "1,234,567.5 1,234 −12");
    assert_eq!(said(&pages, Lang::Be, "x1"), "1\u{a0}234\u{a0}567,5 1234 x1");
}

#[test]
fn what_is_shown_is_escaped_but_in_mails_of_plain_text() {
    let pages = Pages::load(&[source(
        &[("m.txt", "{{ v }}"), ("m.html", "{{ v }}{{ t('a.html', v=v) }}{{ t('b', v=v) }}{{ none }}")],
        ["a.html = \"<b>{v}</b>\"\nb = \"<{v}>\""; 3],
    )])
    .unwrap();
    let values = || context! { v => "<i>'\"&/" };
    assert_eq!(pages.plain(Lang::En, "m.txt", values()), "<i>'\"&/");
    let escaped = "&lt;i&gt;&#39;&quot;&amp;/";
    assert_eq!(pages.plain(Lang::En, "m.html", values()), format!("{escaped}<b>{escaped}</b>&lt;{escaped}&gt;"));
}

proptest! {
    #[test]
    fn no_text_becomes_markup(text in ".*") {
        static PAGES: std::sync::LazyLock<Pages> =
            std::sync::LazyLock::new(|| pages(&[("m.html", "{{ v }}{{ [v] }}{{ {'k': v} }}{{ v ~ 'x' }}{{ v|upper }}")]));
        let shown = PAGES.plain(Lang::En, "m.html", context! { v => text });
        prop_assert!(!shown.contains(['<', '>', '"', '\'']), "{}", shown);
    }
}
