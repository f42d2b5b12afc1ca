//! A small house of authorities and certificates, the same for every test.

use eds::pki::{Authority, Profile, Subject, Term};
use eds::{Algorithm, Certificate, Crl, Purpose, SigningKey, Trust};
use jiff::{SignedDuration, Timestamp};

/// The moment tests are at, unless they say otherwise.
pub(crate) fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

pub(crate) fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// From `before` days before `at` until `after` days after it.
pub(crate) fn term(at: Timestamp, before: i64, after: i64) -> Term {
    Term { not_before: at - days(before), not_after: at + days(after) }
}

/// What programs know that do not know the national algorithm.
pub(crate) const INTERNATIONAL: [Algorithm; 2] = [Algorithm::EcdsaP256Sha256, Algorithm::Ed25519];

pub(crate) struct House {
    pub(crate) at: Timestamp,
    pub(crate) root: Authority,
    pub(crate) issuing: Authority,
}

impl House {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        Self::at(algorithm, noon())
    }

    pub(crate) fn at(algorithm: Algorithm, at: Timestamp) -> Self {
        let key = || SigningKey::generate(algorithm).unwrap();
        let mut root = Authority::root(&Subject::new("Карнявы цэнтр").of("НЦЭП"), key(), term(at, 400, 4000)).unwrap();
        let issuing =
            root.issue_ca(&Subject::new("Выдавецкі цэнтр").of("НЦЭП"), key(), term(at, 300, 2000), 0).unwrap();
        Self { at, root, issuing }
    }

    pub(crate) fn profile(&self, name: &str, purpose: Purpose) -> Profile {
        Profile::new(Subject::new(name).of("Дзяржаўны пагранічны камітэт"), [purpose], term(self.at, 1, 365))
    }

    pub(crate) fn issue(&mut self, profile: &Profile, algorithm: Algorithm) -> (Certificate, SigningKey) {
        let key = SigningKey::generate(algorithm).unwrap();
        (self.issuing.issue(profile, key.verifying_key()).unwrap(), key)
    }

    pub(crate) fn signer(&mut self, algorithm: Algorithm) -> (Certificate, SigningKey) {
        let profile = self.profile("Подпіс", Purpose::Signature);
        self.issue(&profile, algorithm)
    }

    /// Fresh lists of both authorities.
    pub(crate) fn crls(&mut self) -> [Crl; 2] {
        let (from, to) = (self.at - days(1), self.at + days(1));
        [self.root.crl(from, to).unwrap(), self.issuing.crl(from, to).unwrap()]
    }

    pub(crate) fn trust(&mut self) -> Trust {
        let crls = self.crls();
        self.trust_without_lists().with_crls(crls)
    }

    pub(crate) fn trust_without_lists(&self) -> Trust {
        Trust::new([self.root.certificate().clone()]).with_intermediates([self.issuing.certificate().clone()])
    }
}
