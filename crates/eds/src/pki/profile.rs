//! What is asked of an authority: whom the certificate names and what it is for.

use std::net::IpAddr;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{COMMON_NAME, COUNTRY_NAME, NAME, ORGANIZATION_NAME, SURNAME};
use der::asn1::Any;
use der::{Decode, Encode, Tag};
use jiff::Timestamp;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RelativeDistinguishedName};

use crate::{Error, Purpose};

/// The most characters RFC 5280 allows in a part of a name.
const PART_LIMIT: usize = 64;

/// Whom a certificate names. Any script may be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The name people know it by.
    pub common_name: String,
    /// A person's surname.
    pub surname: Option<String>,
    /// A person's given names and patronymic, as one.
    pub given_names: Option<String>,
    /// The organisation, of at most 64 characters like every part.
    pub organization: Option<String>,
    /// Two letters of ISO 3166-1.
    pub country: Option<String>,
}

impl Subject {
    /// A subject with this name in Belarus.
    pub fn new(common_name: impl Into<String>) -> Self {
        Self { common_name: common_name.into(), country: Some("BY".to_owned()), ..Self::default() }
    }

    /// The same, of this organisation.
    #[must_use]
    pub fn of(mut self, organization: impl Into<String>) -> Self {
        self.organization = Some(organization.into());
        self
    }

    /// The same, a person of this name.
    #[must_use]
    pub fn person(mut self, surname: impl Into<String>, given_names: impl Into<String>) -> Self {
        self.surname = Some(surname.into());
        self.given_names = Some(given_names.into());
        self
    }

    pub(super) fn name(&self) -> Result<Name, Error> {
        const FAULT: Error = Error::Authority("the subject's name cannot be written");
        let parts = [
            (COUNTRY_NAME, self.country.as_deref()),
            (ORGANIZATION_NAME, self.organization.as_deref()),
            (SURNAME, self.surname.as_deref()),
            (NAME, self.given_names.as_deref()),
            (COMMON_NAME, Some(self.common_name.as_str())),
        ];
        let mut name = Vec::new();
        for (oid, text) in parts {
            if let Some(text) = text {
                name.push(part(oid, text)?);
            }
        }
        Name::from_der(&name.to_der().map_err(|_| FAULT)?).map_err(|_| FAULT)
    }
}

fn part(oid: ObjectIdentifier, text: &str) -> Result<RelativeDistinguishedName, Error> {
    if text.is_empty() || text.chars().count() > PART_LIMIT || text.chars().any(char::is_control) {
        return Err(Error::Authority("a part of the name is empty, longer than 64 characters or not printable"));
    }
    let is_country = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if oid == COUNTRY_NAME && !is_country {
        return Err(Error::Authority("a country is two capital letters"));
    }
    let tag = if oid == COUNTRY_NAME { Tag::PrintableString } else { Tag::Utf8String };
    let value = Any::new(tag, text.as_bytes()).map_err(|_| Error::Library)?;
    RelativeDistinguishedName::try_from(vec![AttributeTypeAndValue { oid, value }]).map_err(|_| Error::Library)
}

/// From when until when, whole seconds, both inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// First moment.
    pub not_before: Timestamp,
    /// Last moment.
    pub not_after: Timestamp,
}

/// A certificate to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Whom it names.
    pub subject: Subject,
    /// What it is for; at least one, and time stamping only alone.
    pub purposes: Vec<Purpose>,
    /// How long.
    pub term: Term,
    /// Host names.
    pub dns_names: Vec<String>,
    /// Addresses.
    pub ip_addresses: Vec<IpAddr>,
    /// УНП of the organisation.
    pub unp: Option<String>,
    /// Identification number of the person.
    pub identification_number: Option<String>,
    /// Job title of the person.
    pub job_title: Option<String>,
}

impl Profile {
    /// A certificate for this subject and purpose; the rest is empty and may be set.
    pub fn new(subject: Subject, purposes: impl Into<Vec<Purpose>>, term: Term) -> Self {
        Self {
            subject,
            purposes: purposes.into(),
            term,
            dns_names: Vec::new(),
            ip_addresses: Vec::new(),
            unp: None,
            identification_number: None,
            job_title: None,
        }
    }
}
