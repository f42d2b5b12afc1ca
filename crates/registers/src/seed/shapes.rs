//! Records of ISOS as they are sent: members in the order of the contract.

use serde::Serialize;
use serde_json::value::RawValue;

use super::travellers::Traveller;
use crate::enforcement::Day;

#[derive(Serialize)]
pub(super) struct Foreigner<'a> {
    pub(super) surname_lat: &'a str,
    pub(super) given_names_lat: &'a str,
    pub(super) surname_ru: &'a str,
    pub(super) name_ru: &'a str,
    pub(super) birth_date: String,
    pub(super) sex: &'a str,
    pub(super) citizenship: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identification_number: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Doc<'a> {
    pub(super) doc_type: &'a str,
    pub(super) doc_number: &'a str,
    pub(super) issuing_state: &'a str,
    pub(super) date_of_issue: Day,
    pub(super) expire_date: Day,
}

/// The two blocks that every record of a person bears, written once.
#[derive(Serialize)]
pub(super) struct Subject<'a> {
    pub(super) foreigner: &'a RawValue,
    pub(super) doc: &'a RawValue,
}

#[derive(Serialize)]
pub(super) struct Address<'a> {
    pub(super) region: &'a str,
    pub(super) locality: &'a str,
    pub(super) street: &'a str,
    pub(super) house: String,
    pub(super) flat: String,
}

#[derive(Serialize)]
pub(super) struct CrossingRecord<'a> {
    pub(super) crossing_id: String,
    pub(super) foreigner: &'a RawValue,
    pub(super) doc: &'a RawValue,
    pub(super) direction: &'a str,
    pub(super) crossing_time: String,
    pub(super) checkpoint_code: &'a str,
    pub(super) state_side: &'a str,
    pub(super) transport_kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vehicle_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flight_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) visa_number: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Visa<'a> {
    pub(super) visa_number: &'a str,
    #[serde(flatten)]
    pub(super) subject: Subject<'a>,
    pub(super) visa_type: &'a str,
    pub(super) multiplicity: &'a str,
    pub(super) valid_from: Day,
    pub(super) valid_to: Day,
    pub(super) stay_days: i64,
    pub(super) issuing_post: &'a str,
    pub(super) issue_date: Day,
    pub(super) territory: &'a str,
}

#[derive(Serialize)]
pub(super) struct Annulment<'a> {
    #[serde(flatten)]
    pub(super) number: Number<'a>,
    #[serde(flatten)]
    pub(super) subject: Subject<'a>,
    pub(super) annul_kind: &'a str,
    pub(super) annul_date: Day,
    pub(super) authority: &'a str,
}

#[derive(Serialize)]
pub(super) enum Number<'a> {
    #[serde(rename = "visa_number")]
    Visa(&'a str),
    #[serde(rename = "permit_number")]
    Permit(&'a str),
    #[serde(rename = "event_document_number")]
    EventDocument(&'a str),
}

#[derive(Serialize)]
pub(super) struct IdentityDocument<'a> {
    #[serde(flatten)]
    pub(super) subject: Subject<'a>,
    pub(super) status: &'a str,
    pub(super) status_date: Day,
    pub(super) authority: &'a str,
}

#[derive(Serialize)]
pub(super) struct Permit<'a> {
    pub(super) permit_number: &'a str,
    #[serde(flatten)]
    pub(super) subject: Subject<'a>,
    pub(super) permit_kind: &'a str,
    pub(super) valid_from: Day,
    pub(super) valid_to: Day,
    pub(super) address: Address<'a>,
    pub(super) authority: &'a str,
}

#[derive(Serialize)]
pub(super) struct Stay<'a> {
    pub(super) registration_number: &'a str,
    #[serde(flatten)]
    pub(super) subject: Subject<'a>,
    pub(super) from: Day,
    pub(super) to: Day,
    pub(super) address: Address<'a>,
    pub(super) authority: &'a str,
}

#[derive(Serialize)]
pub(super) struct StayChange<'a> {
    pub(super) registration_number: &'a str,
    #[serde(flatten)]
    pub(super) subject: Subject<'a>,
    pub(super) change_kind: &'a str,
    pub(super) new_to: Day,
    pub(super) order_number: String,
    pub(super) order_date: Day,
}

#[derive(Serialize)]
pub(super) struct Migration<'a> {
    #[serde(flatten)]
    pub(super) subject: Subject<'a>,
    pub(super) action: &'a str,
    pub(super) date: Day,
    pub(super) authority_ru: &'a str,
}

#[derive(Serialize)]
pub(super) struct EventDocument<'a> {
    pub(super) event_document_number: &'a str,
    #[serde(flatten)]
    pub(super) subject: Subject<'a>,
    pub(super) event_code: &'a str,
    pub(super) event_name: &'a str,
    pub(super) valid_from: Day,
    pub(super) valid_to: Day,
    pub(super) ticket_number: String,
}

impl Traveller {
    pub(super) fn foreigner(&self) -> Foreigner<'_> {
        Foreigner {
            surname_lat: &self.surname.0,
            given_names_lat: &self.given.0,
            surname_ru: &self.surname.1,
            name_ru: &self.given.1,
            birth_date: self.born.strftime("%Y%m%d").to_string(),
            sex: if self.female { "F" } else { "M" },
            citizenship: self.nation.code,
            identification_number: self.number.as_deref(),
        }
    }

    pub(super) fn doc(&self) -> Doc<'_> {
        Doc {
            doc_type: "passport",
            doc_number: &self.document,
            issuing_state: self.nation.code,
            date_of_issue: Day(self.issued),
            expire_date: Day(self.expires),
        }
    }
}
