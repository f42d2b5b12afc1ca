//! Public keys of authenticators: the three algorithms that the world's authenticators have.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

/// Algorithms offered, best liked first (IANA COSE): ES256, EdDSA, RS256.
pub(crate) const ALGORITHMS: [i32; 3] = [-7, -8, -257];
/// The exponent of every RSA key.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// ECDSA on P-256 with SHA-256: x and y.
    Es256([u8; 32], [u8; 32]),
    /// Ed25519.
    EdDsa([u8; 32]),
    /// RSA of 2,048 bits, PKCS #1 v1.5 with SHA-256: the modulus.
    Rs256(Box<[u8; 256]>),
}

impl Key {
    /// The key that the bytes begin with, and what follows it: `COSE_Key` in the one form that CTAP2 lets authenticators
    /// write (canonical CBOR), so that its head is a constant.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        /// Key type EC2, algorithm ES256, curve P-256, x.
        const ES256: &[u8] = &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        /// y.
        const Y: &[u8] = &[0x22, 0x58, 0x20];
        /// Key type OKP, algorithm EdDSA, curve Ed25519, x.
        const EDDSA: &[u8] = &[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
        /// Key type RSA, algorithm RS256, n of 256 bytes.
        const RS256: &[u8] = &[0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00];
        /// e of three bytes.
        const E: &[u8] = &[0x21, 0x43];
        if let Some(rest) = bytes.strip_prefix(ES256) {
            let (x, rest) = rest.split_first_chunk::<32>()?;
            let (y, rest) = rest.strip_prefix(Y)?.split_first_chunk::<32>()?;
            return Some((Self::Es256(*x, *y), rest));
        }
        if let Some(rest) = bytes.strip_prefix(EDDSA) {
            let (x, rest) = rest.split_first_chunk::<32>()?;
            return Some((Self::EdDsa(*x), rest));
        }
        let (n, rest) = bytes.strip_prefix(RS256)?.split_first_chunk::<256>()?;
        let rest = rest.strip_prefix(E)?.strip_prefix(&EXPONENT)?;
        // A modulus shorter than it says is another key's size.
        n.first().is_some_and(|first| *first >= 0x80).then(|| (Self::Rs256(Box::new(*n)), rest))
    }

    /// As rows hold it: a byte for the algorithm, then the numbers.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Es256(x, y) => [[1].as_slice(), x, y].concat(),
            Self::EdDsa(x) => [[2].as_slice(), x].concat(),
            Self::Rs256(n) => [[3].as_slice(), n.as_slice()].concat(),
        }
    }

    /// What [`Key::to_bytes`] wrote.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (algorithm, numbers) = bytes.split_first()?;
        match (algorithm, numbers.len()) {
            (1, 64) => Some(Self::Es256(*numbers.first_chunk()?, *numbers.last_chunk()?)),
            (2, 32) => Some(Self::EdDsa(*numbers.first_chunk()?)),
            (3, 256) => Some(Self::Rs256(Box::new(*numbers.first_chunk()?))),
            _ => None,
        }
    }

    /// The signature over the message holds.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Es256(x, y) => {
                let point = [[4].as_slice(), x, y].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Self::EdDsa(x) => UnparsedPublicKey::new(&ED25519, x).verify(message, signature),
            Self::Rs256(n) => RsaPublicKeyComponents { n: n.as_slice(), e: EXPONENT.as_slice() }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
        }
        .is_ok()
    }
}
