//! The wording of a consent: what a person is shown before signing, in their language, from the service's folder.
//!
//! The same agreement, person and language always give the same text, byte for byte; its digest goes into the agreement
//! (`text_digest`), so that what was shown is what is signed.

use std::collections::BTreeMap;

use jiff::tz::{TimeZone, offset};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::agreement::Agreement;
use crate::error::Error;
use crate::identifier::IdentificationNumber;
use crate::lang::Lang;
use crate::text::Texts;

/// What every wording says, in this order; `data.N` names the groups of data between `allow` and `purpose`.
const LINES: [&str; 11] =
    ["title", "who", "allow", "purpose", "receivers", "actions", "term", "uses", "rights", "refusal", "identifier"];

/// The wording of one service's consents.
#[derive(Clone, Debug)]
pub struct Wording(Texts);

impl Wording {
    /// Of a service's files `consent.{en|be|ru}.toml`; none when the folder has none of them.
    pub(crate) fn read(files: &BTreeMap<String, String>) -> Result<Option<Self>, Error> {
        let name = |lang: Lang| format!("consent.{}.toml", lang.code());
        if !Lang::ALL.iter().any(|lang| files.contains_key(&name(*lang))) {
            return Ok(None);
        }
        let mut sources = Vec::new();
        for lang in Lang::ALL {
            let missing = || Error::file(name(lang), "", "this file, as in the other languages");
            sources.push((lang, files.get(&name(lang)).ok_or_else(missing)?.as_str()));
        }
        let texts = Texts::merge(sources).map_err(|error| match error {
            Error::File { file, key, expected } => {
                Error::File { file: file.replacen("text.", "consent.", 1), key, expected }
            }
            error => error,
        })?;
        match LINES.into_iter().find(|key| !texts.has(key)) {
            Some(key) => Err(Error::file(name(Lang::En), key, "a text, in all three languages")),
            None => Ok(Some(Self(texts))),
        }
    }

    /// What a group of data (classifier −16) is called.
    pub fn group(&self, lang: Lang, code: u16) -> Option<String> {
        let key = format!("data.{code}");
        self.0.has(&key).then(|| self.0.line(lang, &key, &[]))
    }

    /// The text that this person is shown; lines end with `\n`.
    pub fn text(&self, lang: Lang, agreement: &Agreement, number: &IdentificationNumber, full_name: &str) -> String {
        let birth = number.birth_date().and_then(|birth| birth.date());
        let values = [
            ("full_name", full_name.to_owned()),
            ("birth_date", birth.map_or_else(|| "—".to_owned(), |date| date_in(lang, date))),
            ("number", number.as_str().to_owned()),
            ("operator_info", agreement.operator_info.clone()),
            ("operator_unp", agreement.operator_unp.to_string()),
            ("target", agreement.target.clone()),
            ("assignee_persons", agreement.assignee_persons.join(", ")),
            ("issue_date", day(lang, agreement.issue_date)),
            // A day that is named lasts to its end: the moment after it is the next day's.
            ("expiry_date", day(lang, agreement.expiry_date - SignedDuration::from_micros(1))),
            ("uses", agreement.uses.unwrap_or_default().to_string()),
            ("consent_id", agreement.consent_id.to_string()),
        ];
        let mut text = String::new();
        for key in LINES.into_iter().filter(|key| *key != "uses" || agreement.uses.is_some()) {
            text.push_str(&self.0.line(lang, key, &values));
            text.push('\n');
            if key == "allow" {
                for code in &agreement.rights {
                    let name = self.group(lang, *code).unwrap_or_else(|| code.to_string());
                    text.push_str(&format!("– {name}\n"));
                }
            }
        }
        text
    }
}

/// Writes into a request's agreement in which language the text was shown, and its SHA-256.
pub fn record(request: &mut Value, lang: Lang, digest: [u8; 32]) {
    if let Some(Value::Object(agreement)) = request.pointer_mut("/cover/agreement") {
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        agreement.insert("language".into(), lang.code().into());
        agreement.insert("text_digest".into(), hex.into());
    }
}

/// The day in Minsk.
fn day(lang: Lang, at: Timestamp) -> String {
    date_in(lang, at.to_zoned(TimeZone::fixed(offset(3))).date())
}

fn date_in(lang: Lang, date: jiff::civil::Date) -> String {
    match lang {
        Lang::En => date.to_string(),
        Lang::Be | Lang::Ru => date.strftime("%d.%m.%Y").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agreement::Envelope;

    fn files() -> BTreeMap<String, String> {
        let one = |lang: &str, text: &str| (format!("consent.{lang}.toml"), text.to_owned());
        BTreeMap::from([
            one("en", include_str!("../../../services/3.40.01-1/consent.en.toml")),
            one("be", include_str!("../../../services/3.40.01-1/consent.be.toml")),
            one("ru", include_str!("../../../services/3.40.01-1/consent.ru.toml")),
        ])
    }

    fn agreement(uses: Option<u32>) -> Agreement {
        let mut agreement = json!({
            "consent_id": "0199c1de-8f7a-7c3e-b9a1-2f6d0c5e4b3a", "operator_info": "Notary, Minsk",
            "operator_unp": "191000015", "target": "Succession", "rights": [1, 4], "actions": ["provision"],
            "issue_date": "2026-11-30T23:30:00Z", "expiry_date": "2026-12-31", "assignee_persons": ["A", "B"],
        });
        if let Some(uses) = uses {
            agreement["uses"] = uses.into();
        }
        let body = json!({
            "cover": {
                "message_id": "0199c1de-8f7a-7c3e-b9a1-2f6d0c5e4b3b", "message_time": "2026-11-22T10:00:00.000+03:00",
                "message_type": {"code": "88", "type": -2}, "message_source": {"code": "NOTARY", "type": 80},
                "agreement": agreement, "dataset": [1],
            },
            "request": {"person_request": [{"request_id": "1", "identif_number": "3010190A001PB9"}]},
        });
        Envelope::read(&body).unwrap().agreement.unwrap()
    }

    #[test]
    fn what_is_shown_says_who_what_to_whom_and_until_when() {
        let wording = Wording::read(&files()).unwrap().unwrap();
        let number = IdentificationNumber::parse("3010190A001PB9").unwrap();
        let shown = |lang, uses| wording.text(lang, &agreement(uses), &number, "Ковалёв Андрей");
        let english = shown(Lang::En, Some(1));
        for part in [
            "I, Ковалёв Андрей, born on 1990-01-01, identification number 3010190A001PB9,",
            "– identity data: ",
            "– family: ",
            "valid from 2026-12-01 to 2026-12-31.",
            "It may be used 1 time.",
            "received by: A, B.",
            "Consent 0199c1de-8f7a-7c3e-b9a1-2f6d0c5e4b3a",
        ] {
            assert!(english.contains(part), "{part}\n{english}");
        }
        assert!(!english.contains('{'), "{english}");
        assert!(shown(Lang::Ru, Some(3)).contains("использовано 3 раза."));
        assert!(shown(Lang::Be, None).contains("01.12.2026") && !shown(Lang::Be, None).contains("выкарыстана 0"));
        assert_eq!(shown(Lang::Ru, Some(3)), shown(Lang::Ru, Some(3)));
    }

    #[test]
    fn a_wording_is_whole_or_not_there() {
        assert!(Wording::read(&BTreeMap::new()).unwrap().is_none());
        let mut lacking = files();
        lacking.remove("consent.be.toml");
        assert!(Wording::read(&lacking).unwrap_err().to_string().contains("consent.be.toml"));
        let mut other = files();
        for text in other.values_mut() {
            *text = text.replace("refusal =", "refused =");
        }
        assert!(Wording::read(&other).unwrap_err().to_string().contains("refusal"));
        let mut differs = files();
        let text = differs.get_mut("consent.ru.toml").unwrap();
        *text = text.replace("{target}", "");
        assert!(Wording::read(&differs).unwrap_err().to_string().contains("consent.ru.toml"));
    }
}
