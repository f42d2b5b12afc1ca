//! The outbox on every engine there is: kept mail, a server over TLS, one that refuses, one that is away.

#[cfg(test)]
mod outbox;
#[cfg(test)]
mod server;
