//! HTTP/2 with hand-made frames: floods end the connection, ambiguity the request.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use web::TlsSetup;

use crate::stand::{PATIENCE, Stand, limits, start};
use crate::tls::Pki;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A header field as HPACK literal without indexing, or by name.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).unwrap();
    let mut bytes = vec![0, length(name)];
    bytes.extend(name.as_bytes());
    bytes.push(length(value));
    bytes.extend(value.as_bytes());
    bytes
}

fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| literal(name, value)).collect()
}

const PLAIN: &[(&str, &str)] = &[(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost")];

async fn begin() -> (Stand, TlsStream<TcpStream>) {
    let pki = Pki::new();
    let stand = start(limits(), Some(pki.with_parts(&[], false, TlsSetup::new).unwrap())).await;
    let mut stream = pki.connect(&stand, None, b"h2").await;
    stream.write_all(PREFACE).await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    (stand, stream)
}

/// The next frame: kind, stream, payload. `None` when the server has ended the connection.
async fn next(stream: &mut TlsStream<TcpStream>) -> Option<(u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut head)).await.expect("a frame in time").ok()?;
    let length = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).unwrap();
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
}

/// The body of the answer on this stream.
async fn body(stream: &mut TlsStream<TcpStream>, id: u32) -> String {
    while let Some((kind, on, payload)) = next(stream).await {
        match kind {
            DATA if on == id => return String::from_utf8(payload).unwrap(),
            RST_STREAM if on == id => return format!("reset {payload:?}"),
            _ => {}
        }
    }
    "ended".to_owned()
}

/// Sends until the server ends the connection; how many frames that took.
async fn flood(mut stream: TlsStream<TcpStream>, frames: impl IntoIterator<Item = Vec<u8>>) -> (usize, Option<u32>) {
    let mut sent = 0;
    for bytes in frames {
        if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
            break;
        }
        sent += 1;
        // Lets the server keep up, as a network would.
        if sent % 50 == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    let mut reason = None;
    while let Some((kind, _, payload)) = next(&mut stream).await {
        if kind == GOAWAY {
            reason = payload.last_chunk::<4>().copied().map(u32::from_be_bytes).or(reason);
            reason = payload.get(4..8).map(|code| u32::from_be_bytes(code.try_into().unwrap())).or(reason);
        }
    }
    (sent, reason)
}

#[tokio::test]
async fn a_request_is_answered() {
    let (_stand, mut stream) = begin().await;
    stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields(PLAIN))).await.unwrap();
    assert_eq!(body(&mut stream, 1).await, "hello");
}

#[tokio::test]
async fn one_authority_is_needed() {
    let (_stand, mut stream) = begin().await;
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[(":method", "GET"), (":scheme", "https"), (":path", "/")], "http-host"),
        (&[PLAIN[0], PLAIN[1], PLAIN[2], PLAIN[3], ("host", "other")], "http-host"),
        (&[PLAIN[0], PLAIN[1], PLAIN[2], PLAIN[3], ("host", "localhost")], "hello"),
        (&[PLAIN[0], PLAIN[1], PLAIN[2], PLAIN[3], ("authorization", "a"), ("authorization", "b")], "http-repeated"),
    ];
    for (number, (case, expected)) in (0u32..).zip(cases) {
        let id = number * 2 + 1;
        stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, id, &fields(case))).await.unwrap();
        let answer = body(&mut stream, id).await;
        assert!(answer.contains(expected), "{case:?}: {answer}");
    }
}

#[tokio::test]
async fn rapid_reset_ends_the_connection() {
    let (_stand, stream) = begin().await;
    let cancel = 8u32.to_be_bytes();
    let frames = (0..20_000u32).map(|number| {
        let id = number * 2 + 1;
        let mut bytes = frame(HEADERS, END_HEADERS | END_STREAM, id, &fields(PLAIN));
        bytes.extend(frame(RST_STREAM, 0, id, &cancel));
        bytes
    });
    let (sent, _) = flood(stream, frames).await;
    assert!(sent < 20_000, "all {sent} were taken");
}

#[tokio::test]
async fn a_continuation_flood_ends_the_connection() {
    let (_stand, stream) = begin().await;
    let first = frame(HEADERS, END_STREAM, 1, &fields(PLAIN));
    let more = literal("x-flood", &"a".repeat(100));
    let frames = std::iter::once(first).chain((0..20_000).map(|_| frame(CONTINUATION, 0, 1, &more)));
    let (sent, _) = flood(stream, frames).await;
    assert!(sent < 20_000, "all {sent} were taken");
}

#[tokio::test]
async fn a_peer_that_asks_nothing_is_shown_out() {
    let (_stand, mut stream) = begin().await;
    while let Some((kind, ..)) = next(&mut stream).await {
        assert!(kind == SETTINGS || kind == GOAWAY || kind == 6 || kind == 8, "frame {kind}");
    }
}
