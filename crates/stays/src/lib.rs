//! Registration of foreigners who stay temporarily: rules as dated rows, decisions, registrations.
#![forbid(unsafe_code)]

pub mod application;
pub mod lists;
pub mod mrz;
mod number;
mod offices;
mod reading;
pub mod rules;

pub use application::Application;
pub use lists::{List, Lists};
pub use number::{is_registration_number, registration_number};
pub use offices::{Office, Offices};
pub use reading::Slip;
pub use rules::{Decision, Outcome, Rules, decide};
