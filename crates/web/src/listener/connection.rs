//! One connection: TLS handshake, then HTTP/1 under guard or HTTP/2 under watch, until it ends or is told to.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::MissedTickBehavior;

use super::Limits;
use super::guard::{Guard, Holding, Rules};
use super::head::HeadLimits;
use super::registry::{Phase, Ticket};
use crate::edge::Edge;
use crate::peer::{Peer, PeerCertificate};
use crate::shed;
use crate::tls::TlsSetup;

/// How long an HTTP/2 peer may leave a ping unanswered.
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How often an HTTP/2 peer is pinged.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// What all connections of a listener share.
pub(super) struct Server<S> {
    edge: Edge<S>,
    tls: Option<TlsSetup>,
    rules: Arc<Rules>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    handshake_timeout: Duration,
}

impl<S> Server<S>
where
    S: tower::Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
{
    pub(super) fn new(limits: &Limits, tls: Option<TlsSetup>, edge: Edge<S>) -> Self {
        let refuser = edge.clone();
        let mut http1 = http1::Builder::new();
        // The guard keeps the time of heads, and shows only whole ones. A peer that has closed its side may still
        // be answered, and a write it asked for goes on to its end.
        http1.timer(TokioTimer::new()).header_read_timeout(None).half_close(true).keep_alive(true);
        http1.max_buf_size(limits.head_bytes.max(8 * 1024) + 128 * 1024);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams)
            .max_pending_accept_reset_streams(limits.pending_resets)
            .max_local_error_reset_streams(limits.pending_resets)
            .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
            .initial_stream_window_size(256 * 1024)
            .initial_connection_window_size(1024 * 1024)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        Self {
            rules: Arc::new(rules(limits, move |why| refuser.refuse_bytes(why))),
            handshake_timeout: limits.handshake_timeout,
            edge,
            tls,
            http1,
            http2,
        }
    }

    /// A connection above the caps was closed unserved.
    pub(super) fn turned_away(&self) {
        self.edge.instruments().turned_away.increment();
    }

    /// Serves the connection to its end.
    pub(super) async fn connect(self: Arc<Self>, stream: TcpStream, remote: SocketAddr, ticket: Ticket) {
        // Without it small answers wait for the peer's acknowledgement; where it cannot be set they only are slower.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return self.http1(stream, Peer::plain(remote), &ticket).await;
        };
        let accept = tokio_rustls::TlsAcceptor::from(tls.current()).accept(stream);
        let Ok(Ok(stream)) = tokio::time::timeout(self.handshake_timeout, accept).await else {
            self.edge.instruments().handshakes_failed.increment();
            return;
        };
        let (_, session) = stream.get_ref();
        let certificate = session.peer_certificates().and_then(|chain| PeerCertificate::parse(chain.first()?));
        let peer = Peer { addr: remote, certificate: certificate.map(Arc::new) };
        if session.alpn_protocol() == Some(b"h2") {
            self.http2(stream, peer, &ticket).await;
        } else {
            self.http1(stream, peer, &ticket).await;
        }
    }

    async fn http1<I>(&self, io: I, peer: Peer, ticket: &Ticket)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let holding = Holding::default();
        let service = service_fn(|request| {
            let (edge, peer, holding) = (self.edge.clone(), peer.clone(), holding.clone());
            async move {
                let response = edge.call(request, peer).await;
                if let Some(gate) = shed::held_back_by(&response) {
                    holding.begin(gate);
                }
                Ok::<_, Infallible>(response)
            }
        });
        let io = TokioIo::new(Guard::new(io, self.rules.clone(), holding.clone()));
        drive(self.http1.serve_connection(io, service), ticket, |_| Verdict::Stay).await;
    }

    async fn http2<I>(&self, io: I, peer: Peer, ticket: &Ticket)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let activity = Arc::new(Activity::default());
        let service = service_fn(|request| {
            let (edge, peer) = (self.edge.clone(), peer.clone());
            let open = activity.clone().open();
            async move {
                let response = edge.call(request, peer).await;
                drop(open);
                Ok::<_, Infallible>(response)
            }
        });
        let mut ticks = tokio::time::interval(self.rules.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut quiet = Quiet::default();
        let rules = self.rules.clone();
        let watch = |cx: &mut Context<'_>| {
            while ticks.poll_tick(cx).is_ready() {
                quiet.tick(&activity);
            }
            quiet.verdict(&rules)
        };
        drive(self.http2.serve_connection(TokioIo::new(io), service), ticket, watch).await;
    }
}

/// Requests of an HTTP/2 connection: how many began and how many ended.
#[derive(Default)]
struct Activity {
    begun: AtomicU64,
    ended: AtomicU64,
}

struct OpenRequest(Arc<Activity>);

impl Activity {
    fn open(self: Arc<Self>) -> OpenRequest {
        self.begun.fetch_add(1, Ordering::Relaxed);
        OpenRequest(self)
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// For how many ticks in a row nothing was asked and nothing was left to answer.
#[derive(Default)]
struct Quiet {
    begun: u64,
    ticks: u32,
}

impl Quiet {
    fn tick(&mut self, activity: &Activity) {
        let (begun, ended) = (activity.begun.load(Ordering::Relaxed), activity.ended.load(Ordering::Relaxed));
        self.ticks = if begun == ended && begun == self.begun { self.ticks + 1 } else { 0 };
        self.begun = begun;
    }

    /// An HTTP/2 peer whose first head does not come, or which asks nothing more, is shown out, then cut off.
    fn verdict(&self, rules: &Rules) -> Verdict {
        let within = if self.begun == 0 { rules.head_within } else { rules.idle_within };
        if self.ticks > within.saturating_mul(2) {
            Verdict::Cut
        } else if self.ticks > within {
            Verdict::Leave
        } else {
            Verdict::Stay
        }
    }
}

/// What a connection should do, as far as its own conduct goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Stay,
    Leave,
    Cut,
}

/// A connection that can be asked to end after what it is doing.
trait Drain: Future {
    fn drain(self: Pin<&mut Self>);
}

impl<I, S> Drain for http1::Connection<I, S>
where
    Self: Future,
    S: hyper::service::HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
{
    fn drain(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S> Drain for http2::Connection<I, S, TokioExecutor>
where
    Self: Future,
    S: hyper::service::HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    TokioExecutor: hyper::rt::bounds::Http2ServerConnExec<S::Future, Body>,
{
    fn drain(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Polls the connection to its end, which the ticket or `watch`, asked at every poll, may bring nearer.
async fn drive<C: Drain>(connection: C, ticket: &Ticket, mut watch: impl FnMut(&mut Context<'_>) -> Verdict) {
    let mut connection = pin!(connection);
    let mut registered = false;
    let mut draining = false;
    poll_fn(|cx| {
        if !registered {
            ticket.register(cx.waker());
            registered = true;
        }
        let verdict = match ticket.phase() {
            Phase::Open => watch(cx),
            Phase::Draining => Verdict::Leave,
            Phase::Ended => Verdict::Cut,
        };
        match verdict {
            Verdict::Cut => return Poll::Ready(()),
            Verdict::Leave if !draining => {
                draining = true;
                connection.as_mut().drain();
            }
            Verdict::Leave | Verdict::Stay => {}
        }
        connection.as_mut().poll(cx).map(drop)
    })
    .await;
}

fn rules(limits: &Limits, answer: impl Fn(super::Rejection) -> Vec<u8> + Send + Sync + 'static) -> Rules {
    let shortest =
        [limits.head_timeout, limits.body_timeout, limits.write_timeout, limits.idle_timeout].into_iter().min();
    let tick = (shortest.unwrap_or_default() / 5).clamp(Duration::from_millis(10), Duration::from_secs(1));
    let ticks = |time: Duration| u32::try_from(time.as_millis().div_ceil(tick.as_millis().max(1))).unwrap_or(u32::MAX);
    Rules {
        head: HeadLimits { bytes: limits.head_bytes, fields: limits.head_fields },
        tick,
        head_within: ticks(limits.head_timeout),
        idle_within: ticks(limits.idle_timeout),
        body_within: ticks(limits.body_timeout),
        write_within: ticks(limits.write_timeout),
        answer: Box::new(answer),
    }
}
