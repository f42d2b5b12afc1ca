//! Passkeys: what an authenticator says, judged (`spoken`), its keys (`key`), the rows (`kept`), challenges that count
//! once (`challenge`).
//!
//! The part of WebAuthn Level 3 that a relying party needs which asks for no attestation: see
//! `docs/decisions/0006-passkeys.md`.

mod challenge;
mod kept;
mod key;
mod spoken;

pub(crate) use challenge::{Challenge, Purpose};
pub(crate) use kept::{Passkey, add, find, of_account, remove, used};
pub(crate) use key::ALGORITHMS;
pub(crate) use spoken::{Expected, Fault, Said, asserted, registered};

use store::Statement;

/// All statements of this module.
pub(crate) fn statements() -> Vec<&'static Statement> {
    [challenge::STATEMENTS, kept::STATEMENTS].concat()
}
