//! What a certificate says about the policies it was issued under (RFC 5280 §4.2.1.4, .5, .11, .14).

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_QT_CPS, ID_QT_UNOTICE};
use x509_cert::ext::pkix::{CertificatePolicies, InhibitAnyPolicy, PolicyConstraints, PolicyMappings};

use crate::encode::strict;

/// Policies, or mappings, of one certificate that are looked at: the work grows with their product along a path.
const LIMIT: usize = 64;

/// The four extensions.
#[derive(Debug, Default)]
pub(crate) struct PolicyRules {
    /// The policies; `None` when the certificate names none.
    pub(crate) policies: Option<Vec<ObjectIdentifier>>,
    /// Policy of the issuer, and the subject's that stands for it.
    pub(crate) mappings: Vec<(ObjectIdentifier, ObjectIdentifier)>,
    /// After so many certificates a policy must be there.
    pub(crate) require_explicit: Option<u32>,
    /// After so many certificates no policy stands for another.
    pub(crate) inhibit_mapping: Option<u32>,
    /// After so many certificates "any policy" counts for nothing.
    pub(crate) inhibit_any: Option<u32>,
}

impl PolicyRules {
    /// Takes in the policies; whether every qualifier is known.
    pub(super) fn take_policies(&mut self, value: &[u8]) -> Option<bool> {
        let CertificatePolicies(list) = strict(value)?;
        let mut policies: Vec<_> = list.iter().map(|policy| policy.policy_identifier).collect();
        let mut qualifiers = list.iter().flat_map(|policy| policy.policy_qualifiers.iter().flatten());
        let known = qualifiers.all(|one| [ID_QT_CPS, ID_QT_UNOTICE].contains(&one.policy_qualifier_id));
        policies.sort_unstable();
        let distinct = policies.is_sorted_by(|one, next| one < next);
        if policies.is_empty() || policies.len() > LIMIT || !distinct {
            return None;
        }
        self.policies = Some(policies);
        Some(known)
    }

    /// Takes in the mappings.
    pub(super) fn take_mappings(&mut self, value: &[u8]) -> Option<()> {
        let PolicyMappings(list) = strict(value)?;
        self.mappings = list.iter().map(|one| (one.issuer_domain_policy, one.subject_domain_policy)).collect();
        (1..=LIMIT).contains(&self.mappings.len()).then_some(())
    }

    /// Takes in the constraints, of which at least one must be there.
    pub(super) fn take_constraints(&mut self, value: &[u8]) -> Option<()> {
        let constraints: PolicyConstraints = strict(value)?;
        self.require_explicit = constraints.require_explicit_policy;
        self.inhibit_mapping = constraints.inhibit_policy_mapping;
        (self.require_explicit.is_some() || self.inhibit_mapping.is_some()).then_some(())
    }

    /// Takes in the end of "any policy".
    pub(super) fn take_inhibit_any(&mut self, value: &[u8]) -> Option<()> {
        let InhibitAnyPolicy(skip) = strict(value)?;
        self.inhibit_any = Some(skip);
        Some(())
    }
}
