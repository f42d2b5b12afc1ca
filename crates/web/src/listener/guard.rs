//! A stream below hyper's HTTP/1 that lets only whole, strictly formed heads through, and keeps time.
//!
//! Heads that arrive in one piece are checked where they lie in hyper's own buffer; only the beginning of a head that
//! arrives in pieces is held back. A refused head is answered here, after hyper has answered what came before it.
//! hyper's own header time-out allocates a timer a request and also ends idle connections; one coarse tick does both.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::framing::{Framing, Refused};
use super::head::{HeadLimits, Rejection};
use crate::shed::Shed;

/// Most bytes read from a peer after its refusal, so that it can read the answer before the connection ends.
const LINGER_BYTES: usize = 1 << 20;

/// What every guard of a listener shares.
pub(crate) struct Rules {
    pub(crate) head: HeadLimits,
    pub(crate) tick: Duration,
    /// In ticks.
    pub(crate) head_within: u32,
    pub(crate) idle_within: u32,
    pub(crate) body_within: u32,
    pub(crate) write_within: u32,
    /// The whole answer, head and body, to bytes that are no request.
    pub(crate) answer: Box<dyn Fn(Rejection) -> Vec<u8> + Send + Sync>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing has arrived yet.
    New,
    /// Between messages.
    Idle,
    /// In the middle of a head.
    Head,
    /// In the middle of a body.
    Body,
}

enum End {
    /// No more messages; the bytes still to be written are the guard's own answer.
    Answer(Vec<u8>),
    /// The body at hand cannot be trusted or did not come.
    Broken(io::ErrorKind),
}

/// Told by whoever answers: the next message of this connection is read when the gate lets it be.
#[derive(Clone, Default)]
pub(crate) struct Holding(Arc<Mutex<Option<Shed>>>);

impl Holding {
    pub(crate) fn begin(&self, gate: Shed) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(gate);
    }

    fn take(&self) -> Option<Shed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The stream `I`, guarded.
pub(crate) struct Guard<I> {
    io: I,
    rules: Arc<Rules>,
    holding: Holding,
    hold: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    framing: Framing,
    /// Bytes read but not passed on: `ready` that may be, then the beginning of a head.
    held: Vec<u8>,
    ready: usize,
    end: Option<End>,
    timer: Pin<Box<Sleep>>,
    ticks: u32,
    phase: (Phase, u64),
    phase_since: u32,
    write_since: Option<u32>,
    shut: bool,
    lingered: usize,
}

impl<I: AsyncRead + AsyncWrite + Unpin> Guard<I> {
    pub(crate) fn new(io: I, rules: Arc<Rules>, holding: Holding) -> Self {
        Self {
            io,
            holding,
            hold: None,
            framing: Framing::new(rules.head),
            held: Vec::new(),
            ready: 0,
            end: None,
            timer: Box::pin(tokio::time::sleep(rules.tick)),
            ticks: 0,
            phase: (Phase::New, 0),
            phase_since: 0,
            write_since: None,
            shut: false,
            lingered: 0,
            rules,
        }
    }

    /// Moves what may be passed on from `held` to `buf`.
    fn hand_out(&mut self, buf: &mut ReadBuf<'_>) {
        let count = self.ready.min(buf.remaining());
        buf.put_slice(self.held.get(..count).unwrap_or_default());
        self.ready -= count;
        self.held.drain(..count);
        if self.held.is_empty() {
            self.held = Vec::new();
        }
    }

    /// Decides on the bytes that arrived in `buf` after its first `before`; what may not be passed on yet is taken back.
    fn inspect(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        let fresh = buf.filled().get(before..).unwrap_or_default();
        let step = if self.held.is_empty() {
            let step = self.framing.advance(fresh);
            if step.refused.is_none() {
                self.held.extend_from_slice(fresh.get(step.pass..).unwrap_or_default());
            }
            buf.set_filled(before + step.pass);
            step
        } else {
            self.held.extend_from_slice(fresh);
            buf.set_filled(before);
            let step = self.framing.advance(&self.held);
            self.ready = step.pass;
            if step.refused.is_some() {
                self.held.truncate(step.pass);
            }
            step
        };
        match step.refused {
            Some(Refused::Head(why)) => self.end = Some(End::Answer((self.rules.answer)(why))),
            Some(Refused::Body(_)) => self.end = Some(End::Broken(io::ErrorKind::InvalidData)),
            None => {}
        }
        let phase = match (self.framing.in_body(), self.held.len() > self.ready) {
            (true, _) => Phase::Body,
            (false, true) => Phase::Head,
            (false, false) => Phase::Idle,
        };
        // A phase keeps its time however many bytes arrive in it; another message is another phase.
        if self.phase != (phase, self.framing.messages) {
            self.phase = (phase, self.framing.messages);
            self.phase_since = self.ticks;
        }
    }

    /// Pending while this connection is left unread; never in the middle of a message.
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.phase.0 == Phase::Idle
            && let Some(gate) = self.holding.take()
        {
            self.hold = Some(Box::pin(gate.hold()));
        }
        if let Some(hold) = &mut self.hold {
            ready!(hold.as_mut().poll(cx));
            self.hold = None;
        }
        Poll::Ready(())
    }

    /// Counts the ticks that have passed and asks to be woken by the next.
    fn count_ticks(&mut self, cx: &mut Context<'_>) {
        while self.timer.as_mut().poll(cx).is_ready() {
            self.ticks = self.ticks.wrapping_add(1);
            self.timer.as_mut().reset(Instant::now() + self.rules.tick);
        }
    }

    /// Ready when the peer has taken too long; `end` then says what to do.
    fn watch_reading(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.count_ticks(cx);
        let waited = self.ticks.wrapping_sub(self.phase_since);
        let within = match self.phase.0 {
            Phase::New | Phase::Head => self.rules.head_within,
            Phase::Idle => self.rules.idle_within,
            Phase::Body => self.rules.body_within,
        };
        if waited <= within {
            return Poll::Pending;
        }
        self.end = Some(match self.phase.0 {
            Phase::New | Phase::Idle => End::Answer(Vec::new()),
            Phase::Head => End::Answer((self.rules.answer)(Rejection::Late)),
            Phase::Body => End::Broken(io::ErrorKind::TimedOut),
        });
        self.held.truncate(self.ready);
        Poll::Ready(())
    }

    /// Passes on the outcome of a write; a peer that takes nothing for too long makes it an error.
    fn watch_writing<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.write_since = None;
            return outcome;
        }
        self.count_ticks(cx);
        let since = *self.write_since.get_or_insert(self.ticks);
        if self.ticks.wrapping_sub(since) > self.rules.write_within {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(End::Answer(answer)) = &self.end
            && !answer.is_empty()
        {
            let written = Pin::new(&mut self.io).poll_write(cx, answer);
            let count = ready!(self.watch_writing(cx, written))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            if let Some(End::Answer(answer)) = &mut self.end {
                answer.drain(..count.min(answer.len()));
            }
        }
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.watch_writing(cx, flushed)
    }

    /// Reads and forgets what the peer still sends: closing on unread bytes would reset the connection and take the
    /// answer away from the peer.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut sink = [0u8; 2048];
        while self.lingered < LINGER_BYTES {
            let mut buf = ReadBuf::new(&mut sink);
            match Pin::new(&mut self.io).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => self.lingered += buf.filled().len(),
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    self.count_ticks(cx);
                    let late = self.ticks.wrapping_sub(self.phase_since) > 1;
                    return if late { Poll::Ready(()) } else { Poll::Pending };
                }
            }
        }
        Poll::Ready(())
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guard<I> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        loop {
            if this.ready > 0 {
                this.hand_out(buf);
            }
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
            match &this.end {
                Some(End::Answer(_)) => return Poll::Ready(Ok(())),
                Some(End::Broken(kind)) => return Poll::Ready(Err((*kind).into())),
                None => {}
            }
            ready!(this.poll_hold(cx));
            match Pin::new(&mut this.io).poll_read(cx, buf) {
                Poll::Ready(Ok(())) if buf.filled().len() > before => this.inspect(buf, before),
                Poll::Ready(outcome) => return Poll::Ready(outcome),
                Poll::Pending => ready!(this.watch_reading(cx)),
            }
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.io).poll_write(cx, bytes);
        this.watch_writing(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.io).poll_write_vectored(cx, pieces);
        this.watch_writing(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.io).poll_flush(cx);
        this.watch_writing(cx, outcome)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.shut {
            ready!(this.poll_answer(cx))?;
            let outcome = Pin::new(&mut this.io).poll_shutdown(cx);
            ready!(this.watch_writing(cx, outcome))?;
            this.shut = true;
            this.phase_since = this.ticks;
        }
        if this.end.is_some() || this.framing.in_body() {
            ready!(this.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}
