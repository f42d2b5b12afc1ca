//! Reads the snapshot: six small tables, as they stand at one version.

use std::collections::HashMap;
use std::sync::Arc;

use eds::Certificate;
use jiff::Timestamp;
use model::access::{Consumer, Subscription, Treaty};
use store::{Error, Row, Tx};

use super::{Access, Caller, Grant, Limit, Limiters, Signer};
use crate::provider::Asker;

store::statements! {
    /// The version of what was granted.
    VERSION = "SELECT version FROM access_version WHERE id = 1";
    /// All consumers.
    CONSUMERS = "SELECT body FROM consumer ORDER BY id";
    /// All treaties.
    TREATIES = "SELECT body FROM treaty ORDER BY number";
    /// All subscriptions with their treaties' numbers.
    SUBSCRIPTIONS = "SELECT treaty, body FROM subscription ORDER BY treaty, service, mode";
    /// All logins with owners.
    LOGINS = "SELECT treaty, digest FROM treaty_login";
    /// All tokens.
    TOKENS = "SELECT hash, consumer, certificate, valid_from, valid_to, revoked_at, quota_per_minute FROM token";
    /// All registered signing certificates.
    SIGNERS = "SELECT keyid, consumer, certificate, revoked_at FROM signer";
}

/// The version that stands in the database.
pub(crate) fn version(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.query_opt(&VERSION, &[], |row| row.int(0))?.ok_or_else(|| Error::broken("access_version is empty"))
}

/// The whole snapshot.
pub(crate) fn load(tx: &mut Tx<'_>, limiters: &Limiters) -> Result<Access, Error> {
    let version = version(tx)?;
    let consumers: HashMap<String, Consumer> =
        tx.query(&CONSUMERS, &[], |row| json::<Consumer>(row, 0))?.into_iter().map(|c| (c.id.clone(), c)).collect();
    let treaties: HashMap<String, Treaty> =
        tx.query(&TREATIES, &[], |row| json::<Treaty>(row, 0))?.into_iter().map(|t| (t.number.clone(), t)).collect();
    let logins: HashMap<String, [u8; 32]> =
        tx.query(&LOGINS, &[], |row| Ok((row.text(0)?.to_owned(), row.array(1)?)))?.into_iter().collect();
    let mut grants: HashMap<String, HashMap<String, Vec<Arc<Grant>>>> = HashMap::new();
    for (number, subscription) in
        tx.query(&SUBSCRIPTIONS, &[], |row| Ok((row.text(0)?.to_owned(), json::<Subscription>(row, 1)?)))?
    {
        let Some(treaty) = treaties.get(&number) else { continue };
        let service = subscription.service.to_string();
        let quota = subscription.quota_per_minute;
        let limit = Limit { quota, limiter: limiters.of(&treaty.consumer, &service, quota) };
        let grant =
            Arc::new(Grant { login: logins.get(&number).copied(), treaty: treaty.clone(), subscription, limit });
        grants.entry(treaty.consumer.clone()).or_default().entry(service).or_default().push(grant);
    }
    let mut access = Access { version, ..Access::default() };
    tx.each(&TOKENS, &[], |row| {
        if let Some(consumer) = consumers.get(row.text(1)?) {
            let granted = grants.get(&consumer.id).cloned().unwrap_or_default();
            let quota = u32::try_from(row.int(6)?).map_err(Error::broken)?;
            let limiter = limiters.of(&consumer.id, "", quota);
            access.tokens.insert(row.array(0)?, Arc::new(caller(row, consumer, granted, Limit { quota, limiter })?));
        }
        Ok(true)
    })?;
    tx.each(&SIGNERS, &[], |row| {
        let signer = Signer {
            consumer: row.text(1)?.to_owned(),
            certificate: certificate(row.bytes(2)?)?,
            revoked_at: row.opt_int(3)?.map(moment).transpose()?,
        };
        access.signers.insert(row.text(0)?.to_owned(), Arc::new(signer));
        Ok(true)
    })?;
    Ok(access)
}

fn caller(
    row: &Row<'_>,
    consumer: &Consumer,
    grants: HashMap<String, Vec<Arc<Grant>>>,
    limit: Limit,
) -> Result<Caller, Error> {
    Ok(Caller {
        asker: Arc::new(Asker {
            id: consumer.id.clone(),
            source_code: consumer.source_code.clone(),
            unp: consumer.unp.to_string(),
        }),
        consumer: consumer.clone(),
        certificate: certificate(row.bytes(2)?)?,
        valid_from: moment(row.int(3)?)?,
        valid_to: moment(row.int(4)?)?,
        revoked_at: row.opt_int(5)?.map(moment).transpose()?,
        grants,
        limit,
    })
}

fn certificate(der: &[u8]) -> Result<Arc<Certificate>, Error> {
    Certificate::from_der(der).map(Arc::new).map_err(Error::broken)
}

fn moment(micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(micros).map_err(Error::broken)
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, Error> {
    serde_json::from_str(row.text(column)?).map_err(Error::broken)
}
