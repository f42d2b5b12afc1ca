//! Mutual TLS: who gets in.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, ExtendedKeyUsagePurpose,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use web::{ClientAuthority, PeerCertificate, Tls, TlsSetup};

use crate::stand::{Stand, limits, one, start};

pub(crate) struct Pki {
    root: CertifiedIssuer<'static, KeyPair>,
    server: (String, String),
}

pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let server = params.signed_by(&key, &root).unwrap();
        Self { server: (server.pem(), key.serialize_pem()), root }
    }

    pub(crate) fn client(&self, serial: u8) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["mia.example".to_owned()]).unwrap();
        params.serial_number = Some(SerialNumber::from(vec![serial]));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.root).unwrap();
        Identity { chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }

    fn list(&self, serials: &[u8]) -> String {
        let revoked = |serial: &u8| RevokedCertParams {
            serial_number: SerialNumber::from(vec![*serial]),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(2060, 1, 1),
            crl_number: SerialNumber::from(vec![1]),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.root).unwrap().pem().unwrap()
    }

    pub(crate) fn with_parts<T>(&self, revoked: &[u8], mutual: bool, make: impl FnOnce(&Tls<'_>) -> T) -> T {
        let (roots, list) = (self.root.pem(), self.list(revoked));
        let lists = [list.as_bytes()];
        let authority =
            ClientAuthority { roots: roots.as_bytes(), lists: &lists, whole_chain: true, fresh_lists: true };
        let (chain, key) = &self.server;
        make(&Tls { chain: chain.as_bytes(), key: key.as_bytes(), clients: mutual.then_some(authority) })
    }

    pub(crate) async fn connect(
        &self,
        stand: &Stand,
        identity: Option<&Identity>,
        alpn: &[u8],
    ) -> TlsStream<tokio::net::TcpStream> {
        self.connector(identity, alpn)
            .connect(ServerName::try_from("localhost").unwrap(), stand.connect().await)
            .await
            .unwrap()
    }

    fn connector(&self, identity: Option<&Identity>, alpn: &[u8]) -> TlsConnector {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.root.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            Some(identity) => {
                let key = PrivateKeyDer::try_from(identity.key.clone()).unwrap();
                builder.with_client_auth_cert(identity.chain.clone(), key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![alpn.to_vec()];
        TlsConnector::from(Arc::new(config))
    }
}

/// In TLS 1.3 the client learns of its refusal with the first bytes it reads.
async fn ask(stand: &Stand, connector: &TlsConnector) -> Result<String, String> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stand.connect().await).await.map_err(|error| error.to_string())?;
    stream.write_all(b"GET /who HTTP/1.1\r\nHost: a\r\n\r\n").await.map_err(|error| error.to_string())?;
    let mut first = [0];
    stream.read_exact(&mut first).await.map_err(|error| error.to_string())?;
    Ok(one(&mut stream).await)
}

#[tokio::test]
async fn the_certificate_says_who_it_is() {
    let pki = Pki::new();
    let stand = start(limits(), Some(pki.with_parts(&[9], true, TlsSetup::new).unwrap())).await;
    let identity = pki.client(7);
    let expected = PeerCertificate::parse(&identity.chain[0]).unwrap();
    let answer = ask(&stand, &pki.connector(Some(&identity), b"http/1.1")).await.unwrap();
    assert!(answer.ends_with(&format!("07 {}", expected.fingerprint_hex)), "{answer}");
}

#[tokio::test]
async fn without_a_certificate_nobody_gets_in() {
    let pki = Pki::new();
    let stand = start(limits(), Some(pki.with_parts(&[], true, TlsSetup::new).unwrap())).await;
    let told = ask(&stand, &pki.connector(None, b"http/1.1")).await.unwrap_err();
    assert!(told.contains("CertificateRequired"), "{told}");
    assert!(stand.metrics.render().contains("nais_tls_handshakes_failed_total{listener=\"test\"} 1"));
    let stranger = Pki::new().client(7);
    let told = ask(&stand, &pki.connector(Some(&stranger), b"http/1.1")).await.unwrap_err();
    assert!(told.contains("UnknownCA") || told.contains("DecryptError"), "{told}");
}

#[tokio::test]
async fn a_revoked_certificate_gets_in_no_longer() {
    let pki = Pki::new();
    let setup = pki.with_parts(&[9], true, TlsSetup::new).unwrap();
    let stand = start(limits(), Some(setup.clone())).await;
    let identity = pki.client(7);
    let connector = pki.connector(Some(&identity), b"http/1.1");
    let refused = ask(&stand, &pki.connector(Some(&pki.client(9)), b"http/1.1")).await.unwrap_err();
    assert!(refused.contains("CertificateRevoked"), "{refused}");
    assert!(ask(&stand, &connector).await.is_ok());
    pki.with_parts(&[9, 7], true, |parts| setup.reload(parts)).unwrap();
    // The connector holds a ticket of the session before: it must not help.
    let refused = ask(&stand, &connector).await.unwrap_err();
    assert!(refused.contains("CertificateRevoked"), "{refused}");
}

#[tokio::test]
async fn a_reload_that_fails_changes_nothing() {
    let pki = Pki::new();
    let setup = pki.with_parts(&[], true, TlsSetup::new).unwrap();
    let stand = start(limits(), Some(setup.clone())).await;
    let failed = pki.with_parts(&[], true, |parts| setup.reload(&Tls { chain: b"", key: parts.key, clients: None }));
    assert!(failed.is_err());
    assert!(ask(&stand, &pki.connector(Some(&pki.client(7)), b"http/1.1")).await.is_ok());
    assert!(ask(&stand, &pki.connector(None, b"http/1.1")).await.is_err());
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_ended() {
    let pki = Pki::new();
    let limits = web::Limits { handshake_timeout: std::time::Duration::from_millis(200), ..limits() };
    let stand = start(limits, Some(pki.with_parts(&[], false, TlsSetup::new).unwrap())).await;
    assert_eq!(crate::stand::rest(&mut stand.connect().await).await, "");
}
