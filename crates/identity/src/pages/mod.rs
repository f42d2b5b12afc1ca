//! The pages: signing up, signing in, a new password, sessions, the second factor, consent, the stand's mail.

mod change;
mod choose;
mod confirm;
mod consent;
mod passkeys;
mod second_factor;
mod sessions;
mod sign_in;
mod sign_up;
mod stand_mail;
mod two_step;
mod with_card;
mod with_passkey;

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{get, post};
use mail::Message;
use minijinja::{Value, context};
use model::Lang;
use store::Tx;
use web::pages::{Form, View, same_origin, see_other};

use crate::account::Profile;
use crate::error::Fail;
use crate::ticket::Purpose;
use crate::visitor::Visitor;
use crate::{Error, Identity, flow};

pub(crate) use second_factor::{STATEMENTS, forget_steps};

/// The templates by name.
pub(crate) const TEMPLATES: &[(&str, &str)] = &[
    ("identity/register.html", include_str!("../../templates/register.html")),
    ("identity/reset.html", include_str!("../../templates/reset.html")),
    ("identity/sent.html", include_str!("../../templates/sent.html")),
    ("identity/confirm.html", include_str!("../../templates/confirm.html")),
    ("identity/notice.html", include_str!("../../templates/notice.html")),
    ("identity/card.html", include_str!("../../templates/card.html")),
    ("identity/passkey.html", include_str!("../../templates/passkey.html")),
    ("identity/passkeys.html", include_str!("../../templates/passkeys.html")),
    ("identity/choose.html", include_str!("../../templates/choose.html")),
    ("identity/sign-in.html", include_str!("../../templates/sign-in.html")),
    ("identity/second-factor.html", include_str!("../../templates/second-factor.html")),
    ("identity/sessions.html", include_str!("../../templates/sessions.html")),
    ("identity/password.html", include_str!("../../templates/password.html")),
    ("identity/two-step.html", include_str!("../../templates/two-step.html")),
    ("identity/enrol.html", include_str!("../../templates/enrol.html")),
    ("identity/recovery.html", include_str!("../../templates/recovery.html")),
    ("identity/consent.html", include_str!("../../templates/consent.html")),
    ("identity/sign-out.html", include_str!("../../templates/sign-out.html")),
    ("identity/oidc-error.html", include_str!("../../templates/oidc-error.html")),
    ("identity/stand-mail.html", include_str!("../../templates/stand-mail.html")),
];

/// The routes of pages.
pub(crate) fn router(core: &Identity) -> Router {
    let mut router = Router::new()
        .route("/{lang}/sign-in", get(sign_in::show).post(sign_in::post))
        .route("/{lang}/sign-in/passkey", post(with_passkey::post))
        .route("/{lang}/sign-in/card", get(with_card::show).post(with_card::post))
        .route("/{lang}/sign-in/second-factor", get(second_factor::show).post(second_factor::post))
        .route("/{lang}/sign-out", get(sessions::ask_sign_out).post(sessions::sign_out))
        .route("/{lang}/signed-out", get(sessions::signed_out))
        .route("/{lang}/consent", get(consent::show).post(consent::post))
        .route("/{lang}/identity/sessions", get(sessions::show))
        .route("/{lang}/identity/sessions/end", post(sessions::end))
        .route("/{lang}/identity/password", get(change::show).post(change::post))
        .route("/{lang}/identity/two-step", get(two_step::show).post(two_step::post))
        .route("/{lang}/identity/passkeys", get(passkeys::show).post(passkeys::post));
    for purpose in [Purpose::Register, Purpose::Reset] {
        let at = |rest: &str| format!("/{{lang}}/{}{rest}", purpose.as_str());
        router = router
            .route(
                &at(""),
                get(move |s, v, q| sign_up::show(purpose, s, v, q))
                    .post(move |s, v, b, f| sign_up::post(purpose, s, v, b, f)),
            )
            .route(
                &at("/sent"),
                get(move |s, v, b, q| confirm::sent(purpose, s, v, b, q))
                    .post(move |s, v, b, f| confirm::code(purpose, s, v, b, f)),
            )
            .route(
                &at("/confirm"),
                get(move |s, v, b, q| confirm::link(purpose, s, v, b, q))
                    .post(move |s, v, b, f| confirm::spend(purpose, s, v, b, f)),
            )
            .route(
                &at("/password"),
                get(move |s, v, b| choose::show(purpose, s, v, b))
                    .post(move |s, v, b, f| choose::post(purpose, s, v, b, f)),
            );
    }
    if core.config.stand && core.outbox.keeps() {
        router = router.route("/stand/mail", get(stand_mail::show)).route("/{lang}/stand/mail", get(stand_mail::show));
    }
    router
        .route_layer(from_fn_with_state(core.clone(), known_language))
        .route_layer(from_fn_with_state(core.pages.clone(), same_origin))
        .with_state(core.clone())
}

/// Paths below a first segment that is no language of ours are not ours.
async fn known_language(
    State(core): State<Identity>,
    view: View,
    path: Option<Path<std::collections::HashMap<String, String>>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let named = path.and_then(|Path(parts)| parts.get("lang").cloned());
    if named.is_some_and(|lang| Lang::ALL.into_iter().all(|known| known.code() != lang)) {
        return core.pages.error(&view, StatusCode::NOT_FOUND, "not-found");
    }
    next.run(request).await
}

/// What is wrong with the fields of a form.
#[derive(Default)]
pub(super) struct Faults(Vec<(&'static str, String)>);

impl Faults {
    /// This field, and what to do about it.
    pub(super) fn add(&mut self, field: &'static str, text: String) {
        self.0.push((field, text));
    }

    pub(super) fn one(field: &'static str, text: String) -> Self {
        Self(vec![(field, text)])
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `errors` for the summary, `faults` by field.
    fn values(&self) -> Value {
        let errors: Vec<Value> =
            self.0.iter().map(|(field, text)| context! { text, href => format!("#{field}") }).collect();
        let faults: BTreeMap<&str, String> = self.0.iter().cloned().collect();
        context! { errors, faults }
    }
}

/// A page of ours being put together.
pub(super) struct Sheet<'a> {
    pub(super) core: &'a Identity,
    pub(super) view: &'a View,
    pub(super) template: &'static str,
    pub(super) status: StatusCode,
    pub(super) faults: Faults,
    /// The kept request; empty when there is none.
    pub(super) flow: &'a str,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(core: &'a Identity, view: &'a View, template: &'static str) -> Self {
        Self { core, view, template, status: StatusCode::OK, faults: Faults::default(), flow: "" }
    }

    /// The page is shown again with what is wrong.
    pub(super) fn wrong(mut self, faults: Faults) -> Self {
        if !faults.is_empty() {
            self.status = StatusCode::UNPROCESSABLE_ENTITY;
            self.faults = faults;
        }
        self
    }

    pub(super) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub(super) fn flow(mut self, flow: &'a str) -> Self {
        self.flow = flow;
        self
    }

    /// The page. A form in a flow may end at the client that waits.
    pub(super) async fn show(self, values: Value) -> Result<Response<Body>, Fail> {
        let Self { core, view, template, status, faults, flow } = self;
        let waiting = kept(core, flow).await?;
        let client = waiting.as_ref().and_then(|request| core.clients.get(&request.client));
        let base = context! {
            flow => if waiting.is_some() { flow } else { "" },
            client => client.filter(|client| !client.first_party).map(|client| client.name.of(view.lang)),
        };
        let values = minijinja::value::merge_maps([faults.values(), base, values]);
        let mut response = core.pages.show_as(status, view, template, values);
        if let Some(request) = waiting {
            core.lead_to_client(&mut response, &request.redirect_uri);
        }
        Ok(response)
    }
}

async fn kept(core: &Identity, flow: &str) -> Result<Option<flow::Request>, Error> {
    if flow.is_empty() {
        return Ok(None);
    }
    let (name, now, vault) = (flow.to_owned(), core.clock.micros(), core.vault.clone());
    Ok(core.db.read(move |tx| flow::find(tx, &vault, &name, now)).await?.map(|flow| flow.request))
}

/// Where a person who signed in goes: back to the client that waits, or to the private office.
pub(super) async fn onward(core: &Identity, view: &View, flow: &str) -> Result<Response<Body>, Error> {
    Ok(match kept(core, flow).await? {
        Some(_) => see_other(&format!("/oidc/resume?flow={flow}&lang={}", view.lang.code())),
        None => see_other(&view.url("/account")),
    })
}

/// A field as it was typed: white space belongs to a password.
pub(super) fn typed<'a>(form: &'a Form, name: &str) -> &'a str {
    form.pairs().iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// A parameter of the address.
pub(super) fn asked(query: Option<String>, name: &str) -> String {
    Form::parse(query.unwrap_or_default().as_bytes()).get(name).to_owned()
}

/// The address with the flow, if there is one.
pub(super) fn with_flow(view: &View, path: &str, flow: &str) -> String {
    let url = view.url(path);
    if flow.is_empty() { url } else { format!("{url}?flow={flow}") }
}

/// A message in the holder's language, in the caller's transaction. `kind` is the middle of its texts' keys.
pub(super) fn write(
    tx: &mut Tx<'_>,
    core: &Identity,
    profile: &Profile,
    lang: Lang,
    kind: &'static str,
    args: &[(&str, &str)],
) -> Result<(), store::Error> {
    let Some(to) = profile.email.clone() else {
        return Ok(()); // issued in person, without an address
    };
    let text = |part: &str| core.pages.text(lang, &format!("id.mail.{kind}.{part}"), args);
    let sign = core.text(lang, "id.mail.sign");
    let message = Message { to, subject: text("subject"), text: format!("{}\n\n{sign}\n", text("text")), lang, kind };
    match core.outbox.put(tx, &message) {
        Ok(_) => Ok(()),
        Err(mail::Error::Store(error)) => Err(error),
        Err(error) => Err(store::Error::broken(error)),
    }
}

/// The text of a wait: minutes, rounded up.
pub(super) fn wait_text(core: &Identity, lang: Lang, key: &str, seconds: i64) -> String {
    let minutes = (seconds + 59) / 60;
    core.pages.text(lang, key, &[("count", &minutes.to_string())])
}

/// The person is signed in, or is sent to sign in.
pub(super) async fn signed_in(
    core: &Identity,
    view: &mut View,
    visitor: &Visitor,
) -> Result<Result<(crate::session::Session, crate::account::Account), Response<Body>>, Fail> {
    Ok(match visitor.session(core).await? {
        Some((session, account)) => {
            view.account = Some(account.profile.full_name());
            Ok((session, account))
        }
        None => Err(see_other(&view.url("/sign-in"))),
    })
}
