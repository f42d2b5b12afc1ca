//! Where the state of a certificate is told: distribution points of its lists, addresses of its responder (RFC 5280
//! §4.2.1.13, §4.2.2.1).

use const_oid::db::rfc5912::ID_AD_OCSP;
use der::{Decode, Encode};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityInfoAccessSyntax, CrlDistributionPoints};
use x509_cert::name::{Name, RelativeDistinguishedName};

use crate::encode::strict;

/// Points, or addresses, of one certificate that are looked at.
const LIMIT: usize = 16;

/// Where to ask.
#[derive(Debug, Default)]
pub(crate) struct Places {
    points: Vec<DistributionPoint>,
    /// Addresses of OCSP responders.
    pub(crate) responders: Vec<String>,
}

impl Places {
    pub(super) fn take_points(&mut self, value: &[u8]) -> Option<()> {
        let CrlDistributionPoints(points) = strict(value)?;
        self.points = points;
        (1..=LIMIT).contains(&self.points.len()).then_some(())
    }

    pub(super) fn take_access(&mut self, value: &[u8]) -> Option<()> {
        let AuthorityInfoAccessSyntax(list) = strict(value)?;
        let responders = list.iter().filter(|access| access.access_method == ID_AD_OCSP);
        self.responders = responders.filter_map(|access| address(&access.access_location)).collect();
        (1..=LIMIT).contains(&list.len()).then_some(())
    }

    /// Addresses of the issuer's lists.
    pub(crate) fn lists(&self) -> Vec<String> {
        let names = self.points.iter().filter_map(|point| match point.distribution_point.as_ref()? {
            DistributionPointName::FullName(names) => Some(names),
            DistributionPointName::NameRelativeToCRLIssuer(_) => None,
        });
        names.flatten().filter_map(address).collect()
    }

    /// Full names of the points of lists that the certificate's own issuer signs and that tell every reason.
    pub(super) fn names(&self, issuer: &Name) -> Vec<Vec<u8>> {
        let whole = self.points.iter().filter(|point| point.crl_issuer.is_none() && point.reasons.is_none());
        whole.filter_map(|point| full_names(point.distribution_point.as_ref()?, issuer)).flatten().collect()
    }
}

/// The names of a distribution point, each as its DER; a relative one is completed by the issuer's.
pub(crate) fn full_names(point: &DistributionPointName, issuer: &Name) -> Option<Vec<Vec<u8>>> {
    match point {
        DistributionPointName::FullName(names) => names.iter().map(|name| name.to_der().ok()).collect(),
        DistributionPointName::NameRelativeToCRLIssuer(last) => {
            let parts: Vec<&RelativeDistinguishedName> = issuer.iter_rdn().chain([last]).collect();
            let parts: Vec<RelativeDistinguishedName> = parts.into_iter().cloned().collect();
            let name = Name::from_der(&parts.to_der().ok()?).ok()?;
            Some(vec![GeneralName::DirectoryName(name).to_der().ok()?])
        }
    }
}

fn address(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str().to_owned()),
        _ => None,
    }
}
