//! The crate from outside: against OpenSSL, rustls, curl, other people's vectors, and everything a forger may try.

#[cfg(test)]
mod authority;
#[cfg(test)]
mod forgery;
#[cfg(test)]
mod house;
#[cfg(test)]
mod openssl;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod texts;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod vectors;
