//! RFC 9421: reading any headers, and no signature but the key's own is believed.

use eds::http_signature::{
    RequestView, ResponseView, Signer, accepts_signature, check_content_digest, content_digest, read_response,
    sign_request, verify_request,
};

use crate::cut;
use crate::keys::{kept, key, now};

/// Lines `name: value` up to an empty one, then the body. The first line is method and target.
struct Message<'d> {
    method: &'d str,
    target: String,
    headers: Vec<(&'d str, &'d [u8])>,
    body: &'d [u8],
}

fn read(data: &[u8]) -> Option<Message<'_>> {
    let (line, mut rest) = cut(data, b'\n');
    let (method, target) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let (line, after) = cut(rest, b'\n');
        rest = after;
        if line.is_empty() {
            break;
        }
        let (name, value) = cut(line, b':');
        headers.push((std::str::from_utf8(name).ok()?, value));
    }
    Some(Message { method, target: format!("https://a.example:8247{target}"), headers, body: rest })
}

/// Nothing read is believed without the key; what the key signs is, and not after a change.
pub fn check(data: &[u8]) {
    let Some(message) = read(data) else { return };
    let Message { method, target, headers, body } = &message;
    let view = RequestView { method, target_uri: target, headers, body };
    let certificate = &kept().leaf;
    let know = |_: &str| Some(certificate.verifying_key().clone());
    // No input can hold a signature of this key: it signs below only, with a new nonce each time.
    assert!(verify_request(&view, now(), know).is_err(), "a forged signature was believed");
    let response = ResponseView { status: 200, headers, body, request_signature: method };
    drop(read_response(&response));
    accepts_signature(headers);
    assert_eq!(check_content_digest(&content_digest(body), body), Ok(()));

    let plain: Vec<(&str, &[u8])> =
        headers.iter().filter(|(name, _)| ["content-type", "authorization"].contains(name)).copied().collect();
    let view = RequestView { headers: &plain, ..view };
    let signer = Signer::new(key(2), certificate).unwrap();
    let Ok(made) = sign_request(&view, &signer, now()) else { return };
    let mut all = plain.clone();
    all.push(("signature-input", made.signature_input.as_bytes()));
    all.push(("signature", made.signature.as_bytes()));
    if let Some(digest) = &made.content_digest {
        all.push(("content-digest", digest.as_bytes()));
    }
    let signed = RequestView { headers: &all, ..view };
    assert!(verify_request(&signed, now(), know).is_ok(), "our own signature was not believed");
    let more = [body, b"x".as_slice()].concat();
    assert!(verify_request(&RequestView { body: &more, ..signed }, now(), know).is_err(), "another body");
    let other = format!("{target}x");
    assert!(verify_request(&RequestView { target_uri: &other, ..signed }, now(), know).is_err(), "another target");
}
