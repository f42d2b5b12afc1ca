//! Which members of an answer may leave: paths such as `records.*.foreigner.surname_lat`, compiled to a tree.

use std::collections::BTreeMap;

use serde_json::Value;

/// Permitted paths. A path that ends at a member permits all below it; `*` is any member or any item of an array.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    whole: bool,
    named: BTreeMap<String, Fields>,
    any: Option<Box<Fields>>,
}

impl Fields {
    /// Everything may leave.
    pub fn all() -> Self {
        Self { whole: true, named: BTreeMap::new(), any: None }
    }

    /// The tree of these paths. The single path `*` permits everything.
    pub fn new<P: AsRef<str>>(paths: impl IntoIterator<Item = P>) -> Self {
        let mut root = Self::default();
        for path in paths {
            root.permit(path.as_ref().split('.'));
        }
        root.settle();
        root
    }

    /// Whether everything may leave, so that an answer need not be parsed.
    pub fn is_all(&self) -> bool {
        self.whole
    }

    /// Whether a value at `path` (with `*` for items) is wholly permitted.
    pub fn covers(&self, path: &str) -> bool {
        let mut here = self;
        for name in path.split('.') {
            if here.whole {
                return true;
            }
            match here.below(name) {
                Some(below) => here = below,
                None => return false,
            }
        }
        here.whole
    }

    /// The first of `other`'s paths that is not permitted here.
    pub fn missing<P: AsRef<str>>(&self, other: impl IntoIterator<Item = P>) -> Option<P> {
        other.into_iter().find(|path| !self.covers(path.as_ref()))
    }

    /// Cuts `value` to what is permitted: members on the way to a permitted one stay, other values go.
    pub fn prune(&self, value: &mut Value) {
        if !self.keep(value) {
            *value = Value::Null;
        }
    }

    fn below(&self, name: &str) -> Option<&Self> {
        self.named.get(name).or(self.any.as_deref())
    }

    fn permit<'a>(&mut self, mut path: impl Iterator<Item = &'a str>) {
        match path.next() {
            None => self.whole = true,
            Some("*") => self.any.get_or_insert_default().permit(path),
            Some(name) => self.named.entry(name.to_owned()).or_default().permit(path),
        }
    }

    /// Every named member also bears what `*` permits, so that pruning looks one way only.
    fn settle(&mut self) {
        if self.any.as_ref().is_some_and(|any| any.whole) {
            // `*` at the end permits every member: the same as the whole.
            self.whole = true;
        }
        if self.whole {
            self.named.clear();
            self.any = None;
            return;
        }
        if let Some(any) = &self.any {
            for below in self.named.values_mut() {
                below.join(any);
            }
        }
        for below in self.named.values_mut().chain(self.any.as_deref_mut()) {
            below.settle();
        }
    }

    fn join(&mut self, other: &Self) {
        self.whole |= other.whole;
        for (name, below) in &other.named {
            self.named.entry(name.clone()).or_default().join(below);
        }
        if let Some(any) = &other.any {
            self.any.get_or_insert_default().join(any);
        }
    }

    fn keep(&self, value: &mut Value) -> bool {
        if self.whole {
            return true;
        }
        match value {
            Value::Object(members) => {
                members.retain(|name, value| self.below(name).is_some_and(|below| below.keep(value)));
                true
            }
            Value::Array(items) => {
                items.retain_mut(|item| self.any.as_deref().is_some_and(|any| any.keep(item)));
                true
            }
            _ => false,
        }
    }
}

/// `value` cut to `allowed`.
pub fn prune(mut value: Value, allowed: &Fields) -> Value {
    allowed.prune(&mut value);
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_permitted_members_stay() {
        let answer = json!({"records":[{"foreigner":{"surname_lat":"A","sex":"F"},"score":1},{"foreigner":{"sex":"M"}}],
            "cursor":"x","secret":{"a":1},"records2":5});
        let fields = Fields::new(["records.*.foreigner.surname_lat", "cursor", "records2.deep"]);
        assert_eq!(
            prune(answer, &fields),
            json!({"records":[{"foreigner":{"surname_lat":"A"}},{"foreigner":{}}],"cursor":"x"})
        );
    }

    #[test]
    fn star_joins_with_names() {
        let fields = Fields::new(["*.id", "a.name"]);
        let value = json!({"a":{"id":1,"name":"n","x":0},"b":{"id":2,"name":"m"}});
        assert_eq!(prune(value, &fields), json!({"a":{"id":1,"name":"n"},"b":{"id":2}}));
    }

    #[test]
    fn coverage_is_by_prefix() {
        let fields = Fields::new(["records.*.foreigner", "cursor"]);
        assert!(fields.covers("records.*.foreigner.sex"));
        assert!(!fields.covers("records"));
        assert!(!fields.covers("records.*"));
        assert_eq!(fields.missing(["cursor", "records.*.doc"]), Some("records.*.doc"));
        assert!(Fields::new(["*"]).is_all());
        assert!(Fields::all().covers("anything"));
        assert!(!Fields::default().covers("a"));
    }

    proptest! {
        #[test]
        fn nothing_unpermitted_survives(names in prop::collection::vec("[a-c]", 1..6), allowed in prop::collection::vec("[a-c]", 0..3)) {
            let value: Value = names.iter().map(|n| (n.clone(), json!(1))).collect::<serde_json::Map<_, _>>().into();
            let pruned = prune(value, &Fields::new(&allowed));
            for name in pruned.as_object().unwrap().keys() {
                prop_assert!(allowed.contains(name));
            }
        }
    }
}
