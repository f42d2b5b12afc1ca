//! What is wrong with texts and templates is found at start.

use super::*;

const PLURALS: [&str; 3] = [
    "[days]\none = \"{count} day\"\nother = \"{count} days\"",
    "[days]\none = \"{count} дзень\"\nfew = \"{count} дні\"\nmany = \"{count} дзён\"",
    "[days]\none = \"{count} день\"\nfew = \"{count} дня\"\nmany = \"{count} дней\"\nother = \"{count} дня\"",
];

fn reason(templates: &'static [(&'static str, &'static str)], texts: [&'static str; 3]) -> String {
    Pages::load(&[source(templates, texts)]).unwrap_err().to_string()
}

#[test]
fn a_text_is_in_all_languages_or_nothing_loads() {
    assert_eq!(reason(&[], ["a = \"x\"", "a = \"x\"", ""]), "text `a` is missing in ru");
    assert_eq!(reason(&[], ["", "[b]\nc = \"x\"", "[b]\nc = \"x\""]), "text `b.c` is missing in en");
    assert_eq!(reason(&[], ["service.name = \"x\"", "", ""]), "text `service.name` is given twice in en");
}

#[test]
fn placeholders_are_the_same_in_all_languages() {
    let wrong = reason(&[], ["a = \"{x} {y}\"", "a = \"{y} {x}\"", "a = \"{x} {z}\""]);
    assert_eq!(wrong, "text `a` in ru has the placeholders {\"x\", \"z\"}, in English {\"x\", \"y\"}");
    assert!(reason(&[], ["a = \"{x\"", "a = \"\"", "a = \"\""]).contains("not closed"));
    assert!(reason(&[], ["a = 1", "a = \"\"", "a = \"\""]).contains("neither a text nor a table"));
    assert!(reason(&[], ["a", "", ""]).starts_with("texts in en"));
}

#[test]
fn a_plural_has_the_forms_of_its_language() {
    let [en, be, ru] = PLURALS;
    assert!(Pages::load(&[source(&[], PLURALS)]).is_ok());
    let short = "[days]\none = \"{count} дзень\"\nother = \"{count} дня\"";
    assert_eq!(reason(&[], [en, short, ru]), "text `days` in be lacks the plural form `few`");
    assert_eq!(
        reason(&[], ["[days]\none = \"{count} day\"", be, ru]),
        "text `days` in en lacks the plural form `other`"
    );
    let plain = "days = \"дни\"";
    assert!(reason(&[], [en, be, plain]).contains("placeholders"));
}

#[test]
fn a_template_parses_and_names_what_there_is() {
    assert!(reason(&[("a.html", "{% if %}")], ["", "", ""]).starts_with("template: syntax error"));
    assert_eq!(reason(&[("a.html", ""), ("a.html", "")], ["", "", ""]), "template `a.html` is given twice");
    assert_eq!(reason(&[("base.html", "")], ["", "", ""]), "template `base.html` is given twice");
    for wrong in [r#"{{ t("no.such") }}"#, r#"{{t("no.such", n=1)}}"#, r#"{{ f(t("no.such")) }}"#] {
        let templates: &'static [(&str, &str)] = vec![("a.html", wrong.to_owned().leak() as &str)].leak();
        assert_eq!(reason(templates, ["", "", ""]), "template `a.html` names the text `no.such`, which does not exist");
    }
    assert!(reason(&[("a.html", r#"{{ asset("no.css") }}"#)], ["", "", ""]).contains("the asset `no.css`"));
    // A key that is put together cannot be checked before it is asked for.
    assert!(Pages::load(&[source(&[("a.html", r#"{{ t("no." ~ x) }}"#)], ["", "", ""])]).is_ok());
}

#[test]
fn a_text_takes_the_form_of_its_count() {
    let pages = Pages::load(&[source(&[], PLURALS)]).unwrap();
    let days = |lang, count: &str| pages.text(lang, "days", &[("count", count)]);
    assert_eq!(days(Lang::En, "1"), "1 day");
    assert_eq!(days(Lang::En, "5"), "5 days");
    assert_eq!(days(Lang::Be, "21"), "21 дзень");
    assert_eq!(days(Lang::Be, "22"), "22 дні");
    assert_eq!(days(Lang::Be, "12"), "12 дзён");
    assert_eq!(days(Lang::Be, "1.5"), "1.5 дзён", "without a form of its own");
    assert_eq!(days(Lang::Ru, "1.5"), "1.5 дня");
    assert_eq!(pages.text(Lang::Ru, "days", &[]), "days", "without its count");
    assert_eq!(pages.text(Lang::Ru, "no.such", &[]), "no.such");
}

#[test]
fn the_kits_own_texts_keep_to_their_languages() {
    let [_, (_, be), (_, ru)] = OWN.texts;
    // The names of the languages are the same in each file, each in its own language.
    let own = |text: &str| text.split("\n\n").filter(|part| !part.starts_with("[language]")).collect::<String>();
    assert!(!own(be).contains(['и', 'И', 'щ', 'Щ', 'ъ']));
    assert!(!own(ru).contains(['і', 'І', 'ў', 'Ў']));
}
