//! Trust: from a certificate up to a configured root (RFC 5280 §6), with revocation, for one purpose at one moment.
//!
//! Everything not understood is refused, and so is what would take too much work. Names are compared as people read
//! them; candidate paths are tried one after another, through whatever authorities are at hand.

mod attributes;
mod cached;
mod lists;
mod names;
mod policies;
mod purpose;
mod walk;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use model::{Kind, Refusal};

pub use cached::CachedTrust;
pub use policies::Policies;
pub use purpose::Purpose;

use crate::certificate::FoldedName;
use crate::ocsp::Response;
use crate::{Certificate, Crl};

/// Why a certificate is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No configured authority issued it.
    #[error("the issuer is unknown")]
    UnknownIssuer,
    /// A signature in the chain does not hold.
    #[error("a signature in the chain does not hold")]
    BadSignature,
    /// A certificate of the chain has expired.
    #[error("expired")]
    Expired,
    /// A certificate of the chain is not valid yet.
    #[error("not valid yet")]
    NotYetValid,
    /// A certificate of the chain was revoked then.
    #[error("revoked at {at}")]
    Revoked {
        /// The moment its issuer names.
        at: Timestamp,
    },
    /// The key may not be used for this.
    #[error("issued for another purpose")]
    WrongPurpose,
    /// The issuer's list of revoked certificates is out of date.
    #[error("the CRL is out of date")]
    CrlStale,
    /// There is no list of revoked certificates of the issuer.
    #[error("the CRL is missing")]
    CrlMissing,
    /// More authorities stand in the chain than one of them allows.
    #[error("the chain is too long")]
    PathTooLong,
    /// A name is outside what an authority of the chain may issue.
    #[error("a name is outside the issuer's constraints")]
    ConstraintViolated,
    /// A critical extension is unknown.
    #[error("a critical extension is unknown")]
    UnknownCritical,
    /// The path does not lead under a policy that is asked for (RFC 5280 §6.1).
    #[error("issued under no acceptable policy")]
    NoPolicy,
    /// A certificate of the chain breaks a rule of RFC 5280 that issuers must keep.
    #[error("a certificate of the chain is not as RFC 5280 demands")]
    Malformed,
    /// The attribute certificate speaks of somebody else.
    #[error("the attribute certificate is not of this certificate's holder")]
    WrongHolder,
    /// So many paths are possible that the question is refused.
    #[error("the path takes too much work")]
    TooComplex,
}

impl PathError {
    /// The refusal a caller is told.
    pub fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Expired => "certificate-expired",
            Self::NotYetValid => "certificate-not-yet-valid",
            Self::Revoked { at } => {
                return Refusal::new(Kind::Unauthenticated, "certificate-revoked").with("at", at);
            }
            Self::WrongPurpose => "certificate-wrong-purpose",
            Self::WrongHolder => "attributes-wrong-holder",
            Self::CrlStale | Self::CrlMissing => "certificate-status-unknown",
            Self::UnknownIssuer
            | Self::BadSignature
            | Self::PathTooLong
            | Self::ConstraintViolated
            | Self::UnknownCritical
            | Self::NoPolicy
            | Self::Malformed
            | Self::TooComplex => "certificate-untrusted",
        };
        Refusal::new(Kind::Unauthenticated, code)
    }
}

/// What is done about revocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Revocation {
    /// Every certificate below a root needs a current CRL or OCSP answer: the rule of everything on line.
    #[default]
    Required,
    /// What is known to be revoked by then is refused, and silence is taken for consent: for checks without a network,
    /// which must say that they could not ask.
    IfKnown,
}

/// Roots, intermediate authorities, revocation lists and OCSP responses.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    roots: Vec<Certificate>,
    intermediates: Vec<Certificate>,
    attribute_authorities: Vec<Certificate>,
    crls: HashMap<FoldedName, Vec<Arc<Crl>>>,
    responses: Vec<Response>,
    revocation: Revocation,
    policies: Policies,
}

impl Trust {
    /// Trust in these roots and in nothing else.
    pub fn new(roots: impl IntoIterator<Item = Certificate>) -> Self {
        Self { roots: roots.into_iter().collect(), ..Self::default() }
    }

    /// The same, with authorities through which a path may lead.
    #[must_use]
    pub fn with_intermediates(mut self, intermediates: impl IntoIterator<Item = Certificate>) -> Self {
        self.intermediates.extend(intermediates);
        self
    }

    /// The same, with authorities whose attribute certificates count, as long as a path leads from them to a root.
    #[must_use]
    pub fn with_attribute_authorities(mut self, authorities: impl IntoIterator<Item = Certificate>) -> Self {
        self.attribute_authorities.extend(authorities);
        self
    }

    /// The same, with these revocation lists beside those it has; the newest of an issuer counts.
    #[must_use]
    pub fn with_crls(mut self, crls: impl IntoIterator<Item = Crl>) -> Self {
        for crl in crls {
            self.crls.entry(crl.issuer().clone()).or_default().push(Arc::new(crl));
        }
        self
    }

    /// The same, with these OCSP responses. Where lists are silent or old a fresh answer takes their place; who is called
    /// revoked by either is revoked.
    #[must_use]
    pub fn with_responses(mut self, responses: impl IntoIterator<Item = Response>) -> Self {
        self.responses.extend(responses);
        self
    }

    /// The same, with this rule of revocation.
    #[must_use]
    pub fn with_revocation(mut self, revocation: Revocation) -> Self {
        self.revocation = revocation;
        self
    }

    /// The same, and every path must lead under these policies.
    #[must_use]
    pub fn with_policies(mut self, policies: Policies) -> Self {
        self.policies = policies;
        self
    }

    /// The certificate leads to a root, everything on the way holds at `at`, and its key may be used for the purpose.
    pub fn check(&self, certificate: &Certificate, purpose: Purpose, at: Timestamp) -> Result<(), PathError> {
        self.check_until(certificate, purpose, at).map(drop)
    }

    /// The certificate with those above it, each before its issuer, up to a root; shorter when one is missing. For asking
    /// about their status: nothing is judged.
    pub fn chain_of(&self, certificate: &Certificate) -> Vec<Certificate> {
        let mut chain = vec![certificate.clone()];
        while let Some(last) = chain.last().filter(|last| !self.roots.contains(last)) {
            let mut known = self.roots.iter().chain(&self.intermediates).filter(|one| !chain.contains(one));
            match known.find(|issuer| last.is_issued_by(issuer)).cloned() {
                Some(issuer) if chain.len() < walk::DEPTH => chain.push(issuer),
                _ => break,
            }
        }
        chain
    }

    /// As [`Self::check`]; gives the last moment until which nothing can change without new roots or CRLs.
    pub fn check_until(
        &self,
        certificate: &Certificate,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<Timestamp, PathError> {
        walk::Walk::new(self, purpose, at, at).from(certificate)
    }

    /// The certificate was good at `then`, an earlier moment that a time stamp proves, as far as is known `now`: a
    /// revocation after `then` does not count, and the lists are those in force now.
    pub fn check_past(
        &self,
        certificate: &Certificate,
        purpose: Purpose,
        then: Timestamp,
        now: Timestamp,
    ) -> Result<(), PathError> {
        walk::Walk::new(self, purpose, then, now.max(then)).from(certificate).map(drop)
    }

    /// The certificate was good at `then`, as far as lists and answers say that were in force then or made later, however
    /// old they are now.
    pub fn check_kept(&self, certificate: &Certificate, purpose: Purpose, then: Timestamp) -> Result<(), PathError> {
        walk::Walk::new(self, purpose, then, then).with_kept_status().from(certificate).map(drop)
    }
}
