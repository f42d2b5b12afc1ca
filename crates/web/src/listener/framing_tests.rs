//! The guard's verdict does not depend on how bytes are cut, and agrees with a plain reading of the standard.

use proptest::prelude::*;

use super::*;

const LIMITS: HeadLimits = HeadLimits { bytes: 600, fields: 8 };

/// What became of a stream: bytes passed on, messages seen, the refusal.
type Verdict = (usize, u64, Option<Refused>);

/// Feeds the pieces as the guard does, holding back the beginnings of heads.
fn feed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Verdict {
    let mut framing = Framing::new(LIMITS);
    let mut held: Vec<u8> = Vec::new();
    let mut passed = 0;
    for piece in pieces {
        held.extend_from_slice(piece);
        let step = framing.advance(&held);
        passed += step.pass;
        held.drain(..step.pass);
        if step.refused.is_some() {
            return (passed, framing.messages, step.refused);
        }
    }
    (passed, framing.messages, None)
}

fn verdict(text: &str) -> Option<Refused> {
    feed([text.as_bytes()]).2
}

fn refused(text: &str) -> Rejection {
    match verdict(text) {
        Some(Refused::Head(why)) => why,
        other => panic!("{text:?}: {other:?}"),
    }
}

/// A plain reading: the whole text at hand, line by line. `Err` is a refusal; `Ok` says how many messages are whole
/// or have at least a whole head.
fn reference(mut bytes: &[u8]) -> Result<u64, u64> {
    let mut messages = 0;
    loop {
        let (framed, rest) = match reference_head(bytes) {
            Err(()) => return Err(messages),
            Ok(None) => return Ok(messages),
            Ok(Some(whole)) => whole,
        };
        messages += 1;
        bytes = rest;
        match framed {
            Framed::Empty => {}
            Framed::Fixed(length) => bytes = &bytes[(length as usize).min(bytes.len())..],
            Framed::Chunked => match reference_chunks(bytes) {
                Err(()) => return Err(messages),
                Ok(None) => return Ok(messages),
                Ok(Some(rest)) => bytes = rest,
            },
        }
    }
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

fn reference_head(bytes: &[u8]) -> Result<Option<(Framed, &[u8])>, ()> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut version = String::new();
    let mut rest = bytes;
    loop {
        let Some((text, after)) = line(rest) else {
            return if bytes.len() > LIMITS.bytes { Err(()) } else { Ok(None) };
        };
        rest = after;
        if bytes.len() - rest.len() > LIMITS.bytes {
            return Err(());
        }
        let text: String = text.strip_suffix(b"\r").ok_or(())?.iter().map(|byte| char::from(*byte)).collect();
        if text.chars().any(|c| c.is_ascii_control() && c != '\t') {
            return Err(());
        }
        if version.is_empty() {
            let parts: Vec<&str> = text.split(' ').collect();
            let [verb, target, http] = parts[..] else {
                return Err(());
            };
            let target_is_path = target.starts_with('/') && target.chars().all(|c| c.is_ascii_graphic() && c != '#');
            if !token(verb) || verb.len() > 32 || !target_is_path || !["HTTP/1.1", "HTTP/1.0"].contains(&http) {
                return Err(());
            }
            version = http.to_owned();
            continue;
        }
        if text.is_empty() {
            break;
        }
        let (name, value) = text.split_once(':').ok_or(())?;
        fields.push((name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()));
        if !token(name) || fields.len() > LIMITS.fields || !agree(&fields) {
            return Err(());
        }
    }
    let has = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let framed = match (has("transfer-encoding"), has("content-length")) {
        (Some(_), _) if version == "HTTP/1.0" => return Err(()),
        (Some(_), _) => Framed::Chunked,
        (None, Some(length)) if length.parse::<u64>().unwrap() > 0 => Framed::Fixed(length.parse().unwrap()),
        _ => Framed::Empty,
    };
    if has("host").is_none() && version == "HTTP/1.1" { Err(()) } else { Ok(Some((framed, rest))) }
}

fn token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

fn agree(fields: &[(String, String)]) -> bool {
    let all = |name: &str| fields.iter().filter(|(known, _)| known == name).map(|(_, v)| v).collect::<Vec<_>>();
    let (hosts, lengths, codings) = (all("host"), all("content-length"), all("transfer-encoding"));
    let host = |v: &&String| !v.is_empty() && v.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:[]".contains(c));
    let length = |v: &&String| (1..19).contains(&v.len()) && v.chars().all(|c| c.is_ascii_digit());
    hosts.len() <= 1
        && hosts.iter().all(host)
        && lengths.len() + codings.len() <= 1
        && lengths.iter().all(length)
        && codings.iter().all(|v| v.eq_ignore_ascii_case("chunked"))
        && all("authorization").len() <= 1
}

fn reference_chunks(mut bytes: &[u8]) -> Result<Option<&[u8]>, ()> {
    loop {
        let at = bytes.iter().position(|b| *b == b'\r').unwrap_or(bytes.len());
        let text: String = bytes[..at].iter().map(|byte| char::from(*byte)).collect();
        let (size, extension) = text.split_once(';').unwrap_or((&text, ""));
        if !size.chars().all(|c| c.is_ascii_hexdigit()) || size.len() > 15 || !printable(extension) {
            return Err(());
        }
        if size.is_empty() && at < bytes.len() || size.is_empty() && text.starts_with(';') {
            return Err(());
        }
        bytes = match crlf(&bytes[at..])? {
            None => return Ok(None),
            Some(rest) => rest,
        };
        let size = u64::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return reference_trailers(bytes);
        }
        let Some(rest) = usize::try_from(size).ok().and_then(|size| bytes.get(size..)) else {
            return Ok(None);
        };
        bytes = match crlf(rest)? {
            None => return Ok(None),
            Some(rest) => rest,
        };
    }
}

fn reference_trailers(mut bytes: &[u8]) -> Result<Option<&[u8]>, ()> {
    loop {
        let at = bytes.iter().position(|b| *b == b'\r').unwrap_or(bytes.len());
        let text: String = bytes[..at].iter().map(|byte| char::from(*byte)).collect();
        if !printable(&text) || text.starts_with([' ', '\t']) {
            return Err(());
        }
        bytes = match crlf(&bytes[at..])? {
            None => return Ok(None),
            Some(rest) => rest,
        };
        if text.is_empty() {
            return Ok(Some(bytes));
        }
    }
}

fn printable(text: &str) -> bool {
    text.chars().all(|c| c == '\t' || c == ' ' || c.is_ascii_graphic())
}

fn crlf(bytes: &[u8]) -> Result<Option<&[u8]>, ()> {
    match bytes {
        [b'\r', b'\n', rest @ ..] => Ok(Some(rest)),
        [] | [b'\r'] => Ok(None),
        _ => Err(()),
    }
}

fn field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Host: localhost:8247\r\n",
        "host:[::1]\r\n",
        "HOST: a,b\r\n",
        "Host : x\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 0\r\n",
        "content-length: +5\r\n",
        "Content-Length: 5, 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: Chunked \r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Authorization: Bearer x\r\n",
        "X-Text: \u{441}\u{43b}\u{43e}\u{432}\u{43e}\r\n",
        " folded\r\n",
        "Accept: */*\n",
        "X: a\rb\r\n",
        "X: a\0b\r\n",
        "No colon\r\n",
        ": no name\r\n",
        "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
    ])
}

fn request_line() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "GET / HTTP/1.1\r\n",
        "POST /a?b=c HTTP/1.1\r\n",
        "GET /a HTTP/1.0\r\n",
        "GET http://a/ HTTP/1.1\r\n",
        "GET  / HTTP/1.1\r\n",
        "OPTIONS * HTTP/1.1\r\n",
        "PRI * HTTP/2.0\r\n",
        "GET /\u{7f} HTTP/1.1\r\n",
        "\r\n",
    ])
}

fn body() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "hello",
        "5\r\nhello\r\n0\r\n\r\n",
        "5;name=value\r\nhello\r\n0\r\nX: y\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\n",
        "5\r\nhello0\r\n\r\n",
        "0\r\n\r\n",
    ])
}

/// Messages good and bad, one after another, with a few bytes changed. Every second one is well-formed, so that
/// many streams go on after their first message.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let good = prop::sample::select(vec![
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_owned(),
    ]);
    let mixed = (request_line(), prop::collection::vec(field(), 0..10), body())
        .prop_map(|(first, fields, body)| format!("{first}{}\r\n{body}", fields.concat()));
    let messages = prop::collection::vec(prop_oneof![good, mixed], 1..4).prop_map(|all| all.concat().into_bytes());
    let edits = prop::collection::vec((any_index(), any::<u8>()), 0..2);
    (messages, edits).prop_map(|(mut bytes, edits)| {
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

fn any_index() -> impl Strategy<Value = prop::sample::Index> {
    any::<prop::sample::Index>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn cuts_do_not_matter(bytes in stream(), cuts in prop::collection::vec(any_index(), 0..12)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.sort_unstable();
        cuts.push(bytes.len());
        let mut from = 0;
        let pieces = cuts.into_iter().map(|to| {
            let piece = &bytes[from..to];
            from = to;
            piece
        });
        prop_assert_eq!(feed(pieces), feed([&bytes[..]]));
    }

    #[test]
    fn one_byte_at_a_time_is_the_same(bytes in stream()) {
        prop_assert_eq!(feed(bytes.chunks(1)), feed([&bytes[..]]));
    }

    #[test]
    fn the_standard_read_plainly_says_the_same(bytes in stream()) {
        let (_, messages, refused) = feed([&bytes[..]]);
        let ours = if refused.is_some() { Err(messages) } else { Ok(messages) };
        prop_assert_eq!(ours, reference(&bytes), "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn each_fault_has_its_reason() {
    assert_eq!(refused("GET / HTTP/1.1\r\n\r\n"), Rejection::Host);
    assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), Rejection::Host);
    assert_eq!(refused("GET / HTTP/1.1\nHost: a\n\n"), Rejection::Malformed);
    assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"), Rejection::Malformed);
    assert_eq!(refused("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), Rejection::Target);
    assert_eq!(refused("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n"), Rejection::Length);
    assert_eq!(refused("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n"), Rejection::Length);
    assert_eq!(refused("GET / HTTP/1.1\r\nAuthorization: a\r\nAuthorization: a\r\n"), Rejection::Repeated);
    assert_eq!(refused(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(600))), Rejection::TooLarge);
    assert_eq!(refused(&format!("GET / HTTP/1.1\r\n{}", "A: b\r\n".repeat(9))), Rejection::TooLarge);
}

#[test]
fn old_clients_need_no_host_but_may_not_send_chunks() {
    assert_eq!(verdict("GET / HTTP/1.0\r\n\r\n"), None);
    assert_eq!(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), Rejection::Length);
}

#[test]
fn a_fault_in_a_body_leaves_the_head_passed_on() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let (passed, messages, refused) = feed([format!("{head}zz").as_bytes()]);
    assert_eq!((passed, messages), (head.len(), 1));
    assert_eq!(refused, Some(Refused::Body(Rejection::Malformed)));
}
