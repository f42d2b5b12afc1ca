//! Who may ask what: a snapshot in memory, read without locks, renewed when the database says it changed.

mod load;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use eds::{Certificate, sha256_of_parts};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use model::access::{Consumer, Subscription, Treaty};
use model::{Kind, Refusal};
use subtle::ConstantTimeEq as _;

use crate::provider::Asker;

pub(crate) use load::{STATEMENTS, load, version};

/// Everything the operator granted, at one version.
#[derive(Default)]
pub struct Access {
    /// Version of the database's row that this snapshot shows.
    pub version: i64,
    tokens: HashMap<[u8; 32], Arc<Caller>>,
    signers: HashMap<String, Arc<Signer>>,
}

/// Whom a token stands for.
pub struct Caller {
    /// What a provider may know of it.
    pub asker: Arc<Asker>,
    /// Its category and names.
    pub consumer: Consumer,
    /// The TLS certificate that the token is bound to.
    pub certificate: Arc<Certificate>,
    /// The token's term.
    pub valid_from: Timestamp,
    /// The token's term.
    pub valid_to: Timestamp,
    /// When the operator took it back.
    pub revoked_at: Option<Timestamp>,
    /// What its treaties grant, by service code.
    pub grants: HashMap<String, Vec<Arc<Grant>>>,
    /// All its calls together.
    pub limit: Limit,
}

/// Calls of a minute, counted.
pub struct Limit {
    /// How many.
    pub quota: u32,
    /// Counts them.
    pub limiter: Arc<DefaultDirectRateLimiter>,
}

/// One subscription under one treaty, with its quota.
pub struct Grant {
    /// The treaty.
    pub treaty: Treaty,
    /// The subscription.
    pub subscription: Subscription,
    /// The calls to this service.
    pub limit: Limit,
    /// Digest of the treaty's login with the owner.
    pub login: Option<[u8; 32]>,
}

impl Grant {
    /// Whether this is the treaty's login with the owner; how long it takes says nothing of how near it came.
    pub fn knows_login(&self, username: &str, password: &str) -> bool {
        self.login.is_some_and(|own| own.ct_eq(&login_digest(username, password)).into())
    }
}

/// What is kept of a login: its password is generated, so that nobody finds it from the digest.
pub(crate) fn login_digest(username: &str, password: &str) -> [u8; 32] {
    sha256_of_parts(&[username.as_bytes(), b"\0", password.as_bytes()])
}

/// A consumer's registered signing certificate.
pub struct Signer {
    /// Whose it is.
    pub consumer: String,
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// When the operator took it back.
    pub revoked_at: Option<Timestamp>,
}

impl Signer {
    /// The operator has not taken it back.
    pub fn in_force(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.revoked_at {
            Some(at) if at <= now => Err(Refusal::new(Kind::Unauthenticated, "certificate-revoked").with("at", at)),
            _ => Ok(()),
        }
    }
}

impl Access {
    /// Whom the token with this digest stands for.
    pub fn caller(&self, token_digest: &[u8; 32]) -> Option<&Arc<Caller>> {
        self.tokens.get(token_digest)
    }

    /// The registered signing certificate with this key identifier.
    pub fn signer(&self, keyid: &str) -> Option<&Arc<Signer>> {
        self.signers.get(keyid)
    }

    /// Consumers that hold a token.
    pub fn callers(&self) -> impl Iterator<Item = &Arc<Caller>> {
        self.tokens.values()
    }
}

impl Limit {
    /// One more call fits, or when it will.
    pub fn admit(&self) -> Result<(), Refusal> {
        self.limiter.check().map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now()).as_secs_f64().ceil();
            let seconds = wait.clamp(1.0, 3600.0) as u32;
            Refusal::new(Kind::Throttled, "quota-exceeded")
                .with("quota", self.quota)
                .with("seconds", seconds)
                .retry_after(seconds)
        })
    }
}

impl Caller {
    /// The token is within its term at `now`.
    pub fn in_force(&self, now: Timestamp) -> Result<(), Refusal> {
        let code = if self.revoked_at.is_some_and(|at| at <= now) {
            "token-revoked"
        } else if now >= self.valid_to || now < self.valid_from {
            "token-expired"
        } else {
            return Ok(());
        };
        Err(Refusal::new(Kind::Unauthenticated, code).with("until", self.valid_to.to_string()))
    }

    /// Its grants for a service, those of treaties in force first as the database orders them.
    pub fn grants(&self, service: &str) -> &[Arc<Grant>] {
        self.grants.get(service).map_or(&[], Vec::as_slice)
    }
}

/// Rate limiters outlive snapshots: a change elsewhere must not refill anybody's quota.
#[derive(Default)]
pub(crate) struct Limiters(RwLock<HashMap<(String, String, u32), Arc<DefaultDirectRateLimiter>>>);

impl Limiters {
    /// The limiter of a consumer's subscription to a service with this quota.
    pub(crate) fn of(&self, consumer: &str, service: &str, per_minute: u32) -> Arc<DefaultDirectRateLimiter> {
        let key = (consumer.to_owned(), service.to_owned(), per_minute);
        if let Ok(known) = self.0.read()
            && let Some(limiter) = known.get(&key)
        {
            return limiter.clone();
        }
        let quota = std::num::NonZeroU32::new(per_minute.max(1))
            .map_or(Quota::per_minute(std::num::NonZeroU32::MIN), Quota::per_minute);
        let fresh = Arc::new(RateLimiter::direct(quota));
        if let Ok(mut known) = self.0.write() {
            return known.entry(key).or_insert(fresh).clone();
        }
        fresh
    }
}
