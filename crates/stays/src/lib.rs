//! Registration of foreigners who stay temporarily: rules as dated rows, decisions, registrations.
#![forbid(unsafe_code)]

pub mod application;
pub mod lists;
mod offices;
mod reading;
pub mod rules;

pub use application::Application;
pub use lists::{List, Lists};
pub use offices::{Office, Offices};
pub use reading::Slip;
pub use rules::{Decision, Outcome, Rules, decide};
