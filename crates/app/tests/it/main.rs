//! The program as a person meets it, and the shape of the house.

#![expect(
    unreachable_pub,
    reason = "a test binary exports nothing, so `pub` says as much as `pub(crate)`"
)]

mod house;
mod pki;
mod run;
mod service;
mod source;
mod usage;
mod verify;
