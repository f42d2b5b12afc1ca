//! Passwords: the rule, and argon2id off the request threads.

mod hash;
mod rule;

pub(crate) use hash::{Hasher, Verdict};
pub(crate) use rule::check;
