//! The reference implementation in C, by the authors of the standard.
//!
//! Raw calls: the safe wrapper hashes the identifier of the curve where that of the hash belongs, so that its
//! signatures are nobody else's.
#![expect(unsafe_code, reason = "C is called; every buffer has the length that the header of the function names")]

use bee2_rs::ERR_OK;
use bee2_rs::bindings::{beltHash, bign_params, bignParamsStd, bignPubkeyCalc, bignPubkeyVal, bignSign2, bignVerify};

/// The curve's parameters, as the library knows them.
pub(crate) struct Reference(bign_params);

impl Reference {
    pub(crate) fn new() -> Self {
        let mut parameters =
            bign_params { l: 0, p: [0; 64], a: [0; 64], b: [0; 64], q: [0; 64], yG: [0; 64], seed: [0; 8] };
        // SAFETY: a structure to be filled, and a text that ends in zero.
        let code = unsafe { bignParamsStd(&mut parameters, c"1.2.112.0.2.0.34.101.45.3.1".as_ptr()) };
        assert_eq!(code, ERR_OK);
        Self(parameters)
    }

    pub(crate) fn public_key(&self, private: &[u8; 32]) -> Option<[u8; 64]> {
        let mut public = [0; 64];
        // SAFETY: 64 bytes out, 32 in.
        let code = unsafe { bignPubkeyCalc(public.as_mut_ptr(), &self.0, private.as_ptr()) };
        (code == ERR_OK).then_some(public)
    }

    pub(crate) fn takes(&self, public: &[u8; 64]) -> bool {
        // SAFETY: 64 bytes in.
        unsafe { bignPubkeyVal(&self.0, public.as_ptr()) == ERR_OK }
    }

    pub(crate) fn sign(&self, private: &[u8; 32], hash: &[u8; 32], t: &[u8]) -> [u8; 48] {
        let (mut signature, oid) = ([0; 48], bign::HASH_OID);
        // SAFETY: 48 bytes out; 32, 32 and two buffers with their lengths in.
        let code = unsafe {
            bignSign2(
                signature.as_mut_ptr(),
                &self.0,
                oid.as_ptr(),
                oid.len(),
                hash.as_ptr(),
                private.as_ptr(),
                t.as_ptr().cast(),
                t.len(),
            )
        };
        assert_eq!(code, ERR_OK);
        signature
    }

    pub(crate) fn verify(&self, public: &[u8; 64], hash: &[u8; 32], signature: &[u8; 48]) -> bool {
        let oid = bign::HASH_OID;
        // SAFETY: 32, 48, 64 bytes and a buffer with its length in.
        let code =
            unsafe { bignVerify(&self.0, oid.as_ptr(), oid.len(), hash.as_ptr(), signature.as_ptr(), public.as_ptr()) };
        code == ERR_OK
    }

    pub(crate) fn hash(&self, message: &[u8]) -> [u8; 32] {
        let mut hash = [0; 32];
        // SAFETY: 32 bytes out, a buffer with its length in.
        let code = unsafe { beltHash(hash.as_mut_ptr(), message.as_ptr().cast(), message.len()) };
        assert_eq!(code, ERR_OK);
        hash
    }
}
