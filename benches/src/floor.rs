//! The floor: mutual TLS, one P-256 verification, one P-256 signature, and nothing else of an exchange.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use eds::{Certificate, Form, SigningKey};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{Failure, tls};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// HOST:PORT
    #[arg(long)]
    address: String,
    /// Root certificate of clients
    #[arg(long)]
    ca: PathBuf,
    /// Server certificate and key
    #[arg(long, num_args = 2, value_names = ["PEM", "KEY"])]
    tls: Vec<PathBuf>,
    /// Signing key
    #[arg(long)]
    sign: PathBuf,
    /// Certificate that requests are signed with
    #[arg(long)]
    peer: PathBuf,
}

struct Keys {
    sign: SigningKey,
    peer: Certificate,
}

/// Serves until it is killed.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let [certificate, key] = args.tls.as_slice() else {
        return Err("--tls PEM KEY".into());
    };
    let acceptor = TlsAcceptor::from(tls::server(&args.ca, certificate, key)?);
    let keys = Arc::new(Keys {
        sign: SigningKey::from_pkcs8_pem(&std::fs::read_to_string(&args.sign)?)?,
        peer: Certificate::from_pem(&std::fs::read_to_string(&args.peer)?)?,
    });
    let listener = TcpListener::bind(&args.address).await?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let (acceptor, keys) = (acceptor.clone(), keys.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(socket).await else {
                return;
            };
            let service = service_fn(move |request| answer(keys.clone(), request));
            let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = served.await {
                eprintln!("floor: {error}");
            }
        });
    }
}

async fn answer(keys: Arc<Keys>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let sign = request.headers().get("sign").cloned();
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let signature = sign.and_then(|sign| BASE64_STANDARD.decode(sign.as_bytes()).ok()).unwrap_or_default();
    let holds = keys.peer.verifying_key().verify(&body, &signature, Form::Der).is_ok();
    let text: &'static [u8] = b"{\"status\":200}";
    let signed = keys.sign.sign(text, Form::Der).unwrap_or_default();
    let response = Response::builder()
        .status(if holds { 200 } else { 401 })
        .header("content-type", "application/json")
        .header("sign", BASE64_STANDARD.encode(signed))
        .body(Full::new(Bytes::from_static(text)));
    Ok(response.unwrap_or_default())
}
