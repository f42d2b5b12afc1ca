//! A question to the gateway, written header by header, so that each can be left out, doubled or changed.

use std::net::Ipv4Addr;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::Certificate;
use tower::ServiceExt as _;
use web::{Peer, PeerCertificate};

use crate::house::House;
use crate::party::{Identity, Party};
use crate::told::Told;

/// Host and port that callers name.
pub(crate) const HOST: &str = "gateway.example:8247";
/// A question that both services understand.
pub(crate) const SEARCH: &str = r#"{"number":"A1"}"#;

/// A question. Clones are sent again with the same bytes.
#[derive(Clone)]
pub(crate) struct Question {
    pub verb: &'static str,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub peer: Option<Vec<u8>>,
}

impl Question {
    /// With the party's token and TLS certificate, and no EDS.
    pub(crate) fn new(party: &Party, verb: &'static str, target: &str, body: &[u8]) -> Self {
        let question = Self {
            verb,
            target: target.to_owned(),
            headers: vec![("host".to_owned(), HOST.to_owned())],
            body: body.to_vec(),
            peer: Some(party.tls.der().to_vec()),
        };
        let question = question.with("authorization", &format!("Bearer {}", party.token));
        if body.is_empty() { question } else { question.with("content-type", "application/json") }
    }

    pub(crate) fn get(party: &Party, target: &str) -> Self {
        Self::new(party, "GET", target, b"")
    }

    pub(crate) fn post(party: &Party, target: &str, body: &str) -> Self {
        Self::new(party, "POST", target, body.as_bytes())
    }

    /// A search that the first service answers.
    pub(crate) fn search(party: &Party) -> Self {
        Self::post(party, "/alpha/v1/records/search", SEARCH)
    }

    /// Something that changes the fake system.
    pub(crate) fn submit(party: &Party, what: &str) -> Self {
        Self::post(party, "/alpha/v1/records/submit", &format!("{{\"what\":\"{what}\"}}"))
    }

    /// One header line more.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| own != name);
        self
    }

    /// The header with another value.
    pub(crate) fn instead(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str()).unwrap()
    }

    pub(crate) fn by_peer(mut self, certificate: &Certificate) -> Self {
        self.peer = Some(certificate.der().to_vec());
        self
    }

    /// With the plain EDS of contract §10.
    pub(crate) fn signed_by(self, identity: &Identity) -> Self {
        let line = format!("{} {}", self.verb, self.target);
        let message = if self.body.is_empty() { line.as_bytes() } else { &self.body };
        let sign = eds::detached::sign(message, &identity.key).unwrap();
        let certificate = BASE64_STANDARD.encode(identity.certificate.der());
        self.with("sign", &sign).with("certificate", &certificate)
    }

    /// Sends it as it is.
    pub(crate) async fn ask(&self, house: &House) -> Told {
        self.ask_with(house, Body::from(self.body.clone())).await
    }

    /// Sends it with a body that comes in its own way.
    pub(crate) async fn ask_with(&self, house: &House, body: Body) -> Told {
        let mut request = Request::new(body);
        *request.method_mut() = self.verb.parse().unwrap();
        *request.uri_mut() = self.target.parse().unwrap();
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let mut peer = Peer::plain((Ipv4Addr::LOCALHOST, 4000).into());
        if let Some(der) = &self.peer {
            let unread = || PeerCertificate { der: der.clone(), fingerprint_hex: String::new(), serial: String::new() };
            peer = peer.holding(PeerCertificate::parse(der).unwrap_or_else(unread));
        }
        request.extensions_mut().insert(peer);
        Told::read(house.edge.clone().oneshot(request).await.unwrap(), &self.body).await
    }
}
