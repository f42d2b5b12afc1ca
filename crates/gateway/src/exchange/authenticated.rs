//! Step 2: who asks is proven: token, TLS certificate, and the EDS if one is given.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use eds::detached::{Detached, message_without_body};
use eds::http_signature::{RequestView, read_request};
use eds::{Certificate, Purpose, sha256};
use model::{Kind, Refusal};

use super::header::{CERTIFICATE, SIGN, SIGNATURE, SIGNATURE_INPUT, single};
use super::received::{Call, Received};
use super::signer::{self, Signer};
use crate::Gateway;
use crate::access::{Access, Caller};

/// A request whose sender is known. From here on every refusal is recorded and signed.
pub(crate) struct Case {
    pub call: Call,
    pub caller: Arc<Caller>,
    pub access: Arc<Access>,
    pub body: Bytes,
    /// SHA-256 of the exact body bytes.
    pub digest: [u8; 32],
    /// SHA-256 of the consent's CMS, as soon as it can be read.
    pub consent: Option<[u8; 32]>,
    /// Service and method, as soon as the path is understood.
    pub service: Option<String>,
    pub method: Option<Arc<str>>,
    /// Remembered so that the same signed request is not done twice.
    pub nonce: Option<Nonce>,
}

/// A case with the refusal that ends it.
pub(crate) type Refused = Box<(Case, Refusal)>;

/// What makes a signed request unique, until when.
#[derive(Clone, Copy)]
pub(crate) struct Nonce {
    pub key: [u8; 16],
    /// Microseconds.
    pub expires: i64,
}

/// A request whose sender is proven.
pub(crate) struct Authenticated {
    pub case: Case,
    /// Who made the consumer's EDS that hold; nobody when there is no EDS.
    pub signers: Vec<Signer>,
}

/// Finds out who asks. Before this succeeds nothing is recorded, afterwards everything is.
pub(crate) fn identify(gateway: &Gateway, received: &Received) -> Result<(Arc<Access>, Arc<Caller>), Refusal> {
    let token = bearer(&received.headers)?;
    let access = gateway.access();
    let digest = sha256(token.as_bytes());
    let caller = access.caller(&digest).ok_or_else(|| Refusal::new(Kind::Unauthenticated, "token-unknown"))?.clone();
    caller.in_force(received.call.at)?;
    let missing = || Refusal::new(Kind::Unauthenticated, "certificate-missing");
    let shown = received.peer.as_ref().and_then(|peer| peer.certificate.as_ref()).ok_or_else(missing)?;
    if shown.der.as_slice() != caller.certificate.der() {
        // A certificate that is no good at all says more than one that is somebody else's.
        let other = Certificate::from_der(&shown.der).map_err(|_| missing())?;
        gateway.trust.check(&other, Purpose::TlsClient, received.call.at).map_err(|error| error.refusal())?;
        return Err(Refusal::new(Kind::Unauthenticated, "token-certificate-mismatch"));
    }
    gateway.trust.check(&caller.certificate, Purpose::TlsClient, received.call.at).map_err(|error| error.refusal())?;
    Ok((access, caller))
}

/// The GUID of `Authorization: Bearer`, in its canonical spelling.
fn bearer(headers: &HeaderMap) -> Result<String, Refusal> {
    let missing = || Refusal::new(Kind::Unauthenticated, "token-missing");
    let value = single(headers, &header::AUTHORIZATION)?.ok_or_else(missing)?;
    let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    let guid = uuid::Uuid::try_parse(token.trim()).map_err(|_| Refusal::new(Kind::Unauthenticated, "token-unknown"))?;
    Ok(guid.hyphenated().to_string())
}

impl Authenticated {
    /// Checks the EDS over the bytes that will be parsed. The certificate's own standing is part of it.
    pub(crate) fn prove(gateway: &Gateway, mut case: Case, headers: &HeaderMap) -> Result<Self, Refused> {
        match eds(gateway, &mut case, headers) {
            Ok(signers) => Ok(Self { case, signers }),
            Err(refusal) => Err(Box::new((case, refusal))),
        }
    }
}

/// Who signed; an EDS that was given must hold, of either form, and so must what is attested of who made it.
fn eds(gateway: &Gateway, case: &mut Case, headers: &HeaderMap) -> Result<Vec<Signer>, Refusal> {
    let attributes = signer::attributes(gateway, headers)?;
    // One of the two without the other is no signature but a fault, which the reader names.
    let given = headers.contains_key(SIGNATURE_INPUT) || headers.contains_key(SIGNATURE);
    let message = if given { message_signature(gateway, case, headers)? } else { None };
    let detached = detached_signature(gateway, case, headers)?;
    let attested = attributes.as_ref();
    let registered = message.map(|certificate| Signer::registered(certificate, attested));
    let shown = detached.map(|certificate| Signer::shown(certificate, attested));
    let signers: Vec<Signer> = registered.into_iter().chain(shown).collect();
    if attributes.is_some() && !signers.iter().any(Signer::is_attested) {
        return Err(signer::of_nobody());
    }
    for signer in &signers {
        signer.judge(gateway, case.call.at)?;
        if !signer.signs_for(case.caller.asker.unp.as_str()) {
            return Err(Refusal::new(Kind::Forbidden, "eds-wrong-unp"));
        }
    }
    Ok(signers)
}

/// The stronger form: RFC 9421 with a registered key.
fn message_signature(
    gateway: &Gateway,
    case: &mut Case,
    headers: &HeaderMap,
) -> Result<Option<Arc<Certificate>>, Refusal> {
    let uri = format!("https://{}{}", case.call.host, case.call.target);
    let fields: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request = RequestView { method: case.call.verb.as_str(), target_uri: &uri, headers: &fields, body: &case.body };
    let claim = match read_request(&request) {
        // Signatures with other tags are none of our business; whether an EDS is required is the passport's to say.
        Err(eds::Error::Unsigned) => return Ok(None),
        read => read.map_err(|error| error.refusal())?,
    };
    let unknown = || Refusal::new(Kind::Unauthenticated, "eds-key-unknown");
    let signer = case.access.signer(claim.keyid()).ok_or_else(unknown)?.clone();
    let verified = claim.verify(signer.certificate.verifying_key(), case.call.at).map_err(|error| error.refusal())?;
    // What was signed for another system is not passed on to this one by naming that system.
    if !gateway.server.is_of_host(case.call.host_name()) {
        return Err(Refusal::new(Kind::Unauthenticated, "eds-other-host").with("host", &case.call.host));
    }
    signer.in_force(case.call.at)?;
    gateway.trust.check(&signer.certificate, Purpose::Signature, case.call.at).map_err(|error| error.refusal())?;
    if signer.consumer != case.caller.asker.id {
        return Err(Refusal::new(Kind::Forbidden, "eds-not-permitted"));
    }
    let mut key = [0; 16];
    let unique = eds::sha256_of_parts(&[verified.keyid.as_bytes(), b"\0", verified.nonce.as_bytes()]);
    key.iter_mut().zip(unique).for_each(|(to, from)| *to = from);
    let expires = verified.forget_after().as_microsecond();
    case.nonce = Some(Nonce { key, expires });
    Ok(Some(signer.certificate.clone()))
}

/// The plain form: `sign` and `certificate` over the exact bytes.
fn detached_signature(
    gateway: &Gateway,
    case: &Case,
    headers: &HeaderMap,
) -> Result<Option<Arc<Certificate>>, Refusal> {
    let (sign, certificate) = (single(headers, &SIGN)?, single(headers, &CERTIFICATE)?);
    if sign.is_some() != certificate.is_some() {
        return Err(Refusal::new(Kind::Malformed, "eds-incomplete"));
    }
    let read = Detached::read(sign.map(|v| v.trim().as_bytes()), certificate.map(|v| v.trim().as_bytes()));
    let Some(detached) = read.map_err(|error| error.refusal())? else { return Ok(None) };
    let certificate = gateway.certificates.read(detached.certificate_der()).map_err(|error| error.refusal())?;
    let line = message_without_body(case.call.verb.as_str(), &case.call.target);
    let message = if case.body.is_empty() { line.as_bytes() } else { case.body.as_ref() };
    detached.verify(message, &certificate).map_err(|error| error.refusal())?;
    gateway.trust.check(&certificate, Purpose::Signature, case.call.at).map_err(|error| error.refusal())?;
    if let Some(signer) = case.access.signer(&certificate.fingerprint_hex()) {
        signer.in_force(case.call.at)?;
    }
    Ok(Some(certificate))
}
