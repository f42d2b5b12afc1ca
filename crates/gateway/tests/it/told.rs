//! An answer of the gateway, and what must be true of it.

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::{Certificate, Form, sha256};
use ledger::{Evidence, Receipt};
use serde_json::Value;
use uuid::Uuid;

use crate::house::House;

/// An answer, read to its end.
pub(crate) struct Told {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// SHA-256 of the question's body.
    asked: [u8; 32],
}

impl Told {
    pub(crate) async fn read(response: Response<Body>, asked: &[u8]) -> Self {
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Self { status: parts.status.as_u16(), headers: parts.headers, body, asked: sha256(asked) }
    }

    /// The value of a header that stands once.
    pub(crate) fn header(&self, name: &str) -> &str {
        assert_eq!(self.headers.get_all(name).iter().count(), 1, "{name}: {}", self.text());
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|wrong| panic!("{wrong}: {}", self.text()))
    }

    /// The problem's code; empty when it is none.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn request_id(&self) -> Uuid {
        self.header("nais-request-id").parse().unwrap()
    }

    /// A whole problem document of this status and code.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text());
        let problem = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"], self.request_id().to_string());
        assert_eq!(problem["message"], problem["detail"]);
        assert!(problem["type"].as_str().unwrap().ends_with(code), "{problem}");
        for member in ["title", "detail", "instance", "timestamp"] {
            let text = problem[member].as_str().unwrap();
            assert!(!text.is_empty() && !text.contains(['{', '}', '?']), "{member}: {problem}");
        }
        assert!(problem["errors"].is_array());
        assert_eq!(self.has("retry-after"), matches!(status, 429 | 502 | 503 | 504), "{}", self.text());
        assert_eq!(self.has("www-authenticate"), status == 401, "{}", self.text());
        assert_eq!(self.has("allow"), status == 405, "{}", self.text());
        problem
    }

    /// An answer, signed and receipted.
    pub(crate) async fn answered(&self, house: &House, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/json");
        self.sealed(house, "answered").await;
        self.json()
    }

    /// A refusal of somebody who is known: signed and receipted as answers are.
    pub(crate) async fn refused(&self, house: &House, status: u16, code: &str) -> Value {
        let problem = self.problem(status, code);
        self.sealed(house, code).await;
        problem
    }

    /// A refusal at the door, or when nothing can be committed: neither signed nor receipted.
    pub(crate) fn turned_away(&self, status: u16, code: &str) -> Value {
        for name in ["sign", "certificate", "nais-receipt", "nais-request-digest", "signature"] {
            assert!(!self.has(name), "{name}: {}", self.text());
        }
        self.problem(status, code)
    }

    /// A refusal fetched from the queue: the document is the kept question's, the seal that of the fetching.
    pub(crate) async fn problem_of_a_kept_question(&self, house: &House, status: u16, code: &str) {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        self.sealed(house, "answered").await;
    }

    /// NAIS' EDS is over the exact bytes, and the receipt proves the record of this exchange.
    pub(crate) async fn sealed(&self, house: &House, decision: &str) {
        let decode = |name| BASE64_STANDARD.decode(self.header(name)).unwrap();
        let certificate = Certificate::from_der(&decode("certificate")).unwrap();
        assert_eq!(certificate.der(), house.own.der());
        certificate.verifying_key().verify(&self.body, &decode("sign"), Form::Der).unwrap();
        self.receipted(house, decision).await;
    }

    /// The receipt proves the record of this exchange.
    pub(crate) async fn receipted(&self, house: &House, decision: &str) {
        let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(self.asked));
        assert_eq!(self.header("nais-request-digest"), digest);
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        let header = self.header("nais-receipt").as_bytes();
        let index = Receipt::read(header).unwrap().index;
        let found = house.records(self.request_id()).await;
        let (private, _) = found.into_iter().find(|(_, place)| *place == index).unwrap();
        let record = serde_json::to_value(&private.record).unwrap();
        let evidence = Evidence { record, salt: Some(private.salt) };
        let report = ledger::verify_receipt(header, &evidence, house.log.vkey(), &[], house.now()).unwrap();
        assert_eq!(report.decision.as_deref(), Some(decision));
        assert_eq!(report.answer_digest, Some(hex::encode(sha256(&self.body))));
        assert_eq!(private.record.request_digest, Some(self.asked));
    }
}
