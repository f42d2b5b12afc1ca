//! Name constraints (RFC 5280 §4.2.1.10): host names, IP addresses, directory names; a constraint of another kind
//! refuses every name of that kind, because passing what is not understood would void it.

use const_oid::db::rfc3280::EMAIL_ADDRESS;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::pkix::NameConstraints;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::{Name, RelativeDistinguishedName};

use super::PathError;
use crate::Certificate;
use crate::encode::text;

/// The constraints of one authority.
pub(super) struct Names<'a> {
    permitted: &'a [GeneralSubtree],
    excluded: &'a [GeneralSubtree],
}

impl<'a> Names<'a> {
    /// Reads them; a `minimum`, a `maximum` and an empty constraint are forbidden by the profile.
    pub(super) fn new(constraints: &'a NameConstraints) -> Result<Self, PathError> {
        let permitted = constraints.permitted_subtrees.as_deref().unwrap_or_default();
        let excluded = constraints.excluded_subtrees.as_deref().unwrap_or_default();
        let plain = |subtree: &GeneralSubtree| subtree.minimum == 0 && subtree.maximum.is_none();
        if permitted.is_empty() && excluded.is_empty() || !permitted.iter().chain(excluded).all(plain) {
            return Err(PathError::UnknownCritical);
        }
        Ok(Self { permitted, excluded })
    }

    /// Every name of the certificate is inside.
    pub(super) fn permit(&self, certificate: &Certificate) -> Result<(), PathError> {
        let subject = certificate.subject_name();
        if !subject.is_empty() {
            self.permit_name(&GeneralName::DirectoryName(subject.clone()))?;
        }
        // An address in the subject is a name too (RFC 5280 §4.2.1.10), of a kind that we do not compare.
        let mails = |subtree: &GeneralSubtree| matches!(subtree.base, GeneralName::Rfc822Name(_));
        if subject.iter().any(|attribute| attribute.oid == EMAIL_ADDRESS)
            && self.permitted.iter().chain(self.excluded).any(mails)
        {
            return Err(PathError::ConstraintViolated);
        }
        certificate.alternative_names().iter().try_for_each(|name| self.permit_name(name))
    }

    fn permit_name(&self, name: &GeneralName) -> Result<(), PathError> {
        let of_kind = |subtree: &&GeneralSubtree| same_kind(&subtree.base, name);
        let mut permitted = self.permitted.iter().filter(of_kind).peekable();
        let missing = permitted.peek().is_some() && !permitted.any(|subtree| contains(&subtree.base, name, false));
        let excluded = self.excluded.iter().filter(of_kind).any(|subtree| contains(&subtree.base, name, true));
        if missing || excluded { Err(PathError::ConstraintViolated) } else { Ok(()) }
    }
}

fn same_kind(one: &GeneralName, other: &GeneralName) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// The name lies in the subtree. Of a kind not compared it lies in every excluded one and in no permitted one.
fn contains(base: &GeneralName, name: &GeneralName, excluding: bool) -> bool {
    match (base, name) {
        (GeneralName::DnsName(base), GeneralName::DnsName(name)) => {
            let (base, name) = (base.as_str(), name.as_str());
            // `*.by` may stand for an excluded host below `by`.
            let may_be = excluding && name.strip_prefix("*.").is_some_and(|parent| is_below(parent, base));
            is_below(base, name) || may_be
        }
        (GeneralName::DirectoryName(base), GeneralName::DirectoryName(name)) => is_prefix(base, name),
        (GeneralName::IpAddress(base), GeneralName::IpAddress(name)) => is_in_net(base.as_bytes(), name.as_bytes()),
        _ => excluding,
    }
}

/// `name` is `base` or a host below it; with a leading dot only a host below it.
fn is_below(base: &str, name: &str) -> bool {
    if base.is_empty() {
        return true;
    }
    let (base, itself) = base.strip_prefix('.').map_or((base, true), |base| (base, false));
    let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
    name.strip_suffix(&base).is_some_and(|head| if head.is_empty() { itself } else { head.ends_with('.') })
}

/// The address is in the net, which is an address and a mask one after another.
fn is_in_net(net: &[u8], address: &[u8]) -> bool {
    let Some((start, mask)) = net.split_at_checked(address.len()) else {
        return false;
    };
    mask.len() == address.len()
        && start.iter().zip(mask).zip(address).all(|((start, mask), byte)| start & mask == byte & mask)
}

fn is_prefix(base: &Name, name: &Name) -> bool {
    let mut parts = name.iter_rdn();
    base.iter_rdn().all(|wanted| parts.next().is_some_and(|part| same_part(wanted, part)))
}

fn same_part(one: &RelativeDistinguishedName, other: &RelativeDistinguishedName) -> bool {
    one.len() == other.len() && one.iter().all(|wanted| other.iter().any(|have| same_attribute(wanted, have)))
}

/// Equal as people read them: case, spacing and string type do not matter, or an exclusion could be evaded by them.
fn same_attribute(one: &AttributeTypeAndValue, other: &AttributeTypeAndValue) -> bool {
    let folded = |attribute: &AttributeTypeAndValue| {
        text(&attribute.value).map(|text| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "))
    };
    one.oid == other.oid && (one.value == other.value || folded(one).is_some_and(|text| folded(other) == Some(text)))
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn hosts_below() {
        for (base, name, inside) in [
            ("gov.by", "gov.by", true),
            ("gov.by", "MVD.Gov.By", true),
            ("gov.by", "notgov.by", false),
            (".gov.by", "gov.by", false),
            (".gov.by", "mvd.gov.by", true),
            ("", "anything.example", true),
            ("mvd.gov.by", "gov.by", false),
        ] {
            assert_eq!(is_below(base, name), inside, "{base} {name}");
        }
    }

    #[test]
    fn nets() {
        assert!(is_in_net(&[10, 0, 0, 0, 255, 0, 0, 0], &[10, 9, 8, 7]));
        assert!(!is_in_net(&[10, 0, 0, 0, 255, 0, 0, 0], &[11, 9, 8, 7]));
        assert!(!is_in_net(&[10, 0, 0, 0], &[10, 0, 0, 0]));
        assert!(!is_in_net(&[0; 8], &[0; 16]));
    }

    #[test]
    fn a_wildcard_is_held_for_what_it_may_stand_for() {
        let dns = |name: &str| GeneralName::DnsName(der::asn1::Ia5String::new(name).unwrap());
        assert!(contains(&dns("secret.gov.by"), &dns("*.gov.by"), true));
        assert!(!contains(&dns("secret.gov.by"), &dns("*.gov.by"), false));
        assert!(!contains(&dns("secret.gov.by"), &dns("*.edu.by"), true));
    }

    #[test]
    fn directory_names_read_alike_are_alike() {
        let name = |text: &str| Name::from_str(text).unwrap();
        assert!(is_prefix(&name("O=NCES,C=BY"), &name("CN=x,O=nces,C=BY")));
        assert!(!is_prefix(&name("O=NCES,C=BY"), &name("CN=x,O=NCES 2,C=BY")));
        assert!(!is_prefix(&name("CN=x,O=NCES,C=BY"), &name("O=NCES,C=BY")));
    }
}
