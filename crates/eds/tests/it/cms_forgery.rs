//! Everything that may be done to a CMS message, and the fault each is called.

use eds::cms::{self, Demand, Place, Signer};
use eds::{Algorithm, Certificate, CmsError, Error, Form, SigningKey};

use crate::house::House;
use crate::tlv::Tlv;

/// Where things stand in our messages.
const ENCAPSULATED: [usize; 3] = [1, 0, 2];
const CERTIFICATES: [usize; 3] = [1, 0, 3];
const SIGNERS: [usize; 3] = [1, 0, 4];
const INFO: [usize; 4] = [1, 0, 4, 0];
const ATTRIBUTES: [usize; 5] = [1, 0, 4, 0, 3];
const SIGNATURE: [usize; 5] = [1, 0, 4, 0, 5];

const CONTENT_TYPE: &str = "2a864886f70d010903";
const MESSAGE_DIGEST: &str = "2a864886f70d010904";
const SIGNING_TIME: &str = "2a864886f70d010905";
const SIGNING_CERTIFICATE: &str = "2a864886f70d010910022f";

struct Forger {
    message: Tlv,
    key: SigningKey,
    certificate: Certificate,
    house: House,
}

impl Forger {
    fn new(algorithm: Algorithm) -> Self {
        let mut house = House::new(algorithm);
        let (certificate, key) = house.signer(algorithm);
        let signer = Signer { key: &key, certificate: &certificate, chain: &[] };
        let message = Tlv::read(&cms::sign(b"content", Place::Attached, &signer, house.at).unwrap());
        Self { message, key, certificate, house }
    }

    /// The attribute of this kind among the signed ones.
    fn attribute(message: &mut Tlv, kind: &str) -> usize {
        let attributes = &message.at(&ATTRIBUTES).members;
        attributes.iter().position(|attribute| hex::encode(&attribute.members[0].value) == kind).unwrap()
    }

    /// The message changed and its attributes signed anew by the rightful key: a signer's own fault.
    fn signed_anew(&self, change: impl Fn(&mut Tlv)) -> Option<CmsError> {
        let mut message = self.message.clone();
        change(&mut message);
        let attributes = Tlv { tag: 0x31, ..message.at(&ATTRIBUTES).clone() };
        message.at(&SIGNATURE).value = self.key.sign(&attributes.der(), Form::Der).unwrap();
        fault(&message.der())
    }

    /// The message changed by somebody without the key.
    fn changed(&self, change: impl Fn(&mut Tlv)) -> Option<CmsError> {
        let mut message = self.message.clone();
        change(&mut message);
        fault(&message.der())
    }
}

fn fault(message: &[u8]) -> Option<CmsError> {
    match cms::verify(message, None, &Demand::CADES) {
        Ok(_) => None,
        Err(Error::Cms(fault)) => Some(fault),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_unchanged_message_holds() {
    for algorithm in Algorithm::ALL {
        let forger = Forger::new(algorithm);
        assert_eq!(forger.changed(|_| {}), None);
        assert_eq!(forger.signed_anew(|_| {}), None);
    }
}

#[test]
fn attributes_are_there_once_and_in_order() {
    let forger = Forger::new(Algorithm::EcdsaP256Sha256);
    let without = |kind: &str| {
        forger.signed_anew(|message| {
            let index = Forger::attribute(message, kind);
            message.at(&ATTRIBUTES).members.remove(index);
        })
    };
    assert_eq!(without(CONTENT_TYPE), Some(CmsError::AttributeMissing("contentType")));
    assert_eq!(without(MESSAGE_DIGEST), Some(CmsError::AttributeMissing("messageDigest")));
    assert_eq!(without(SIGNING_TIME), Some(CmsError::NoSigningTime));
    assert_eq!(without(SIGNING_CERTIFICATE), Some(CmsError::AttributeMissing("signingCertificateV2")));
    for (kind, name) in [
        (CONTENT_TYPE, "contentType"),
        (MESSAGE_DIGEST, "messageDigest"),
        (SIGNING_TIME, "signingTime"),
        (SIGNING_CERTIFICATE, "signingCertificateV2"),
    ] {
        let twice = forger.signed_anew(|message| {
            let index = Forger::attribute(message, kind);
            let attributes = &mut message.at(&ATTRIBUTES).members;
            attributes.insert(index, attributes[index].clone());
        });
        assert_eq!(twice, Some(CmsError::AttributeRepeated(name)));
        let values = forger.signed_anew(|message| {
            let index = Forger::attribute(message, kind);
            let attributes = &mut message.at(&ATTRIBUTES).members;
            let second = Tlv::leaf(0x0c, b"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
            attributes[index].members[1].members.push(Tlv::branch(0x30, vec![second]));
            attributes[index].members[1].members.sort_by_key(Tlv::der);
            attributes.sort_by_key(Tlv::der);
        });
        assert_eq!(values, Some(CmsError::AttributeRepeated(name)));
        let other = forger.signed_anew(|message| {
            let index = Forger::attribute(message, kind);
            let attributes = &mut message.at(&ATTRIBUTES).members;
            attributes[index].members[1].members = vec![Tlv::leaf(0x01, &[0xff])];
            attributes.sort_by_key(Tlv::der);
        });
        assert_eq!(other, Some(CmsError::AttributeUnreadable(name)));
    }
    let unknown = |count: usize| {
        forger.signed_anew(|message| {
            let (kind, value) = (Tlv::leaf(0x06, &[0x2a, 3, 4]), Tlv::leaf(0x05, &[]));
            let attribute = Tlv::branch(0x30, vec![kind, Tlv::branch(0x31, vec![value])]);
            for _ in 0..count {
                message.at(&ATTRIBUTES).members.insert(0, attribute.clone());
            }
        })
    };
    assert_eq!(unknown(1), None, "an attribute that we do not know says nothing to us");
    assert_eq!(unknown(2), Some(CmsError::AttributeRepeated("unknown")));
    let swapped = |message: &mut Tlv| message.at(&ATTRIBUTES).members.swap(0, 1);
    assert_eq!(forger.signed_anew(swapped), Some(CmsError::Disordered));
    assert_eq!(forger.changed(swapped), Some(CmsError::Disordered));
    assert_eq!(
        forger.changed(|message| drop(message.at(&INFO).members.remove(3))),
        Some(CmsError::AttributeMissing("contentType"))
    );
}

#[test]
fn what_the_attributes_say_must_be_so() {
    for algorithm in Algorithm::ALL {
        let forger = Forger::new(algorithm);
        let with = |kind: &str, value: Tlv| {
            forger.signed_anew(|message| {
                let index = Forger::attribute(message, kind);
                let attributes = &mut message.at(&ATTRIBUTES).members;
                attributes[index].members[1].members = vec![value.clone()];
                attributes.sort_by_key(Tlv::der);
            })
        };
        assert_eq!(with(CONTENT_TYPE, Tlv::leaf(0x06, &[0x2a, 3, 4])), Some(CmsError::ContentType));
        assert_eq!(with(MESSAGE_DIGEST, Tlv::leaf(0x04, &[7; 32])), Some(CmsError::Altered));
        assert_eq!(with(MESSAGE_DIGEST, Tlv::leaf(0x04, &[])), Some(CmsError::Altered));
        // SHA-256 is the default, and may be said of another algorithm's signer too.
        let named = |hash: &[u8]| {
            let id = Tlv::branch(0x30, vec![Tlv::leaf(0x04, hash)]);
            Tlv::branch(0x30, vec![Tlv::branch(0x30, vec![id])])
        };
        assert_eq!(with(SIGNING_CERTIFICATE, named(&forger.certificate.fingerprint())), None);
        assert_eq!(with(SIGNING_CERTIFICATE, named(&[1; 32])), Some(CmsError::OtherCertificate));
        let empty = Tlv::branch(0x30, vec![Tlv::branch(0x30, vec![])]);
        assert_eq!(with(SIGNING_CERTIFICATE, empty), Some(CmsError::AttributeUnreadable("signingCertificateV2")));
    }
}

#[test]
fn issuer_and_serial_of_the_named_certificate_count() {
    let forger = Forger::new(Algorithm::EcdsaP256Sha256);
    let mut certificate = Tlv::read(forger.certificate.der());
    let (serial, issuer) = (certificate.at(&[0, 1]).clone(), certificate.at(&[0, 3]).clone());
    let verdict = |serial: &Tlv, issuer: &Tlv| {
        forger.signed_anew(|message| {
            let index = Forger::attribute(message, SIGNING_CERTIFICATE);
            let attributes = &mut message.at(&ATTRIBUTES).members;
            let name = Tlv::branch(0x30, vec![Tlv::branch(0xa4, vec![issuer.clone()])]);
            let id = attributes[index].at(&[1, 0, 0, 0]);
            id.members.push(Tlv::branch(0x30, vec![name, serial.clone()]));
            attributes.sort_by_key(Tlv::der);
        })
    };
    assert_eq!(verdict(&serial, &issuer), None);
    assert_eq!(verdict(&Tlv::leaf(0x02, &[5]), &issuer), Some(CmsError::OtherCertificate));
    let subject = certificate.at(&[0, 5]).clone();
    assert_eq!(verdict(&serial, &subject), Some(CmsError::OtherCertificate));
}

#[test]
fn algorithms_are_those_of_the_key() {
    let sha512 = Tlv::branch(0x30, vec![Tlv::leaf(0x06, &hex::decode("608648016503040203").unwrap())]);
    let forger = Forger::new(Algorithm::EcdsaP256Sha256);
    let digest = |announce: bool, own: bool| {
        forger.changed(|message| {
            if announce {
                *message.at(&[1, 0, 1, 0]) = sha512.clone();
            }
            if own {
                *message.at(&[1, 0, 4, 0, 2]) = sha512.clone();
            }
        })
    };
    for (announce, own) in [(true, true), (true, false), (false, true)] {
        assert_eq!(digest(announce, own), Some(CmsError::Algorithm));
    }
    let signature = forger.changed(|message| *message.at(&[1, 0, 4, 0, 4]) = sha512.clone());
    assert_eq!(signature, Some(CmsError::Algorithm));
    let null = forger.changed(|message| message.at(&[1, 0, 4, 0, 2]).members.push(Tlv::leaf(0x05, &[])));
    assert_eq!(null, None, "NULL beside a digest means nothing");
    let null = forger.changed(|message| message.at(&[1, 0, 4, 0, 4]).members.push(Tlv::leaf(0x05, &[])));
    assert_eq!(null, Some(CmsError::Algorithm), "beside a signature it is another identifier");
}

#[test]
fn signers_and_certificates_are_who_they_are() {
    let mut forger = Forger::new(Algorithm::EcdsaP256Sha256);
    let (stranger, _) = forger.house.signer(Algorithm::EcdsaP256Sha256);
    let stranger = Tlv::read(stranger.der());
    let only =
        |certificates: Vec<Tlv>| forger.changed(|message| message.at(&CERTIFICATES).members.clone_from(&certificates));
    let own = Tlv::read(forger.certificate.der());
    assert_eq!(only(vec![stranger.clone()]), Some(CmsError::NoCertificate));
    assert_eq!(only(vec![stranger.clone(), own.clone()]), None, "in any order");
    assert_eq!(only(vec![own.clone(), own.clone()]), None, "the same twice is the same");
    assert_eq!(only(vec![own; 33]), Some(CmsError::TooLarge));
    let two = forger.changed(|message| {
        let second = message.at(&INFO).clone();
        message.at(&SIGNERS).members.push(second);
    });
    assert_eq!(two, Some(CmsError::Signers { wanted: 1, found: 2 }));
    let none = forger.changed(|message| message.at(&SIGNERS).members.clear());
    assert_eq!(none, Some(CmsError::Signers { wanted: 1, found: 0 }));
    assert_eq!(
        cms::verify(&forger.message.der(), None, &Demand::of(0)).err(),
        Some(Error::Cms(CmsError::Signers { wanted: 0, found: 1 }))
    );
    let version = forger.changed(|message| message.at(&[1, 0, 4, 0, 0]).value = vec![3]);
    assert_eq!(version, Some(CmsError::Unreadable));
    // Another's key behind the same name and serial number, signed by it: the named certificate gives it away.
    let other = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let exchanged = forger.changed(|message| {
        let spki = Tlv::read(other.verifying_key().spki_der());
        *message.at(&[1, 0, 3, 0, 0, 6]) = spki;
        let attributes = Tlv { tag: 0x31, ..message.at(&ATTRIBUTES).clone() };
        message.at(&SIGNATURE).value = other.sign(&attributes.der(), Form::Der).unwrap();
    });
    assert_eq!(exchanged, Some(CmsError::OtherCertificate));
}

#[test]
fn content_and_signature_are_exact() {
    for algorithm in Algorithm::ALL {
        let forger = Forger::new(algorithm);
        let content = |content: &[u8]| {
            forger.changed(|message| {
                message.at(&ENCAPSULATED).at(&[1, 0]).value = content.to_vec();
            })
        };
        for altered in [&b"Content"[..], b"content\n", b"\xef\xbb\xbfcontent", b""] {
            assert_eq!(content(altered), Some(CmsError::Altered));
        }
        let typed = forger.changed(|message| message.at(&ENCAPSULATED).members[0].value = vec![0x2a, 3, 4]);
        assert_eq!(typed, Some(CmsError::ContentType));
        let signature = |change: fn(&mut Vec<u8>)| forger.changed(|message| change(&mut message.at(&SIGNATURE).value));
        assert_eq!(signature(|value| value[20] ^= 1), Some(CmsError::Signature));
        assert_eq!(signature(|value| value.push(0)), Some(CmsError::Signature));
        assert_eq!(signature(Vec::clear), Some(CmsError::Signature));
        let mut trailing = forger.message.der();
        trailing.push(0);
        assert_eq!(fault(&trailing), Some(CmsError::Leftovers));
        let inside = forger.changed(|message| message.members.push(Tlv::leaf(0x05, &[])));
        assert_eq!(inside, Some(CmsError::Unreadable));
        let inside = forger.changed(|message| message.at(&[1, 0]).members.push(Tlv::leaf(0x05, &[])));
        assert_eq!(inside, Some(CmsError::Unreadable));
    }
}

/// Every single-byte change is refused, but for those in what the signature does not cover and that change nothing.
#[test]
fn no_altered_byte_goes_unseen() {
    for algorithm in Algorithm::ALL {
        let mut forger = Forger::new(algorithm);
        let trust = forger.house.trust();
        let message = forger.message.der();
        let mut harmless = Vec::new();
        for index in 0..message.len() {
            for change in [0x01, 0x20, 0x80, 0xff] {
                let mut altered = message.clone();
                altered[index] ^= change;
                if let Ok(read) = cms::verify(&altered, None, &Demand::CADES) {
                    assert!(read.only().unwrap().judge(&trust, forger.house.at).is_ok());
                    assert_eq!(read.content(), b"content");
                    assert_eq!(read.only().unwrap().certificate(), &forger.certificate);
                    harmless.push(index);
                }
            }
        }
        harmless.dedup();
        // The version of SignedData: any of those that exist.
        assert!(harmless.len() <= 1, "{harmless:?}");
        for cut in 0..message.len() {
            assert!(fault(&message[..cut]).is_some());
        }
    }
}
