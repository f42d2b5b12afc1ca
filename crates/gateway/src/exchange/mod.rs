//! The exchange: `Received → Authenticated → Permitted → Consented → Answered → Receipted`, each step a type.
//!
//! Until the caller is identified a refusal is neither recorded nor signed; from then on every outcome is both.

pub(crate) mod answered;
pub(crate) mod authenticated;
pub(crate) mod consented;
pub(crate) mod header;
pub(crate) mod permitted;
pub(crate) mod receipted;
pub(crate) mod received;
pub(crate) mod recording;
pub(crate) mod signer;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response};
use model::{Kind, Refusal};
use web::Context;
use web::body::Allowance;

use self::answered::Answered;
use self::authenticated::{Authenticated, Case, identify};
use self::consented::Consented;
use self::header::SIGNATURE;
use self::permitted::Permitted;
use self::receipted::{refused, respond};
use self::received::Received;
use crate::catalogue::{Found, Route};
use crate::{Gateway, own, queue};

/// Answers any request to the gateway's port.
pub(crate) async fn exchange(
    State(gateway): State<Gateway>,
    Extension(context): Extension<Context>,
    request: Request<Body>,
) -> Response<Body> {
    let (received, understood) = Received::read(context, request);
    let identified = understood.and_then(|()| identify(&gateway, &received));
    let (access, caller) = match identified {
        Ok(identified) => identified,
        Err(refusal) => return refused(&received.call, &refusal),
    };
    let Received { call, headers, body, .. } = received;
    let found = gateway.catalogue().find(&call.verb, &call.path);
    let (body, read) = match web::body::read(body, allowance(&found)).await {
        Ok(body) => (body, Ok(())),
        Err(refusal) => (bytes::Bytes::new(), Err(refusal)),
    };
    let digest = eds::sha256(&body);
    let (service, method) = found.names();
    let case = Case { call, caller, access, body, digest, consent: None, service, method, nonce: None };
    note_question(&case);
    let request_signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let outcome = match read {
        Err(refusal) => Err((case, refusal)),
        Ok(()) => Box::pin(steps(&gateway, case, &headers, found)).await,
    };
    let answered = match outcome {
        // When nothing can be committed, a refusal cannot be either.
        Err((case, refusal)) if refusal.kind != Kind::Unavailable => Answered::refuse(&gateway, case, refusal).await,
        outcome => outcome,
    };
    match answered {
        Ok(answered) => {
            note_answer(&gateway, &answered);
            respond(&gateway, answered, request_signature)
        }
        Err((case, refusal)) => refused(&case.call, &refusal),
    }
}

/// What is larger than a question has the time of a package.
fn allowance(found: &Found) -> Allowance {
    match found {
        Found::Route(route) if route.method().max_body > Allowance::QUESTION.bytes => {
            Allowance { bytes: route.method().max_body, ..Allowance::PACKAGE }
        }
        Found::Route(route) => Allowance { bytes: route.method().max_body, ..Allowance::QUESTION },
        _ => Allowance::QUESTION,
    }
}

fn note_question(case: &Case) {
    let line = case.call.context.line();
    line.consumer(case.caller.asker.id.as_str());
    line.bytes_in(case.body.len() as u64);
    if let Some(service) = &case.service {
        line.service(service.as_str());
    }
    if let Some(method) = &case.method {
        line.method(method.clone());
    }
}

/// The leaf's place, as its receipt says it.
fn index_of(stamp: &str) -> Option<u64> {
    stamp.lines().find_map(|line| line.strip_prefix("index "))?.parse().ok()
}

fn note_answer(gateway: &Gateway, answered: &Answered) {
    let line = answered.case.call.context.line();
    if let Some(refusal) = &answered.refusal {
        line.code(refusal.code);
    }
    if let Some(service) = &answered.case.service {
        let theirs = |kind| matches!(kind, Kind::Upstream | Kind::UpstreamTimeout | Kind::Internal);
        let failed = answered.refusal.as_ref().is_some_and(|refusal| theirs(refusal.kind));
        gateway.pulses.beat(service, answered.case.call.started.elapsed(), failed);
    }
    line.add_provider(answered.provider_time);
    line.add_db(answered.db_time);
    if let Some(index) = index_of(&answered.stamp) {
        line.ledger(index);
    }
}

async fn steps(gateway: &Gateway, case: Case, headers: &HeaderMap, found: Found) -> Result<Answered, (Case, Refusal)> {
    if let Err(refusal) = case.caller.limit.admit() {
        return Err((case, refusal));
    }
    let authenticated = Authenticated::prove(gateway, case, headers).map_err(|refused| *refused)?;
    match found {
        Found::Route(route) => {
            if let Err(refusal) = media_type(&route, headers, &authenticated.case) {
                return Err((authenticated.case, refusal));
            }
            let permitted = Permitted::grant(authenticated, &route, headers).map_err(|refused| *refused)?;
            let consented = Consented::check(gateway, permitted, headers).await.map_err(|refused| *refused)?;
            match consented {
                // A preference only: what a consent lets be known is not kept for a time when it may be withdrawn.
                Consented { permitted, consent: None } if permitted.case.call.wants.later => {
                    queue::accept(gateway, permitted).await
                }
                consented => Answered::ask(gateway, consented).await,
            }
        }
        Found::Own(page) => own::answer(gateway, authenticated.case, page).await,
        Found::OtherVerb(allowed) => {
            Err((authenticated.case, Refusal::new(Kind::VerbNotAllowed, "verb-not-allowed").with("allowed", allowed)))
        }
        Found::Nothing => {
            let path = authenticated.case.call.path.clone();
            Err((authenticated.case, Refusal::new(Kind::NotFound, "not-found").with("path", path)))
        }
    }
}

fn media_type(route: &Route, headers: &HeaderMap, case: &Case) -> Result<(), Refusal> {
    if case.body.is_empty() {
        return Ok(());
    }
    let given = web::body::content_type(headers).unwrap_or("");
    let taken = &route.method().content_types;
    if taken.iter().any(|one| one.eq_ignore_ascii_case(given)) {
        return Ok(());
    }
    Err(Refusal::new(Kind::UnsupportedMedia, "media-type").with("expected", taken.join(", ")))
}
