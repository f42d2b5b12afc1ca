//! Witnesses (`c2sp.org/tlog-witness`): a second memory, with another key on another disk, of how large the log was.
//!
//! The service ([`Witness`], [`router`]), its client ([`WitnessClient`]), and the node's task that shows every new
//! checkpoint to its witnesses ([`follow`]).

mod client;
mod follow;
mod service;
mod state;

pub use client::{Submitted, WitnessClient};
pub use follow::{follow, submit_once};
pub use service::{Reply, Witness, router};
