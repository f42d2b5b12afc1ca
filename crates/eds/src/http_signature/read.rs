//! Reading and verifying signatures on requests and answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sfv::{BareItem, Dictionary, InnerList, Item, ListEntry, ListSerializer};

use super::base::{Component, Message, joined, parse_dictionary, single, write_parameters};
use super::{Headers, RequestView, ResponseView, TAG, TERM, TOLERANCE, check_content_digest};
use crate::suite::Form;
use crate::{Error, VerifyingKey};

/// Bytes of `Signature-Input` or `Signature` that are read.
const LIMIT: usize = 4096;
/// Base64 characters in 128 bits.
const NONCE_SHORTEST: usize = 22;
/// No nonce needs more, and the replay memory keeps them.
const NONCE_LONGEST: usize = 128;

const INPUT: &str = "signature-input";
const SIGNATURE: &str = "signature";

/// A verified signature: whose, which, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Lower-case hex SHA-256 of the signing certificate.
    pub keyid: String,
    /// Unlike any other of this key within its term; remembered against replay.
    pub nonce: String,
    /// When it was made.
    pub created: Timestamp,
    /// The end of its term; clocks may differ, see [`Signed::forget_after`].
    pub expires: Timestamp,
}

/// A signature read from a message and complete, but not verified yet.
#[derive(Clone, Debug)]
pub struct Claim {
    signed: Signed,
    algorithm: Option<String>,
    base: String,
    signature: Vec<u8>,
}

impl Claim {
    /// The key that is claimed: lower-case hex SHA-256 of its certificate.
    pub fn keyid(&self) -> &str {
        &self.signed.keyid
    }

    /// The signature holds under the key and in time. The key decides the algorithm.
    pub fn verify(self, key: &VerifyingKey, now: Timestamp) -> Result<Signed, Error> {
        self.is_in_time(now)?;
        if self.algorithm.as_deref().is_some_and(|name| name != key.algorithm().http_name()) {
            return Err(Error::Algorithm);
        }
        key.verify(self.base.as_bytes(), &self.signature, Form::Fixed)?;
        Ok(self.signed)
    }

    fn is_in_time(&self, now: Timestamp) -> Result<(), Error> {
        let (created, expires) = (self.signed.created.as_second(), self.signed.expires.as_second());
        let now = now.as_second();
        let term = expires.saturating_sub(created);
        if (1..=TERM).contains(&term)
            && created <= now.saturating_add(TOLERANCE)
            && now <= expires.saturating_add(TOLERANCE)
        {
            Ok(())
        } else {
            Err(Error::OutOfTime)
        }
    }
}

impl Signed {
    /// After this moment its nonce may be forgotten.
    pub fn forget_after(&self) -> Timestamp {
        self.expires.checked_add(jiff::SignedDuration::from_secs(TOLERANCE)).unwrap_or(Timestamp::MAX)
    }
}

/// The signature with our tag on the request; [`Error::Unsigned`] when there is none.
pub fn read_request(request: &RequestView<'_>) -> Result<Claim, Error> {
    read(Message::Request(request))
}

/// The signature with our tag on the answer; [`Error::Unsigned`] when there is none.
pub fn read_response(response: &ResponseView<'_>) -> Result<Claim, Error> {
    read(Message::Response(response))
}

/// Reads and verifies; `key_of` finds a registered key by its `keyid`.
pub fn verify_request(
    request: &RequestView<'_>,
    now: Timestamp,
    key_of: impl FnOnce(&str) -> Option<VerifyingKey>,
) -> Result<Signed, Error> {
    let claim = read_request(request)?;
    claim.is_in_time(now)?;
    let key = key_of(claim.keyid()).ok_or(Error::KeyUnknown)?;
    claim.verify(&key, now)
}

/// Reads and verifies; `key_of` finds the other side's key by its `keyid`.
pub fn verify_response(
    response: &ResponseView<'_>,
    now: Timestamp,
    key_of: impl FnOnce(&str) -> Option<VerifyingKey>,
) -> Result<Signed, Error> {
    let claim = read_response(response)?;
    claim.is_in_time(now)?;
    let key = key_of(claim.keyid()).ok_or(Error::KeyUnknown)?;
    claim.verify(&key, now)
}

/// The caller wants a signed answer: `Accept-Signature` names our tag, or none.
pub fn accepts_signature(headers: Headers<'_>) -> bool {
    let Ok(Some(header)) = joined(headers, "accept-signature", LIMIT) else {
        return false;
    };
    parse_dictionary(&header).is_some_and(|dictionary| {
        dictionary.values().any(|entry| match entry {
            ListEntry::InnerList(list) => list.params.get("tag").is_none_or(is_our_tag),
            ListEntry::Item(_) => false,
        })
    })
}

fn read(message: Message<'_>) -> Result<Claim, Error> {
    let inputs_text = joined(message.headers(), INPUT, LIMIT)?;
    let signatures_text = joined(message.headers(), SIGNATURE, LIMIT)?;
    let (inputs_text, signatures_text) = match (inputs_text, signatures_text) {
        (None, None) => return Err(Error::Unsigned),
        (Some(_), None) => return Err(Error::Unreadable(SIGNATURE)),
        (None, Some(_)) => return Err(Error::Unreadable(INPUT)),
        (Some(inputs), Some(signatures)) => (inputs, signatures),
    };
    let inputs = parse_dictionary(&inputs_text).ok_or(Error::Unreadable(INPUT))?;
    // An empty list of inputs leaves the signatures as unexplained as none at all.
    if inputs.is_empty() {
        return Err(Error::Unreadable(INPUT));
    }
    let signatures = parse_dictionary(&signatures_text).ok_or(Error::Unreadable(SIGNATURE))?;
    let (label, list) = ours(&inputs)?;
    let signature = match signatures.get(label) {
        Some(ListEntry::Item(Item { bare_item: BareItem::ByteSequence(bytes), params })) if params.is_empty() => bytes,
        _ => return Err(Error::Unreadable(SIGNATURE)),
    };
    let spelling = spell(list);
    if !is_spelled(&inputs_text, label, &spelling) {
        return Err(Error::Unreadable(INPUT));
    }
    if !is_spelled(&signatures_text, label, &format!(":{}:", STANDARD.encode(signature))) {
        return Err(Error::Unreadable(SIGNATURE));
    }
    let mut base = String::with_capacity(1024);
    for component in components(list, message.covered())? {
        message.write(&mut base, component, None)?;
    }
    write_parameters(&mut base, &spelling);
    let (signed, algorithm) = parameters(list)?;
    check_body(message)?;
    Ok(Claim { signed, algorithm, base, signature: signature.clone() })
}

/// The one member with our tag.
fn ours(inputs: &Dictionary) -> Result<(&str, &InnerList), Error> {
    let mut found = None;
    for (label, entry) in inputs {
        let params = match entry {
            ListEntry::InnerList(list) => &list.params,
            ListEntry::Item(item) => &item.params,
        };
        if params.get("tag").is_some_and(is_our_tag) {
            if found.is_some() {
                return Err(Error::Several);
            }
            let ListEntry::InnerList(list) = entry else {
                return Err(Error::Unreadable(INPUT));
            };
            found = Some((label.as_str(), list));
        }
    }
    found.ok_or(Error::Unsigned)
}

fn is_our_tag(value: &BareItem) -> bool {
    value.as_string().is_some_and(|tag| tag.as_str() == TAG)
}

/// The member's one serialised form: the value of `@signature-params`.
fn spell(list: &InnerList) -> String {
    let mut text = String::with_capacity(320);
    let mut serializer = ListSerializer::with_buffer(&mut text);
    let mut inner = serializer.inner_list();
    inner.items(&list.items);
    let _ = inner.finish().parameters(&list.params).finish();
    text
}

/// The header holds the member in that very spelling. Other spellings of the same (a parameter twice, spaces, base64
/// with other bits behind) parse alike; taking them would let a message be changed without its signature failing.
fn is_spelled(header: &str, label: &str, spelling: &str) -> bool {
    header.split_once(&format!("{label}={spelling}")).is_some_and(|(before, after)| {
        let before = before.trim_end_matches([' ', '\t']);
        let after = after.trim_start_matches([' ', '\t']);
        (before.is_empty() || before.ends_with(',')) && (after.is_empty() || after.starts_with(','))
    })
}

/// The covered components in the signer's order: exactly those wanted, each once.
fn components(list: &InnerList, wanted: &'static [Component]) -> Result<Vec<Component>, Error> {
    let mut covered = Vec::with_capacity(wanted.len());
    for item in &list.items {
        let name = item.bare_item.as_string().ok_or(Error::Unreadable(INPUT))?.as_str();
        let fits = |component: &&Component| {
            component.name() == name
                && match component {
                    Component::RequestSignature => {
                        item.params.len() == 1 && item.params.get("req").and_then(BareItem::as_boolean) == Some(true)
                    }
                    _ => item.params.is_empty(),
                }
        };
        let component = *wanted.iter().find(fits).ok_or_else(|| Error::ComponentExtra(name.to_owned()))?;
        if covered.contains(&component) {
            return Err(Error::Unreadable(INPUT));
        }
        covered.push(component);
    }
    match wanted.iter().find(|component| !covered.contains(component)) {
        Some(missing) => Err(Error::ComponentMissing(missing.name())),
        None => Ok(covered),
    }
}

/// The parameters, each of its type, none missing, none more.
fn parameters(list: &InnerList) -> Result<(Signed, Option<String>), Error> {
    const KNOWN: [&str; 6] = ["created", "expires", "nonce", "keyid", "tag", "alg"];
    if let Some(unknown) = list.params.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(Error::ComponentExtra(unknown.as_str().to_owned()));
    }
    let value = |name: &'static str| list.params.get(name).ok_or(Error::ComponentMissing(name));
    let time = |name| {
        let seconds = value(name)?.as_integer().ok_or(Error::Unreadable(INPUT))?;
        Timestamp::from_second(seconds.into()).map_err(|_| Error::OutOfTime)
    };
    let text = |name| -> Result<String, Error> {
        Ok(value(name)?.as_string().ok_or(Error::Unreadable(INPUT))?.as_str().to_owned())
    };
    let nonce = text("nonce")?;
    if nonce.len() < NONCE_SHORTEST {
        return Err(Error::ComponentMissing("nonce"));
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    if nonce.len() > NONCE_LONGEST || !nonce.bytes().all(is_plain) {
        return Err(Error::Unreadable(INPUT));
    }
    let keyid = text("keyid")?;
    if keyid.len() != 64 || !keyid.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(Error::KeyUnknown);
    }
    let algorithm = if list.params.contains_key("alg") { Some(text("alg")?) } else { None };
    let (created, expires) = (time("created")?, time("expires")?);
    Ok((Signed { keyid, nonce, created, expires }, algorithm))
}

/// The digest that the signature covers is that of the body.
fn check_body(message: Message<'_>) -> Result<(), Error> {
    match single(message.headers(), "content-digest")? {
        Some(header) => check_content_digest(header, message.body()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_wants_a_signed_answer() {
        let asks = |value: &str| accepts_signature(&[("Accept-Signature", value.as_bytes())]);
        assert!(asks(crate::http_signature::ACCEPT_SIGNATURE));
        assert!(asks("sig1=()"));
        assert!(!asks("sig1=();tag=\"other\""));
        assert!(!asks("sig1=("));
        assert!(!accepts_signature(&[]));
    }

    proptest! {
        #[test]
        fn reading_never_panics(input in "\\PC{0,200}", signature in "\\PC{0,80}", body in any::<Vec<u8>>()) {
            let headers: [(&str, &[u8]); 2] =
                [("signature-input", input.as_bytes()), ("signature", signature.as_bytes())];
            let view = RequestView { method: "POST", target_uri: "https://a/", headers: &headers, body: &body };
            prop_assert!(read_request(&view).is_err());
        }

        #[test]
        fn nearly_right_input_never_panics(
            items in "(\"[a-z@-]{0,12}\"(;req)? ?){0,6}",
            params in "(;(created|expires|nonce|keyid|tag|alg|x)(=(-?[0-9]{1,15}|\"[a-z0-9]{0,70}\"|:[A-Z]{4}:))?){0,7}",
        ) {
            let input = format!("s=({items}){params}, t=();tag=\"nais-1\"");
            let headers: [(&str, &[u8]); 2] = [("signature-input", input.as_bytes()), ("signature", b"s=:AAAA:")];
            let view = RequestView { method: "GET", target_uri: "https://a/", headers: &headers, body: b"" };
            prop_assert!(read_request(&view).is_err());
        }
    }
}
