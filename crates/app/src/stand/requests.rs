//! Ready requests: one for each method, as JSON bodies and as `.http` files.

use std::path::Path;

use axum::http::HeaderName;
use jiff::Timestamp;
use registers::seed::{self, Request, Seed};
use serde_json::{Value, json};
use uuid::Uuid;
use web::client::Client;
use web::{Peer, PeerCertificate};

use super::SEED;
use super::family::{self, CONSENTED};
use crate::config::Config;
use crate::exit::Error;
use crate::files::{self, Readers};
use crate::node::Node;

/// The ready request that sends a crossing of the border.
const CROSSING: &str = "crossings-submit";

/// Writes the requests. The package whose status one of them asks is sent first: the stand's first exchange.
pub(crate) async fn write(dir: &Path, node: &Node, config: &Config) -> Result<(), Error> {
    let now = node.tools.clock.now();
    let fresh = || uuid::Builder::from_random_bytes(store::random()).into_uuid();
    let package = first_package(dir, node, fresh()).await?;
    let folder = dir.join("requests");
    let families = family::requests(dir, node, now, fresh)?;
    let stay = stay(dir, node, now, fresh).await?;
    for request in seed::requests(Seed::new(SEED), now, fresh, package).into_iter().chain(families).chain(stay) {
        if let Some(body) = &request.body {
            let text = serde_json::to_vec_pretty(body).map_err(Error::failed)?;
            files::create(&folder.join(format!("{}.json", request.name)), &text, Readers::All)?;
        }
        if request.service == CONSENTED {
            family::consent(dir, &request, now)?;
            if let Some(question) = request.body.as_ref().filter(|_| request.name == family::FIRST) {
                super::refusals::write(dir, &node.tools, config, question, now).await?;
            }
        }
        files::create(&folder.join(format!("{}.http", request.name)), http(&request).as_bytes(), Readers::All)?;
    }
    Ok(())
}

/// A request in the form that editors send; the token comes from the consumer's folder.
fn http(request: &Request) -> String {
    let mut text = format!(
        "# {service} as {consumer}: nais call --as stand/consumers/{consumer} {verb} {context}/{path}{data}{consent}\n\
         {verb} https://127.0.0.1:8247/{context}/{path} HTTP/1.1\n\
         Authorization: Bearer {{{{token of consumers/{consumer}/consumer.toml}}}}\n",
        service = request.service,
        consumer = request.consumer,
        verb = request.verb,
        context = request.context,
        path = request.path,
        consent = if request.service == CONSENTED {
            format!(" --consent stand/requests/{}.p7s", request.name)
        } else {
            String::new()
        },
        data = if request.body.is_some() {
            format!(" --data @stand/requests/{}.json", request.name)
        } else {
            String::new()
        },
    );
    if let Some(body) = &request.body {
        text.push_str(&format!("Content-Type: application/json\n\n{body:#}\n"));
    }
    text
}

/// Sends one crossing as the border committee, in process, and gives its package's identifier.
async fn first_package(dir: &Path, node: &Node, message: Uuid) -> Result<Uuid, Error> {
    let now = node.tools.clock.now();
    let all = seed::requests(Seed::new(SEED), now, || message, message);
    let request = all.into_iter().find(|one| one.name == CROSSING);
    let mut request = request.ok_or_else(|| failed("no request"))?;
    if let Some(id) = request.body.as_mut().and_then(|body| body.pointer_mut("/records/0/crossing_id")) {
        *id = Value::String("C-STAND-0001".into());
    }
    let answer = send(dir, node, &request).await?;
    let id = answer.get("package_id").and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
    id.ok_or_else(|| failed(&answer.to_string()))
}

/// The registration of a stay, asked about whoever crosses the border in the ready request; an application that can be
/// viewed is sent first.
async fn stay(dir: &Path, node: &Node, now: Timestamp, mut fresh: impl FnMut() -> Uuid) -> Result<Vec<Request>, Error> {
    if !node.tools.services.iter().any(|service| service.passport.code.as_str() == stays::SERVICE) {
        return Ok(Vec::new());
    }
    let message = fresh();
    let crossing = seed::requests(Seed::new(SEED), now, || message, message);
    let crossing = crossing.into_iter().find(|one| one.name == CROSSING).and_then(|one| one.body);
    let record = crossing.as_ref().and_then(|body| body.pointer("/records/0")).ok_or_else(|| failed("no crossing"))?;
    let asked = |name: &str, path: &str, body| Request {
        name: name.into(),
        consumer: "portal",
        service: stays::SERVICE,
        context: "mvd-2001214/v1",
        verb: "POST",
        path: path.into(),
        body: Some(body),
    };
    let (own, known) = (fresh(), fresh());
    let ready = stays::ready(record, own).ok_or_else(|| failed("no application"))?;
    let sent = stays::ready_visit(record, known).ok_or_else(|| failed("no application"))?;
    send(dir, node, &asked("first", "registrations/submit", sent)).await?;
    Ok(vec![
        asked("registrations-check", "registrations/check", ready.clone()),
        asked("registrations-submit", "registrations/submit", ready),
        asked("registrations-view", "registrations/view", json!({ "application_id": known })),
        asked("documents-read", "documents/read", json!({ "mrz": stays::READY_ZONE })),
    ])
}

fn failed(what: &str) -> Error {
    Error::failed(format!("the stand's first exchange: {what}"))
}

/// Sends a request in process, as its consumer; the answer.
async fn send(dir: &Path, node: &Node, request: &Request) -> Result<Value, Error> {
    let consumer = dir.join("consumers").join(request.consumer);
    let described: toml::Table = files::toml(&consumer.join("consumer.toml"))?;
    let token = described.get("token").and_then(toml::Value::as_str).ok_or_else(|| failed("no token"))?;
    let certificate = files::certificate(&consumer.join("tls.pem"), "")?;
    let held = PeerCertificate::parse(certificate.der()).ok_or_else(|| failed("the certificate is unreadable"))?;
    let peer = Peer::plain(([127, 0, 0, 1], 0).into()).holding(held);
    let answer = Client::new(node.in_process(peer))
        .post(&format!("/{}/{}", request.context, request.path))
        .header(HeaderName::from_static("authorization"), &format!("Bearer {token}"))
        .json(request.body.as_ref().ok_or_else(|| failed("no body"))?)
        .send()
        .await;
    if answer.status == 200 { Ok(answer.json()) } else { Err(failed(&answer.text())) }
}
