//! X.509 certificates and CRLs: one spelling, and none is trusted but what the root has issued.

use eds::{Certificate, Crl, Purpose, Trust};

use crate::keys::{kept, now};

/// The bytes as a certificate and as a list.
pub fn check(data: &[u8]) {
    if let Ok(certificate) = Certificate::from_der(data) {
        assert_eq!(certificate.der(), data, "two spellings");
        assert_eq!(Certificate::from_pem(&certificate.to_pem()).unwrap().der(), data);
        let told = (certificate.subject(), certificate.serial_hex(), certificate.dns_names().count());
        assert!(told.1.len() <= 2 * data.len(), "{told:?}");
        for purpose in [Purpose::Signature, Purpose::TlsClient, Purpose::TlsServer] {
            let trusted = kept().trust.check(&certificate, purpose, now()).is_ok();
            // The root's key has signed one end certificate, and Ed25519 cannot be turned into another signature.
            assert!(
                !trusted || data == kept().leaf.der() || data == kept().root.der(),
                "a forged certificate is trusted"
            );
        }
        // As an authority; the verdict depends on the certificate, and must be one.
        let _ = Trust::new([certificate]).check(&kept().leaf, Purpose::Signature, now());
    }
    if let Ok(crl) = Crl::from_der(data) {
        assert_eq!(crl.der(), data, "two spellings");
        let again = Crl::all_from_pem(&crl.to_pem()).unwrap();
        assert!(again.len() == 1 && again[0].der() == data);
        assert!(format!("{crl:?}").len() < 200);
        let forged = Trust::new([kept().root.clone()]).with_crls([crl]);
        let trusted = forged.check(&kept().leaf, Purpose::Signature, now()).is_ok();
        assert!(!trusted || data == include_bytes!("../seeds/certificate/list.der"), "a forged list is believed");
    }
    if let Ok(text) = std::str::from_utf8(data) {
        drop(Certificate::chain_from_pem(text));
        drop(Crl::all_from_pem(text));
    }
}
