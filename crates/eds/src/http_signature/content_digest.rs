//! `Content-Digest` (RFC 9530), SHA-256 only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sfv::{BareItem, Dictionary, ListEntry};

use super::base::parse_dictionary;
use crate::{Error, sha256};

/// Another algorithm's digest beside ours takes no more than this.
const LIMIT: usize = 512;

/// `sha-256=:…:` of the bytes.
pub fn content_digest(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256(bytes)))
}

/// The header holds the SHA-256 of these bytes. Digests by other algorithms are left aside.
pub fn check_content_digest(header: &str, bytes: &[u8]) -> Result<(), Error> {
    const NAME: &str = "content-digest";
    if header.len() > LIMIT {
        return Err(Error::Unreadable(NAME));
    }
    let dictionary: Dictionary = parse_dictionary(header).ok_or(Error::Unreadable(NAME))?;
    match dictionary.get("sha-256") {
        Some(ListEntry::Item(item)) if item.params.is_empty() => match &item.bare_item {
            BareItem::ByteSequence(digest) if *digest == sha256(bytes) => Ok(()),
            BareItem::ByteSequence(digest) if digest.len() == 32 => Err(Error::DigestMismatch),
            _ => Err(Error::Unreadable(NAME)),
        },
        _ => Err(Error::Unreadable(NAME)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_9530() {
        // Appendix B.1 of RFC 9530 ends its JSON with a line feed.
        let body = b"{\"hello\": \"world\"}";
        assert_eq!(content_digest(body), "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
        assert_eq!(check_content_digest(&content_digest(body), body), Ok(()));
        assert_eq!(check_content_digest(&content_digest(b"other"), body), Err(Error::DigestMismatch));
    }

    #[test]
    fn other_algorithms_may_stand_beside_but_not_instead() {
        let ours = content_digest(b"x");
        assert_eq!(check_content_digest(&format!("sha-512=:AAAA:, {ours}"), b"x"), Ok(()));
        for bad in [
            "sha-512=:AAAA:",
            "sha-256=:AAAA:",
            "sha-256=\"x\"",
            "sha-256",
            "",
            "sha-256=:",
            "SHA-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
            &format!("{ours}, {ours}"),
            &format!("{ours};q=1"),
        ] {
            assert_eq!(check_content_digest(bad, b"x"), Err(Error::Unreadable("content-digest")), "{bad}");
        }
    }
}
