//! The crate from outside: what PINs open, and what a card refuses.

#[cfg(test)]
mod card;
#[cfg(test)]
mod house;
#[cfg(test)]
mod texts;
