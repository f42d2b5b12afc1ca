//! Certificate policies along a path (RFC 5280 §6.1), as the graph of RFC 9618: the tree that the older text describes
//! can be made to grow without bound.

use std::collections::{BTreeMap, BTreeSet};

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ANY_POLICY;

use super::PathError;
use crate::certificate::PolicyRules;
use crate::{Certificate, Error};

/// What a path must show of policies. By default nothing: then only what the authorities demand themselves counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    acceptable: BTreeSet<ObjectIdentifier>,
    explicit: bool,
    no_mapping: bool,
    no_any: bool,
}

impl Policies {
    /// The path leads under one of these policies, dotted numbers; without any, under whichever.
    pub fn one_of<'a>(policies: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let read = |text| ObjectIdentifier::new(text).map_err(|_| Error::Authority("not an object identifier"));
        let acceptable = policies.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { acceptable, ..Self::default() })
    }

    /// The same, and a path must be under a policy even where no authority demands it (initial-explicit-policy).
    #[must_use]
    pub fn explicit(mut self) -> Self {
        self.explicit = true;
        self
    }

    /// The same, and no policy stands for another (initial-policy-mapping-inhibit).
    #[must_use]
    pub fn without_mapping(mut self) -> Self {
        self.no_mapping = true;
        self
    }

    /// The same, and "any policy" counts for nothing (initial-any-policy-inhibit).
    #[must_use]
    pub fn without_any(mut self) -> Self {
        self.no_any = true;
        self
    }

    /// The path from the root's certificate (left out) down to the end is as asked for.
    pub(super) fn judge(&self, path: &[&Certificate]) -> Result<(), PathError> {
        let start = |inhibited: bool| if inhibited { 0 } else { path.len() + 1 };
        let mut state = State {
            graph: Some(vec![Level::from([(ANY_POLICY, Node::any())])]),
            explicit: start(self.explicit),
            mapping: start(self.no_mapping),
            any: start(self.no_any),
        };
        for (index, certificate) in path.iter().enumerate() {
            let is_last = index + 1 == path.len();
            state.enter(certificate, is_last);
            if state.explicit == 0 && state.graph.is_none() {
                return Err(PathError::NoPolicy);
            }
            if !is_last {
                state.leave(certificate)?;
            }
        }
        let last = path.last().map(|certificate| certificate.policy_rules().require_explicit);
        let explicit = if last == Some(Some(0)) { 0 } else { state.explicit.saturating_sub(1) };
        if explicit > 0 || state.leads_to(&self.acceptable) { Ok(()) } else { Err(PathError::NoPolicy) }
    }
}

/// The policies of one certificate of the path.
type Level = BTreeMap<ObjectIdentifier, Node>;

/// One policy: what it came from above, and which policies below continue it.
#[derive(Debug)]
struct Node {
    parents: BTreeSet<ObjectIdentifier>,
    expected: BTreeSet<ObjectIdentifier>,
}

impl Node {
    fn any() -> Self {
        Self::of(ANY_POLICY, BTreeSet::new())
    }

    fn of(policy: ObjectIdentifier, parents: BTreeSet<ObjectIdentifier>) -> Self {
        Self { parents, expected: BTreeSet::from([policy]) }
    }
}

/// The variables of RFC 5280 §6.1.2.
struct State {
    graph: Option<Vec<Level>>,
    explicit: usize,
    mapping: usize,
    any: usize,
}

impl State {
    /// §6.1.3 d, e.
    fn enter(&mut self, certificate: &Certificate, is_last: bool) {
        let Some(policies) = &certificate.policy_rules().policies else {
            self.graph = None;
            return;
        };
        let any_counts = self.any > 0 || (!is_last && certificate.is_self_issued());
        let Some(graph) = &mut self.graph else { return };
        let Some(above) = graph.last() else { return };
        let parents_of = |policy: &ObjectIdentifier| -> BTreeSet<ObjectIdentifier> {
            above.iter().filter(|(_, node)| node.expected.contains(policy)).map(|(parent, _)| *parent).collect()
        };
        let mut level = Level::new();
        for policy in policies.iter().filter(|policy| **policy != ANY_POLICY) {
            let mut parents = parents_of(policy);
            if parents.is_empty() && above.contains_key(&ANY_POLICY) {
                parents.insert(ANY_POLICY);
            }
            if !parents.is_empty() {
                level.insert(*policy, Node::of(*policy, parents));
            }
        }
        if any_counts && policies.contains(&ANY_POLICY) {
            let expected: BTreeSet<_> = above.values().flat_map(|node| &node.expected).copied().collect();
            for policy in expected {
                level.entry(policy).or_insert_with(|| Node::of(policy, parents_of(&policy)));
            }
        }
        graph.push(level);
        self.prune();
    }

    /// §6.1.4 a, b, h to j.
    fn leave(&mut self, certificate: &Certificate) -> Result<(), PathError> {
        let rules = certificate.policy_rules();
        if rules.mappings.iter().any(|(from, to)| [*from, *to].contains(&ANY_POLICY)) {
            return Err(PathError::NoPolicy);
        }
        self.map(rules);
        if !certificate.is_self_issued() {
            for variable in [&mut self.explicit, &mut self.mapping, &mut self.any] {
                *variable = variable.saturating_sub(1);
            }
        }
        for (variable, bound) in [
            (&mut self.explicit, rules.require_explicit),
            (&mut self.mapping, rules.inhibit_mapping),
            (&mut self.any, rules.inhibit_any),
        ] {
            if let Some(bound) = bound.and_then(|bound| usize::try_from(bound).ok()) {
                *variable = bound.min(*variable);
            }
        }
        Ok(())
    }

    fn map(&mut self, rules: &PolicyRules) {
        let Some(level) = self.graph.as_mut().and_then(|graph| graph.last_mut()) else { return };
        let mut mapped: BTreeMap<ObjectIdentifier, BTreeSet<ObjectIdentifier>> = BTreeMap::new();
        for (from, to) in &rules.mappings {
            mapped.entry(*from).or_default().insert(*to);
        }
        for (policy, expected) in mapped {
            if self.mapping == 0 {
                level.remove(&policy);
            } else if level.contains_key(&policy) || level.contains_key(&ANY_POLICY) {
                let node = level.entry(policy).or_insert_with(|| Node::of(policy, BTreeSet::from([ANY_POLICY])));
                node.expected = expected;
            }
        }
        self.prune();
    }

    /// Takes out what nothing below continues; without anything at the end there is no graph.
    fn prune(&mut self) {
        let Some(graph) = &mut self.graph else { return };
        if graph.last().is_none_or(Level::is_empty) {
            self.graph = None;
            return;
        }
        let mut needed: Option<BTreeSet<ObjectIdentifier>> = None;
        for level in graph.iter_mut().rev() {
            if let Some(needed) = &needed {
                level.retain(|policy, _| needed.contains(policy));
            }
            needed = Some(level.values().flat_map(|node| &node.parents).copied().collect());
        }
    }

    /// §6.1.5 g: a policy that the first authority named, or any, is acceptable.
    fn leads_to(&self, acceptable: &BTreeSet<ObjectIdentifier>) -> bool {
        let Some(graph) = &self.graph else { return false };
        let is_any = graph.last().is_some_and(|level| level.contains_key(&ANY_POLICY));
        let named = graph.iter().skip(1).flatten().filter(|(_, node)| node.parents.contains(&ANY_POLICY));
        let mut named = named.map(|(policy, _)| policy).filter(|policy| **policy != ANY_POLICY);
        acceptable.is_empty() || is_any || named.any(|policy| acceptable.contains(policy))
    }
}
