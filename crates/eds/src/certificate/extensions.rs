//! Extensions of a certificate: each read once and strictly; what is critical and not understood is remembered.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES, ID_CE_CRL_DISTRIBUTION_POINTS,
    ID_CE_EXT_KEY_USAGE, ID_CE_INHIBIT_ANY_POLICY, ID_CE_KEY_USAGE, ID_CE_NAME_CONSTRAINTS, ID_CE_POLICY_CONSTRAINTS,
    ID_CE_POLICY_MAPPINGS, ID_CE_SUBJECT_ALT_NAME, ID_CE_SUBJECT_KEY_IDENTIFIER, ID_PE_AUTHORITY_INFO_ACCESS,
};
use der::asn1::{Any, Null, OctetString};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints, SubjectAltName,
    SubjectKeyIdentifier,
};

use super::places::Places;
use super::policies::PolicyRules;
use crate::Error;
use crate::encode::{strict, text};

/// Identification number of a natural person (STB 34.101.78 annex Г, ГосСУОК).
pub(crate) const IDENTIFICATION_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.112.1.2.1.1.1.1.1");
/// УНП of an organisation.
pub(crate) const UNP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.112.1.2.1.1.1.1.2");
/// Job title.
pub(crate) const JOB_TITLE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.112.1.2.1.1.5.1");

/// id-ce-sOAIdentifier (X.509 §15.5.1.2.1): a source of authority, who issues attribute certificates.
pub(crate) const SOURCE_OF_AUTHORITY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.50");

/// Extensions of one certificate that are looked at.
const LIMIT: usize = 64;

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUses(KeyUsage);

impl KeyUses {
    /// Signatures other than on certificates and CRLs.
    pub fn digital_signature(self) -> bool {
        self.0.digital_signature()
    }

    /// Signatures that bind the signer (content commitment).
    pub fn non_repudiation(self) -> bool {
        self.0.non_repudiation()
    }

    /// Signatures on certificates.
    pub fn key_cert_sign(self) -> bool {
        self.0.key_cert_sign()
    }

    /// Signatures on CRLs.
    pub fn crl_sign(self) -> bool {
        self.0.crl_sign()
    }
}

/// The extensions, parsed.
#[derive(Default)]
pub(super) struct Extensions {
    pub(super) authority: bool,
    pub(super) path_length: Option<u8>,
    pub(super) key_usage: Option<KeyUses>,
    pub(super) extended: Option<Vec<ObjectIdentifier>>,
    pub(super) extended_critical: bool,
    pub(super) alternative_names: Vec<GeneralName>,
    pub(super) alternative_critical: bool,
    pub(super) name_constraints: Option<NameConstraints>,
    pub(super) policies: PolicyRules,
    pub(super) places: Places,
    pub(super) key_identifier: Option<OctetString>,
    pub(super) authority_key_identifier: Option<OctetString>,
    pub(super) unp: Option<String>,
    pub(super) identification_number: Option<String>,
    pub(super) job_title: Option<String>,
    pub(super) attribute_authority: bool,
    pub(super) unknown_critical: bool,
}

impl Extensions {
    pub(super) fn read(list: &[Extension]) -> Result<Self, Error> {
        let mut read = Self::default();
        if list.len() > LIMIT {
            return Err(Error::Certificate("too many extensions"));
        }
        for (index, extension) in list.iter().enumerate() {
            let earlier = list.get(..index).unwrap_or_default();
            if earlier.iter().any(|other| other.extn_id == extension.extn_id) {
                return Err(Error::Certificate("an extension stands twice"));
            }
            read.take(extension).ok_or(Error::Certificate("an extension cannot be read"))?;
        }
        Ok(read)
    }

    /// Takes one extension in; `None` when its value cannot be read.
    fn take(&mut self, extension: &Extension) -> Option<()> {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id {
            ID_CE_BASIC_CONSTRAINTS => {
                // Not `strict`: old authorities spell out the default `cA FALSE`.
                let basic = <BasicConstraints as der::Decode>::from_der(value).ok()?;
                if basic.path_len_constraint.is_some() && !basic.ca {
                    return None;
                }
                (self.authority, self.path_length) = (basic.ca, basic.path_len_constraint);
            }
            ID_CE_KEY_USAGE => {
                let uses = strict::<KeyUsage>(value)?;
                if uses.0.is_empty() {
                    return None;
                }
                self.key_usage = Some(KeyUses(uses));
            }
            ID_CE_EXT_KEY_USAGE => {
                let ExtendedKeyUsage(uses) = strict(value)?;
                if uses.is_empty() {
                    return None;
                }
                self.extended_critical = extension.critical;
                self.extended = Some(uses);
            }
            ID_CE_SUBJECT_ALT_NAME => {
                let SubjectAltName(names) = strict(value)?;
                if names.is_empty() || !names.iter().all(is_honest) {
                    return None;
                }
                self.alternative_names = names;
                self.alternative_critical = extension.critical;
            }
            ID_CE_NAME_CONSTRAINTS => self.name_constraints = Some(strict(value)?),
            ID_CE_SUBJECT_KEY_IDENTIFIER => {
                let SubjectKeyIdentifier(identifier) = strict(value)?;
                self.key_identifier = Some(identifier);
                self.unknown_critical |= extension.critical;
            }
            ID_CE_AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key_identifier = strict::<AuthorityKeyIdentifier>(value)?.key_identifier;
                self.unknown_critical |= extension.critical;
            }
            ID_CE_CERTIFICATE_POLICIES => {
                let known = self.policies.take_policies(value)?;
                self.unknown_critical |= extension.critical && !known;
            }
            _ => return self.take_more(extension, value),
        }
        Some(())
    }

    /// Those that are taken in as they are.
    fn take_more(&mut self, extension: &Extension, value: &[u8]) -> Option<()> {
        match extension.extn_id {
            ID_CE_POLICY_MAPPINGS => self.policies.take_mappings(value)?,
            ID_CE_POLICY_CONSTRAINTS => self.policies.take_constraints(value)?,
            ID_CE_INHIBIT_ANY_POLICY => self.policies.take_inhibit_any(value)?,
            ID_CE_CRL_DISTRIBUTION_POINTS => self.places.take_points(value)?,
            ID_PE_AUTHORITY_INFO_ACCESS => {
                self.places.take_access(value)?;
                self.unknown_critical |= extension.critical;
            }
            SOURCE_OF_AUTHORITY => {
                strict::<Null>(value)?;
                self.attribute_authority = true;
            }
            UNP => self.unp = Some(national(value)?),
            IDENTIFICATION_NUMBER => self.identification_number = Some(national(value)?),
            JOB_TITLE => self.job_title = Some(national(value)?),
            _ => self.unknown_critical |= extension.critical,
        }
        Some(())
    }
}

/// The text of a national extension: a BMPString, or any other string.
fn national(value: &[u8]) -> Option<String> {
    text(&strict::<Any>(value)?)
}

/// No NUL, no space, no look-alike: a name that reads the same to every program.
fn is_honest(name: &GeneralName) -> bool {
    match name {
        GeneralName::DnsName(name) => is_host_name(name.as_str()),
        GeneralName::Rfc822Name(text) | GeneralName::UniformResourceIdentifier(text) => {
            !text.as_str().is_empty() && text.as_str().bytes().all(|byte| byte.is_ascii_graphic())
        }
        GeneralName::IpAddress(octets) => matches!(octets.as_bytes().len(), 4 | 16),
        _ => true,
    }
}

/// Letters, digits, hyphens; one leading `*.` is allowed.
pub(crate) fn is_host_name(name: &str) -> bool {
    let labels = name.strip_prefix("*.").unwrap_or(name);
    labels.len() <= 253
        && labels.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names() {
        for good in ["localhost", "a.by", "*.a.by", "xn--80ak6aa.xn--90ais", "under_score.a"] {
            assert!(is_host_name(good), "{good}");
        }
        for bad in ["", ".", "a..by", "a.by.", "-a.by", "a-.by", "a.by\0.evil", "a by", "a.*.by", "*"] {
            assert!(!is_host_name(bad), "{bad}");
        }
    }
}
