//! Names as RFC 5280 §7.1 compares them: case, spacing and string type do not matter.

use der::Encode as _;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RelativeDistinguishedName};

use crate::encode::text;

/// A name made comparable: one entry a part, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct FoldedName(Vec<Vec<u8>>);

impl FoldedName {
    /// The name, folded.
    pub(crate) fn of(name: &Name) -> Self {
        Self(name.iter_rdn().map(part).collect())
    }

    /// It begins with that name: it lies in the subtree.
    pub(crate) fn is_below(&self, base: &Self) -> bool {
        self.0.starts_with(&base.0)
    }
}

fn part(part: &RelativeDistinguishedName) -> Vec<u8> {
    let mut attributes: Vec<Vec<u8>> = part.iter().map(attribute).collect();
    attributes.sort_unstable();
    attributes.concat()
}

/// Type and value, each with its length, so that no two attributes run together into a third.
fn attribute(attribute: &AttributeTypeAndValue) -> Vec<u8> {
    let (kind, value) = match text(&attribute.value) {
        Some(text) => (0, text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ").into_bytes()),
        // What is no text is compared as it is.
        None => (1, attribute.value.to_der().unwrap_or_default()),
    };
    let oid = attribute.oid.as_bytes();
    let length = |bytes: &[u8]| bytes.len().to_be_bytes();
    [&length(oid)[..], oid, &[kind], &length(&value), &value].concat()
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn names_read_alike_are_alike() {
        let name = |text: &str| FoldedName::of(&Name::from_str(text).unwrap());
        assert_eq!(name("CN=Янка  Купала,C=BY"), name("CN=янка купала ,C=BY"));
        assert_ne!(name("CN=ab,C=BY"), name("CN=a b,C=BY"));
        assert_ne!(name("CN=a,O=b"), name("O=b,CN=a"), "the order of parts counts");
        assert_eq!(name("CN=a+O=b"), name("O=b+CN=a"), "the order inside a part does not");
        assert!(name("CN=x,O=nces,C=BY").is_below(&name("O=NCES,C=BY")));
        assert!(!name("CN=x,O=NCES 2,C=BY").is_below(&name("O=NCES,C=BY")));
        assert!(!name("O=NCES,C=BY").is_below(&name("CN=x,O=NCES,C=BY")));
    }
}
