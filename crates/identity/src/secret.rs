//! Secrets handed out: 256 random bits as text; only their digest is kept.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// A secret that is handed out once.
pub(crate) struct Token {
    /// As it travels: 43 characters of base64url.
    pub(crate) text: String,
    /// As it is kept.
    pub(crate) hash: [u8; 32],
}

impl Token {
    pub(crate) fn draw() -> Self {
        let text = base64url(&store::random::<32>());
        let hash = hash(&text);
        Self { text, hash }
    }
}

/// What is kept of a secret. It is random itself, so nothing slower is needed.
pub(crate) fn hash(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.iter_mut().zip(digest(&SHA256, text.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
    out
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

/// A number below `bound`, each as likely: what would favour the small ones is drawn again.
pub(crate) fn below(bound: u32) -> u32 {
    let fair = u32::MAX - u32::MAX % bound;
    loop {
        let drawn = u32::from_le_bytes(store::random());
        if drawn < fair {
            return drawn % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_its_text() {
        let token = Token::draw();
        assert_eq!((token.text.len(), token.hash), (43, hash(&token.text)));
        assert_ne!(token.text, Token::draw().text);
    }

    #[test]
    fn every_number_below_the_bound_is_drawn() {
        let drawn: std::collections::BTreeSet<u32> = (0..2000).map(|_| below(10)).collect();
        assert_eq!(drawn, (0..10).collect());
    }
}
