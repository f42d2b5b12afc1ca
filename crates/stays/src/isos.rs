//! ISOS (3.88.01) as this system uses it: crossings are read, registrations are sent.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use model::{DocumentNumber, Kind, Lang, Refusal};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use gateway::Boxed;

use crate::rules::{Crossing, Direction};

const SEARCH: &str = "mvd-38801/v1/crossings/search";
const SUBMIT: &str = "mvd-38801/v1/stay-registrations/submit";
/// Pages of one search at most: a thousand crossings each.
const PAGES: usize = 5;

/// Whose crossings are wanted.
#[derive(Clone, PartialEq, Eq)]
pub enum Whose {
    /// Of a document.
    Document {
        /// Its number.
        number: String,
        /// Who issued it.
        state: &'static str,
    },
    /// Of a person, whatever the document: asked only to find a slip in the number.
    Person {
        /// Surname in Latin letters.
        surname: String,
        /// Given names.
        given: String,
        /// `YYYYMMDD`.
        birth: String,
    },
}

impl std::fmt::Debug for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Document { .. } => "Document(…)",
            Self::Person { .. } => "Person(…)",
        })
    }
}

/// A registration on its way: the same message for every attempt, so that ISOS knows a repetition.
#[derive(Clone)]
pub struct Registration {
    /// Identifier of the message.
    pub message_id: Uuid,
    /// When it was registered.
    pub at: Timestamp,
    /// The record of `stay-registrations`.
    pub record: Value,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Registration({})", self.message_id)
    }
}

/// What this system needs of ISOS.
pub trait Isos: Send + Sync {
    /// Crossings from day to day, both included, in any order; those refused at the border are left out.
    fn crossings(&self, whose: Whose, from: Date, to: Date, lang: Lang) -> Boxed<'_, Result<Vec<Crossing>, Refusal>>;

    /// Sends a registration; the identifier of the package. Sent again, it is a duplicate and no second record.
    fn register(&self, registration: Registration) -> Boxed<'_, Result<Uuid, Refusal>>;
}

/// Asks a service through NAIS as the Ministry's own consumer.
pub trait Asks: Send + Sync {
    /// The answer's body to a POST of `body` at `path` below the gateway, such as `mvd-38801/v1/crossings/search`.
    ///
    /// A refusal of the service keeps its kind; no answer is [`Kind::Upstream`] or [`Kind::UpstreamTimeout`].
    fn ask(&self, path: &'static str, body: Value, lang: Lang) -> Boxed<'_, Result<Value, Refusal>>;
}

/// ISOS behind the gateway.
pub struct OverNais<A> {
    asks: A,
    source: String,
}

impl<A> std::fmt::Debug for OverNais<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OverNais({})", self.source)
    }
}

impl<A: Asks> OverNais<A> {
    /// Over these asks; `source` is the consumer's `message_source`, `MVD` for the Ministry.
    pub fn new(asks: A, source: impl Into<String>) -> Self {
        Self { asks, source: source.into() }
    }

    async fn search(&self, whose: Whose, from: Date, to: Date, lang: Lang) -> Result<Vec<Crossing>, Refusal> {
        let mut criteria = match whose {
            Whose::Document { number, state } => json!({"doc_number": number, "issuing_state": state}),
            Whose::Person { surname, given, birth } => {
                json!({"surname_lat": surname, "given_names_lat": given, "birth_date": birth})
            }
        };
        put(&mut criteria, "period_from", json!(from.to_string()));
        put(&mut criteria, "period_to", json!(to.to_string()));
        put(&mut criteria, "limit", json!(1000));
        let mut found = Vec::new();
        for _ in 0..PAGES {
            let page = self.asks.ask(SEARCH, criteria.clone(), lang).await.map_err(away)?;
            let records = page.get("records").and_then(Value::as_array).ok_or_else(unclear)?;
            for line in records {
                found.extend(crossing(line)?);
            }
            match page.get("cursor") {
                Some(cursor) => put(&mut criteria, "cursor", cursor.clone()),
                None => break,
            }
        }
        Ok(found)
    }

    async fn send(&self, registration: Registration) -> Result<Uuid, Refusal> {
        let at = Offset::constant(3).to_datetime(registration.at).strftime("%Y-%m-%dT%H:%M:%S+03:00").to_string();
        let body = json!({
            "message_id": registration.message_id,
            "message_time": at,
            "message_source": self.source,
            "record_kind": "stay-registrations",
            "records": [registration.record],
        });
        let receipt = self.asks.ask(SUBMIT, body, Lang::Ru).await?;
        let result = receipt.pointer("/records/0/result").and_then(Value::as_str);
        match result {
            Some("accepted" | "duplicate") => {}
            Some("rejected") => {
                let code = receipt.pointer("/records/0/errors/0/code").and_then(Value::as_str).unwrap_or_default();
                return Err(Refusal::new(Kind::Malformed, "isos-rejected").with("code", code));
            }
            _ => return Err(unclear()),
        }
        let package = receipt.get("package_id").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
        package.ok_or_else(unclear)
    }
}

impl<A: Asks> Isos for OverNais<A> {
    fn crossings(&self, whose: Whose, from: Date, to: Date, lang: Lang) -> Boxed<'_, Result<Vec<Crossing>, Refusal>> {
        Box::pin(self.search(whose, from, to, lang))
    }

    fn register(&self, registration: Registration) -> Boxed<'_, Result<Uuid, Refusal>> {
        Box::pin(self.send(registration))
    }
}

fn put(criteria: &mut Value, name: &str, value: Value) {
    if let Some(criteria) = criteria.as_object_mut() {
        criteria.insert(name.to_owned(), value);
    }
}

/// Whatever ISOS or the way to it has: the caller's application is not decided and may be sent again.
fn away(refusal: Refusal) -> Refusal {
    let kind = if refusal.kind == Kind::UpstreamTimeout { Kind::UpstreamTimeout } else { Kind::Upstream };
    tracing::warn!(code = refusal.code, "ISOS did not answer");
    Refusal::new(kind, "isos-away").retry_after(refusal.retry_after.unwrap_or(30))
}

fn unclear() -> Refusal {
    Refusal::new(Kind::Upstream, "isos-unclear").retry_after(60)
}

/// A found record; none when the person was turned back or another record corrects it.
fn crossing(line: &Value) -> Result<Option<Crossing>, Refusal> {
    let record = line.get("record").and_then(Value::as_object).ok_or_else(unclear)?;
    let corrected =
        matches!(line.get("state").and_then(Value::as_str), Some("corrected" | "annulled" | "invalid" | "withdrawn"));
    let refused = record.get("refusal").and_then(Value::as_bool).unwrap_or(false);
    // The Russian side of the border is not where Belarus is entered.
    let ours = text(record, "state_side") != Some("RU");
    if corrected || refused || !ours {
        return Ok(None);
    }
    let direction = match text(record, "direction") {
        Some("entry") => Direction::Entry,
        Some("exit") => Direction::Exit,
        _ => return Err(unclear()),
    };
    let at = text(record, "crossing_time").and_then(|at| at.parse().ok()).ok_or_else(unclear)?;
    let number = record.get("doc").and_then(|doc| doc.get("doc_number")).and_then(Value::as_str).unwrap_or_default();
    Ok(Some(Crossing {
        direction,
        at,
        checkpoint: text(record, "checkpoint_code").unwrap_or_default().to_owned(),
        document: DocumentNumber::parse(number).map(|number| number.key()).unwrap_or_default(),
    }))
}

fn text<'a>(record: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    record.get(name).and_then(Value::as_str)
}
