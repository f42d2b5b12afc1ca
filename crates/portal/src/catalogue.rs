//! The catalogue: every service in three languages, found by words and categories; each service's six headings.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::Response;
use minijinja::{Value, context};
use model::terms::{Mode, Tariff};
use model::{Lang, Service};
use serde::Deserialize;
use web::Context;
use web::pages::{View, see_other};

use crate::Portal;
use crate::session::Session;

#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    q: String,
    #[serde(default)]
    category: String,
}

/// `GET /`: the language that the reader's browser asks for.
pub(crate) async fn by_language(Extension(context): Extension<Context>) -> Response<Body> {
    see_other(&format!("/{}/services", context.lang().code()))
}

/// `GET /{lang}/`
pub(crate) async fn home(view: View) -> Response<Body> {
    see_other(&view.url("/services"))
}

/// The paragraphs under a heading, which may be one text or several.
pub(crate) fn paragraphs(service: &Service, lang: Lang, key: &str) -> Vec<String> {
    if service.texts.has(key) {
        return vec![service.text(lang, key)];
    }
    let numbered = (0..).map(|number| format!("{key}.{number}"));
    numbered.take_while(|key| service.texts.has(key)).map(|key| service.text(lang, &key)).collect()
}

/// The category a service is listed under.
fn category(service: &Service) -> String {
    service.passport.category.clone().unwrap_or_else(|| "other".to_owned())
}

/// What a search looks at: titles and descriptions in all three languages, and the code.
pub(crate) fn searched(service: &Service) -> String {
    let mut text = service.passport.code.as_str().to_owned();
    for lang in Lang::ALL {
        for key in ["title", "description", "result", "keywords"] {
            for paragraph in paragraphs(service, lang, key) {
                text.push(' ');
                text.push_str(&paragraph);
            }
        }
    }
    words(&text)
}

/// Lower-case words with single blanks between; ё and е are one letter, as in every Russian text.
fn words(text: &str) -> String {
    let plain: String = text
        .to_lowercase()
        .chars()
        .map(|sign| match sign {
            'ё' => 'е',
            sign if sign.is_alphanumeric() || sign == '.' => sign,
            _ => ' ',
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every word is found, whatever its ending: people write "registering foreigners" for "registration of a foreigner".
fn matches(text: &str, wanted: &str) -> bool {
    let wanted = words(wanted);
    wanted.split(' ').filter(|word| !word.is_empty()).all(|word| {
        // Half of a long word is its stem in all three languages; a short word or a code is meant whole.
        let length = word.chars().count();
        let kept = if length < 6 || word.contains('.') { length } else { length.div_ceil(2).max(5) };
        let stem: String = word.chars().take(kept).collect();
        text.split(' ').any(|known| known.starts_with(&stem) || (known.contains('.') && known.contains(&stem)))
    })
}

/// `GET /services`
pub(crate) async fn list(State(portal): State<Portal>, view: View, Query(wanted): Query<Wanted>) -> Response<Body> {
    let found: Vec<&Arc<Service>> = portal
        .parts
        .services
        .iter()
        .zip(&portal.searched)
        .filter(|(_, text)| matches(text, &wanted.q))
        .map(|(service, _)| service)
        .filter(|service| wanted.category.is_empty() || category(service) == wanted.category)
        .collect();
    let mut categories: Vec<String> = portal.parts.services.iter().map(|service| category(service)).collect();
    categories.sort();
    categories.dedup();
    let categories: Vec<Value> = categories
        .into_iter()
        .map(|name| {
            let title = portal.text(view.lang, &format!("categories.{name}"), &[]);
            context! { selected => name == wanted.category, value => name, text => title }
        })
        .collect();
    let services: Vec<Value> = found
        .iter()
        .map(|service| {
            context! {
                code => service.passport.code.as_str(),
                path => service.passport.code.path(),
                title => service.text(view.lang, "title"),
                description => paragraphs(service, view.lang, "description").first(),
                category => portal.text(view.lang, &format!("categories.{}", category(service)), &[]),
                online => portal.form(service).is_some(),
                free => matches!(service.passport.tariff, Tariff::Free),
            }
        })
        .collect();
    let all = portal.parts.services.len();
    let values = context! { services, categories, q => wanted.q.trim(), category => wanted.category.clone(), all };
    portal.parts.pages.show(&view, "portal/catalogue.html", values)
}

/// `GET /services/{code}`
pub(crate) async fn service(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(code): Path<String>,
) -> Response<Body> {
    let Some(service) = portal.service(&code) else { return portal.not_found(&view) };
    let lang = view.lang;
    let headings: Vec<Value> = ["description", "how_to_get", "term", "cost", "recipients", "result"]
        .into_iter()
        .map(|key| {
            let title = portal.text(lang, &format!("service.{key}"), &[]);
            context! { key, title, paragraphs => paragraphs(service, lang, key) }
        })
        .collect();
    let exemptions: Vec<String> = match &service.passport.tariff {
        Tariff::Free => Vec::new(),
        Tariff::Paid { exemptions, .. } => exemptions.iter().map(|exemption| exemption.act.clone()).collect(),
    };
    let values = context! {
        code => service.passport.code.as_str(),
        path => service.passport.code.path(),
        title => service.text(lang, "title"),
        headings,
        exemptions,
        ways => ways(&portal, service, lang, session.as_deref()),
        online => portal.form(service).is_some(),
        needs => paragraphs(service, lang, "form.start.need"),
        notes => paragraphs(service, lang, "form.start.note"),
        ground => service.passport.ground.clone(),
    };
    portal.parts.pages.show(&view, "portal/service.html", values)
}

/// The ways to get the service, and whether each is open to this reader.
fn ways(portal: &Portal, service: &Service, lang: Lang, session: Option<&Session>) -> Vec<Value> {
    service
        .passport
        .modes
        .iter()
        .map(|mode| {
            let open = match (mode, session) {
                (Mode::Weak, Some(_)) => "open",
                (Mode::Weak, None) => "account",
                (Mode::Strong | Mode::StrongIdCard, _) => "card",
                (Mode::System | Mode::SystemStateBodies | Mode::Intermediary, _) => "treaty",
            };
            context! {
                name => portal.text(lang, &format!("ways.{}", mode.as_str()), &[]),
                open,
                says => portal.text(lang, &format!("ways.is-{open}"), &[]),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whatever_their_endings() {
        let text = words("200.12.14.1 Registration of a foreign citizen; Рэгістрацыя замежнага грамадзяніна");
        for wanted in ["", "registrations", "FOREIGN citizens", "рэгістрацыю", "12.14", "замежны"] {
            assert!(matches(&text, wanted), "{wanted}");
        }
        assert!(!matches(&text, "utilities"));
    }
}
