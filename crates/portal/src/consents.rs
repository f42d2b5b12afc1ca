//! Consents in the private office: what the person allowed whom, what became of it, and taking it back.

use std::collections::BTreeMap;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use gateway::consent::{self, Own};
use gateway::operator::Desk;
use minijinja::{Value, context};
use model::{IdentificationNumber, Kind, Lang, Service};
use store::Error;
use uuid::Uuid;
use web::pages::{View, see_other};

use crate::entry::{first_sign_in, sign_in_to};
use crate::session::Session;
use crate::stop::{Answer, Stop};
use crate::{Portal, account, result};

/// What groups of data are called, by language and code: the words of the consents' own wording.
pub(crate) struct Groups(BTreeMap<(&'static str, u16), String>);

impl Groups {
    /// The names that the services' consents give.
    pub(crate) fn of<'a>(services: impl IntoIterator<Item = &'a Service>) -> Self {
        let mut names = BTreeMap::new();
        for service in services {
            let wordings = service.wording.iter().flat_map(|wording| Lang::ALL.map(|lang| (lang, wording)));
            for (lang, wording) in wordings {
                let named = (1..=30).filter_map(|code| Some(((lang.code(), code), wording.group(lang, code)?)));
                names.extend(named);
            }
        }
        Self(names)
    }

    fn name(&self, lang: Lang, code: u16) -> String {
        self.0.get(&(lang.code(), code)).cloned().unwrap_or_else(|| code.to_string())
    }
}

/// Whose consents a session may see: the level says whether the identity is proven, and only then there is a number.
fn person(session: &Session) -> Option<IdentificationNumber> {
    session.person.number.as_deref().and_then(|number| IdentificationNumber::parse(number).ok())
}

fn shown(portal: &Portal, view: &View, one: &Own) -> Value {
    let (lang, kept) = (view.lang, &one.kept);
    let state = kept.state(view.at).as_str();
    let agreement = one.agreement.as_ref();
    let operator = match (&one.operator, agreement) {
        (Some(title), _) => title.of(lang).to_owned(),
        (None, Some(agreement)) => agreement.operator_info.clone(),
        (None, None) => portal.text(lang, "consents.unknown-operator", &[]),
    };
    let groups = agreement.map(|agreement| agreement.rights.iter().map(|code| portal.groups.name(lang, *code)));
    let language = agreement.and_then(|agreement| agreement.language);
    context! {
        id => kept.consent_id.to_string(),
        operator,
        unp => agreement.map(|agreement| agreement.operator_unp.to_string()),
        purpose => agreement.map(|agreement| agreement.target.clone()),
        data => groups.map(|groups| groups.collect::<Vec<_>>()),
        receivers => agreement.map(|agreement| agreement.assignee_persons.clone()),
        authorised => agreement.map(|agreement| agreement.authorised_persons.clone()),
        from => agreement.map(|_| kept.valid_from.to_string()),
        to => agreement.map(|_| kept.valid_to.to_string()),
        given_at => agreement.map(|_| kept.given_at.to_string()),
        withdrawn_at => kept.withdrawn_at.map(|at| at.to_string()),
        made => kept.uses_made,
        allowed => kept.uses_allowed,
        state,
        state_title => portal.text(lang, &format!("consents.states.{state}"), &[]),
        language => language.map(|language| portal.text(lang, &format!("consents.languages.{}", language.code()), &[])),
        said => language.map_or("", |language| language.code()),
        open => state == "used",
    }
}

/// `GET /account/consents`
pub(crate) async fn list(State(portal): State<Portal>, view: View, session: Option<Extension<Session>>) -> Answer {
    let Extension(session) = session.ok_or_else(|| first_sign_in(&view))?;
    let all = match person(&session) {
        Some(person) => consent::own(&portal.parts.db, &portal.parts.vault, &person).await,
        None => Ok(Vec::new()),
    };
    let all = all.map_err(|error| portal.failed(&view, &error))?;
    let consents = all.iter().map(|one| shown(&portal, &view, one)).collect::<Vec<_>>();
    Ok(account::show(&portal, &view, &session, "consents", context! { consents }))
}

/// The page of what went wrong with one consent: another's is as unknown as one that does not exist.
fn failed(portal: &Portal, view: &View, error: &Error) -> Response<Body> {
    match error {
        Error::Refused(refusal) if refusal.kind == Kind::NotFound => portal.not_found(view),
        error => portal.failed(view, error),
    }
}

/// Who asks, about which consent; or the page that says why not.
fn asked(
    portal: &Portal,
    view: &View,
    session: Option<Extension<Session>>,
    id: &str,
) -> Result<(IdentificationNumber, Uuid, Session), Stop> {
    let Extension(session) = session.ok_or_else(|| sign_in_to(view, "/account/consents"))?;
    match (person(&session), Uuid::try_parse(id)) {
        (Some(person), Ok(id)) => Ok((person, id, session)),
        _ => Err(portal.not_found(view).into()),
    }
}

/// `GET /account/consents/{id}` and, with the question whether to withdraw it, `GET …/withdraw`
async fn page(portal: &Portal, view: &View, session: Option<Extension<Session>>, id: &str, ask: bool) -> Answer {
    let (person, id, _) = asked(portal, view, session, id)?;
    let one = consent::own_one(&portal.parts.db, &portal.parts.vault, &person, id).await;
    let one = one.map_err(|error| failed(portal, view, &error))?;
    let consent = shown(portal, view, &one);
    Ok(portal.parts.pages.show(view, "portal/consent.html", context! { consent, ask }))
}

/// `GET /account/consents/{id}`
pub(crate) async fn show(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Answer {
    page(&portal, &view, session, &id, false).await
}

/// `GET /account/consents/{id}/withdraw`
pub(crate) async fn ask(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Answer {
    page(&portal, &view, session, &id, true).await
}

/// `POST /account/consents/{id}/withdraw`: the next request under it is refused.
pub(crate) async fn withdraw(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Answer {
    let (person, id, session) = asked(&portal, &view, session, &id)?;
    let parts = &portal.parts;
    let desk = Desk { db: parts.db.clone(), vault: parts.vault.clone(), now: parts.clock.now() };
    let withdrawn = consent::withdraw_own(&desk, &person, id, &session.person.acr).await;
    withdrawn.map_err(|error| failed(&portal, &view, &error))?;
    Ok(see_other(&view.url(&format!("/account/consents/{id}"))))
}

/// `GET /account/consents/{id}/record.json`: the consent record of ISO/IEC TS 27560.
pub(crate) async fn record(
    State(portal): State<Portal>,
    view: View,
    session: Option<Extension<Session>>,
    Path(id): Path<String>,
) -> Answer {
    let (person, id, _) = asked(&portal, &view, session, &id)?;
    let parts = &portal.parts;
    let record = consent::export_own(&parts.db, &parts.vault, &person, id, view.at).await;
    let record = record.map_err(|error| failed(&portal, &view, &error))?;
    Ok(result::file(format!("{record:#}\n"), "application/json", "consent.json"))
}
