//! Our certificates in real handshakes: rustls with rustls, curl with rustls.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::Arc;

use eds::pki::Profile;
use eds::{Algorithm, Certificate, Purpose, SigningKey};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::house::{House, INTERNATIONAL, days};

/// Everything both sides of mutual TLS need; made for this very moment, since the libraries read the clock.
struct Parties {
    house: House,
    server: (Certificate, SigningKey),
    client: (Certificate, SigningKey),
}

impl Parties {
    fn new(algorithm: Algorithm) -> Self {
        let mut house = House::at(algorithm, model::Clock::system().now());
        let server = Profile {
            dns_names: vec!["localhost".into()],
            ip_addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            ..house.profile("Шлюз", Purpose::TlsServer)
        };
        let client = house.profile("Спажывец", Purpose::TlsClient);
        let server = house.issue(&server, algorithm);
        let client = house.issue(&client, algorithm);
        Self { house, server, client }
    }

    fn chain(&self, end: &Certificate) -> Vec<CertificateDer<'static>> {
        [end, self.house.issuing.certificate()].map(|certificate| certificate.der().to_vec().into()).into()
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.house.root.certificate().der().to_vec().into()).unwrap();
        Arc::new(roots)
    }

    fn server_config(&mut self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let lists: Vec<_> =
            self.house.crls().iter().map(|crl| CertificateRevocationListDer::from(crl.der().to_vec())).collect();
        let clients = WebPkiClientVerifier::builder_with_provider(self.roots(), provider.clone())
            .with_crls(lists)
            .build()
            .unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(self.chain(&self.server.0), private(&self.server.1))
            .unwrap();
        Arc::new(config)
    }

    fn client_config(&self, client: &(Certificate, SigningKey)) -> Arc<ClientConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots())
            .with_client_auth_cert(self.chain(&client.0), private(&client.1))
            .unwrap();
        Arc::new(config)
    }
}

fn private(key: &SigningKey) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(key.to_pkcs8_der().unwrap().to_vec().into())
}

/// Carries bytes between the two until both are content, or one is not.
fn shake(server: Arc<ServerConfig>, client: Arc<ClientConfig>, name: &'static str) -> Result<(), rustls::Error> {
    let mut client = ClientConnection::new(client, ServerName::try_from(name).unwrap()).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut bytes = Vec::new();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn rustls_shakes_hands_with_our_certificates() {
    for algorithm in INTERNATIONAL {
        let mut parties = Parties::new(algorithm);
        let server = parties.server_config();
        let client = parties.client_config(&parties.client);
        for name in ["localhost", "127.0.0.1"] {
            assert_eq!(shake(server.clone(), client.clone(), name), Ok(()), "{algorithm:?} {name}");
        }
        assert!(shake(server.clone(), client, "example.com").is_err(), "another host");

        let signer = parties.house.signer(algorithm);
        let wrong = parties.client_config(&signer);
        assert!(shake(server.clone(), wrong, "localhost").is_err(), "a signing certificate is no client");

        let serial = parties.client.0.serial_hex();
        let at = parties.house.at - days(1);
        parties.house.issuing.revoke(&serial, at).unwrap();
        let server = parties.server_config();
        let client = parties.client_config(&parties.client);
        assert!(shake(server, client, "localhost").is_err(), "revoked");
    }
}

#[test]
fn curl_talks_to_us() {
    let mut parties = Parties::new(Algorithm::EcdsaP256Sha256);
    let config = parties.server_config();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("root.pem", &parties.house.root.certificate().to_pem());
    write("tls.pem", &eds::chain_to_pem([&parties.client.0, parties.house.issuing.certificate()]));
    write("tls.key", &parties.client.1.to_pkcs8_pem().unwrap());

    let server = std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), socket);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello").unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    });
    let output = Command::new("curl")
        .args(["-sS", "--max-time", "20", "--cacert", "root.pem", "--cert", "tls.pem", "--key", "tls.key"])
        .arg(format!("https://localhost:{port}/"))
        .current_dir(folder.path())
        .output()
        .expect("curl is part of the test machine (Debian: apt-get install curl)");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.stdout.as_slice(), said.as_str()), (&b"hello"[..], ""));
    server.join().unwrap();
}
