//! The fourteen kinds of records: their words in paths and what each is about.

/// A kind of ISOS records. The number is what rows keep: never changed, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum RecordKind {
    /// Crossings of the State Border.
    Crossings = 1,
    /// Visas issued.
    Visas = 2,
    /// Visas annulled, found invalid or withdrawn.
    VisaAnnulments = 3,
    /// Identity documents issued.
    IdentityDocuments = 4,
    /// Identity documents annulled, found invalid or withdrawn.
    IdentityDocumentAnnulments = 5,
    /// Residence permits issued.
    ResidencePermits = 6,
    /// Residence permits annulled.
    ResidencePermitAnnulments = 7,
    /// Permissions for temporary residence.
    TemporaryResidencePermits = 8,
    /// Permissions for temporary residence annulled.
    TemporaryResidencePermitAnnulments = 9,
    /// Registrations of temporary stay.
    StayRegistrations = 10,
    /// Extensions and shortenings of a stay.
    StayChanges = 11,
    /// Putting on and removal from migration registration in Russia.
    MigrationRecords = 12,
    /// Documents for visiting international events.
    EventDocuments = 13,
    /// Documents for visiting international events annulled.
    EventDocumentAnnulments = 14,
}

use RecordKind as K;

impl RecordKind {
    /// All kinds, in the order of the contract.
    pub const ALL: [Self; 14] = [
        K::Crossings,
        K::Visas,
        K::VisaAnnulments,
        K::IdentityDocuments,
        K::IdentityDocumentAnnulments,
        K::ResidencePermits,
        K::ResidencePermitAnnulments,
        K::TemporaryResidencePermits,
        K::TemporaryResidencePermitAnnulments,
        K::StayRegistrations,
        K::StayChanges,
        K::MigrationRecords,
        K::EventDocuments,
        K::EventDocumentAnnulments,
    ];

    /// The word in paths and in `record_kind`.
    pub const fn path(self) -> &'static str {
        match self {
            K::Crossings => "crossings",
            K::Visas => "visas",
            K::VisaAnnulments => "visa-annulments",
            K::IdentityDocuments => "identity-documents",
            K::IdentityDocumentAnnulments => "identity-document-annulments",
            K::ResidencePermits => "residence-permits",
            K::ResidencePermitAnnulments => "residence-permit-annulments",
            K::TemporaryResidencePermits => "temporary-residence-permits",
            K::TemporaryResidencePermitAnnulments => "temporary-residence-permit-annulments",
            K::StayRegistrations => "stay-registrations",
            K::StayChanges => "stay-changes",
            K::MigrationRecords => "migration-records",
            K::EventDocuments => "event-documents",
            K::EventDocumentAnnulments => "event-document-annulments",
        }
    }

    /// The kind with this word.
    pub fn from_path(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.path() == word)
    }

    /// The number in rows.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this number.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i64::from(kind.code()) == code)
    }

    /// The kind whose objects these records annul or change.
    pub const fn concerns(self) -> Option<Self> {
        match self {
            K::VisaAnnulments => Some(K::Visas),
            K::IdentityDocumentAnnulments => Some(K::IdentityDocuments),
            K::ResidencePermitAnnulments => Some(K::ResidencePermits),
            K::TemporaryResidencePermitAnnulments => Some(K::TemporaryResidencePermits),
            K::StayChanges => Some(K::StayRegistrations),
            K::EventDocumentAnnulments => Some(K::EventDocuments),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_name_one_kind_each() {
        for kind in RecordKind::ALL {
            assert_eq!(RecordKind::from_path(kind.path()), Some(kind));
            assert_eq!(RecordKind::from_code(i64::from(kind.code())), Some(kind));
        }
        assert_eq!(RecordKind::from_path("crossing"), None);
        assert_eq!(RecordKind::from_code(0), None);
    }
}
