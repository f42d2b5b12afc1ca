//! What can go wrong while the HTTP side is set up; refusals of single requests are `model::Refusal`.

use std::net::SocketAddr;

use model::Kind;

/// Why a listener, its TLS or its texts could not be set up. The message names what to change.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another program listens there.
    #[error("{addr} is in use: stop the program that listens there, or set another address in `{option}`")]
    PortInUse {
        /// Where we wanted to listen.
        addr: SocketAddr,
        /// The option that names the address.
        option: &'static str,
    },
    /// The system does not let us listen there.
    #[error("cannot listen on {addr} (option `{option}`): {reason}")]
    Listen {
        /// Where we wanted to listen.
        addr: SocketAddr,
        /// The option that names the address.
        option: &'static str,
        /// What the system said.
        reason: std::io::Error,
    },
    /// Not an address.
    #[error(
        "`{option}` = \"{found}\": expected an IP address or `localhost`, a colon and a port, such as 127.0.0.1:8247"
    )]
    Address {
        /// The option that names the address.
        option: &'static str,
        /// What stands there.
        found: String,
    },
    /// A PEM text holds no usable certificate, key or list.
    #[error("{what}: {reason}")]
    Pem {
        /// Which of the texts, such as `certificate chain`.
        what: &'static str,
        /// What was wrong with it.
        reason: String,
    },
    /// The parts are readable, but make no TLS server together.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// The texts of refusals are not whole.
    #[error(transparent)]
    Texts(#[from] model::Error),
}

impl Error {
    /// Who is at fault: always the one who set the system up.
    pub fn kind(&self) -> Kind {
        Kind::Internal
    }
}
