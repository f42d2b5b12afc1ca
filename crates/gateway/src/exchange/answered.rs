//! Step 5: the provider answers, and the answer, its effect and the ledger's leaf are committed as one.

use std::time::{Duration, Instant};

use model::Refusal;
use store::Stamp;
use uuid::Uuid;

use super::authenticated::Case;
use super::consented::Consented;
use super::permitted::Permitted;
use super::recording::{Recording, claim, commit};
use crate::Gateway;
use crate::provider::{Answer, Ask};

/// An exchange whose outcome is on disk, with its receipt.
pub(crate) struct Answered {
    pub case: Case,
    pub status: u16,
    pub body: Vec<u8>,
    /// The refusal that was recorded in place of an answer.
    pub refusal: Option<Refusal>,
    pub stamp: Stamp,
    pub provider_time: Duration,
    pub db_time: Duration,
}

impl Answered {
    /// Puts the question to the provider and commits what comes of it.
    pub(crate) async fn ask(gateway: &Gateway, consented: Consented) -> Result<Self, (Case, Refusal)> {
        let Consented { permitted, consent } = consented;
        let key = permitted.idempotency_key();
        let Permitted { case, route, ground, json, query } = permitted;
        let mut recording = Recording::of(gateway, &case);
        recording.permitted(ground);
        let wish = wish(&case, key.as_deref());
        recording.keep_under(key);
        recording.consented(consent);
        if route.changes_outside() {
            match claim(recording).await {
                Ok((claimed, None)) => recording = claimed,
                Ok((claimed, Some(known))) => {
                    return Self::commit(gateway, case, claimed, known, Duration::ZERO).await;
                }
                Err(refusal) => return Err((case, refusal)),
            }
        }
        let ask = Ask {
            request_id: case.call.request_id,
            at: case.call.at,
            method: route.path.clone(),
            query,
            json,
            body: case.body.clone(),
            asker: case.caller.asker.clone(),
            lang: case.call.lang,
            wish,
        };
        let asked = Instant::now();
        let answer = route.provider.answer(ask).await;
        Self::commit(gateway, case, recording, answer, asked.elapsed()).await
    }

    /// Commits an answer of the gateway itself.
    pub(crate) async fn own(
        gateway: &Gateway,
        case: Case,
        answer: Result<Answer, Refusal>,
    ) -> Result<Self, (Case, Refusal)> {
        let recording = Recording::of(gateway, &case);
        Self::commit(gateway, case, recording, answer, Duration::ZERO).await
    }

    /// Commits that a question is kept; under its key the same question is kept once.
    pub(crate) async fn accepted(
        gateway: &Gateway,
        case: Case,
        key: Option<String>,
        answer: Answer,
    ) -> Result<Self, (Case, Refusal)> {
        let mut recording = Recording::of(gateway, &case);
        recording.keep_under(key);
        Self::commit(gateway, case, recording, Ok(answer), Duration::ZERO).await
    }

    /// Commits a refusal that came before the provider was asked.
    pub(crate) async fn refuse(gateway: &Gateway, case: Case, refusal: Refusal) -> Result<Self, (Case, Refusal)> {
        Self::own(gateway, case, Err(refusal)).await
    }

    async fn commit(
        gateway: &Gateway,
        case: Case,
        recording: Recording,
        answer: Result<Answer, Refusal>,
        provider_time: Duration,
    ) -> Result<Self, (Case, Refusal)> {
        let begun = Instant::now();
        match commit(gateway, recording, answer).await {
            Ok((outcome, stamp)) => Ok(Self {
                case,
                status: outcome.status,
                body: outcome.body,
                refusal: outcome.refusal,
                stamp,
                provider_time,
                db_time: begun.elapsed(),
            }),
            Err(refusal) => Err((case, refusal)),
        }
    }

    /// JSON, or a problem when the status says so: a kept answer may be one.
    pub(crate) fn content_type(&self) -> &'static str {
        if self.status >= 400 { "application/problem+json" } else { "application/json" }
    }
}

/// One wish of one consumer, however often it is sent and whatever became of it before.
fn wish(case: &Case, key: Option<&str>) -> Uuid {
    let Some(key) = key else { return case.call.request_id };
    let digest = eds::sha256_of_parts(&[case.caller.asker.id.as_bytes(), b"\0", key.as_bytes()]);
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
