//! The guard below HTTP/1: where messages begin and end, however the bytes arrive.

use framing::{Framing, Refused};
use head::HeadLimits;

// The guard is private to its crate; what reads bytes in it needs nothing else.
#[expect(dead_code, reason = "the listener uses more of it than the check")]
#[path = "../../crates/web/src/listener/framing.rs"]
mod framing;
#[expect(dead_code, reason = "the listener uses more of it than the check")]
#[path = "../../crates/web/src/listener/head.rs"]
mod head;

const LIMITS: HeadLimits = HeadLimits { bytes: 1024, fields: 20 };

/// What was passed on, the refusal if there was one, and how many messages began.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    passed: Vec<u8>,
    refused: Option<Refused>,
    messages: u64,
}

/// The verdict when the bytes come in pieces of these lengths, over and over.
fn judge(bytes: &[u8], pieces: &[usize]) -> Verdict {
    let (mut framing, mut held, mut passed) = (Framing::new(LIMITS), Vec::new(), Vec::new());
    let (mut rest, mut lengths) = (bytes, pieces.iter().cycle());
    while !rest.is_empty() {
        let length = lengths.next().copied().unwrap_or(usize::MAX).clamp(1, rest.len());
        let (piece, later) = rest.split_at(length);
        rest = later;
        held.extend_from_slice(piece);
        let step = framing.advance(&held);
        assert!(step.pass <= held.len(), "more passed on than there was");
        passed.extend(held.drain(..step.pass));
        if step.refused.is_some() {
            return Verdict { passed, refused: step.refused, messages: framing.messages };
        }
    }
    Verdict { passed, refused: None, messages: framing.messages }
}

/// The first byte says how the rest is cut; the cut changes nothing, and what passes is a head to another reader too.
pub fn check(data: &[u8]) {
    let Some((seed, bytes)) = data.split_first() else { return };
    let whole = judge(bytes, &[]);
    let seed = usize::from(*seed);
    for pieces in [[1, 1, 1], [seed % 7 + 1, seed % 31 + 1, seed / 2 + 1]] {
        assert_eq!(judge(bytes, &pieces), whole, "the pieces matter");
    }
    assert!(bytes.starts_with(&whole.passed), "bytes were changed");
    if whole.messages > 0 {
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut fields);
        let parsed = request.parse(&whole.passed).map(|status| status.is_complete());
        assert_eq!(parsed, Ok(true), "passed on, and no request to another reader");
        let hosts = request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case("host")).count();
        assert!(hosts == 1 || (hosts == 0 && request.version == Some(0)), "{hosts} hosts");
        let named = |name: &str| request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).count();
        assert!(named("content-length") + named("transfer-encoding") <= 1, "two ends of one body");
    }
}
