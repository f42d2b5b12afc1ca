//! The program as a person meets it, and the shape of the house.
//!
//! `cfg(test)` on each module tells clippy that helpers too may unwrap.
#![expect(unreachable_pub, reason = "a test binary exports nothing, so `pub` says as much as `pub(crate)`")]

#[cfg(test)]
mod card;
#[cfg(test)]
mod house;
#[cfg(test)]
mod pki;
#[cfg(test)]
mod run;
#[cfg(test)]
mod service;
#[cfg(test)]
mod source;
#[cfg(test)]
mod stand;
#[cfg(test)]
mod usage;
#[cfg(test)]
mod verify;
