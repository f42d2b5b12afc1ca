//! Whether a system outside NAIS may know the person.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::Response;
use minijinja::{Value, context};
use web::pages::{Form, View};

use super::{Sheet, asked, onward};
use crate::audit::{self, Event};
use crate::error::{Fail, Page};
use crate::visitor::Visitor;
use crate::{Identity, oidc};

pub(super) async fn show(
    State(core): State<Identity>,
    mut view: View,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let flow = asked(query, "flow");
    let page = question(&core, &mut view, &visitor, &flow).await;
    core.settle(&view, page)
}

async fn question(core: &Identity, view: &mut View, visitor: &Visitor, name: &str) -> Page {
    let (flow, _, account) = oidc::waits_for_consent(core, visitor, name).await?;
    view.account = Some(account.profile.full_name());
    let client = core.clients.get(&flow.request.client).ok_or(Fail::Gone)?;
    let scopes: Vec<Value> = flow
        .request
        .scope
        .split(' ')
        .filter(|scope| *scope != "openid")
        .map(|scope| Value::from(core.text(view.lang, &format!("id.scope.{scope}"))))
        .collect();
    let values = context! { name => client.name.of(view.lang), scopes, person => account.profile.full_name() };
    Sheet::new(core, view, "identity/consent.html").flow(name).show(values).await
}

pub(super) async fn post(State(core): State<Identity>, view: View, visitor: Visitor, form: Form) -> Response<Body> {
    let page = answer(&core, &view, &visitor, &form).await;
    core.settle(&view, page)
}

async fn answer(core: &Identity, view: &View, visitor: &Visitor, form: &Form) -> Page {
    let name = form.get("flow");
    let (flow, session, _) = oidc::waits_for_consent(core, visitor, name).await?;
    if form.get("answer") != "yes" {
        return oidc::deny(core, name, &flow.request).await;
    }
    let (now, address) = (core.clock.micros(), visitor.address.clone());
    core.db
        .write(move |tx| {
            oidc::consent(tx, session.account, &flow.request, now)?;
            audit::note(tx, session.account, Event::ConsentGiven, now, &address)
        })
        .await?;
    Ok(onward(core, view, name).await?)
}
