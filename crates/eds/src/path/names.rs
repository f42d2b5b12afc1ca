//! Name constraints (RFC 5280 §4.2.1.10): host names, mail addresses, URIs, IP addresses, directory names; a constraint of
//! another kind refuses every name of that kind, because passing what is not understood would void it.

use const_oid::db::rfc3280::EMAIL_ADDRESS;
use der::asn1::Ia5String;
use x509_cert::ext::pkix::NameConstraints;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;

use super::PathError;
use crate::Certificate;
use crate::certificate::{FoldedName, is_host_name};
use crate::encode::text;

/// Comparisons for one certificate under one authority: names times constraints.
const COMPARISONS: usize = 4096;

/// The constraints of one authority.
pub(super) struct Names<'a> {
    permitted: &'a [GeneralSubtree],
    excluded: &'a [GeneralSubtree],
}

impl<'a> Names<'a> {
    /// Reads them; a `minimum`, a `maximum` and an empty constraint are forbidden by the profile, and so is a subtree
    /// that is not one.
    pub(super) fn new(constraints: &'a NameConstraints) -> Result<Self, PathError> {
        let permitted = constraints.permitted_subtrees.as_deref().unwrap_or_default();
        let excluded = constraints.excluded_subtrees.as_deref().unwrap_or_default();
        let plain =
            |subtree: &GeneralSubtree| subtree.minimum == 0 && subtree.maximum.is_none() && is_subtree(&subtree.base);
        if permitted.is_empty() && excluded.is_empty() || !permitted.iter().chain(excluded).all(plain) {
            return Err(PathError::UnknownCritical);
        }
        Ok(Self { permitted, excluded })
    }

    /// Every name of the certificate is inside.
    pub(super) fn permit(&self, certificate: &Certificate) -> Result<(), PathError> {
        let subject = certificate.subject_name();
        let names = subject.iter().count() + certificate.alternative_names().len() + 1;
        if names * (self.permitted.len() + self.excluded.len()) > COMPARISONS {
            return Err(PathError::TooComplex);
        }
        if !subject.is_empty() {
            self.permit_name(&GeneralName::DirectoryName(subject.clone()))?;
        }
        // An address in the subject is a name too (RFC 5280 §4.2.1.10); one that is none is outside of all.
        for attribute in subject.iter().filter(|attribute| attribute.oid == EMAIL_ADDRESS) {
            let mail = text(&attribute.value).and_then(|text| Ia5String::new(&text).ok());
            self.permit_name(&GeneralName::Rfc822Name(mail.ok_or(PathError::ConstraintViolated)?))?;
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

/// What stands as a constraint is written as one of its kind.
fn is_subtree(base: &GeneralName) -> bool {
    // In mail and URI constraints a leading dot means "only hosts below".
    let host = |text: &str| is_host_name(text.strip_prefix('.').unwrap_or(text)) && !text.contains('*');
    match base {
        GeneralName::DnsName(name) => {
            name.as_str().is_empty() || (is_host_name(name.as_str()) && !name.as_str().contains('*'))
        }
        GeneralName::Rfc822Name(name) => match name.as_str().rsplit_once('@') {
            Some((local, domain)) => !local.is_empty() && !local.contains('@') && is_host_name(domain),
            None => name.as_str().is_empty() || host(name.as_str()),
        },
        GeneralName::UniformResourceIdentifier(name) => host(name.as_str()),
        GeneralName::IpAddress(net) => is_net(net.as_bytes()),
        _ => true,
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
        (GeneralName::Rfc822Name(base), GeneralName::Rfc822Name(name)) => {
            is_mail_of(base.as_str(), name.as_str(), excluding)
        }
        (GeneralName::UniformResourceIdentifier(base), GeneralName::UniformResourceIdentifier(uri)) => {
            // Without a host the constraint cannot be kept, so the name is outside (RFC 5280 §4.2.1.10).
            host_of(uri.as_str()).map_or(excluding, |host| is_of_host(base.as_str(), host))
        }
        (GeneralName::DirectoryName(base), GeneralName::DirectoryName(name)) => {
            FoldedName::of(name).is_below(&FoldedName::of(base))
        }
        (GeneralName::IpAddress(base), GeneralName::IpAddress(name)) => is_in_net(base.as_bytes(), name.as_bytes()),
        _ => excluding,
    }
}

/// `name` is `base` or a host below it.
fn is_below(base: &str, name: &str) -> bool {
    if base.is_empty() {
        return true;
    }
    let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
    name.strip_suffix(&base).is_some_and(|head| head.is_empty() || head.ends_with('.'))
}

/// One mailbox, the mailboxes of one host, or with a leading dot those of the hosts below it.
fn is_mail_of(base: &str, mail: &str, excluding: bool) -> bool {
    let Some((local, host)) = mail.rsplit_once('@').filter(|(local, host)| !local.is_empty() && is_host_name(host))
    else {
        return excluding;
    };
    match base.rsplit_once('@') {
        // The part before the sign is another in another case; what is shut out is shut out in any.
        Some((wanted, domain)) => {
            let same = if excluding { wanted.eq_ignore_ascii_case(local) } else { wanted == local };
            same && domain.eq_ignore_ascii_case(host)
        }
        None => base.is_empty() || is_of_host(base, host),
    }
}

/// Exactly that host; with a leading dot only the hosts below it.
fn is_of_host(base: &str, host: &str) -> bool {
    match base.strip_prefix('.') {
        Some(parent) => is_below(parent, host) && !parent.eq_ignore_ascii_case(host),
        None => base.eq_ignore_ascii_case(host),
    }
}

/// The host name of a URI; none when it has an address or nothing there.
fn host_of(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let is_address = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_host_name(host) && !is_address).then_some(host)
}

/// An address and a mask, whose ones stand before its zeros.
fn is_net(net: &[u8]) -> bool {
    let mask = net.split_at(net.len() / 2).1;
    let bits: Vec<bool> = mask.iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0)).collect();
    matches!(net.len(), 8 | 32) && bits.is_sorted_by(|one, next| one >= next)
}

/// The address is in the net, which is an address and a mask one after another.
fn is_in_net(net: &[u8], address: &[u8]) -> bool {
    let Some((start, mask)) = net.split_at_checked(address.len()) else {
        return false;
    };
    mask.len() == address.len()
        && start.iter().zip(mask).zip(address).all(|((start, mask), byte)| start & mask == byte & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_below() {
        for (base, name, inside) in [
            ("gov.by", "gov.by", true),
            ("gov.by", "MVD.Gov.By", true),
            ("gov.by", "notgov.by", false),
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
    fn mailboxes() {
        for (base, mail, inside) in [
            ("gov.by", "a@gov.by", true),
            ("gov.by", "a@GOV.by", true),
            ("gov.by", "a@mvd.gov.by", false),
            (".gov.by", "a@mvd.gov.by", true),
            (".gov.by", "a@gov.by", false),
            ("a@gov.by", "a@gov.by", true),
            ("a@gov.by", "A@gov.by", false),
            ("a@gov.by", "b@gov.by", false),
            ("gov.by", "no address", false),
        ] {
            assert_eq!(is_mail_of(base, mail, false), inside, "{base} {mail}");
        }
        assert!(is_mail_of("a@gov.by", "A@gov.by", true) && is_mail_of("gov.by", "no address", true));
    }

    #[test]
    fn hosts_of_uris() {
        assert_eq!(host_of("https://a:b@mvd.gov.by:8247/x?y@z"), Some("mvd.gov.by"));
        for bad in ["urn:x", "https://10.0.0.1/", "https://[::1]/", "https:///x", "mailto:a@b"] {
            assert_eq!(host_of(bad), None, "{bad}");
        }
        assert!(is_of_host(".gov.by", "mvd.gov.by") && !is_of_host(".gov.by", "gov.by"));
        assert!(is_of_host("gov.by", "gov.by") && !is_of_host("gov.by", "mvd.gov.by"));
    }

    #[test]
    fn subtrees_are_written_as_such() {
        let dns = |name: &str| GeneralName::DnsName(Ia5String::new(name).unwrap());
        assert!(is_subtree(&dns("gov.by")) && is_subtree(&dns("")));
        assert!(!is_subtree(&dns(".gov.by")) && !is_subtree(&dns("*.gov.by")));
        assert!(is_net(&[10, 0, 0, 0, 255, 0, 0, 0]) && is_net(&[0; 32]));
        assert!(!is_net(&[10, 0, 0, 0, 255, 0, 255, 0]) && !is_net(&[10, 0, 0, 0]));
    }
}
