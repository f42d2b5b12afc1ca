//! A consumer with its keys and certificates, and the authority that issued them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Mutex;

use eds::pki::{Authority, Profile, Subject, Term};
use eds::{Algorithm, CachedTrust, Certificate, Crl, Purpose, SigningKey, Trust};
use jiff::{SignedDuration, Timestamp};
use model::Unp;

/// The first moment of every test.
pub(crate) fn morning() -> Timestamp {
    "2026-07-01T06:00:00Z".parse().unwrap()
}

pub(crate) fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// From and to, in days after the first moment.
pub(crate) fn term(from: i64, to: i64) -> Term {
    Term { not_before: morning() + days(from), not_after: morning() + days(to) }
}

/// An authority and the trust in it.
pub(crate) struct Pki {
    authority: Mutex<Authority>,
}

impl Pki {
    pub(crate) fn new(name: &str) -> Self {
        let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
        let authority = Authority::root(&Subject::new(name), key, term(-100, 3000)).unwrap();
        Self { authority: Mutex::new(authority) }
    }

    /// Trust in it, with a list of revocations that holds for 300 days.
    pub(crate) fn trust(&self) -> Trust {
        Trust::new([self.root()]).with_crls([self.list()])
    }

    pub(crate) fn root(&self) -> Certificate {
        self.authority.lock().unwrap().certificate().clone()
    }

    pub(crate) fn list(&self) -> Crl {
        self.authority.lock().unwrap().crl(morning() + days(-1), morning() + days(300)).unwrap()
    }

    pub(crate) fn issue(&self, profile: &Profile, key: &SigningKey) -> Certificate {
        self.authority.lock().unwrap().issue(profile, key.verifying_key()).unwrap()
    }

    /// An authority of attribute certificates below it, and the trust in both.
    pub(crate) fn attribute_authority(&self) -> Authority {
        let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
        let mut authority = self.authority.lock().unwrap();
        authority.issue_attribute_authority(&Subject::new("Attributes"), key, term(-50, 2000)).unwrap()
    }

    /// Trust in the attribute certificates of this authority as well.
    pub(crate) fn trust_with(&self, attributes: &mut Authority) -> Trust {
        let list = attributes.crl(morning() + days(-1), morning() + days(300)).unwrap();
        self.trust().with_attribute_authorities([attributes.certificate().clone()]).with_crls([list])
    }

    /// The certificate is revoked, and the trust knows.
    pub(crate) fn revoke(&self, certificate: &Certificate, trust: &CachedTrust) {
        self.authority.lock().unwrap().revoke(&certificate.serial_hex(), morning()).unwrap();
        trust.replace(self.trust());
    }

    /// A certificate for signatures with this taxpayer number.
    pub(crate) fn signing(&self, name: &str, unp: Option<&str>, algorithm: Algorithm, term: Term) -> Identity {
        self.identity(name, unp, algorithm, Purpose::Signature, term)
    }

    /// The certificate of the gateway's port.
    pub(crate) fn server(&self, host: &str) -> Certificate {
        let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
        let mut profile = Profile::new(Subject::new(host), [Purpose::TlsServer], term(-1, 1000));
        profile.dns_names = vec![host.to_owned()];
        profile.ip_addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        self.issue(&profile, &key)
    }

    pub(crate) fn tls(&self, name: &str, term: Term) -> Certificate {
        self.identity(name, None, Algorithm::Ed25519, Purpose::TlsClient, term).certificate
    }

    /// A person's certificate for this purpose.
    pub(crate) fn person(&self, number: &str, purpose: Purpose, term: Term) -> Identity {
        let key = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        let mut profile = Profile::new(Subject::new("Person"), [purpose], term);
        profile.identification_number = Some(number.to_owned());
        let certificate = self.issue(&profile, &key);
        Identity { key, certificate }
    }

    fn identity(&self, name: &str, unp: Option<&str>, algorithm: Algorithm, purpose: Purpose, term: Term) -> Identity {
        let key = SigningKey::generate(algorithm).unwrap();
        let mut profile = Profile::new(Subject::new(name), [purpose], term);
        profile.unp = unp.map(str::to_owned);
        let certificate = self.issue(&profile, &key);
        Identity { key, certificate }
    }
}

/// A key with its certificate.
#[derive(Clone)]
pub(crate) struct Identity {
    pub key: SigningKey,
    pub certificate: Certificate,
}

/// A consumer as its own system knows itself.
#[derive(Clone)]
pub(crate) struct Party {
    pub id: String,
    pub unp: String,
    pub token: String,
    pub tls: Certificate,
    /// Registered with NAIS.
    pub sign: Identity,
}

/// The `number`th taxpayer number there is.
pub(crate) fn unp(number: usize) -> Unp {
    (190_000_000_u32..).filter_map(|digits| Unp::parse(&digits.to_string()).ok()).nth(number).unwrap()
}
