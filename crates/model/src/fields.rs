//! Which members of an answer may leave: paths such as `records.*.foreigner.surname_lat`, compiled to a tree.

use std::collections::BTreeMap;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
#[cfg(test)]
use serde_json::Value;
use serde_json::value::RawValue;

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

    /// JSON text cut to what is permitted: members on the way to a permitted one stay, other values go. What is permitted
    /// wholly passes byte for byte.
    pub fn cut(&self, json: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
        let mut out = Vec::with_capacity(json.len());
        let mut from = serde_json::Deserializer::from_slice(json);
        let stays = Cut { fields: self, out: &mut out }.deserialize(&mut from)?;
        from.end()?;
        Ok(if stays { out } else { b"null".to_vec() })
    }

    /// The same of a parsed value: what [`Self::cut`] is held against.
    #[cfg(test)]
    fn prune(&self, value: &mut Value) {
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

    #[cfg(test)]
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

/// A value of an answer on its way from text to text; whether it stays.
struct Cut<'a> {
    fields: &'a Fields,
    out: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Cut<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        if self.fields.whole {
            let whole = <&RawValue>::deserialize(from)?;
            self.out.extend_from_slice(whole.get().as_bytes());
            return Ok(true);
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Cut<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        self.out.push(b'[');
        if let Some(any) = self.fields.any.as_deref() {
            loop {
                let before = self.out.len();
                separate(self.out, b'[');
                match items.next_element_seed(Cut { fields: any, out: self.out })? {
                    Some(true) => {}
                    Some(false) => self.out.truncate(before),
                    None => {
                        self.out.truncate(before);
                        break;
                    }
                }
            }
        } else {
            while items.next_element::<IgnoredAny>()?.is_some() {}
        }
        self.out.push(b']');
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        self.out.push(b'{');
        loop {
            let before = self.out.len();
            match members.next_key_seed(Name { fields: self.fields, out: self.out })? {
                None => break,
                Some(None) => {
                    members.next_value::<IgnoredAny>()?;
                }
                Some(Some(below)) => {
                    if !members.next_value_seed(Cut { fields: below, out: self.out })? {
                        self.out.truncate(before);
                    }
                }
            }
        }
        self.out.push(b'}');
        Ok(true)
    }
}

/// A member's name, written when the member may stay; what may stay of it.
struct Name<'a, 'o> {
    fields: &'a Fields,
    out: &'o mut Vec<u8>,
}

impl<'de, 'a> DeserializeSeed<'de> for Name<'a, '_> {
    type Value = Option<&'a Fields>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Name<'a, '_> {
    type Value = Option<&'a Fields>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        let Some(below) = self.fields.below(name) else { return Ok(None) };
        separate(self.out, b'{');
        serde_json::to_writer(&mut *self.out, name).map_err(E::custom)?;
        self.out.push(b':');
        Ok(Some(below))
    }
}

/// A comma, unless the array or object has just begun.
fn separate(out: &mut Vec<u8>, open: u8) {
    if out.last() != Some(&open) {
        out.push(b',');
    }
}

/// `value` cut to `allowed`.
#[cfg(test)]
fn prune(mut value: Value, allowed: &Fields) -> Value {
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

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-cé\"\\\\\n]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-c\"]{1,2}", inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn text_that_is_no_json_is_not_cut() {
        let fields = Fields::new(["a.b"]);
        for bad in ["", "{", "{\"a\":{\"b\":1}", "{\"a\":{\"b\":1}}x", "{\"a\":{\"b\":01}}", "nul", "[1,]"] {
            assert!(fields.cut(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(fields.cut(b" {\"a\": {\"b\": 1.50, \"c\":2}} ").unwrap(), b"{\"a\":{\"b\":1.50}}");
        assert_eq!(fields.cut(b"5").unwrap(), b"null");
    }

    proptest! {
        #[test]
        fn text_is_cut_as_values_are(value in any_json(), paths in prop::collection::vec("[a-c*](\\.[a-c*]){0,3}", 0..4)) {
            let fields = Fields::new(&paths);
            let cut: Value = serde_json::from_slice(&fields.cut(value.to_string().as_bytes()).unwrap()).unwrap();
            prop_assert_eq!(cut, prune(value, &fields));
        }

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
