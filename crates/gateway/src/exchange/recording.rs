//! What the transaction does: replay memory, consent, effect, kept answer, the ledger's leaves, the call log; all or
//! nothing.

use std::borrow::Cow;

use eds::sha256;
use jiff::Timestamp;
use ledger::record::{self, Record};
use model::access::Ground;
use model::fields::Fields;
use model::{Kind, Lang, Refusal};
use store::{Entry, Tx};
use uuid::Uuid;

use super::authenticated::{Case, Nonce};
use crate::catalogue::Route;
use crate::consent::{self, Admitted, Presented};
use crate::memory::{self, Earlier};
use crate::provider::{Answer, Reply};
use crate::{Gateway, calls, disclosures, queue};

/// Owned, because it goes to the storage thread.
pub(crate) struct Recording {
    gateway: Gateway,
    record: Record,
    path: String,
    lang: Lang,
    ms: i64,
    nonce: Option<Nonce>,
    idempotency_key: Option<String>,
    /// Nonce and key were put on disk before the question was asked outside.
    claimed: bool,
    fields: Option<Fields>,
    /// The consent under which it is answered.
    consent: Option<Presented>,
    /// The answer is fetched from the queue, not given to a waiting caller.
    queued: bool,
}

/// What the transaction leaves.
pub(crate) struct Outcome {
    pub status: u16,
    pub body: Vec<u8>,
    /// The refusal that was recorded in place of an answer.
    pub refusal: Option<Refusal>,
    /// Which of the job's leaves is the exchange's: that of a consent may stand before it.
    leaf: usize,
}

impl Recording {
    /// The recording of a case whose caller waits.
    pub(crate) fn of(gateway: &Gateway, case: &Case) -> Self {
        let call = &case.call;
        let mut record = Record::new(record::Kind::Exchange, call.at, call.request_id, case.caller.asker.id.clone());
        record.request_digest = Some(case.digest);
        record.consent_digest = case.consent;
        record.service = case.service.clone().map(Cow::Owned);
        record.method = case.method.as_deref().map(|method| Cow::Owned(method.to_owned()));
        Self {
            gateway: gateway.clone(),
            record,
            path: call.path.clone(),
            lang: call.lang,
            ms: call.ms(),
            nonce: case.nonce,
            idempotency_key: None,
            claimed: false,
            fields: None,
            consent: None,
            queued: false,
        }
    }

    /// The recording of a question that was kept at `at` and is answered now.
    pub(crate) fn queued(
        gateway: &Gateway,
        id: Uuid,
        consumer: String,
        path: String,
        lang: Lang,
        at: Timestamp,
    ) -> Self {
        let record = Record::new(record::Kind::Exchange, gateway.clock.now(), id, consumer);
        let ms = record.time.as_millisecond().saturating_sub(at.as_millisecond());
        let gateway = gateway.clone();
        Self {
            gateway,
            record,
            path,
            lang,
            ms,
            nonce: None,
            idempotency_key: None,
            claimed: false,
            fields: None,
            consent: None,
            queued: true,
        }
    }

    /// Names the method, the digest of the question, and what permits it.
    pub(crate) fn about(&mut self, route: &Route, digest: [u8; 32]) {
        self.record.service = Some(Cow::Owned(route.service.passport.code.to_string()));
        self.record.method = Some(Cow::Owned(route.path.to_string()));
        self.record.request_digest = Some(digest);
    }

    /// Names what permits it, with the fields that may leave.
    pub(crate) fn permitted(&mut self, ground: Ground) {
        self.record.ground = Some(Cow::Owned(ground.act));
        self.record.treaty = Some(Cow::Owned(ground.treaty));
        self.fields = (!ground.fields.is_all()).then_some(ground.fields);
    }

    /// Names the consent under which it is answered.
    pub(crate) fn consented(&mut self, consent: Option<Presented>) {
        if let Some(consent) = &consent {
            self.record.details.insert(consent::DETAIL, consent.id.to_string());
        }
        self.consent = consent;
    }

    /// Names the key under which the answer is kept.
    pub(crate) fn keep_under(&mut self, key: Option<String>) {
        self.idempotency_key = key;
    }

    /// Runs in the transaction. An error means that nothing of it is recorded.
    pub(crate) fn record(
        mut self,
        tx: &mut Tx<'_>,
        entries: &mut Vec<Entry>,
        answer: Result<Answer, Refusal>,
    ) -> Result<Outcome, store::Error> {
        let before = entries.len();
        let (decided, admitted) = self.decided(tx, answer)?;
        let mut outcome = match decided {
            Ok(reply) => {
                self.record.decision = Cow::Borrowed("answered");
                self.record.subjects = self.pseudonyms(&reply.subjects);
                Outcome { status: reply.status, body: reply.body, refusal: None, leaf: 0 }
            }
            Err(refusal) => {
                self.record.kind = record::Kind::Refusal;
                self.record.decision = Cow::Borrowed(refusal.code);
                let (status, body) = self.gateway.problem(&refusal, self.lang, &self.path, self.record.request_id);
                Outcome { status, body, refusal: Some(refusal), leaf: 0 }
            }
        };
        self.record.answer_digest = Some(sha256(&outcome.body));
        let request_id = self.record.request_id.into_bytes();
        if self.queued {
            queue::answered(tx, &self.gateway.vault, &request_id, outcome.status, &outcome.body)?;
        }
        let vault = &self.gateway.vault;
        let leaf = |record: &Record| record::entry(record, &store::random(), vault).map_err(store::Error::broken);
        if let (Some(consent), true) = (&self.consent, admitted.given) {
            entries.push(leaf(&consent.leaf(&self.record, record::Kind::ConsentGiven, "given"))?);
        }
        outcome.leaf = entries.len() - before;
        entries.push(leaf(&self.record)?);
        if let (Some(consent), true) = (&self.consent, admitted.ended) {
            entries.push(leaf(&consent.leaf(&self.record, record::Kind::ConsentEnded, "used-up"))?);
        }
        self.remember(tx, &outcome)?;
        Ok(outcome)
    }

    /// The rows by which the caller finds the call, and the person the disclosure.
    fn remember(&self, tx: &mut Tx<'_>, outcome: &Outcome) -> Result<(), store::Error> {
        let record = &self.record;
        let request_id = record.request_id.into_bytes();
        let (at, consumer) = (record.time.as_microsecond(), &*record.consumer);
        let (service, method) = (record.service.as_deref().unwrap_or(""), record.method.as_deref().unwrap_or(""));
        disclosures::remember(tx, &record.subjects, (at, &request_id), (consumer, service, method))?;
        let (status, ms) = (outcome.status, self.ms);
        let code = outcome.refusal.as_ref().map_or("", |refusal| refusal.code);
        calls::remember(tx, &calls::Call { consumer, at, request_id: &request_id, service, method, status, code, ms })
    }

    /// The reply or the refusal, and what becomes of the consent.
    fn decided(
        &self,
        tx: &mut Tx<'_>,
        answer: Result<Answer, Refusal>,
    ) -> Result<(Result<Reply, Refusal>, Admitted), store::Error> {
        let Some(consent) = &self.consent else {
            return self.decide(tx, answer).map(|decided| (decided, Admitted::default()));
        };
        if let Some(refusal) = self.replayed(tx)? {
            return Ok((Err(refusal), Admitted::default()));
        }
        let answer = match answer {
            Ok(answer) => answer,
            Err(refusal) => return Ok((Err(refusal), Admitted::default())),
        };
        // A refusal undoes all of this part: it uses nothing of the consent, and the message may be sent again.
        let part = tx.nested(|tx| {
            let admitted = consent::admit(tx, &self.gateway.vault, consent)?;
            let reply = self.carry_out(tx, answer)?.map_err(store::Error::Refused)?;
            Ok((reply, admitted))
        });
        match part {
            Ok((reply, admitted)) => Ok((Ok(reply), admitted)),
            Err(store::Error::Refused(refusal)) => Ok((Err(refusal), Admitted::default())),
            Err(error) => Err(error),
        }
    }

    /// The reply, or the refusal that is recorded in its place.
    fn decide(&self, tx: &mut Tx<'_>, answer: Result<Answer, Refusal>) -> Result<Result<Reply, Refusal>, store::Error> {
        if self.claimed {
            return self.settle(tx, answer);
        }
        if let Some(refusal) = self.replayed(tx)? {
            return Ok(Err(refusal));
        }
        let answer = match answer {
            Ok(answer) => answer,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(kept) = self.kept() else {
            return self.carry_out(tx, answer);
        };
        match memory::earlier(tx, &self.gateway.vault, &kept)? {
            Earlier::Same(reply) => Ok(Ok(reply)),
            Earlier::Other => Ok(Err(reused())),
            Earlier::InHand => Ok(Err(in_use())),
            Earlier::None => {
                let outcome = self.carry_out(tx, answer)?;
                if let Ok(reply) = &outcome {
                    memory::keep(tx, &self.gateway.vault, &kept, reply)?;
                }
                Ok(outcome)
            }
        }
    }

    /// The refusal of a signed request that was seen before.
    fn replayed(&self, tx: &mut Tx<'_>) -> Result<Option<Refusal>, store::Error> {
        match &self.nonce {
            Some(nonce) if !memory::first_seen(tx, nonce.expires, &nonce.key)? => {
                Ok(Some(Refusal::new(Kind::Conflict, "replayed-nonce")))
            }
            _ => Ok(None),
        }
    }

    /// The answer to a question asked outside, under the key that was taken for it.
    fn settle(&self, tx: &mut Tx<'_>, answer: Result<Answer, Refusal>) -> Result<Result<Reply, Refusal>, store::Error> {
        let outcome = match answer {
            Ok(answer) => self.carry_out(tx, answer)?,
            Err(refusal) => Err(refusal),
        };
        if let Some(kept) = self.kept() {
            memory::settle(tx, &self.gateway.vault, &kept, outcome.as_ref().ok())?;
        }
        Ok(outcome)
    }

    /// What is known of the question before it is asked outside: what will be true of the nonce and the key then.
    fn claim(&self, tx: &mut Tx<'_>) -> Result<Option<Result<Reply, Refusal>>, store::Error> {
        if let Some(refusal) = self.replayed(tx)? {
            return Ok(Some(Err(refusal)));
        }
        let Some(kept) = self.kept() else { return Ok(None) };
        if memory::take(tx, &kept)? {
            return Ok(None);
        }
        Ok(Some(match memory::earlier(tx, &self.gateway.vault, &kept)? {
            Earlier::Same(reply) => Ok(reply),
            Earlier::Other => Err(reused()),
            Earlier::InHand | Earlier::None => Err(in_use()),
        }))
    }

    fn kept(&self) -> Option<memory::Key<'_>> {
        Some(memory::Key {
            consumer: &self.record.consumer,
            service: self.record.service.as_deref().unwrap_or(""),
            method: self.record.method.as_deref().unwrap_or(""),
            key: self.idempotency_key.as_deref()?,
            digest: self.record.request_digest.as_ref()?,
            at: self.record.time.as_microsecond(),
        })
    }

    /// What is ready is cut before the writer has it: many do that at once, and the writer is one.
    fn cut_ready(&self, answer: Answer) -> Result<Answer, Refusal> {
        match (answer, &self.fields) {
            (Answer::Ready(reply), Some(fields)) => cut(reply, fields).map(Answer::Ready),
            (answer, _) => Ok(answer),
        }
    }

    fn carry_out(&self, tx: &mut Tx<'_>, answer: Answer) -> Result<Result<Reply, Refusal>, store::Error> {
        let reply = match answer {
            Answer::Ready(reply) => return Ok(Ok(reply)),
            Answer::Effect(effect) => match tx.nested(effect) {
                Ok(reply) => reply,
                Err(store::Error::Refused(refusal)) => return Ok(Err(refusal)),
                Err(error) => return Err(error),
            },
        };
        Ok(match &self.fields {
            None => Ok(reply),
            Some(fields) => cut(reply, fields),
        })
    }

    fn pseudonyms(&self, subjects: &[String]) -> Vec<[u8; 16]> {
        subjects.iter().map(|subject| self.gateway.vault.pseudonym("subject", subject.as_bytes())).collect()
    }

    /// Who asked and about what, for errors.
    pub(crate) fn request_id(&self) -> Uuid {
        self.record.request_id
    }
}

fn reused() -> Refusal {
    Refusal::new(Kind::Conflict, "idempotency-key-reused")
}

fn in_use() -> Refusal {
    Refusal::new(Kind::Conflict, "idempotency-key-in-use")
}

/// Puts on disk what makes a question unique, before a system outside is asked to change something: no transaction of
/// ours undoes what was done there. What is known of the question already is its answer.
pub(crate) async fn claim(recording: Recording) -> Result<(Recording, Option<Result<Answer, Refusal>>), Refusal> {
    let gateway = recording.gateway.clone();
    let claimed = gateway.db.write(move |tx| recording.claim(tx).map(|known| (recording, known))).await;
    let (mut recording, known) = claimed.map_err(store::Error::refusal)?;
    recording.claimed = true;
    if known.is_some() {
        // The key is not this question's to settle.
        recording.idempotency_key = None;
    }
    Ok((recording, known.map(|known| known.map(Answer::Ready))))
}

/// The reply with nothing but the permitted fields.
fn cut(reply: Reply, fields: &Fields) -> Result<Reply, Refusal> {
    let body = fields.cut(&reply.body).map_err(|_| Refusal::new(Kind::Upstream, "provider-answer-invalid"))?;
    Ok(Reply { body, ..reply })
}

/// Commits what comes of a question; the receipt is there when this returns.
pub(crate) async fn commit(
    gateway: &Gateway,
    recording: Recording,
    answer: Result<Answer, Refusal>,
) -> Result<(Outcome, store::Stamp), Refusal> {
    let request_id = recording.request_id();
    let answer = answer.and_then(|answer| recording.cut_ready(answer));
    let changes = matches!(answer, Ok(Answer::Effect(_))) || recording.queued;
    let job = move |tx: &mut Tx<'_>, entries: &mut Vec<Entry>| recording.record(tx, entries, answer);
    let committed = if changes { gateway.db.commit(job).await } else { gateway.db.commit_disclosure(job).await };
    match committed {
        Ok((outcome, stamps)) => match stamps.into_iter().nth(outcome.leaf) {
            Some(stamp) => Ok((outcome, stamp)),
            None => Err(Refusal::new(Kind::Unavailable, "ledger-unavailable").retry_after(2)),
        },
        Err(error) => {
            // A full disk and too much work are told of once, where they are found, and in the request's own line.
            if !matches!(error, store::Error::Full | store::Error::Overloaded) {
                tracing::error!(%request_id, %error, "an exchange was not committed");
            }
            Err(error.refusal())
        }
    }
}
