//! What keeps a signature verifiable: certificates and revocation values inside the message (CAdES-B-LT, ETSI EN 319
//! 122-1 §5.4, §6; STB 34.101.80).

use const_oid::ObjectIdentifier;
use der::asn1::{Any, AnyRef};
use der::{Decode, Encode, Sequence, Tag, TagNumber, Tagged};

use super::form::SignedData;
use super::sign::wrap;
use super::{CmsError, Demand, verify};
use crate::encode::strict;
use crate::ocsp::Response;
use crate::{Certificate, Crl, Error};

/// id-ri-ocsp-response (RFC 5940 §2.1).
const OCSP_RESPONSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.16.2");
/// Revocation values of a message that are looked at.
const VALUES: usize = 32;

/// What a verifier will need when nobody answers any more.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Certificates of signer and stamping authority up to the root.
    pub certificates: Vec<Certificate>,
    /// Lists of their issuers.
    pub lists: Vec<Crl>,
    /// Answers about them.
    pub responses: Vec<Response>,
}

/// OtherRevocationInfoFormat (RFC 5652 §10.2.1).
#[derive(Sequence)]
struct Other {
    kind: ObjectIdentifier,
    value: Any,
}

/// The message with this evidence beside what it has. Nothing that is signed changes.
pub fn add_evidence(message: &[u8], evidence: &Evidence) -> Result<Vec<u8>, Error> {
    let mut data = verify::read(message, &Demand::ONE)?;
    let any = |der: &[u8]| Any::from_der(der).map_err(|_| Error::Library);
    let certificates = data.certificates.get_or_insert_default();
    for certificate in evidence.certificates.iter().map(|one| any(one.der())) {
        let certificate = certificate?;
        if !certificates.contains(&certificate) {
            certificates.push(certificate);
        }
    }
    let lists = data.lists.get_or_insert_default();
    for list in &evidence.lists {
        lists.push(any(list.der())?);
    }
    for response in &evidence.responses {
        let other = Other { kind: OCSP_RESPONSE, value: any(response.der())? };
        let inside = other.to_der().map_err(|_| Error::Library)?;
        let inside = AnyRef::from_der(&inside).map_err(|_| Error::Library)?;
        lists.push(Any::new(OTHER, inside.value()).map_err(|_| Error::Library)?);
        // RFC 5652 §5.1: values of another kind than lists make it 5.
        data.version = 5;
    }
    if lists.is_empty() {
        data.lists = None;
    }
    wrap(data)
}

/// The tag of RevocationInfoChoice.other: context-specific 1.
const OTHER: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(1) };

/// The lists and answers of a message that can be read; others may stand among them. They are claims until a trust has
/// looked at their signatures.
pub(super) fn values(data: &SignedData) -> Result<(Vec<Vec<u8>>, Vec<Response>), CmsError> {
    let sent = data.lists.as_deref().unwrap_or_default();
    if sent.len() > VALUES {
        return Err(CmsError::TooLarge);
    }
    let (mut lists, mut responses) = (Vec::new(), Vec::new());
    for value in sent {
        if value.tag() == Tag::Sequence {
            lists.extend(value.to_der().ok().filter(|der| Crl::from_der(der).is_ok()));
        } else if value.tag() == OTHER {
            responses.extend(response(value));
        }
    }
    Ok((lists, responses))
}

fn response(value: &Any) -> Option<Response> {
    let sequence = Any::new(Tag::Sequence, value.value()).ok()?.to_der().ok()?;
    let other: Other = strict(&sequence)?;
    Response::from_der(&other.value.to_der().ok()?).ok().filter(|_| other.kind == OCSP_RESPONSE)
}
