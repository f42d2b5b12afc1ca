//! One mailbox, parsed where it enters: afterwards it cannot break a header or an SMTP dialogue.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// Longest address (RFC 5321 §4.5.3.1.3 less the angle brackets).
const LONGEST: usize = 254;
/// Longest name before the `@` (RFC 5321 §4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// An e-mail address `name@domain`: dot-atom (RFC 5322 §3.2.3), at a domain name of at least two labels, in lower case.
///
/// Quoted names, comments, address literals and letters outside ASCII are refused: hardly any server takes them, and
/// each is a way to smuggle something. A domain in national letters is written in its `xn--` form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address {
    whole: String,
    at: usize,
}

impl Address {
    /// The address in `text`, surrounding blanks aside; its domain in lower case.
    ///
    /// # Errors
    /// [`Error::Address`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(Error::Address)?;
        if text.len() > LONGEST || !is_local(local) || !is_domain(domain) {
            return Err(Error::Address);
        }
        Ok(Self { whole: format!("{local}@{}", domain.to_ascii_lowercase()), at: local.len() })
    }

    /// As messages name it.
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    /// What stands before the `@`, as it was typed.
    pub fn local(&self) -> &str {
        self.whole.get(..self.at).unwrap_or_default()
    }

    /// What stands after the `@`, in lower case.
    pub fn domain(&self) -> &str {
        self.whole.get(self.at + 1..).unwrap_or_default()
    }

    /// By which an account is found. No server in use tells `Name` from `name`, and people type both.
    pub fn key(&self) -> String {
        self.whole.to_ascii_lowercase()
    }
}

fn is_local(local: &str) -> bool {
    let atom = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&c);
    local.len() <= LONGEST_LOCAL && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
}

fn is_domain(domain: &str) -> bool {
    let mut labels = domain.split('.');
    let named = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    // A last label of digits would be an IPv4 address.
    let last = domain.rsplit('.').next().unwrap_or_default();
    domain.len() <= 253
        && domain.contains('.')
        && labels.all(named)
        && last.len() >= 2
        && last.starts_with(|c: char| c.is_ascii_alphabetic())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.whole)
    }
}

/// Addresses are personal: not in logs, not in errors.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.whole)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_mailbox_and_nothing_else() {
        let address = Address::parse("  Anna.Maria+nais@Example.BY ").unwrap();
        assert_eq!(
            (address.as_str(), address.key().as_str()),
            ("Anna.Maria+nais@example.by", "anna.maria+nais@example.by")
        );
        assert_eq!((address.local(), address.domain()), ("Anna.Maria+nais", "example.by"));
        for wrong in [
            "",
            "@",
            "a",
            "a@",
            "@b.by",
            "a@b",
            "a@b.",
            "a@.by",
            "a@-b.by",
            "a@b-.by",
            "a b@c.by",
            "a@b c.by",
            "a..b@c.by",
            ".a@b.by",
            "a.@b.by",
            "a@b@c.by",
            "a@b.by,c@d.by",
            "<a@b.by>",
            "\"a b\"@c.by",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@b.by\r\nBcc: c@d.by",
            "a\n@b.by",
            "a@b.b\u{443}",
            "пошта@b.by",
            "a@b.by\0",
            "a(c)@b.by",
            "a@b.1y",
        ] {
            assert!(Address::parse(wrong).is_err(), "{wrong:?}");
        }
        let long = |local: usize, domain: usize| format!("{}@{}.by", "a".repeat(local), vec!["d"; domain].join("."));
        assert!(Address::parse(&long(64, 90)).is_ok());
        assert!(Address::parse(&long(65, 1)).is_err());
        assert!(Address::parse(&long(64, 100)).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_parsed_is_tame_and_parses_again(text in "\\PC{0,40}|[a-z.@+\\-\r\n <>\"]{0,30}|[a-zA-Z.+]{1,20}@[a-zA-Z0-9.-]{1,20}") {
            if let Ok(address) = Address::parse(&text) {
                prop_assert!(address.as_str().is_ascii());
                prop_assert!(!address.as_str().contains(|c: char| c.is_ascii_control() || " <>,;:\"()[]\\".contains(c)));
                prop_assert_eq!(address.as_str().matches('@').count(), 1);
                prop_assert_eq!(Address::parse(address.as_str()).unwrap(), address.clone());
                prop_assert_eq!(Address::parse(&address.key()).unwrap().key(), address.key());
                // The SMTP library must take whatever we take.
                prop_assert!(address.as_str().parse::<lettre::Address>().is_ok());
            }
        }
    }
}
