//! Synthetic people and families for stands, tests and measurements: believable, the same for the same seed, about
//! nobody real. What several registers know of one person comes from here, so that they agree.
#![forbid(unsafe_code)]

mod golden;
mod household;
mod make;
pub mod names;
pub mod numbers;
mod people;
pub mod rng;

pub use golden::golden;
pub use household::{Act, Household, Individual, Kind, Status};
pub use make::{households, population};
pub use names::Name;
pub use people::{Person, people, person};

/// Names of the streams of chance: changing what one draws leaves the others alone.
mod stream {
    pub(crate) const PERSON: u64 = 5;
    pub(crate) const HOUSEHOLD: u64 = 6;
}
