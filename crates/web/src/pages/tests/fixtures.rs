//! Our components look as the package's own, by the fixtures that it ships.

use serde_json::Value as Json;

use super::*;

/// Component, macro, and how many of the fixtures must come out the same: all of those that the package shows.
const COMPONENTS: [(&str, &str, usize); 30] = [
    ("accordion", "accordion", 4),
    ("back-link", "back_link", 2),
    ("breadcrumbs", "breadcrumbs", 6),
    ("button", "button", 22),
    ("checkboxes", "checkboxes", 17),
    ("date-input", "date_input", 22),
    ("details", "details", 3),
    ("error-message", "error_message", 2),
    ("error-summary", "error_summary", 5),
    ("fieldset", "fieldset", 10),
    ("file-upload", "file_upload", 9),
    ("hint", "hint", 2),
    ("input", "input", 18),
    ("inset-text", "inset_text", 2),
    ("label", "label", 11),
    ("notification-banner", "notification_banner", 5),
    ("pagination", "pagination", 10),
    ("panel", "panel", 4),
    ("password-input", "password_input", 5),
    ("phase-banner", "phase_banner", 1),
    ("radios", "radios", 20),
    ("select", "select", 4),
    ("skip-link", "skip_link", 2),
    ("summary-list", "summary_list", 10),
    ("table", "table", 3),
    ("tabs", "tabs", 2),
    ("tag", "tag", 9),
    ("task-list", "task_list", 6),
    ("textarea", "textarea", 6),
    ("warning-text", "warning_text", 2),
];

fn fixtures(component: &str) -> Vec<Json> {
    let path = format!("{}/fixtures/{component}.json", env!("OUT_DIR"));
    let mut file: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let Json::Array(fixtures) = file["fixtures"].take() else { panic!("{component} has no fixtures") };
    fixtures.into_iter().filter(|fixture| fixture["hidden"] == false).collect()
}

/// The macros by name, as a page calls them.
fn show(pages: &Pages, component: &str, options: &Json) -> String {
    rendered(pages, Lang::En, "c.html", context! { name => component, p => minijinja::value::Serde(options) })
}

#[test]
fn components_look_as_the_package_has_them() {
    let pages = pages(&[("c.html", r#"{% import "govuk.html" as g %}{{ g[name](p) }}"#)]);
    let (mut told, mut wrong, mut short) = (String::new(), String::new(), 0);
    for (component, name, floor) in COMPONENTS {
        let fixtures = fixtures(component);
        let mut same = 0;
        for fixture in &fixtures {
            let html = show(&pages, name, &fixture["options"]);
            let wanted = fixture["html"].as_str().unwrap();
            let texts = script_texts(&html);
            let told = script_texts(wanted).into_iter().all(|text| texts.contains(&text));
            let (shown, wanted) = (normal(&html), normal(wanted));
            if shown == wanted && told {
                same += 1;
            } else {
                wrong += &format!(
                    "{component}: {}\n  {}\n  ours   {shown}\n  theirs {wanted}\n",
                    fixture["name"], fixture["options"]
                );
            }
        }
        told += &format!("{component}: {same} of {}\n", fixtures.len());
        short += usize::from(same < floor);
    }
    println!("{told}{wrong}");
    assert_eq!(short, 0, "components that have become worse");
}

/// Markup without what may differ: white space, the order of attributes, texts for the script, which we always give.
fn normal(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push_text(&mut out, &rest[..at]);
        let end = tag_end(&rest[at..]) + at;
        out.push_str(&tag(&rest[at..=end]));
        rest = &rest[end + 1..];
    }
    push_text(&mut out, rest);
    out.trim().to_owned()
}

/// Texts for the script: ours has all that the package has, and those of our language besides.
fn script_texts(html: &str) -> Vec<String> {
    let starts = html.match_indices(" data-i18n.").map(|(at, _)| &html[at..]);
    starts.map(|rest| rest.splitn(3, '"').take(2).collect::<Vec<_>>().join("\"")).collect()
}

/// Entities are written in different ways; white space at tags means nothing here.
fn push_text(out: &mut String, text: &str) {
    let text = text.replace("&#x27;", "&#39;").replace("&#x2f;", "/").replace("&quot;", "\"").replace("&#39;", "'");
    out.push_str(&text.split_whitespace().collect::<Vec<_>>().join(" "));
}

/// Where the tag at the start ends, whatever stands in its quotes.
fn tag_end(html: &str) -> usize {
    let mut quoted = false;
    html.char_indices()
        .find(|(_, c)| {
            quoted ^= *c == '"';
            *c == '>' && !quoted
        })
        .map_or(html.len() - 1, |(at, _)| at)
}

fn tag(tag: &str) -> String {
    let inside = tag.trim_start_matches('<').trim_end_matches('>').trim_end_matches('/');
    let (name, mut rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (attribute, after) = rest.split_at(end);
        if let Some(value) = after.strip_prefix("=\"") {
            let (value, after) = value.split_once('"').unwrap();
            let mut shown = String::new();
            push_text(&mut shown, value);
            attributes.push(format!("{attribute}=\"{shown}\""));
            rest = after;
        } else {
            attributes.push(attribute.to_owned());
            rest = after;
        }
    }
    attributes.retain(|attribute| !attribute.starts_with("data-i18n."));
    attributes.sort();
    format!("<{name} {}>", attributes.join(" ")).replace(" >", ">")
}

#[test]
fn what_means_something_is_not_normalised_away() {
    assert_eq!(normal("<a  href=\"x\" class=\"b\" >\n t </a>"), normal("<a class=\"b\" href=\"x\">t</a>"));
    for (one, other) in [
        ("<a href=\"x\">", "<a href=\"y\">"),
        ("<a class=\"x\">", "<a>"),
        ("<a>t</a>", "<a>u</a>"),
        ("<i>&lt;b&gt;</i>", "<i><b></i>"),
        ("<input disabled>", "<input>"),
        ("<a><b></b></a>", "<a></a><b></b>"),
    ] {
        assert_ne!(normal(one), normal(other));
    }
}
