//! Signing requests and answers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;

use super::base::{Message, write_parameters};
use super::{RequestView, ResponseView, TAG, TERM, content_digest};
use crate::suite::Form;
use crate::{Certificate, Error, SigningKey, random};

/// Who signs: the key and the name under which the other side has it.
#[derive(Clone, Debug)]
pub struct Signer {
    key: SigningKey,
    keyid: String,
}

impl Signer {
    /// The signer with this key and its registered certificate.
    pub fn new(key: SigningKey, certificate: &Certificate) -> Result<Self, Error> {
        if key.verifying_key() != certificate.verifying_key() {
            return Err(Error::Key("the key is not the certificate's"));
        }
        Ok(Self { key, keyid: certificate.fingerprint_hex() })
    }

    /// The name of the key: the certificate's fingerprint.
    pub fn keyid(&self) -> &str {
        &self.keyid
    }
}

/// Headers to add to the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// `Content-Digest`, when there is a body.
    pub content_digest: Option<String>,
    /// `Signature-Input`
    pub signature_input: String,
    /// `Signature`
    pub signature: String,
}

/// Signs the request, which must bear `Authorization` and, with a body, `Content-Type`.
pub fn sign_request(request: &RequestView<'_>, signer: &Signer, now: Timestamp) -> Result<SignatureHeaders, Error> {
    sign(Message::Request(request), signer, now)
}

/// Signs the answer, which must bear `Content-Type` if it has a body.
pub fn sign_response(response: &ResponseView<'_>, signer: &Signer, now: Timestamp) -> Result<SignatureHeaders, Error> {
    sign(Message::Response(response), signer, now)
}

fn sign(message: Message<'_>, signer: &Signer, now: Timestamp) -> Result<SignatureHeaders, Error> {
    let digest = (!message.body().is_empty()).then(|| content_digest(message.body()));
    let mut base = String::with_capacity(1024);
    let mut list = String::with_capacity(96);
    for component in message.covered() {
        message.write(&mut base, *component, digest.as_deref())?;
        list.push(if list.is_empty() { '(' } else { ' ' });
        list.push_str(component.identifier());
    }
    let nonce = URL_SAFE_NO_PAD.encode(random::bytes::<16>()?);
    let created = now.as_second();
    let parameters = format!(
        "{list});created={created};expires={};nonce=\"{nonce}\";keyid=\"{}\";tag=\"{TAG}\"",
        created.saturating_add(TERM),
        signer.keyid,
    );
    write_parameters(&mut base, &parameters);
    let signature = signer.key.sign(base.as_bytes(), Form::Fixed)?;
    Ok(SignatureHeaders {
        content_digest: digest,
        signature_input: format!("nais={parameters}"),
        signature: format!("nais=:{}:", STANDARD.encode(signature)),
    })
}
