//! A consumer's folder for a system of this very program: the portal, and owners' systems that ask other owners.

use std::path::Path;

use axum::body::Body;
use axum::http::{Request, Response};
use eds::SigningKey;
use eds::http_signature::Signer;
use gateway::consumer::Transport;
use gateway::consumer::{Question, Told};
use gateway::{Boxed, Consumer};
use model::{Clock, Kind, Lang, Refusal};
use serde::Deserialize;
use serde_json::Value;
use stays::Asks;
use tower::Service as _;
use web::{Edge, Peer, PeerCertificate};

use super::InProcess;
use crate::exit::Error;
use crate::files;

/// `consumer.toml`, as far as it matters inside the program.
#[derive(Deserialize)]
struct Written {
    token: String,
}

/// The folder's consumer, and the certificate under which the gateway knows it.
pub(crate) struct Known {
    pub consumer: Consumer,
    peer: Peer,
}

/// Reads the folder; the consumer signs for the gateway at `host`. What is wrong names file, key and what was expected.
pub(crate) fn consumer(folder: &Path, host: &str, clock: &Clock) -> Result<Known, Error> {
    let written: Written = files::toml(&folder.join("consumer.toml"))?;
    let certificate = |name: &str| files::certificate(&folder.join(name), "");
    let key = SigningKey::from_pkcs8_pem(&files::text(&folder.join("sign.key"))?)?;
    let signer = Signer::new(key, &certificate("sign.pem")?)?;
    let tls = certificate("tls.pem")?;
    let held = PeerCertificate::parse(tls.der());
    let held = held.ok_or_else(|| Error::config(&folder.join("tls.pem"), "", "expected X.509".to_owned()))?;
    let consumer = Consumer::new(&written.token, signer, host, clock.clone())?;
    Ok(Known { consumer, peer: Peer::plain(([127, 0, 0, 1], 0).into()).holding(held) })
}

impl Known {
    /// From now on its questions go to this gateway.
    pub(crate) fn connect(&self, edge: &Edge<axum::Router>) {
        self.consumer.connect(InThisProcess(InProcess { edge: edge.clone(), peer: self.peer.clone() }));
    }
}

/// The gateway of this process as a consumer's way to it.
struct InThisProcess(InProcess);

impl Transport for InThisProcess {
    fn send(&self, request: Request<Body>) -> Boxed<'_, Result<Response<Body>, Refusal>> {
        let mut service = self.0.clone();
        Box::pin(async move {
            let Ok(response) = service.call(request).await;
            Ok(response)
        })
    }
}

/// What an owner's system asks other owners with.
pub(crate) struct Other(pub Consumer);

impl Asks for Other {
    fn ask(&self, path: &'static str, body: Value, lang: Lang) -> Boxed<'_, Result<Value, Refusal>> {
        Box::pin(async move {
            let told = self.0.ask(Question { path, body: &body, lang, idempotency_key: None }).await?;
            if told.is_answered() { Ok(told.json) } else { Err(refused(&told)) }
        })
    }
}

/// The other owner's refusal keeps its kind: whether another try is worth it hangs on that.
fn refused(told: &Told) -> Refusal {
    let kind = match told.status.as_u16() {
        400 => Kind::Malformed,
        401 => Kind::Unauthenticated,
        403 => Kind::Forbidden,
        404 => Kind::NotFound,
        409 => Kind::Conflict,
        429 => Kind::Throttled,
        504 => Kind::UpstreamTimeout,
        503 => Kind::Unavailable,
        _ => Kind::Upstream,
    };
    tracing::warn!(status = told.status.as_u16(), code = told.code(), "another owner refused");
    Refusal::new(kind, "provider-refused").with("status", told.status.as_u16())
}
