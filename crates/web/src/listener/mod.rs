//! Listening for HTTP/1.1 and HTTP/2, with and without TLS, with a limit on everything a peer can send or withhold.

mod bind;
mod connection;
mod framing;
mod guard;
mod head;
mod registry;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) use head::{Rejection, is_host};

use crate::edge::Edge;
use crate::error::Error;
use crate::tls::TlsSetup;
use connection::Server;
use registry::{Caps, Registry};

/// Where to listen, and how.
pub struct ListenerConfig {
    /// An IP address or `localhost` (both 127.0.0.1 and ::1), a colon and a port; port 0 is any free one.
    pub addr: String,
    /// The option that holds `addr`: what a person must change when the port is in use.
    pub option: &'static str,
    /// TLS, or plain text when there is none.
    pub tls: Option<TlsSetup>,
    /// What peers may do.
    pub limits: Limits,
}

/// What peers may do: how much, how many, how slowly.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most bytes of a request's head.
    pub head_bytes: usize,
    /// Most fields of a request's head.
    pub head_fields: usize,
    /// From the first byte of a head (or from connecting) to its last.
    pub head_timeout: Duration,
    /// From the head to the last byte of the body, while somebody waits for it.
    pub body_timeout: Duration,
    /// How long a peer may refuse to take a byte of its answer.
    pub write_timeout: Duration,
    /// How long a connection may be idle between requests.
    pub idle_timeout: Duration,
    /// From connecting to the end of the TLS handshake.
    pub handshake_timeout: Duration,
    /// Most connections of this listener.
    pub connections: usize,
    /// Most connections from one address (for IPv6: one /64).
    pub connections_per_address: usize,
    /// The same from this very computer: proxies and load tests.
    pub connections_per_loopback: usize,
    /// Most requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// Most HTTP/2 streams that were reset before we looked at them (rapid reset).
    pub pending_resets: usize,
    /// How long requests may go on after the order to stop.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 16 * 1024,
            head_fields: 100,
            head_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            handshake_timeout: Duration::from_secs(5),
            connections: 20_000,
            connections_per_address: 64,
            connections_per_loopback: 4096,
            streams: 100,
            pending_resets: 20,
            drain_timeout: Duration::from_secs(9),
        }
    }
}

/// A listener at work.
#[derive(Debug)]
pub struct Listening {
    addresses: Vec<SocketAddr>,
    task: JoinHandle<()>,
}

impl Listening {
    /// Where it listens; more than one address for `localhost`.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Returns when the order to stop was given and every connection has ended.
    pub async fn finished(self) {
        // An error means that the task was torn down with its runtime: then it has finished too.
        let _ = self.task.await;
    }
}

/// Listens, and answers every request through `edge`, until `shutdown` is true or its sender is gone; then answers
/// what was asked and ends.
///
/// # Errors
/// When the address is taken, not ours or no address.
pub async fn serve<S>(
    config: ListenerConfig,
    edge: Edge<S>,
    shutdown: watch::Receiver<bool>,
) -> Result<Listening, Error>
where
    S: tower::Service<Request<Incoming>, Response = Response<Body>, Error = std::convert::Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let sockets = bind::bind(&config.addr, config.option)?;
    let addresses = sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect();
    let registry = Registry::new(Caps {
        total: config.limits.connections,
        per_address: config.limits.connections_per_address,
        per_loopback: config.limits.connections_per_loopback,
    });
    let drain = config.limits.drain_timeout;
    let observed = registry.clone();
    edge.observe_connections(move || observed.count());
    let server = Arc::new(Server::new(&config.limits, config.tls, edge));
    let accepting: Vec<_> = sockets
        .into_iter()
        .map(|socket| tokio::spawn(accept(socket, registry.clone(), server.clone(), shutdown.clone())))
        .collect();
    let task = tokio::spawn(async move {
        for socket in accepting {
            let _ = socket.await;
        }
        registry.drain(drain).await;
    });
    Ok(Listening { addresses, task })
}

async fn accept<S>(
    socket: TcpListener,
    registry: Arc<Registry>,
    server: Arc<Server<S>>,
    mut shutdown: watch::Receiver<bool>,
) where
    S: tower::Service<Request<Incoming>, Response = Response<Body>, Error = std::convert::Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
{
    loop {
        let accepted = tokio::select! {
            biased;
            _ = shutdown.wait_for(|stop| *stop) => return,
            accepted = socket.accept() => accepted,
        };
        match accepted {
            Ok((stream, remote)) => match registry.admit(remote.ip()) {
                Some(ticket) => drop(tokio::spawn(server.clone().connect(stream, remote, ticket))),
                None => server.turned_away(),
            },
            // No file descriptors left, most likely: others must end before another can begin.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
