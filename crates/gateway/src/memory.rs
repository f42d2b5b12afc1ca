//! What was asked before: nonces of signed requests, and answers kept under an idempotency key.

use eds::sha256_of_parts;
use store::{Error, Param, Tx, Vault};

use crate::provider::Reply;

store::statements! {
    /// Remembers a nonce unless it is known.
    NONCE_SEEN = "INSERT INTO replay (expires, key) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    /// Forgets nonces whose signatures are out of time anyway.
    NONCES_FORGOTTEN = "DELETE FROM replay WHERE expires < $1";
    /// The answer kept under a key.
    ANSWER_KEPT = "SELECT digest, status, body FROM idempotency WHERE consumer = $1 AND key = $2";
    /// Keeps an answer.
    KEEP_ANSWER = "INSERT INTO idempotency (consumer, key, at, digest, status, body) VALUES ($1, $2, $3, $4, $5, $6)";
    /// Takes a key for a question that is about to be asked outside, unless another has it in hand.
    TAKE_KEY = "INSERT INTO idempotency (consumer, key, at, digest, status, body) VALUES ($1, $2, $3, $4, 0, $5)
        ON CONFLICT (consumer, key) DO UPDATE SET at = excluded.at
        WHERE idempotency.status = 0 AND idempotency.at <= $6";
    /// Keeps the answer under the key that was taken for it.
    FILL_KEY = "UPDATE idempotency SET at = $3, status = $4, body = $5 WHERE consumer = $1 AND key = $2";
    /// Gives the key back: there is no answer to keep.
    FREE_KEY = "DELETE FROM idempotency WHERE consumer = $1 AND key = $2 AND status = 0";
    /// Forgets answers older than their term.
    ANSWERS_FORGOTTEN = "DELETE FROM idempotency WHERE at < $1";
}

/// How long an answer is kept under its key.
pub(crate) const KEPT_MICROS: i64 = 24 * 3600 * 1_000_000;

/// How long a key stays taken when whoever took it never came back.
const IN_HAND_MICROS: i64 = 120 * 1_000_000;

/// True the first time; the same again is a replay.
pub(crate) fn first_seen(tx: &mut Tx<'_>, expires: i64, key: &[u8; 16]) -> Result<bool, Error> {
    Ok(tx.execute(&NONCE_SEEN, &[expires.into(), key.into()])? == 1)
}

/// What a key was used for.
pub(crate) enum Earlier {
    None,
    /// The same body: this was the answer.
    Same(Reply),
    /// Another body.
    Other,
    /// The same body is being asked outside right now.
    InHand,
}

/// A key in use.
pub(crate) struct Key<'a> {
    pub consumer: &'a str,
    pub service: &'a str,
    pub method: &'a str,
    pub key: &'a str,
    pub digest: &'a [u8; 32],
    pub at: i64,
}

fn row_key(service: &str, method: &str, key: &str) -> [u8; 32] {
    sha256_of_parts(&[service.as_bytes(), b"\0", method.as_bytes(), b"\0", key.as_bytes()])
}

/// Looks a key up.
pub(crate) fn earlier(tx: &mut Tx<'_>, vault: &Vault, kept: &Key<'_>) -> Result<Earlier, Error> {
    let row = row_key(kept.service, kept.method, kept.key);
    let found = tx.query_opt(&ANSWER_KEPT, &[kept.consumer.into(), (&row).into()], |found| {
        Ok((found.array::<32>(0)?, found.int(1)?, found.bytes(2)?.to_vec()))
    })?;
    match found {
        None => Ok(Earlier::None),
        Some((digest, _, _)) if digest != *kept.digest => Ok(Earlier::Other),
        Some((_, 0, _)) => Ok(Earlier::InHand),
        Some((_, status, sealed)) => Ok(Earlier::Same(Reply {
            status: u16::try_from(status).map_err(Error::broken)?,
            body: vault.open(&row, &sealed)?,
            subjects: Vec::new(),
        })),
    }
}

/// The key is taken, for a while; false when another has it in hand or has used it.
pub(crate) fn take(tx: &mut Tx<'_>, kept: &Key<'_>) -> Result<bool, Error> {
    let row = row_key(kept.service, kept.method, kept.key);
    let params = [
        kept.consumer.into(),
        (&row).into(),
        kept.at.into(),
        kept.digest.into(),
        Param::Bytes(&[]),
        (kept.at - IN_HAND_MICROS).into(),
    ];
    Ok(tx.execute(&TAKE_KEY, &params)? == 1)
}

/// The key that was taken holds this answer, or is free again.
pub(crate) fn settle(tx: &mut Tx<'_>, vault: &Vault, kept: &Key<'_>, reply: Option<&Reply>) -> Result<(), Error> {
    let row = row_key(kept.service, kept.method, kept.key);
    let Some(reply) = reply else {
        return tx.execute(&FREE_KEY, &[kept.consumer.into(), (&row).into()]).map(|_| ());
    };
    let sealed = vault.seal(&row, &reply.body);
    let (at, status) = (kept.at, i64::from(reply.status));
    let params = [kept.consumer.into(), (&row).into(), at.into(), status.into(), Param::Bytes(&sealed)];
    tx.execute(&FILL_KEY, &params).map(|_| ())
}

/// Keeps an answer under its key.
pub(crate) fn keep(tx: &mut Tx<'_>, vault: &Vault, kept: &Key<'_>, reply: &Reply) -> Result<(), Error> {
    let row = row_key(kept.service, kept.method, kept.key);
    let sealed = vault.seal(&row, &reply.body);
    tx.execute(
        &KEEP_ANSWER,
        &[
            kept.consumer.into(),
            (&row).into(),
            kept.at.into(),
            kept.digest.into(),
            i64::from(reply.status).into(),
            Param::Bytes(&sealed),
        ],
    )
    .map(|_| ())
}

/// Forgets what nobody can refer to any more.
pub(crate) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(&NONCES_FORGOTTEN, &[now.into()])?;
    tx.execute(&ANSWERS_FORGOTTEN, &[(now - KEPT_MICROS).into()])?;
    Ok(())
}
