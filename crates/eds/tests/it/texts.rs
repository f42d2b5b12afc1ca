//! Every refusal has its texts in three languages, naming the same values.

use eds::{CmsError, Error, PathError, TEXTS};
use jiff::Timestamp;
use model::Kind;

fn every_error() -> Vec<Error> {
    let paths = [
        PathError::UnknownIssuer,
        PathError::Expired,
        PathError::NotYetValid,
        PathError::Revoked { at: Timestamp::UNIX_EPOCH },
        PathError::WrongPurpose,
        PathError::CrlStale,
    ];
    let mut errors = vec![
        Error::Unsigned,
        Error::Unreadable("signature"),
        Error::ComponentMissing("nonce"),
        Error::ComponentExtra("date".into()),
        Error::Several,
        Error::OutOfTime,
        Error::KeyUnknown,
        Error::Invalid,
        Error::Algorithm,
        Error::DigestMismatch,
        Error::Certificate("x"),
        Error::Attributes("x"),
    ];
    errors.extend(paths.map(Error::Path));
    let of_attributes = [PathError::WrongHolder];
    errors.extend(of_attributes.map(Error::Path));
    errors.extend(every_fault_of_a_message().map(Error::Cms));
    errors
}

fn every_fault_of_a_message() -> [CmsError; 18] {
    [
        CmsError::Unreadable,
        CmsError::TooLarge,
        CmsError::Leftovers,
        CmsError::Signers { wanted: 1, found: 2 },
        CmsError::ContentMissing,
        CmsError::ContentTwice,
        CmsError::ContentType,
        CmsError::Altered,
        CmsError::AttributeMissing("messageDigest"),
        CmsError::AttributeRepeated("messageDigest"),
        CmsError::AttributeUnreadable("messageDigest"),
        CmsError::Disordered,
        CmsError::NoSigningTime,
        CmsError::Algorithm,
        CmsError::NoCertificate,
        CmsError::OtherCertificate,
        CmsError::Signature,
        CmsError::TimeStamp,
    ]
}

#[test]
fn every_refusal_is_written_three_times() {
    for (lang, text) in TEXTS {
        let sections: Vec<&str> = text.split("\n[").collect();
        assert_eq!(sections.len(), every_error().len(), "{lang:?}: no text too few or too many");
        for error in every_error() {
            let refusal = error.refusal();
            let section = sections
                .iter()
                .find(|section| section.trim_start_matches('[').starts_with(&format!("{}]", refusal.code)))
                .unwrap_or_else(|| panic!("{lang:?} lacks {}", refusal.code));
            assert!(section.contains("\ntitle = \"") && section.contains("\ndetail = \""));
            for (name, _) in &refusal.params {
                assert!(section.contains(&format!("{{{name}}}")), "{lang:?} {} hides {name}", refusal.code);
            }
            assert_eq!(section.matches('{').count(), refusal.params.len(), "{lang:?} {}", refusal.code);
        }
    }
}

#[test]
fn who_is_at_fault() {
    for error in every_error() {
        let expected = match error.refusal().code {
            "eds-required" => Kind::Forbidden,
            "eds-unreadable"
            | "eds-several"
            | "digest-mismatch"
            | "certificate-unreadable"
            | "attributes-unreadable" => Kind::Malformed,
            "cms-altered"
            | "cms-algorithm"
            | "cms-no-certificate"
            | "cms-other-certificate"
            | "cms-signature"
            | "cms-time-stamp" => Kind::Unauthenticated,
            code if code.starts_with("cms-") => Kind::Malformed,
            _ => Kind::Unauthenticated,
        };
        assert_eq!((error.kind(), error.refusal().kind), (expected, expected), "{error}");
    }
    assert_eq!(Error::Library.refusal().kind, Kind::Internal);
}
