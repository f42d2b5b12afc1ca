//! The words of the field as types: pure, no I/O, no time of day, no randomness.
#![forbid(unsafe_code)]

pub mod access;
pub mod agreement;
pub mod amount;
pub mod birth;
pub mod calendar;
pub mod classifier;
pub mod clock;
pub mod consent;
pub mod country;
pub mod currency;
pub mod error;
pub mod fields;
pub mod file;
pub mod fold;
pub mod identifier;
pub mod json;
pub mod lang;
pub mod names;
pub mod passport;
pub mod phonetic;
mod reader;
pub mod refusal;
pub mod schema;
pub mod service;
pub mod similar;
pub mod terms;
pub mod text;

pub use access::{Consumer, Ground, Grounds, State, Subscription, Treaty, permits};
pub use agreement::{Agreement, Envelope};
pub use amount::Amount;
pub use classifier::Classifier;
pub use clock::Clock;
pub use country::Country;
pub use currency::Currency;
pub use error::Error;
pub use fields::Fields;
pub use identifier::{DocumentNumber, IdentificationNumber, Sex, Unp};
pub use lang::{Lang, Title};
pub use names::{BirthDay, MultiName, NameBe, NameLat, NameRu};
pub use passport::{Method, Passport};
pub use refusal::{Fault, Kind, Refusal};
pub use schema::Schema;
pub use service::Service;
pub use terms::{Category, ConsentClass, EdsRule, Mode, ProviderKind, ServiceCode, Verb};
pub use text::{TEXTS, Texts};
