//! The ledger against its specifications, against other implementations, and against those who would change it.
//!
//! `cfg(test)` on each module tells clippy that helpers too may unwrap.

#[cfg(test)]
mod fsck;
#[cfg(test)]
mod log;
#[cfg(test)]
mod note;
#[cfg(test)]
mod outside;
#[cfg(test)]
mod record;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod verify;
#[cfg(test)]
mod witness;
