//! The identity provider as people and systems meet it, in process, on every engine there is.
//!
//! `house` is the provider with a clock that the test moves, `browser` a browser, `authenticator` what it asks for
//! passkeys, `system` a client of the provider.
//! `cfg(test)` on each module tells clippy that helpers too may unwrap.

#[cfg(test)]
mod authenticator;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod card;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod house;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod openid;
#[cfg(test)]
mod passkeys;
#[cfg(test)]
mod reset;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod shown;
#[cfg(test)]
mod sign_up;
#[cfg(test)]
mod system;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod two_step;
