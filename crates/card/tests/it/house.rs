//! An authority that issues what cards hold.

use eds::pki::{Authority, Profile, Subject, Term};
use eds::{Algorithm, Certificate, Purpose, SigningKey, Trust};
use jiff::{SignedDuration, Timestamp};

pub(crate) fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

pub(crate) struct House {
    pub(crate) root: Authority,
    pub(crate) issuing: Authority,
}

impl House {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let key = || SigningKey::generate(algorithm).unwrap();
        let term = |after| Term { not_before: noon() - days(400), not_after: noon() + days(after) };
        let mut root = Authority::root(&Subject::new("Карнявы цэнтр"), key(), term(4000)).unwrap();
        let issuing = root.issue_ca(&Subject::new("Выдавецкі цэнтр"), key(), term(2000), 0).unwrap();
        Self { root, issuing }
    }

    pub(crate) fn profile(&self, name: &str, purpose: Purpose) -> Profile {
        let term = Term { not_before: noon() - days(1), not_after: noon() + days(365) };
        Profile::new(Subject::new(name), [purpose], term)
    }

    pub(crate) fn issue(&mut self, profile: &Profile, algorithm: Algorithm) -> (Certificate, SigningKey) {
        let key = SigningKey::generate(algorithm).unwrap();
        (self.issuing.issue(profile, key.verifying_key()).unwrap(), key)
    }

    pub(crate) fn trust(&mut self) -> Trust {
        let (from, to) = (noon() - days(1), noon() + days(1));
        let lists = [self.root.crl(from, to).unwrap(), self.issuing.crl(from, to).unwrap()];
        Trust::new([self.root.certificate().clone()])
            .with_intermediates([self.issuing.certificate().clone()])
            .with_crls(lists)
    }
}
