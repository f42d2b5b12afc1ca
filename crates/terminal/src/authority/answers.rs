//! The answers of a test authority, for the stand: the status of its certificates (OCSP, RFC 6960), time stamps (RFC
//! 3161), its lists of revoked certificates.
//!
//! What `nais pki revoke` wrote down is read for every answer, so that it counts at once.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::ocsp::Responder;
use eds::{Crl, tsp};
use jiff::{SignedDuration, Timestamp};
use model::Clock;

use super::{ATTRIBUTES, Folder, ISSUING, ROOT, services};
use crate::exit::Error;
use crate::files;

/// The largest question taken.
const QUESTION: usize = 16 * 1024;
/// How long an answer may be relied on: no longer than a revocation may go unseen.
const TERM: SignedDuration = SignedDuration::from_mins(10);
/// The one policy of the stamps: the role of a time-stamp authority (STB 34.101.78).
const POLICY: &str = "1.2.112.0.2.0.34.101.78.2.31";

/// What answers.
struct Desk {
    folder: Folder,
    /// Each with the authority whose certificates it answers about.
    responders: Vec<(&'static str, Responder)>,
    stampers: Vec<tsp::Authority>,
    clock: Clock,
}

/// `POST /ocsp`, `GET /ocsp/{request}`, `POST /tsa`, `GET /pki/{authority}.crl`.
pub fn router(folder: Folder, clock: &Clock) -> Result<Router, Error> {
    let desk = Desk::open(folder, clock.clone())?;
    let router = Router::new()
        .route("/ocsp", post(|State(desk): State<Arc<Desk>>, body: Bytes| async move { desk.told(body).await }))
        .route("/ocsp/{*request}", get(asked))
        .route("/tsa", post(|State(desk): State<Arc<Desk>>, body: Bytes| async move { desk.stamped(&body) }))
        .route("/pki/{list}", get(list))
        .layer(DefaultBodyLimit::max(QUESTION));
    Ok(router.with_state(Arc::new(desk)))
}

impl Desk {
    fn open(folder: Folder, clock: Clock) -> Result<Self, Error> {
        let issuers = [(ROOT, vec![services::ROOT_RESPONDER]), (ISSUING, services::RESPONDERS.to_vec())];
        let mut responders = Vec::new();
        for (issuer, names) in issuers {
            let certificate = folder.certificate(issuer)?;
            for (name, _) in names {
                let responder = Responder::new(certificate.clone(), folder.certificate(name)?, folder.key(name)?)?;
                responders.push((issuer, responder));
            }
        }
        let issuing = folder.certificate(ISSUING)?;
        let stamper = |(name, _): (&str, _)| -> Result<tsp::Authority, Error> {
            let (key, certificate) = (folder.key(name)?, folder.certificate(name)?);
            Ok(tsp::Authority::new(key, certificate, [issuing.clone()], POLICY)?)
        };
        let stampers = services::STAMPERS.into_iter().map(stamper).collect::<Result<_, _>>()?;
        Ok(Self { folder, responders, stampers, clock })
    }

    /// Whole seconds, as certificates have them.
    fn now(&self) -> Result<Timestamp, Error> {
        Timestamp::from_second(self.clock.now().as_second()).map_err(Error::failed)
    }

    async fn told(self: Arc<Self>, request: Bytes) -> Response {
        let answer = tokio::task::spawn_blocking(move || self.answer(&request)).await;
        given("application/ocsp-response", answer.map_err(Error::failed).and_then(|answer| answer))
    }

    fn answer(&self, request: &[u8]) -> Result<Vec<u8>, Error> {
        // Of equals the first, which every client knows.
        let best = self.responders.iter().rev().max_by_key(|(_, responder)| responder.fits(request));
        let (issuer, responder) = best.ok_or_else(|| Error::failed("no responder"))?;
        let now = self.now()?;
        Ok(responder.answer(request, &self.folder.records(issuer)?, now, now + TERM)?)
    }

    fn stamped(&self, request: &[u8]) -> Response {
        let best = self.stampers.iter().rev().max_by_key(|stamper| stamper.fits(request));
        let answer = best.ok_or_else(|| Error::failed("no authority"));
        let answer = answer.and_then(|stamper| Ok(stamper.answer(request, self.now()?)?));
        given("application/timestamp-reply", answer)
    }
}

/// RFC 6960 appendix A.1: the request in base64 as the end of the path.
async fn asked(State(desk): State<Arc<Desk>>, Path(request): Path<String>) -> Response {
    // What is no base64 is no request either; the responder says so in its own terms.
    desk.told(BASE64_STANDARD.decode(request).unwrap_or_default().into()).await
}

async fn list(State(desk): State<Arc<Desk>>, Path(file): Path<String>) -> Response {
    let Some(name) = file.strip_suffix(".crl").filter(|name| [ROOT, ISSUING, ATTRIBUTES].contains(name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let list = || -> Result<Vec<u8>, Error> {
        let issuer = desk.folder.certificate(name)?;
        let lists = Crl::all_from_pem(&files::text(&desk.folder.file("crl.pem"))?)?;
        let list = lists.into_iter().find(|list| list.is_of(&issuer));
        Ok(list.ok_or_else(|| Error::failed(format_args!("crl.pem: no list of {name}")))?.der().to_vec())
    };
    given("application/pkix-crl", list())
}

fn given(kind: &'static str, answer: Result<Vec<u8>, Error>) -> Response {
    match answer {
        Ok(bytes) => ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], bytes).into_response(),
        Err(error) => {
            tracing::error!(%error, "the test authority could not answer");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
