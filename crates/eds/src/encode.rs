//! The few conversions between DER, PEM, time and text that certificates, CRLs and the authority share.

use der::asn1::{Any, BmpString, GeneralizedTime, Ia5StringRef, PrintableStringRef, UtcTime, Utf8StringRef};
use der::pem::LineEnding;
use der::{Decode, Encode, Tag, Tagged};
use jiff::Timestamp;
use rustls_pki_types::pem::{PemObject, SectionKind};
use x509_cert::time::Time;

use crate::Error;

/// The largest certificate read.
pub(crate) const CERTIFICATE_LIMIT: usize = 16 * 1024;
/// The largest CRL read: some half a million entries.
pub(crate) const CRL_LIMIT: usize = 32 * 1024 * 1024;

/// The last year UTCTime can hold; RFC 5280 §4.1.2.5 wants it used until then.
const UTC_TIME_ENDS: i64 = 2_524_608_000;

/// The value when the bytes are its one DER spelling.
pub(crate) fn strict<'a, T: Decode<'a, Error = der::Error> + Encode>(bytes: &'a [u8]) -> Option<T> {
    let value = T::from_der(bytes).ok()?;
    (value.to_der().ok()?.as_slice() == bytes).then_some(value)
}

/// The moment, whole seconds. The last hours of 9999, which say "never" (RFC 5280 §4.1.2.5), are the last moment we know.
pub(crate) fn timestamp(time: Time) -> Option<Timestamp> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    Some(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
}

/// The X.509 time of a moment, cut to whole seconds.
pub(crate) fn x509_time(at: Timestamp) -> Option<Time> {
    let seconds = at.as_second();
    let since = std::time::Duration::from_secs(u64::try_from(seconds).ok()?);
    if seconds < UTC_TIME_ENDS {
        UtcTime::from_unix_duration(since).ok().map(Time::UtcTime)
    } else {
        GeneralizedTime::from_unix_duration(since).ok().map(Time::GeneralTime)
    }
}

/// The text of any of the string types that names use; none with control characters, which only serve to deceive.
pub(crate) fn text(value: &Any) -> Option<String> {
    let text = match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::BmpString => value.decode_as::<BmpString>().ok()?.chars().collect(),
        // Latin-1 is what issuers have always meant by T.61.
        Tag::TeletexString => value.value().iter().map(|byte| char::from(*byte)).collect(),
        _ => return None,
    };
    (!text.chars().any(char::is_control)).then_some(text)
}

/// The DER inside every PEM section of this kind, in order.
pub(crate) fn pem_sections(pem: &str, kind: SectionKind, fault: &'static str) -> Result<Vec<Vec<u8>>, Error> {
    let mut found = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.as_bytes()) {
        let (label, der) = section.map_err(|_| Error::Certificate(fault))?;
        if label == kind {
            found.push(der);
        }
    }
    Ok(found)
}

/// The bytes as PEM under this label.
pub(crate) fn to_pem(label: &'static str, der: &[u8]) -> String {
    // Encoding fails only on a label with forbidden characters; ours are constants that the tests pass through here.
    der::pem::encode_string(label, LineEnding::LF, der).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_changes_its_form_in_2050() {
        for (second, utc) in [(0, true), (UTC_TIME_ENDS - 1, true), (UTC_TIME_ENDS, false)] {
            let at = Timestamp::from_second(second).unwrap();
            let time = x509_time(at).unwrap();
            assert_eq!(matches!(time, Time::UtcTime(_)), utc);
            assert_eq!(timestamp(time), Some(at));
        }
        assert_eq!(x509_time(Timestamp::from_second(-1).unwrap()), None);
    }

    #[test]
    fn names_hide_nothing() {
        assert_eq!(text(&Any::new(Tag::Utf8String, "Мінск".as_bytes()).unwrap()), Some("Мінск".to_owned()));
        assert_eq!(text(&Any::new(Tag::BmpString, [0x04, 0x1c, 0, 0x31]).unwrap()), Some("М1".to_owned()));
        assert_eq!(text(&Any::new(Tag::Utf8String, *b"bank.by\0.evil").unwrap()), None);
        assert_eq!(text(&Any::new(Tag::OctetString, *b"x").unwrap()), None);
    }
}
