//! The detached EDS of the `sign` and `certificate` headers, over the exact bytes of a body (contract §3, §10).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::encode::CERTIFICATE_LIMIT;
use crate::suite::Form;
use crate::{Certificate, Error, SigningKey};

/// The longest signature of any suite, with room for those to come.
const SIGNATURE_LIMIT: usize = 256;

/// The two headers, decoded. Look the certificate up by its bytes before parsing it anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detached {
    signature: Vec<u8>,
    certificate: Vec<u8>,
}

impl Detached {
    /// Decodes the values of `sign` and `certificate`, which come together or not at all.
    ///
    /// `None` when neither is there; one without the other is unreadable.
    pub fn read(sign: Option<&[u8]>, certificate: Option<&[u8]>) -> Result<Option<Self>, Error> {
        match (sign, certificate) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Error::Unreadable("sign")),
            (Some(_), None) => Err(Error::Unreadable("certificate")),
            (Some(sign), Some(certificate)) => Ok(Some(Self {
                signature: decode(sign, SIGNATURE_LIMIT).ok_or(Error::Unreadable("sign"))?,
                certificate: decode(certificate, CERTIFICATE_LIMIT).ok_or(Error::Unreadable("certificate"))?,
            })),
        }
    }

    /// The certificate's bytes as sent.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// The signature is over exactly these bytes, by the key of this certificate, which must be the one sent.
    ///
    /// Whether the certificate is trusted is [`crate::Trust`]'s to say.
    pub fn verify(&self, message: &[u8], certificate: &Certificate) -> Result<(), Error> {
        if certificate.der() != self.certificate {
            return Err(Error::Invalid);
        }
        certificate.verifying_key().verify(message, &self.signature, Form::Der)
    }
}

/// The bytes in the value of `attribute-certificate`.
pub fn attribute_certificate(header: &[u8]) -> Result<Vec<u8>, Error> {
    decode(header, CERTIFICATE_LIMIT).ok_or(Error::Attributes("not base64, or too long"))
}

/// The value of `sign` for these bytes.
pub fn sign(message: &[u8], key: &SigningKey) -> Result<String, Error> {
    Ok(STANDARD.encode(key.sign(message, Form::Der)?))
}

/// The value of `certificate`; the same for every message, so keep it.
pub fn certificate_header(certificate: &Certificate) -> String {
    STANDARD.encode(certificate.der())
}

/// What is signed of a request without a body: `METHOD SP path?query`.
pub fn message_without_body(method: &str, path_and_query: &str) -> String {
    format!("{method} {path_and_query}")
}

fn decode(header: &[u8], limit: usize) -> Option<Vec<u8>> {
    if header.is_empty() || header.len() > limit.div_ceil(3) * 4 {
        return None;
    }
    STANDARD.decode(header).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_or_neither_and_within_limits() {
        assert_eq!(Detached::read(None, None), Ok(None));
        assert_eq!(Detached::read(Some(b"AAAA"), None), Err(Error::Unreadable("certificate")));
        assert_eq!(Detached::read(None, Some(b"AAAA")), Err(Error::Unreadable("sign")));
        let read = |sign: &[u8], certificate: &[u8]| Detached::read(Some(sign), Some(certificate));
        assert!(read(b"AAAA", b"AAAA").is_ok());
        for bad in [&b""[..], b"A", b"AAA", b"A AA", b"AA==\n", b"-_-_", b"AB==", &[b'A'; 4096]] {
            assert_eq!(read(bad, b"AAAA"), Err(Error::Unreadable("sign")), "{bad:?}");
        }
        let huge = vec![b'A'; 4 * CERTIFICATE_LIMIT];
        assert_eq!(read(b"AAAA", &huge), Err(Error::Unreadable("certificate")));
    }

    proptest! {
        #[test]
        fn reading_never_panics(one in any::<Vec<u8>>(), other in any::<Vec<u8>>()) {
            let _ = Detached::read(Some(&one), Some(&other));
        }
    }
}
