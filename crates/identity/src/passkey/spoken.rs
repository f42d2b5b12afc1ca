//! What a browser hands over of an authenticator, judged as WebAuthn Level 3 §7.1 and §7.2 say. Pure.

use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;

use super::key::Key;
use crate::secret::base64url;

/// Longest of what a browser hands over; larger is none of ours.
const LONGEST: usize = 4096;
/// Longest identifier of a credential (WebAuthn §4).
const LONGEST_ID: usize = 1023;
/// Flags of the authenticator's data (§6.1).
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const CREDENTIAL: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

/// What must come back.
pub(crate) struct Expected<'a> {
    /// The challenge that was given out.
    pub(crate) challenge: &'a [u8],
    /// The pages' own origin.
    pub(crate) origin: &'a str,
    /// The relying party's identifier.
    pub(crate) rp: &'a str,
}

/// What a browser handed over.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    /// `clientDataJSON`.
    pub(crate) client: &'a [u8],
    /// The authenticator's data.
    pub(crate) data: &'a [u8],
}

/// Why it is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not in the form of the standard.
    Form,
    /// For another purpose than this.
    Purpose,
    /// Not the challenge that was given out.
    Challenge,
    /// On another site, or inside one.
    Origin,
    /// For another relying party.
    Party,
    /// Nobody touched the authenticator, or it did not make sure who it was.
    User,
    /// An algorithm that was not offered.
    Algorithm,
    /// The signature does not hold.
    Signature,
    /// The counter went backwards: there are two of a kind.
    Counter,
}

/// A new credential.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Registered {
    pub(crate) id: Vec<u8>,
    pub(crate) key: Key,
    pub(crate) counter: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Client {
    #[serde(rename = "type")]
    purpose: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default)]
    top_origin: Option<String>,
}

/// A credential was made as asked.
pub(crate) fn registered(said: Said<'_>, expected: &Expected<'_>) -> Result<Registered, Fault> {
    client(said.client, "webauthn.create", expected)?;
    let (flags, counter, rest) = head(said.data, expected)?;
    if flags & CREDENTIAL == 0 {
        return Err(Fault::Form);
    }
    let (_, rest) = rest.split_first_chunk::<16>().ok_or(Fault::Form)?; // the model of the authenticator
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(Fault::Form)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (id, rest) = rest.split_at_checked(length).ok_or(Fault::Form)?;
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(Fault::Form);
    }
    let (key, rest) = Key::read(rest).ok_or(Fault::Algorithm)?;
    extensions(flags, rest)?;
    Ok(Registered { id: id.to_vec(), key, counter })
}

/// The credential of this key, last seen with this counter, signed as asked; its counter now.
pub(crate) fn asserted(
    said: Said<'_>,
    signature: &[u8],
    expected: &Expected<'_>,
    (key, counter): (&Key, u32),
) -> Result<u32, Fault> {
    client(said.client, "webauthn.get", expected)?;
    let (flags, now, rest) = head(said.data, expected)?;
    if flags & CREDENTIAL != 0 {
        return Err(Fault::Form);
    }
    extensions(flags, rest)?;
    let message = [said.data, digest(&SHA256, said.client).as_ref()].concat();
    if !key.verifies(&message, signature) {
        return Err(Fault::Signature);
    }
    // Passkeys that go from device to device have no counter, and say 0 for ever.
    if (now != 0 || counter != 0) && now <= counter {
        return Err(Fault::Counter);
    }
    Ok(now)
}

fn client(bytes: &[u8], purpose: &str, expected: &Expected<'_>) -> Result<(), Fault> {
    let said: Client = Some(bytes)
        .filter(|bytes| bytes.len() <= LONGEST)
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .ok_or(Fault::Form)?;
    if said.purpose != purpose {
        return Err(Fault::Purpose);
    }
    if said.challenge != base64url(expected.challenge) {
        return Err(Fault::Challenge);
    }
    if said.origin != expected.origin || said.cross_origin || said.top_origin.is_some() {
        return Err(Fault::Origin);
    }
    Ok(())
}

/// Flags, counter and the rest of the authenticator's data.
fn head<'a>(data: &'a [u8], expected: &Expected<'_>) -> Result<(u8, u32, &'a [u8]), Fault> {
    let data = Some(data).filter(|data| data.len() <= LONGEST).ok_or(Fault::Form)?;
    let (party, rest) = data.split_first_chunk::<32>().ok_or(Fault::Form)?;
    let (flags, rest) = rest.split_first().ok_or(Fault::Form)?;
    let (counter, rest) = rest.split_first_chunk::<4>().ok_or(Fault::Form)?;
    if party.as_slice() != digest(&SHA256, expected.rp.as_bytes()).as_ref() {
        return Err(Fault::Party);
    }
    if flags & PRESENT == 0 || flags & VERIFIED == 0 {
        return Err(Fault::User);
    }
    if flags & BACKED_UP != 0 && flags & ELIGIBLE == 0 {
        return Err(Fault::Form);
    }
    Ok((*flags, u32::from_be_bytes(*counter), rest))
}

/// Extensions are not asked for; an authenticator may say something all the same, and it means nothing to us.
fn extensions(flags: u8, rest: &[u8]) -> Result<(), Fault> {
    if (flags & EXTENSIONS == 0) == rest.is_empty() { Ok(()) } else { Err(Fault::Form) }
}

#[cfg(test)]
#[path = "spoken_tests.rs"]
mod tests;
