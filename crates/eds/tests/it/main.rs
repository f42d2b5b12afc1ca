//! The crate from outside: against OpenSSL, rustls, curl, other people's vectors, and everything a forger may try.

#[cfg(test)]
mod attributes;
#[cfg(test)]
mod authority;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod cms;
#[cfg(test)]
mod cms_forgery;
#[cfg(test)]
mod forge;
#[cfg(test)]
mod forgery;
#[cfg(test)]
mod house;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod limbo;
#[cfg(test)]
mod limbo_names;
#[cfg(test)]
mod ocsp;
#[cfg(test)]
mod openssl;
#[cfg(test)]
mod pkits;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod texts;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod tlv;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod tsp;
#[cfg(test)]
mod vectors;
