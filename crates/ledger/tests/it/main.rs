//! The ledger against its specifications, against other implementations, and against those who would change it.

mod fsck;
mod log;
mod note;
mod record;
mod serve;
mod support;
mod tree;
mod verify;
mod witness;
