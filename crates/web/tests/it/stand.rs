//! What the tests share: an application behind a listener, and a peer that sends any bytes it likes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use model::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use web::body::{Allowance, read};
use web::problem::DEFAULT_BASE;
use web::shed::Shed;
use web::{Context, Edge, Limits, ListenerConfig, Listening, Metrics, Peer, Problems, TlsSetup};

/// Long enough for a slow machine; nothing that passes takes as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Stand {
    pub(crate) addr: SocketAddr,
    pub(crate) metrics: Metrics,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) listening: Listening,
}

pub(crate) fn random() -> [u8; 1000] {
    use std::hash::{BuildHasher as _, RandomState};
    std::array::from_fn(|at| RandomState::new().hash_one(at).to_le_bytes()[0])
}

/// Short times, so that tests of time-outs are quick.
pub(crate) fn limits() -> Limits {
    Limits {
        head_timeout: Duration::from_millis(400),
        body_timeout: Duration::from_millis(600),
        idle_timeout: Duration::from_secs(5),
        write_timeout: Duration::from_millis(800),
        ..Limits::default()
    }
}

async fn echo(
    State(allowance): State<Allowance>,
    Extension(context): Extension<Context>,
    request: Request,
) -> Response<Body> {
    match read(request.into_body(), allowance).await {
        Ok(body) => Response::new(Body::from(body)),
        Err(refusal) => context.refuse(&refusal),
    }
}

async fn who(Extension(peer): Extension<Peer>) -> String {
    peer.certificate
        .as_ref()
        .map_or_else(|| "nobody".to_owned(), |held| format!("{} {}", held.serial, held.fingerprint_hex))
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(700)).await;
    "slow"
}

async fn panics() -> &'static str {
    panic!("a planted fault")
}

pub(crate) fn app() -> Router {
    let allowance = Allowance { bytes: 1 << 20, within: Duration::from_secs(2) };
    Router::new()
        .route("/", get(async || "hello"))
        .route("/echo", post(echo))
        .route("/who", get(who))
        .route("/slow", get(slow))
        .route("/never", get(async || std::future::pending::<String>().await))
        .route("/panic", get(panics))
        .route("/large", get(async || vec![b'x'; 64 << 20]))
        .with_state(allowance)
}

pub(crate) fn setup(metrics: &Metrics) -> web::edge::Setup {
    web::edge::Setup {
        name: "test",
        problems: Arc::new(Problems::load(&[model::TEXTS, web::TEXTS], DEFAULT_BASE).unwrap()),
        clock: Clock::system(),
        random,
        metrics: metrics.clone(),
        request_timeout: Duration::from_secs(3),
        shed: None,
    }
}

pub(crate) async fn start(limits: Limits, tls: Option<TlsSetup>) -> Stand {
    start_gated(limits, tls, None).await
}

pub(crate) async fn start_gated(limits: Limits, tls: Option<TlsSetup>, shed: Option<Shed>) -> Stand {
    let metrics = Metrics::new();
    let edge = Edge::new(app(), web::edge::Setup { shed, ..setup(&metrics) });
    let (stop, stopped) = watch::channel(false);
    let config = ListenerConfig { addr: "127.0.0.1:0".to_owned(), option: "test.listen", tls, limits };
    let listening = web::serve(config, edge, stopped).await.unwrap();
    Stand { addr: listening.addresses()[0], metrics, stop, listening }
}

impl Stand {
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Sends the bytes and reads until the server ends the connection.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        rest(&mut stream).await
    }
}

/// Everything until the server ends the connection.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server ends it").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// One answer with a Content-Length, on a connection that stays open.
pub(crate) async fn one(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    loop {
        let mut byte = [0];
        let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut byte)).await.expect("an answer");
        read.expect("an answer");
        answer.push(byte[0]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Some((_, length)) = head.to_ascii_lowercase().split_once("content-length: ")
            && length.lines().next().unwrap().parse::<usize>().unwrap() == body.len()
        {
            return text.into_owned();
        }
    }
}
