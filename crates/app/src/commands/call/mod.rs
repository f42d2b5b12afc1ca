//! `nais call`: a consumer's client. Signs, sends, checks the answer's signatures and receipt, prints it.

mod check;
mod consent;
mod exchange;
mod identity;
mod save;
mod show;

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args as ClapArgs, ValueEnum};
use model::{Clock, Lang};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::exit::{Error, Outcome};
use crate::{files, print};

pub use exchange::{Answer, Question, address, ask};
pub use identity::Identity;

/// How long the gateway may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The Population Register's context, the only place its login is sent to.
const REGISTER: &str = "/mvd-34001/";

/// Ask a service as a consumer's information system would, and check everything that comes back.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais call --as stand/consumers/border-committee POST mvd-38801/v1/crossings/submit \\
      --data @stand/requests/crossings-submit.json --fresh
  nais call --as stand/consumers/mia GET services --json

DIR holds consumer.toml (base_url, token; optional: ca, signer, log), tls.pem, tls.key, sign.pem, sign.key.
Ends with 1 when the answer is a refusal or when a signature, digest or receipt does not hold.")]
pub struct Args {
    /// The consumer's folder
    #[arg(long = "as", value_name = "DIR")]
    consumer: PathBuf,
    /// GET or POST
    #[arg(value_parser = method)]
    method: Method,
    /// Path below the gateway with its query, such as mvd-38801/v1/crossings/submit
    path: String,
    /// The body: JSON, or @FILE for a file's exact bytes
    #[arg(long, value_name = "@FILE|JSON")]
    data: Option<String>,
    /// Give the body's `message_id` a new value before signing
    #[arg(long, requires = "data")]
    fresh: bool,
    /// The person's signed consent (CMS, DER or base64), sent in the header `cms`
    #[arg(long, value_name = "FILE")]
    consent: Option<PathBuf>,
    /// What is preferred: an answer covered by its receipt alone, or one fetched later
    #[arg(long, value_enum)]
    prefer: Option<Prefer>,
    /// The same key and body give the same answer
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Language of problems
    #[arg(long, default_value = "en", value_parser = crate::commands::language)]
    lang: Lang,
    /// A further header; may be given several times
    #[arg(long = "header", value_name = "NAME:VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Keep request, answer, receipt and record in this folder, for `nais verify`
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Print one JSON value instead of lines
    #[arg(long)]
    json: bool,
}

/// Values of `--prefer`.
#[derive(Clone, Copy, ValueEnum)]
enum Prefer {
    /// No `sign`: the receipt covers the answer
    Receipt,
    /// 202 at once; the answer is fetched at its Location
    RespondAsync,
}

fn method(text: &str) -> Result<Method, String> {
    Method::from_bytes(text.to_ascii_uppercase().as_bytes()).map_err(|_| "expected GET or POST".to_owned())
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let expected = "expected NAME:VALUE".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(|| expected.clone())?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| expected.clone())?;
    Ok((name, HeaderValue::from_str(value.trim()).map_err(|_| expected)?))
}

/// Asks, checks, prints.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    let clock = Clock::system();
    let identity = Identity::open(&args.consumer, PATIENCE)?;
    if let Some(folder) = &args.save {
        save::prepare(folder)?;
    }
    let question = question(&args, &identity)?;
    let answer = ask(&identity, &question, clock.now()).await?;
    let mut checks = check::answer(&identity, &question.body, &answer, clock.now());
    let record = record(&identity, &answer, &clock).await;
    let evidence = record.as_ref().map(Vec::as_slice).map_err(Clone::clone);
    checks.extend(consent::check(&identity, &question, evidence.clone(), clock.now()));
    let (receipt, report) = check::receipt(&identity, &question.body, &answer, evidence, clock.now());
    checks.push(receipt);
    if let Some(folder) = &args.save {
        save::all(folder, &question, &answer, record.ok().as_deref(), &identity)?;
    }
    if args.json {
        print::json(&show::as_json(&answer, &checks, report.as_ref()));
    } else {
        show::plainly(&format!("{} {}", question.method, question.url), &answer, &checks);
    }
    Ok(Outcome::of(answer.is_answered() && checks.iter().all(|check| check.result.is_good())))
}

/// The private record of the exchange, which only those entitled are given.
async fn record(identity: &Identity, answer: &Answer, clock: &Clock) -> Result<Vec<u8>, String> {
    let id = answer.header("nais-request-id").and_then(|id| uuid::Uuid::try_parse(id).ok());
    let id = id.ok_or("the answer names no request identifier")?;
    if answer.header("nais-receipt").is_none() {
        return Err("there is no receipt".to_owned());
    }
    let question = Question::get(&identity.base, &format!("ledger/v1/entries/{id}")).map_err(|e| e.to_string())?;
    let answer = ask(identity, &question, clock.now()).await.map_err(|error| error.to_string())?;
    match answer.status {
        200 => Ok(answer.body.to_vec()),
        status => Err(format!("the record could not be fetched: GET {} gave {status}", question.url.path())),
    }
}

fn question(args: &Args, identity: &Identity) -> Result<Question, Error> {
    let url = address(&identity.base, &args.path)?;
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, value: &str| {
        let value = HeaderValue::from_str(value)
            .map_err(|_| Error::usage(format_args!("{name}: visible characters were expected")))?;
        headers.insert(HeaderName::from_static(name), value);
        Ok::<(), Error>(())
    };
    add("accept-language", args.lang.code())?;
    match args.prefer {
        Some(Prefer::Receipt) => add("prefer", "receipt")?,
        Some(Prefer::RespondAsync) => add("prefer", "respond-async")?,
        None => {}
    }
    if let Some(key) = &args.idempotency_key {
        add("idempotency-key", key)?;
    }
    if let Some(file) = &args.consent {
        add("cms", &consent::header(&files::bytes(file)?))?;
    }
    if let Some(attributes) = &identity.attributes {
        add("attribute-certificate", &STANDARD.encode(attributes.der()))?;
    }
    if let Some(login) = identity.register.as_ref().filter(|_| url.path().starts_with(REGISTER)) {
        add("reg-auth-username", &login.username)?;
        add("reg-auth-password", &login.password)?;
    }
    for (name, value) in &args.headers {
        headers.insert(name.clone(), value.clone());
    }
    Ok(Question { method: args.method.clone(), url, headers, body: body(args)? })
}

fn body(args: &Args) -> Result<Vec<u8>, Error> {
    let Some(data) = &args.data else { return Ok(Vec::new()) };
    let bytes = match data.strip_prefix('@') {
        Some(file) => files::bytes(file.as_ref())?,
        None => data.clone().into_bytes(),
    };
    if args.fresh { fresh(&bytes) } else { Ok(bytes) }
}

/// The body with a `message_id` that nobody has used.
pub fn fresh(body: &[u8]) -> Result<Vec<u8>, Error> {
    const EXPECTED: &str = "--fresh: the body must be a JSON object with a member `message_id`";
    let mut value: Value = serde_json::from_slice(body).map_err(|_| Error::usage(EXPECTED))?;
    let id = value.get_mut("message_id").ok_or_else(|| Error::usage(EXPECTED))?;
    let random = uuid::Builder::from_random_bytes(store::random()).into_uuid();
    *id = Value::String(random.hyphenated().to_string());
    Ok(value.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_message_differs_in_its_identifier_only() {
        let body = br#"{"b":1,"message_id":"x","a":{"message_id":"y"}}"#;
        let (one, two) = (fresh(body).unwrap(), fresh(body).unwrap());
        assert_ne!(one, two);
        let value: Value = serde_json::from_slice(&one).unwrap();
        assert!(uuid::Uuid::try_parse(value["message_id"].as_str().unwrap()).is_ok());
        assert!(one.starts_with(b"{\"b\":1,") && one.ends_with(b"\"a\":{\"message_id\":\"y\"}}"));
        assert_eq!(fresh(b"[]").unwrap_err().code(), 2);
    }

    #[test]
    fn headers_have_a_name_and_a_value() {
        assert_eq!(header("X-A: b:c").unwrap().1, "b:c");
        assert!(header("nothing").is_err() && header("a b:c").is_err() && header("a:b\nc").is_err());
    }
}
