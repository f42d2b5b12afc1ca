//! Under which hosts a certificate's subject is reached.

use std::net::IpAddr;

use x509_cert::ext::pkix::name::GeneralName;

use super::Certificate;

impl Certificate {
    /// Host names of the subject.
    pub fn dns_names(&self) -> impl Iterator<Item = &str> {
        self.alternative_names().iter().filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Addresses of the subject.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.alternative_names().iter().filter_map(|name| match name {
            GeneralName::IpAddress(octets) => match octets.as_bytes().len() {
                4 => <[u8; 4]>::try_from(octets.as_bytes()).ok().map(IpAddr::from),
                _ => <[u8; 16]>::try_from(octets.as_bytes()).ok().map(IpAddr::from),
            },
            _ => None,
        })
    }

    /// Whether the subject is reached under `host`, a name or an address as it stands in a URI.
    pub fn is_of_host(&self, host: &str) -> bool {
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return self.addresses().any(|own| own == address);
        }
        self.dns_names().any(|own| match own.strip_prefix("*.") {
            Some(rest) => {
                host.split_once('.').is_some_and(|(label, of)| !label.is_empty() && of.eq_ignore_ascii_case(rest))
            }
            None => own.eq_ignore_ascii_case(host),
        })
    }

    /// A host under which the subject is reached, as it stands in a URI.
    pub fn host(&self) -> Option<String> {
        let name = self.dns_names().find(|name| !name.starts_with('*')).map(str::to_owned);
        name.or_else(|| match self.addresses().next()? {
            IpAddr::V4(address) => Some(address.to_string()),
            IpAddr::V6(address) => Some(format!("[{address}]")),
        })
    }
}
