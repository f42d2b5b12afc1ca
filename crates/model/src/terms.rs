//! The words a passport is written in: codes, categories, access modes, consent, EDS, term, tariff, verbs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::amount::Amount;
use crate::currency::Currency;
use crate::error::Error;

/// A name of lower-case letters, digits and hyphens: a consumer, a category, a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Category(String);

impl Category {
    /// State bodies: whom the access mode `system-state-bodies` serves.
    pub const STATE_BODY: &str = "state-body";
    /// The Unified Portal: the one that asks for people who sign in there.
    pub const PORTAL: &str = "portal";

    /// The category of this name: lower-case letters, digits and inner hyphens, at most 40 characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let named = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if text.is_empty() || text.len() > 40 || !named || text.starts_with('-') || text.ends_with('-') {
            return Err(Error::Form { what: "category", expected: "a name of lower-case letters, digits and hyphens" });
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Code of a service, such as `3.40.01/1` or `200.12.14.1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceCode(String);

impl ServiceCode {
    /// The code: numbers with points, and a variant after a slash; paths write it with a hyphen.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = Error::Form { what: "service code", expected: "numbers with points, such as 3.88.01 or 3.40.01/1" };
        let (item, variant) = text.split_once(['/', '-']).map_or((text, None), |(item, variant)| (item, Some(variant)));
        let number = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let parts = item.split('.').count();
        if !(2..=5).contains(&parts) || !item.split('.').all(number) || !variant.is_none_or(number) {
            return Err(wrong);
        }
        Ok(Self(text.replace('-', "/")))
    }

    /// As people write it: `3.40.01/1`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As paths and folders write it: `3.40.01-1`.
    pub fn path(&self) -> String {
        self.0.replace('/', "-")
    }
}

macro_rules! parsed_type {
    ($type:ident) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

parsed_type!(Category);
parsed_type!(ServiceCode);

/// How a service may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Portal: login and password.
    Weak,
    /// Portal: personal EDS.
    Strong,
    /// Portal: ID card.
    StrongIdCard,
    /// System to system.
    System,
    /// System to system, for state bodies only.
    SystemStateBodies,
    /// Through an information intermediary.
    Intermediary,
}

impl Mode {
    /// As passports write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Strong => "strong",
            Self::StrongIdCard => "strong-id-card",
            Self::System => "system",
            Self::SystemStateBodies => "system-state-bodies",
            Self::Intermediary => "intermediary",
        }
    }

    /// The mode written so.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let all =
            [Self::Weak, Self::Strong, Self::StrongIdCard, Self::System, Self::SystemStateBodies, Self::Intermediary];
        all.into_iter().find(|mode| mode.as_str() == text).ok_or(Error::Unlisted { what: "access mode" })
    }

    /// Whether systems ask so through the gateway.
    pub const fn is_system(self) -> bool {
        matches!(self, Self::System | Self::SystemStateBodies)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whose consent a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentClass {
    /// None: the law is the ground.
    None,
    /// Written, kept by the consumer.
    Written,
    /// Electronic, signed by the person, sent with the request.
    Electronic,
    /// The person asks about themselves.
    #[serde(rename = "self")]
    Oneself,
}

impl ConsentClass {
    /// Whether a request bears the consent itself, signed by the person. A written one stays with the consumer.
    pub const fn is_sent(self) -> bool {
        matches!(self, Self::Electronic | Self::Oneself)
    }
}

/// Whether a request must bear an EDS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdsRule {
    /// Not looked for.
    None,
    /// Checked when given.
    Optional,
    /// Refused without.
    Required,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// A register of this program, by name.
    Embedded(String),
    /// An owner's system over HTTPS.
    Upstream(Upstream),
}

/// An owner's system over HTTPS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Base URL; the method's path is appended.
    pub url: String,
    /// How long one attempt may take.
    #[serde(default = "default_timeout")]
    pub timeout_ms: u64,
    /// How often an idempotent method is tried at most.
    #[serde(default = "default_attempts")]
    pub attempts: u32,
}

/// In what time an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Term {
    /// At once.
    RealTime,
    /// In working days.
    WorkingDays {
        /// How many.
        days: u16,
    },
    /// In calendar days.
    CalendarDays {
        /// How many.
        days: u16,
    },
}

/// What a request costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Tariff {
    /// Nothing.
    Free,
    /// A price, and who does not pay it.
    Paid {
        /// Of one request; from the operator's price list when absent.
        price: Option<Amount>,
        /// Of the price.
        #[serde(default = "belarusian_ruble")]
        currency: Currency,
        /// Who does not pay.
        #[serde(default)]
        exemptions: Vec<Exemption>,
    },
}

/// A category that does not pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    /// Which.
    pub category: Category,
    /// By which act.
    pub act: String,
}

/// HTTP verbs that methods use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    /// Reads by query parameters.
    Get,
    /// Bears a body.
    #[default]
    Post,
}

impl Verb {
    /// `GET` or `POST`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn default_timeout() -> u64 {
    5_000
}

fn default_attempts() -> u32 {
    3
}

fn belarusian_ruble() -> Currency {
    Currency::BYN
}
