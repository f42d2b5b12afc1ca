//! A mail server of a few words: TLS from the first byte, then answers from a list for each `RCPT`.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What it took, and where it is.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) taken: Arc<Mutex<Vec<String>>>,
    pub(crate) certificate: String,
}

impl Server {
    /// A server that answers the next recipients with these codes, and everybody after them with 250.
    pub(crate) async fn start(codes: &[u16]) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
        let private = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], private.into())
                .unwrap();
        let listener = TcpListener::bind("localhost:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (acceptor, all) = (TlsAcceptor::from(Arc::new(config)), taken.clone());
        let codes = Arc::new(Mutex::new(codes.iter().rev().copied().collect::<Vec<u16>>()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, all, codes) = (acceptor.clone(), all.clone(), codes.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = talk(BufReader::new(stream), &all, &codes).await; // the client may go when it likes
                    }
                });
            }
        });
        Self { port, taken, certificate: certificate.pem() }
    }
}

async fn talk(
    mut stream: BufReader<tokio_rustls::server::TlsStream<tokio::net::TcpStream>>,
    all: &Mutex<Vec<String>>,
    codes: &Mutex<Vec<u16>>,
) -> std::io::Result<()> {
    stream.write_all(b"220 localhost ESMTP\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match line.split([' ', '\r', ':']).next().unwrap() {
            "RCPT" => format!("{} to you\r\n", codes.lock().unwrap().pop().unwrap_or(250)),
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut message = String::new();
                while !message.ends_with("\r\n.\r\n") {
                    stream.read_line(&mut message).await?;
                }
                all.lock().unwrap().push(message);
                "250 taken\r\n".to_owned()
            }
            _ => "250 well\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}
