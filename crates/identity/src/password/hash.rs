//! Hashing passwords: argon2id over a keyed digest, two at a time, in a bounded queue, off the request threads.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{CustomizedPasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD as STANDARD_NO_PAD;
use store::Vault;
use web::shed::{Shed, ShedLimits};
use zeroize::Zeroizing;

use crate::Error;
use crate::config::Hashing;

/// Passwords at work at once: each takes a core and its memory.
const AT_ONCE: usize = 2;
/// Passwords that may wait; more are refused at once.
const WAITING: usize = 64;
/// How long one may wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a password is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the password.
    Right,
    /// It is the password, hashed with other parameters than today's.
    RightButOld,
    /// It is not.
    Wrong,
}

/// Hashes and compares. Clones share the queue.
#[derive(Clone)]
pub(crate) struct Hasher {
    queue: Shed,
    params: Params,
    vault: Vault,
    /// The hash of nobody's password: what an unknown name is compared with, so that time does not tell.
    nobody: Arc<str>,
}

impl Hasher {
    /// A hasher of this cost.
    pub(crate) fn new(vault: Vault, cost: Hashing) -> Result<Self, Error> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32))
            .map_err(|error| Error::Config(format!("hashing: {error}")))?;
        let nobody = nobody(cost);
        let queue = Shed::new(ShedLimits { at_once: AT_ONCE, waiting: WAITING, wait: PATIENCE });
        Ok(Self { queue, params, vault, nobody: nobody.into() })
    }

    /// The password as it is kept.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Error> {
        let (params, peppered) = (self.params.clone(), self.pepper(password));
        self.off(move || phc(&params, &*peppered)).await?
    }

    /// Whether it is the password kept as `phc`. Takes as long when there is none.
    pub(crate) async fn verify(&self, password: &str, kept: Option<&str>) -> Result<Verdict, Error> {
        let (known, kept) = (kept.is_some(), kept.unwrap_or(&self.nobody).to_owned());
        let (params, peppered) = (self.params.clone(), self.pepper(password));
        let right = self.off(move || {
            let kept = PasswordHash::new(&kept).map_err(|_| Error::Store(store::Error::broken("a password hash")))?;
            let used = Params::try_from(&kept).map_err(|_| Error::Store(store::Error::broken("a password hash")))?;
            let old =
                (used.m_cost(), used.t_cost(), used.p_cost()) != (params.m_cost(), params.t_cost(), params.p_cost());
            Ok::<_, Error>((Argon2::default().verify_password(&*peppered, &kept).is_ok(), old))
        });
        Ok(match (known, right.await??) {
            (true, (true, false)) => Verdict::Right,
            (true, (true, true)) => Verdict::RightButOld,
            _ => Verdict::Wrong,
        })
    }

    /// The keyed digest that is hashed: a stolen database without the vault's key is worth nothing.
    fn pepper(&self, password: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.vault.keyed("identity.password", password.as_bytes()))
    }

    async fn off<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let admission = self.queue.admit().await.map_err(|_| Error::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _admission = admission; // held until the work is done, even when nobody waits for it any more
            work()
        });
        done.await.map_err(|_| Error::Store(store::Error::broken("a password could not be hashed")))
    }
}

/// The hash of a password that does not exist, of today's cost: nothing is hashed for it, which would take an idle
/// node's memory by half as much again.
fn nobody(cost: Hashing) -> String {
    let (salt, hash) = (STANDARD_NO_PAD.encode(store::random::<16>()), STANDARD_NO_PAD.encode(store::random::<32>()));
    format!("$argon2id$v=19$m={},t={},p=1${salt}${hash}", cost.memory_kib, cost.passes)
}

fn phc(params: &Params, peppered: &[u8]) -> Result<String, Error> {
    let salt = store::random::<16>();
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let hashed: Result<PasswordHash, _> =
        argon.hash_password_customized(peppered, &salt, Some("argon2id"), None, params.clone());
    hashed
        .map(|hash| hash.to_string())
        .map_err(|_| Error::Store(store::Error::broken("a password could not be hashed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(memory_kib: u32) -> Hasher {
        Hasher::new(Vault::new(&[7; 32]).unwrap(), Hashing { memory_kib, passes: 1 }).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_only() {
        let hasher = hasher(64);
        let kept = hasher.hash("correct horse battery").await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{kept}");
        assert_ne!(kept, hasher.hash("correct horse battery").await.unwrap());
        assert_eq!(hasher.verify("correct horse battery", Some(&kept)).await.unwrap(), Verdict::Right);
        assert_eq!(hasher.verify("correct horse batterz", Some(&kept)).await.unwrap(), Verdict::Wrong);
        assert_eq!(hasher.verify("correct horse battery", None).await.unwrap(), Verdict::Wrong);
        let stolen = Hasher::new(Vault::new(&[8; 32]).unwrap(), Hashing { memory_kib: 64, passes: 1 }).unwrap();
        assert_eq!(stolen.verify("correct horse battery", Some(&kept)).await.unwrap(), Verdict::Wrong);
        let dearer = self::hasher(128);
        assert_eq!(dearer.verify("correct horse battery", Some(&kept)).await.unwrap(), Verdict::RightButOld);
    }

    #[tokio::test]
    async fn the_queue_has_an_end() {
        let hasher = hasher(8 * 1024);
        let all = (0..AT_ONCE + WAITING + 8).map(|_| {
            let hasher = hasher.clone();
            tokio::spawn(async move { hasher.hash("a password").await })
        });
        let all: Vec<_> = all.collect();
        let mut busy = 0;
        for one in all {
            busy += usize::from(matches!(one.await.unwrap(), Err(Error::Busy)));
        }
        assert!((1..=8).contains(&busy), "{busy}");
    }
}
