//! An authenticator with one key, and the pages it is used from.

use std::cell::Cell;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::json;

use crate::browser::hidden;
use crate::house::BASE;

pub(crate) struct Authenticator {
    pair: EcdsaKeyPair,
    pub(crate) id: Vec<u8>,
    pub(crate) counter: Cell<u32>,
    /// What it is made to lie about.
    pub(crate) origin: String,
}

/// Fields of a form.
pub(crate) type Fields = Vec<(&'static str, String)>;

/// The part of a page after the question for an authenticator begins.
fn asked(page: &str) -> &str {
    page.split_once("data-passkey=\"").unwrap_or_else(|| panic!("no question in {page}")).1
}

fn attribute(page: &str, name: &str) -> String {
    let (_, rest) = asked(page).split_once(&format!("data-{name}=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

impl Authenticator {
    pub(crate) fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self { pair, id: store::random::<16>().to_vec(), counter: Cell::new(0), origin: BASE.to_owned() }
    }

    fn client(&self, page: &str, purpose: &str) -> String {
        let challenge = attribute(page, "challenge");
        json!({ "type": purpose, "challenge": challenge, "origin": self.origin, "crossOrigin": false }).to_string()
    }

    fn data(&self, page: &str, flags: u8, rest: &[u8]) -> Vec<u8> {
        self.counter.set(self.counter.get() + 1);
        let rp = digest(&SHA256, attribute(page, "rp").as_bytes());
        [rp.as_ref(), &[flags], &self.counter.get().to_be_bytes(), rest].concat()
    }

    fn fields(&self, page: &str, client: &str, data: &[u8], signature: &[u8]) -> Fields {
        let sealed = hidden(asked(page), "sealed");
        let text = |bytes: &[u8]| BASE64.encode(bytes);
        vec![
            ("do", "add".to_owned()),
            ("sealed", sealed),
            ("id", text(&self.id)),
            ("client", text(client.as_bytes())),
            ("data", text(data)),
            ("signature", text(signature)),
        ]
    }

    /// Makes its key known, as the page asks.
    pub(crate) fn create(&self, page: &str) -> Fields {
        let point = self.pair.public_key().as_ref();
        let head: &[u8] = &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let rest =
            [&[0; 16], length.as_slice(), &self.id, head, &point[1..33], &[0x22, 0x58, 0x20], &point[33..]].concat();
        let data = self.data(page, 0x45, &rest);
        self.fields(page, &self.client(page, "webauthn.create"), &data, b"")
    }

    /// Signs, as the page asks.
    pub(crate) fn get(&self, page: &str) -> Fields {
        let (client, data) = (self.client(page, "webauthn.get"), self.data(page, 0x05, b""));
        let message = [data.as_slice(), digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &message).unwrap();
        self.fields(page, &client, &data, signature.as_ref())
    }
}
