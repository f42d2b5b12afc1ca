//! The gateway as its callers meet it: every refusal with its status and code, every answer with its seal.
//!
//! In process, on every engine there is: `house` is the gateway with its ledger, `services` what it offers, `told` an
//! answer. `cfg(test)` on each module tells clippy that helpers too may unwrap.

#[cfg(test)]
mod ask;
#[cfg(test)]
mod body;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod consent_forms;
#[cfg(test)]
mod consent_uses;
#[cfg(test)]
mod consumer;
#[cfg(test)]
mod credential;
#[cfg(test)]
mod deputy;
#[cfg(test)]
mod detached;
#[cfg(test)]
mod door;
#[cfg(test)]
mod house;
#[cfg(test)]
mod later;
#[cfg(test)]
mod message;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod once;
#[cfg(test)]
mod own;
#[cfg(test)]
mod party;
#[cfg(test)]
mod person;
#[cfg(test)]
mod sealed;
#[cfg(test)]
mod services;
#[cfg(test)]
mod told;
#[cfg(test)]
mod treaty;
#[cfg(test)]
mod upstream;
