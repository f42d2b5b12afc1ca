//! `Prefer: respond-async`: the question is kept, answered later, and the answer fetched (ETT: with a message queue).

use std::time::Duration;

use axum::http::Method as Verb;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use model::{Kind, Lang, Refusal, json};
use serde::{Deserialize, Serialize};
use store::{Error, Param, Tx, jobs};
use uuid::Uuid;

use crate::Gateway;
use crate::catalogue::Found;
use crate::exchange::answered::Answered;
use crate::exchange::authenticated::Case;
use crate::exchange::permitted::{Permitted, granted, query_json};
use crate::exchange::received::query_of;
use crate::exchange::recording::{Recording, commit};
use crate::provider::{Answer, Ask, Reply};

store::statements! {
    /// A question was accepted.
    QUEUED = "INSERT INTO queued (id, consumer, at, expires_at) VALUES ($1, $2, $3, $4)";
    /// Its answer is there.
    ANSWERED = "UPDATE queued SET status = $2, body = $3 WHERE id = $1";
    /// The answer, for its consumer.
    FETCHED = "SELECT status, body, expires_at FROM queued WHERE id = $1 AND consumer = $2";
    /// Answers out of their term.
    EXPIRED = "DELETE FROM queued WHERE expires_at < $1";
}

/// Name of the durable queue.
const QUEUE: &str = "gateway.later";
/// How long an answer can be fetched.
pub(crate) const TERM_MICROS: i64 = 24 * 3600 * 1_000_000;
/// How long a worker may take before another tries.
const LEASE_MICROS: i64 = 120 * 1_000_000;
/// Tries before the failure itself becomes the answer (ETT: three attempts).
pub(crate) const ATTEMPTS: i64 = 3;

/// A question as it waits; sealed, because it is personal.
#[derive(Serialize, Deserialize)]
struct Waiting {
    consumer: String,
    path: String,
    target: String,
    lang: Lang,
    at: Timestamp,
    body: String,
}

fn aad(id: &[u8; 16]) -> Vec<u8> {
    [b"job.body.".as_slice(), id].concat()
}

/// Keeps a permitted question; the answer is 202 with the place to fetch from.
pub(crate) async fn accept(gateway: &Gateway, permitted: Permitted) -> Result<Answered, (Case, Refusal)> {
    let key = permitted.idempotency_key();
    let case = permitted.case;
    let id = case.call.request_id.into_bytes();
    let waiting = Waiting {
        consumer: case.caller.asker.id.clone(),
        path: case.call.path.clone(),
        target: case.call.target.clone(),
        lang: case.call.lang,
        at: case.call.at,
        body: BASE64_STANDARD.encode(&case.body),
    };
    let Ok(plain) = serde_json::to_vec(&waiting) else {
        return Err((case, Refusal::new(Kind::Internal, "internal")));
    };
    let sealed = gateway.vault.seal(&aad(&id), &plain);
    let now = case.call.at.as_microsecond();
    let consumer = waiting.consumer;
    let body = pending(&case.call.request_id);
    let effect = Answer::Effect(Box::new(move |tx: &mut Tx<'_>| {
        tx.execute(&QUEUED, &[(&id).into(), (&consumer).into(), now.into(), (now + TERM_MICROS).into()])?;
        jobs::enqueue(tx, &id, QUEUE, now, &sealed)?;
        Ok(Reply { status: 202, body, subjects: Vec::new() })
    }));
    let answered = Answered::accepted(gateway, case, key, effect).await;
    gateway.wake.notify_one();
    answered
}

fn pending(id: &Uuid) -> Vec<u8> {
    serde_json::json!({ "status": 202, "queue_id": id, "location": format!("/queue/{id}") }).to_string().into_bytes()
}

/// Where the answer of a kept question is fetched from, as the 202 says it: a repeated question's is the first one's.
pub(crate) fn place(body: &[u8]) -> Option<String> {
    let told: serde_json::Value = serde_json::from_slice(body).ok()?;
    told.get("location")?.as_str().map(str::to_owned)
}

/// The answer of a kept question, or 202 while it waits.
pub(crate) async fn fetch(gateway: &Gateway, case: &Case, id: &str) -> Result<Reply, Refusal> {
    let unknown = || Refusal::new(Kind::NotFound, "queue-unknown");
    let uuid = Uuid::try_parse(id).map_err(|_| unknown())?;
    let key = uuid.into_bytes();
    let consumer = case.caller.asker.id.clone();
    let found = gateway
        .db
        .read(move |tx| {
            tx.query_opt(&FETCHED, &[(&key).into(), (&consumer).into()], |row| {
                Ok((row.opt_int(0)?, row.opt_bytes(1)?.map(<[u8]>::to_vec), row.int(2)?))
            })
        })
        .await
        .map_err(Error::refusal)?
        .ok_or_else(unknown)?;
    let (status, sealed, expires_at) = found;
    if expires_at <= case.call.at.as_microsecond() {
        return Err(Refusal::new(Kind::NotFound, "queue-gone"));
    }
    match (status, sealed) {
        (Some(status), Some(sealed)) => Ok(Reply {
            status: u16::try_from(status).unwrap_or(500),
            body: gateway.vault.open(&aad(&key), &sealed).map_err(Error::refusal)?,
            subjects: Vec::new(),
        }),
        _ => Ok(Reply { status: 202, body: pending(&uuid), subjects: Vec::new() }),
    }
}

/// Writes the answer of a kept question in the transaction that records it.
pub(crate) fn answered(
    tx: &mut Tx<'_>,
    vault: &store::Vault,
    id: &[u8; 16],
    status: u16,
    body: &[u8],
) -> Result<(), Error> {
    let sealed = vault.seal(&aad(id), body);
    tx.execute(&ANSWERED, &[id.into(), i64::from(status).into(), Param::Bytes(&sealed)])?;
    jobs::done(tx, id)
}

/// Forgets answers out of their term.
pub(crate) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(&EXPIRED, &[now.into()]).map(|_| ())
}

/// Works on kept questions until the process ends; one at a time a node.
pub async fn work(gateway: Gateway) {
    loop {
        let now = gateway.clock.micros();
        let claimed = gateway.db.write(move |tx| jobs::claim(tx, QUEUE, now, LEASE_MICROS)).await;
        match claimed {
            Ok(Some(job)) => carry_out(&gateway, job).await,
            Ok(None) => {
                let _ = tokio::time::timeout(Duration::from_secs(1), gateway.wake.notified()).await; // either way: look
            }
            Err(error) => {
                tracing::warn!(%error, "kept questions cannot be read");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn carry_out(gateway: &Gateway, job: jobs::Claimed) {
    let waiting = match open(gateway, &job) {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::error!(%error, "a kept question cannot be read; it stays for the operator to look at");
            return;
        }
    };
    let id = Uuid::from_bytes(job.id);
    let mut recording =
        Recording::queued(gateway, id, waiting.consumer.clone(), waiting.path.clone(), waiting.lang, waiting.at);
    let answer = ask(gateway, id, waiting, &mut recording).await;
    if let Err(refusal) = &answer
        && job.attempts < ATTEMPTS
        && temporary(refusal.kind)
    {
        let due = gateway.clock.micros() + job.attempts * 2_000_000;
        if let Err(error) = gateway.db.write(move |tx| jobs::put_off(tx, &job.id, due)).await {
            tracing::warn!(%error, "a kept question could not be put off; its lease will end");
        }
        return;
    }
    if commit(gateway, recording, answer).await.is_err() {
        tracing::warn!(request_id = %id, "a kept question could not be answered; its lease will end");
    }
}

fn temporary(kind: Kind) -> bool {
    matches!(kind, Kind::Upstream | Kind::UpstreamTimeout | Kind::Unavailable | Kind::Internal)
}

fn open(gateway: &Gateway, job: &jobs::Claimed) -> Result<Waiting, Error> {
    let plain = gateway.vault.open(&aad(&job.id), &job.body)?;
    serde_json::from_slice(&plain).map_err(Error::broken)
}

/// What was permitted when it was kept must still be permitted when it is answered.
async fn ask(gateway: &Gateway, id: Uuid, waiting: Waiting, recording: &mut Recording) -> Result<Answer, Refusal> {
    let body = BASE64_STANDARD.decode(&waiting.body).map_err(|_| Refusal::new(Kind::Internal, "internal"))?;
    let verb = if body.is_empty() { Verb::GET } else { Verb::POST };
    let Found::Route(route) = gateway.catalogue().find(&verb, &waiting.path) else {
        return Err(Refusal::new(Kind::NotFound, "not-found").with("path", waiting.path));
    };
    recording.about(&route, eds::sha256(&body));
    let access = gateway.access();
    let caller = access.callers().find(|caller| caller.asker.id == waiting.consumer);
    let service = route.service.passport.code.as_str();
    let caller = caller.ok_or_else(|| Refusal::new(Kind::Forbidden, "no-subscription").with("service", service))?;
    let (_, ground) = granted(caller, &route, gateway.clock.now())?;
    recording.permitted(ground);
    let query = query_of(&waiting.target);
    let json = if body.is_empty() { query_json(&query)? } else { json::parse(&body).map_err(json::refuse)? };
    let ask = Ask {
        request_id: id,
        at: waiting.at,
        method: route.path.clone(),
        query,
        json,
        body: Bytes::from(body),
        asker: caller.asker.clone(),
        lang: waiting.lang,
        wish: id,
    };
    route.provider.answer(ask).await
}
