//! What the owner of data implements to answer through NAIS.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use model::{Lang, Refusal};
use store::Tx;
use uuid::Uuid;

/// Who asks, as far as a provider may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The consumer's name in NAIS, such as `border-committee`.
    pub id: String,
    /// Its `message_source`, such as `GPK`.
    pub source_code: String,
    /// Its taxpayer number.
    pub unp: String,
}

/// A question: authenticated, permitted and checked against the method's schema.
#[derive(Debug)]
pub struct Ask {
    /// The request's identifier, also in the answer's `Nais-Request-Id`.
    pub request_id: Uuid,
    /// When it arrived.
    pub at: Timestamp,
    /// Path below the service's context, such as `crossings/submit`.
    pub method: Arc<str>,
    /// Query parameters, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The body, parsed strictly (no duplicate members); `Null` when there is none.
    pub json: serde_json::Value,
    /// The exact bytes of the body.
    pub body: Bytes,
    /// Who asks.
    pub asker: Arc<Asker>,
    /// The language the caller reads.
    pub lang: Lang,
    /// The same for every attempt at the same wish: of the consumer's `Idempotency-Key`, or of the request.
    pub wish: Uuid,
}

impl Ask {
    /// The first query parameter of this name.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The answer's substance, before the gateway cuts, signs and records it.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// 200 or 201.
    pub status: u16,
    /// JSON text.
    pub body: Vec<u8>,
    /// Whose personal data the answer discloses: identification numbers or document keys; they leave the gateway only
    /// as keyed pseudonyms in the ledger's private record.
    pub subjects: Vec<String>,
}

/// What runs inside the transaction that also commits the ledger's leaf.
pub type Effect = Box<dyn FnOnce(&mut Tx<'_>) -> Result<Reply, store::Error> + Send>;

/// How a provider answers.
pub enum Answer {
    /// Nothing is changed: the reply is ready.
    Ready(Reply),
    /// Something is changed: the gateway runs this in its own transaction, so that effect and leaf are one. Only SQL
    /// belongs into it; parsing, checking and sealing are done before.
    Effect(Effect),
}

/// A boxed future, as trait objects need.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An owner's system. Registers of this program implement it directly; [`crate::forward`] does it over HTTPS.
pub trait Provider: Send + Sync {
    /// Answers one question or says why not.
    fn answer(&self, ask: Ask) -> Boxed<'_, Result<Answer, Refusal>>;

    /// Whether it can answer now; for `/readyz` and the metrics.
    fn ready(&self) -> bool {
        true
    }
}
