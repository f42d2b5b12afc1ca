//! Client certificates that were found good a moment ago need not be judged again with every connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

/// How long a judgement holds: by so much later is seen that a certificate or a list has run out. New lists come with a
/// new verifier, which knows nobody yet.
const HOLDS: Duration = Duration::from_secs(60);
/// How many chains are remembered.
const MOST: usize = 4096;

/// Judges certificates as the verifier inside does, and remembers which were good.
#[derive(Debug)]
pub(crate) struct Known {
    inner: Arc<dyn ClientCertVerifier>,
    /// Digests of chains, and until when they are good.
    good: Mutex<HashMap<[u8; 32], Duration>>,
}

impl Known {
    pub(crate) fn new(inner: Arc<dyn ClientCertVerifier>) -> Self {
        Self { inner, good: Mutex::default() }
    }

    fn is_good(&self, chain: &[u8; 32], now: Duration) -> bool {
        let good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was put back makes old judgements no younger.
        good.get(chain).is_some_and(|until| now < *until && *until - now <= HOLDS)
    }

    fn remember(&self, chain: [u8; 32], now: Duration) {
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        if good.len() >= MOST {
            good.retain(|_, until| now < *until);
            if good.len() >= MOST {
                good.clear();
            }
        }
        good.insert(chain, now.saturating_add(HOLDS));
    }
}

/// The digest of a chain as it was sent, each certificate with its length before it.
fn digest_of(end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for certificate in std::iter::once(end_entity).chain(intermediates) {
        context.update(&(certificate.len() as u64).to_be_bytes());
        context.update(certificate);
    }
    let mut out = [0; 32];
    out.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    out
}

impl ClientCertVerifier for Known {
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let (chain, at) = (digest_of(end_entity, intermediates), Duration::from_secs(now.as_secs()));
        if self.is_good(&chain, at) {
            return Ok(ClientCertVerified::assertion());
        }
        let verified = self.inner.verify_client_cert(end_entity, intermediates, now)?;
        self.remember(chain, at);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Finds everything good but what begins with 0, and counts how often it is asked.
    #[derive(Debug, Default)]
    struct Judge(AtomicUsize);

    impl ClientCertVerifier for Judge {
        fn root_hint_subjects(&self) -> &[DistinguishedName] {
            &[]
        }
        fn verify_client_cert(
            &self,
            end_entity: &CertificateDer<'_>,
            _intermediates: &[CertificateDer<'_>],
            _now: UnixTime,
        ) -> Result<ClientCertVerified, Error> {
            self.0.fetch_add(1, Ordering::Relaxed);
            match end_entity.first() {
                Some(0) => Err(Error::DecryptError),
                _ => Ok(ClientCertVerified::assertion()),
            }
        }
        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _cert: &CertificateDer<'_>,
            _dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(Error::DecryptError)
        }
        fn verify_tls13_signature(
            &self,
            _message: &[u8],
            _cert: &CertificateDer<'_>,
            _dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(Error::DecryptError)
        }
        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            Vec::new()
        }
    }

    #[test]
    fn a_good_chain_is_judged_once_a_minute_and_a_bad_one_always() {
        let judge = Arc::new(Judge::default());
        let known = Known::new(judge.clone());
        let asked = |leaf: &[u8], above: &[u8], at: u64| {
            let before = judge.0.load(Ordering::Relaxed);
            let (leaf, above) = (CertificateDer::from(leaf.to_vec()), CertificateDer::from(above.to_vec()));
            let now = UnixTime::since_unix_epoch(Duration::from_secs(at));
            let good = known.verify_client_cert(&leaf, &[above], now).is_ok();
            (good, judge.0.load(Ordering::Relaxed) - before)
        };
        assert_eq!(asked(b"\x01ab", b"c", 1000), (true, 1));
        assert_eq!(asked(b"\x01ab", b"c", 1059), (true, 0));
        assert_eq!(asked(b"\x01a", b"bc", 1000), (true, 1), "another chain of the same bytes");
        assert_eq!(asked(b"\x01ab", b"c", 1060), (true, 1), "it may have run out meanwhile");
        assert_eq!(asked(b"\x01ab", b"c", 500), (true, 1), "the clock was put back");
        assert_eq!(asked(b"\x00", b"", 1000), (false, 1));
        assert_eq!(asked(b"\x00", b"", 1000), (false, 1));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let known = Known::new(Arc::new(Judge::default()));
        for number in 0..2 * MOST as u64 {
            let mut chain = [0; 32];
            chain[..8].copy_from_slice(&number.to_be_bytes());
            known.remember(chain, Duration::from_secs(number / 1000));
        }
        assert!(known.good.lock().unwrap().len() <= MOST);
    }
}
