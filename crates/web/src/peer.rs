//! The other end of a connection: its address and the certificate it proved to hold.

use std::net::SocketAddr;
use std::sync::Arc;

use der::Decode as _;

/// Who is connected. An extension of every request, made once per connection.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where the connection comes from.
    pub addr: SocketAddr,
    /// The client certificate whose key the peer holds, when the listener asks for one.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// A client certificate that TLS has verified: chain, time, purpose, revocation.
#[derive(Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// The certificate itself.
    pub der: Vec<u8>,
    /// Lower-case hex SHA-256 of `der`: what tokens are bound to.
    pub fingerprint_hex: String,
    /// Serial number, lower-case hex, as revocation lists name it.
    pub serial: String,
}

impl Peer {
    /// A peer without a certificate.
    pub fn plain(addr: SocketAddr) -> Self {
        Self { addr, certificate: None }
    }

    /// The same peer, holding this certificate.
    #[must_use]
    pub fn holding(mut self, certificate: PeerCertificate) -> Self {
        self.certificate = Some(Arc::new(certificate));
        self
    }
}

impl PeerCertificate {
    /// The certificate in these bytes; `None` when they are no X.509 certificate.
    pub fn parse(der: &[u8]) -> Option<Self> {
        let certificate = x509_cert::Certificate::from_der(der).ok()?;
        let fingerprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
        Some(Self {
            der: der.to_vec(),
            fingerprint_hex: hex(fingerprint.as_ref()),
            serial: hex(certificate.tbs_certificate().serial_number().as_bytes()),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_named_by_digest_and_serial() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["mia.example".into()]).unwrap();
        params.serial_number = Some(rcgen::SerialNumber::from(vec![0x0a, 0xff]));
        let der = params.self_signed(&key).unwrap();
        let parsed = PeerCertificate::parse(der.der()).unwrap();
        assert_eq!(parsed.serial, "0aff");
        assert_eq!(parsed.fingerprint_hex.len(), 64);
        assert_eq!(PeerCertificate::parse(b"no certificate"), None);
    }
}
