//! TLS of a listener: certificate, client authority and revocation lists, replaceable while it runs.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{CipherSuite, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

use crate::error::Error;
use crate::known::Known;

/// What a TLS server is made of, as PEM texts.
pub struct Tls<'a> {
    /// The server's certificate, then those that lead to the root.
    pub chain: &'a [u8],
    /// The server's private key.
    pub key: &'a [u8],
    /// Who may connect; everybody when there is none.
    pub clients: Option<ClientAuthority<'a>>,
}

/// Whose certificates clients must hold.
pub struct ClientAuthority<'a> {
    /// Root certificates.
    pub roots: &'a [u8],
    /// Certificate revocation lists, one or more in each text. When there are any, a certificate that none of them
    /// covers is refused.
    pub lists: &'a [&'a [u8]],
    /// Whether the certificates between root and client must be covered too, not the client's alone.
    pub whole_chain: bool,
    /// Whether a list past its `nextUpdate` stops everybody it covers.
    pub fresh_lists: bool,
}

/// TLS at work. Clones share one configuration.
#[derive(Clone)]
pub struct TlsSetup(Arc<ArcSwap<ServerConfig>>);

impl TlsSetup {
    /// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, of these parts.
    ///
    /// # Errors
    /// Names the part that cannot be used.
    pub fn new(parts: &Tls<'_>) -> Result<Self, Error> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(build(parts)?))))
    }

    /// From now on handshakes follow `parts`, and sessions begun before cannot be resumed, so that a revoked client
    /// must show its certificate again. Connections at work go on. Nothing changes when `parts` cannot be used.
    ///
    /// # Errors
    /// Names the part that cannot be used.
    pub fn reload(&self, parts: &Tls<'_>) -> Result<(), Error> {
        self.0.store(Arc::new(build(parts)?));
        Ok(())
    }

    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        self.0.load_full()
    }
}

impl std::fmt::Debug for TlsSetup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsSetup")
    }
}

fn build(parts: &Tls<'_>) -> Result<ServerConfig, Error> {
    let provider = Arc::new(provider());
    let chain: Vec<CertificateDer<'static>> = read("certificate chain", parts.chain)?;
    let key = PrivateKeyDer::from_pem_slice(parts.key)
        .map_err(|error| Error::Pem { what: "private key", reason: error.to_string() })?;
    let verifier = match &parts.clients {
        Some(clients) => verifier(clients, &provider)?,
        None => WebPkiClientVerifier::no_client_auth(),
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(tls)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(tls)?;
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(tls)?;
    // One is enough for a client that keeps its connections; each costs a record in every handshake.
    config.send_tls13_tickets = 1;
    Ok(config)
}

/// The library's suites, AES-128 with SHA-256 first: a handshake's many small digests cost twice as much with SHA-384,
/// for which processors have no instructions.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    let first = CipherSuite::TLS13_AES_128_GCM_SHA256;
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != first);
    provider
}

fn verifier(
    clients: &ClientAuthority<'_>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let mut roots = rustls::RootCertStore::empty();
    for root in read::<CertificateDer<'static>>("client roots", clients.roots)? {
        roots.add(root).map_err(|error| Error::Pem { what: "client roots", reason: error.to_string() })?;
    }
    let mut lists: Vec<CertificateRevocationListDer<'static>> = Vec::new();
    for pem in clients.lists {
        lists.extend(read("revocation list", pem)?);
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).with_crls(lists);
    if !clients.whole_chain {
        builder = builder.only_check_end_entity_revocation();
    }
    if clients.fresh_lists {
        builder = builder.enforce_revocation_expiration();
    }
    let verifier = builder.build().map_err(|error| Error::Tls(error.to_string()))?;
    Ok(Arc::new(Known::new(verifier)))
}

/// All items of a kind in a PEM text; none is an error.
fn read<T: PemObject>(what: &'static str, pem: &[u8]) -> Result<Vec<T>, Error> {
    let items: Vec<T> = T::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| Error::Pem { what, reason: error.to_string() })?;
    if items.is_empty() {
        return Err(Error::Pem { what, reason: "nothing of this kind between BEGIN and END lines".to_owned() });
    }
    Ok(items)
}

fn tls(error: rustls::Error) -> Error {
    Error::Tls(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quicker_suite_is_first_and_none_is_lost() {
        let (own, all) = (provider().cipher_suites, aws_lc_rs::default_provider().cipher_suites);
        assert_eq!(own.first().map(|suite| suite.suite()), Some(CipherSuite::TLS13_AES_128_GCM_SHA256));
        assert!(own.len() == all.len() && all.iter().all(|suite| own.contains(suite)));
    }

    #[test]
    fn an_error_names_the_part() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
        let (chain, key) = (certificate.pem(), key.serialize_pem());
        let told = |chain: &str, key: &str| {
            let parts = Tls { chain: chain.as_bytes(), key: key.as_bytes(), clients: None };
            TlsSetup::new(&parts).map_err(|error| error.to_string())
        };
        assert!(told(&chain, &key).is_ok());
        assert!(told("", &key).unwrap_err().starts_with("certificate chain:"));
        assert!(told(&chain, "").unwrap_err().starts_with("private key:"));
    }
}
