//! Components with what people have typed, and in each language.

use proptest::prelude::*;

use super::*;

/// Every component with the same text in each param that takes one.
const ALL: &str = r##"{% import "govuk.html" as g -%}
{{ g.button({"text": x, "href": x, "classes": x, "attributes": {"data-x": x}, "name": x, "value": x, "id": x}) }}
{{ g.button({"text": x, "name": x, "value": x, "type": x}) }}
{{ g.input({"id": x, "name": x, "value": x, "label": {"text": x}, "hint": {"text": x}, "errorMessage": {"text": x}, "prefix": {"text": x}, "suffix": {"text": x}, "autocomplete": x, "inputmode": x, "type": x}) }}
{{ g.textarea({"name": x, "value": x, "label": {"text": x}, "rows": x}) }}
{{ g.select({"name": x, "value": x, "label": {"text": x}, "items": [{"value": x, "text": x}]}) }}
{{ g.radios({"name": x, "value": x, "fieldset": {"legend": {"text": x}}, "items": [{"value": x, "text": x, "hint": {"text": x}}, {"divider": x}]}) }}
{{ g.checkboxes({"name": x, "values": [x], "hint": {"text": x}, "items": [{"value": x, "text": x}]}) }}
{{ g.date_input({"id": x, "namePrefix": x, "values": {"day": x}, "fieldset": {"legend": {"text": x}}, "errorMessage": {"text": x}}) }}
{{ g.password_input({"name": x, "value": x, "label": {"text": x}, "showPasswordText": x}) }}
{{ g.file_upload({"name": x, "label": {"text": x}, "javascript": true, "noFileChosenText": x}) }}
{{ g.error_summary({"titleText": x, "descriptionText": x, "errorList": [{"text": x, "href": x}, {"text": x}]}) }}
{{ g.error_message({"text": x, "id": x, "visuallyHiddenText": x}) }}
{{ g.summary_list({"card": {"title": {"text": x}, "actions": {"items": [{"href": x, "text": x}]}}, "rows": [{"key": {"text": x}, "value": {"text": x}, "actions": {"items": [{"href": x, "text": x, "visuallyHiddenText": x}]}}]}) }}
{{ g.table({"caption": x, "head": [{"text": x, "format": x}], "rows": [[{"text": x}, {"text": x}]], "firstCellIsHeader": true}) }}
{{ g.panel({"titleText": x, "text": x, "actions": {"items": [{"text": x, "href": x}]}}) }}
{{ g.tag({"text": x, "classes": x}) }}{{ g.details({"summaryText": x, "text": x}) }}{{ g.inset_text({"text": x}) }}
{{ g.warning_text({"text": x, "iconFallbackText": x}) }}{{ g.notification_banner({"text": x, "titleText": x, "role": x, "titleId": x}) }}
{{ g.breadcrumbs({"items": [{"text": x, "href": x}, {"text": x}], "labelText": x}) }}{{ g.back_link({"text": x, "href": x}) }}
{{ g.pagination({"previous": {"href": x, "text": x}, "next": {"href": x, "labelText": x}, "landmarkLabel": x}) }}
{{ g.pagination({"items": [{"number": x, "href": x}, {"ellipsis": true}]}) }}
{{ g.task_list({"idPrefix": x, "items": [{"title": {"text": x}, "href": x, "hint": {"text": x}, "status": {"tag": {"text": x}}}]}) }}
{{ g.skip_link({"text": x, "href": x}) }}{{ g.phase_banner({"text": x, "tag": {"text": x}}) }}
{{ g.tabs({"idPrefix": x, "title": x, "items": [{"label": x, "panel": {"text": x}}]}) }}
{{ g.accordion({"id": x, "items": [{"heading": {"text": x}, "summary": {"text": x}, "content": {"text": x}}]}) }}
{{ t("view.title") }}"##;

static PAGES: std::sync::LazyLock<Pages> = std::sync::LazyLock::new(|| pages(&[("all.html", ALL)]));

fn all(lang: Lang, text: &str) -> String {
    rendered(&PAGES, lang, "all.html", context! { x => text })
}

/// The shape of the markup: everything but what may be text.
fn shape(html: &str) -> (usize, usize, usize) {
    (html.matches('<').count(), html.matches('>').count(), html.matches('"').count())
}

#[test]
fn no_param_becomes_markup() {
    let plain = all(Lang::En, "word");
    assert!(plain.len() > 5_000, "{plain}");
    for attack in ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='x", "</textarea><b>"]
    {
        let html = all(Lang::En, attack);
        assert_eq!(shape(&html), shape(&plain), "{html}");
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains('\''), "{html}");
    }
}

#[test]
fn components_speak_every_language() {
    for (lang, words) in [
        (Lang::En, ["Error:", "Warning", "Show password", "Important", "Previous", "There is a problem"]),
        (Lang::Be, ["Памылка:", "Увага", "Паказаць пароль", "Важна", "Папярэдняя", "Выпраўце памылкі"]),
        (Lang::Ru, ["Ошибка:", "Внимание", "Показать пароль", "Важно", "Предыдущая", "Исправьте ошибки"]),
    ] {
        let pages = pages(&[(
            "c.html",
            r##"{% import "govuk.html" as g %}{{ g.error_message({"text": "x"}) }}{{ g.warning_text({"text": "x"}) }}
            {{ g.password_input({"name": "p", "label": {"text": "x"}}) }}{{ g.notification_banner({"text": "x"}) }}
            {{ g.pagination({"previous": {"href": "#"}}) }}{{ g.error_summary({"errorList": []}) }}"##,
        )]);
        let html = rendered(&pages, lang, "c.html", context! {});
        for word in words {
            assert!(html.contains(word), "{word} in {html}");
        }
    }
}

#[test]
fn fields_keep_what_was_typed() {
    let pages = pages(&[(
        "c.html",
        r#"{% import "govuk.html" as g %}{{ g.textarea({"name": "a", "label": {"text": "A"}, "value": v}) }}
        {{ g.input({"name": "b", "label": {"text": "B"}, "value": 0}) }}"#,
    )]);
    let html = rendered(&pages, Lang::En, "c.html", context! { v => "\nline" });
    assert!(html.contains(">\n\nline</textarea>"), "{html}");
    assert!(html.contains("name=\"b\" type=\"text\" value=\"0\""), "{html}");
}

#[test]
fn several_files_are_counted_by_the_script_in_every_form() {
    const UPLOAD: &str = r#"{% import "govuk.html" as g %}{{ g.file_upload({"name": "f", "label": {"text": "F"}, "javascript": true, "multiple": true}) }}"#;
    let html = rendered(&pages(&[("c.html", UPLOAD)]), Lang::Be, "c.html", context! {});
    for form in ["one=\"Выбраны %{count} файл\"", "few=\"Выбраны %{count} файлы\"", "many=\"Выбрана %{count} файлаў\""]
    {
        assert!(html.contains(&format!("data-i18n.multiple-files-chosen.{form}")), "{html}");
    }
}

#[test]
fn a_field_that_is_misspelt_is_found() {
    let pages =
        pages(&[("c.html", r#"{% import "govuk.html" as g %}{{ g.input({"label": {"text": "A"}, "nmae": "a"}) }}"#)]);
    assert_eq!(pages.plain(Lang::En, "c.html", context! {}), "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn markup_has_one_shape_whatever_is_typed(text in "[^\\s\0][^\0]{0,40}") {
        prop_assert_eq!(shape(&all(Lang::Be, &text)), shape(&all(Lang::Be, "word")));
    }
}
