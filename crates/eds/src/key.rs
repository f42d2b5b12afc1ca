//! Keys: a verifying key parsed once and shared, a signing key that leaves no trace.

use std::sync::Arc;

use der::pem::LineEnding;
use der::{Decode, Encode, SecretDocument};
use pkcs8::pkcs5::pbes2;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use secrecy::{ExposeSecret, SecretString};
use spki::SubjectPublicKeyInfoRef;
use zeroize::Zeroizing;

use crate::suite::{self, Algorithm, Form, PrivateKey, PublicKey};
use crate::{Error, random};

/// A public key ready to verify. Cloning shares it.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    spki: Arc<[u8]>,
    key: Arc<dyn PublicKey>,
}

impl VerifyingKey {
    /// The key in a strict DER SubjectPublicKeyInfo of one of our suites.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Error> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| Error::Key("not a SubjectPublicKeyInfo"))?;
        if spki.to_der().ok().as_deref() != Some(der) {
            return Err(Error::Key("not in DER"));
        }
        let suite = suite::suite_of_key(&spki.algorithm).ok_or(Error::Algorithm)?;
        Ok(Self { algorithm: suite.algorithm(), spki: der.into(), key: suite.public_key(&spki)?.into() })
    }

    /// The signature is this key's over exactly this message, or [`Error::Invalid`].
    pub fn verify(&self, message: &[u8], signature: &[u8], form: Form) -> Result<(), Error> {
        self.key.verify(message, signature, form)
    }

    /// The key's one algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key as DER SubjectPublicKeyInfo.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for VerifyingKey {}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyingKey({:?}, {})", self.algorithm, hex::encode(&self.spki))
    }
}

/// A private key. Does not print; the library wipes it when the last clone is dropped.
#[derive(Clone)]
pub struct SigningKey {
    verifying: VerifyingKey,
    key: Arc<dyn PrivateKey>,
}

/// The label of a key in the clear.
const PLAIN: &str = "PRIVATE KEY";
/// The label of an encrypted key.
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
/// Rounds of PBKDF2-HMAC-SHA-256 for new key files (OWASP's floor).
const ROUNDS: u32 = 600_000;

impl SigningKey {
    /// A new key.
    pub fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        Self::new(suite::suite(algorithm).generate()?)
    }

    /// The key in a PKCS#8 PEM in the clear.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, Error> {
        match SecretDocument::from_pem(pem) {
            Ok((PLAIN, document)) => Self::from_pkcs8_der(document.as_bytes()),
            Ok((ENCRYPTED, _)) => Err(Error::Key("the key is encrypted: a passphrase is needed")),
            _ => Err(Error::Key("not a PKCS#8 PEM")),
        }
    }

    /// The key in a PKCS#8 PEM encrypted with PBES2.
    pub fn from_encrypted_pkcs8_pem(pem: &str, passphrase: &SecretString) -> Result<Self, Error> {
        let Ok((ENCRYPTED, document)) = SecretDocument::from_pem(pem) else {
            return Err(Error::Key("not an encrypted PKCS#8 PEM"));
        };
        let encrypted = EncryptedPrivateKeyInfoRef::from_der(document.as_bytes())
            .map_err(|_| Error::Key("not an EncryptedPrivateKeyInfo with PBES2"))?;
        let plain = encrypted.decrypt(passphrase.expose_secret()).map_err(|_| Error::Passphrase)?;
        Self::from_pkcs8_der(plain.as_bytes())
    }

    /// The key in a DER PKCS#8 PrivateKeyInfo.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, Error> {
        let info = PrivateKeyInfoRef::from_der(der).map_err(|_| Error::Key("not a PrivateKeyInfo"))?;
        let suite = suite::suite_of_key(&info.algorithm).ok_or(Error::Algorithm)?;
        Self::new(suite.private_key(der)?)
    }

    fn new(key: Box<dyn PrivateKey>) -> Result<Self, Error> {
        let verifying = VerifyingKey::from_spki_der(&key.spki()?)?;
        Ok(Self { verifying, key: key.into() })
    }

    /// The key as PKCS#8 PEM in the clear; wiped when dropped.
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, Error> {
        let document = SecretDocument::try_from(self.key.pkcs8()?.as_slice()).map_err(|_| Error::Library)?;
        document.to_pem(PLAIN, LineEnding::LF).map_err(|_| Error::Library)
    }

    /// The key as PKCS#8 PEM encrypted under the passphrase: PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC, which
    /// OpenSSL reads.
    pub fn to_encrypted_pkcs8_pem(&self, passphrase: &SecretString) -> Result<String, Error> {
        let salt: [u8; 16] = random::bytes()?;
        let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, random::bytes()?)
            .map_err(|_| Error::Library)?;
        let plain = self.key.pkcs8()?;
        let info = PrivateKeyInfoRef::from_der(&plain).map_err(|_| Error::Library)?;
        let document = info.encrypt_with_params(parameters, passphrase.expose_secret()).map_err(|_| Error::Library)?;
        document.to_pem(ENCRYPTED, LineEnding::LF).map(|pem| pem.to_string()).map_err(|_| Error::Library)
    }

    /// The key as DER PKCS#8, for the TLS library; wiped when dropped.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.key.pkcs8()
    }

    /// Signs the message.
    pub fn sign(&self, message: &[u8], form: Form) -> Result<Vec<u8>, Error> {
        self.key.sign(message, form)
    }

    /// The public half.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The key's one algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({:?}, …)", self.verifying.algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_their_files() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let again = SigningKey::from_pkcs8_pem(&key.to_pkcs8_pem().unwrap()).unwrap();
            assert_eq!(again.verifying_key(), key.verifying_key());
            for form in [Form::Der, Form::Fixed] {
                let signature = again.sign(b"message", form).unwrap();
                assert_eq!(key.verifying_key().verify(b"message", &signature, form), Ok(()));
                assert_eq!(key.verifying_key().verify(b"massage", &signature, form), Err(Error::Invalid));
            }
        }
    }

    #[test]
    fn a_passphrase_is_needed_and_must_be_the_one() {
        let key = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        let pem = key.to_encrypted_pkcs8_pem(&"верны пароль".into()).unwrap();
        let open = SigningKey::from_encrypted_pkcs8_pem(&pem, &"верны пароль".into()).unwrap();
        assert_eq!(open.verifying_key(), key.verifying_key());
        assert_eq!(SigningKey::from_encrypted_pkcs8_pem(&pem, &"іншы".into()).err(), Some(Error::Passphrase));
        assert!(SigningKey::from_pkcs8_pem(&pem).is_err());
    }

    #[test]
    fn nothing_secret_is_printed() {
        let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(Ed25519, …)");
    }

    #[test]
    fn a_key_has_one_spelling() {
        let key = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        let mut der = key.verifying_key().spki_der().to_vec();
        assert!(VerifyingKey::from_spki_der(&der).is_ok());
        der.push(0);
        assert!(VerifyingKey::from_spki_der(&der).is_err(), "bytes behind");
        der.pop();
        let last = der.len() - 1;
        der[last] ^= 1;
        assert!(VerifyingKey::from_spki_der(&der).is_err(), "off the curve");
    }
}
