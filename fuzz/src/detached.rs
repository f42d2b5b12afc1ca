//! The headers `sign` and `certificate`: one spelling, and no signature but the key's own holds.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::detached::{Detached, certificate_header, sign};
use eds::{Certificate, Form};

use crate::cut;
use crate::keys::{kept, key};

/// Three lines: `sign`, `certificate`, and what is signed.
pub fn check(data: &[u8]) {
    let (signature, rest) = cut(data, b'\n');
    let (certificate, message) = cut(rest, b'\n');
    let known = &kept().leaf;
    if let Ok(Some(read)) = Detached::read(Some(signature), Some(certificate)) {
        assert_eq!(BASE64_STANDARD.encode(read.certificate_der()).as_bytes(), certificate, "two spellings");
        if let Ok(own) = Certificate::from_der(read.certificate_der()) {
            let held = read.verify(message, &own).is_ok();
            let bytes = BASE64_STANDARD.decode(signature).unwrap();
            assert_eq!(own.verifying_key().verify(message, &bytes, Form::Der).is_ok(), held);
            // Ed25519 has one signature for a message: whatever holds under the kept key is that one.
            if own.der() == known.der() && held {
                assert_eq!(sign(message, &key(2)).unwrap().as_bytes(), signature, "a forged signature holds");
            }
        }
        assert!(read.verify(message, &kept().root).is_err(), "another certificate was taken for the one sent");
    }
    let (ours, header) = (sign(message, &key(2)).unwrap(), certificate_header(known));
    let read = Detached::read(Some(ours.as_bytes()), Some(header.as_bytes())).unwrap().unwrap();
    assert_eq!(read.verify(message, known), Ok(()));
    assert!(read.verify(&[message, b"x"].concat(), known).is_err());
}
