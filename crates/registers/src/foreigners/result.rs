//! What became of each record of a package, and how that is told.

use model::text::Texts;
use model::{Fault, Lang};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::prepare::Notice;

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Stored under this identifier; none when nothing is stored.
    Accepted { id: Option<Uuid>, alerts: Vec<Notice>, warnings: Vec<Notice> },
    /// There already: as a stored record, or as another of the same package.
    Duplicate { of: Option<Uuid>, of_index: Option<usize> },
    /// Refused with these faults; pointers are inside the record.
    Rejected(Vec<Fault>),
}

/// The answer to a package.
#[derive(Serialize)]
struct Receipt {
    status: u16,
    package_id: Uuid,
    message: String,
    records: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    index: usize,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of_index: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Wrong>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alerts: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Value>,
}

#[derive(Serialize)]
struct Wrong {
    pointer: String,
    code: String,
    message: String,
}

/// The answer as JSON, in the caller's language. `stored` is false in test mode.
pub(crate) fn receipt(
    texts: &Texts,
    lang: Lang,
    package_id: Uuid,
    stored: bool,
    verdicts: &[Verdict],
) -> Result<Vec<u8>, store::Error> {
    let records = verdicts.iter().enumerate().map(|(index, verdict)| line(texts, lang, index, verdict)).collect();
    let receipt = Receipt { status: 200, package_id, message: message(texts, lang, stored, verdicts), records };
    serde_json::to_vec(&receipt).map_err(store::Error::broken)
}

fn line(texts: &Texts, lang: Lang, index: usize, verdict: &Verdict) -> Line {
    let mut line = Line {
        index,
        result: "accepted",
        record_id: None,
        of: None,
        of_index: None,
        errors: Vec::new(),
        alerts: Vec::new(),
        warnings: Vec::new(),
    };
    match verdict {
        Verdict::Accepted { id, alerts, warnings } => {
            line.record_id = *id;
            line.alerts = alerts.iter().map(|alert| alert.told(texts, lang)).collect();
            line.warnings = warnings.iter().map(|warning| warning.told(texts, lang)).collect();
        }
        Verdict::Duplicate { of, of_index } => {
            line.result = "duplicate";
            line.of = *of;
            line.of_index = *of_index;
        }
        Verdict::Rejected(faults) => {
            line.result = "rejected";
            line.errors = faults
                .iter()
                .map(|fault| Wrong {
                    pointer: format!("/records/{index}{}", fault.pointer),
                    code: fault.code.clone().into_owned(),
                    message: texts.fault(lang, fault),
                })
                .collect();
        }
    }
    line
}

/// "Package received: 2 records accepted, 1 duplicate, 1 rejected".
fn message(texts: &Texts, lang: Lang, stored: bool, verdicts: &[Verdict]) -> String {
    let count = |wanted: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| wanted(verdict)).count();
    let accepted = count(|verdict| matches!(verdict, Verdict::Accepted { .. }));
    let duplicates = count(|verdict| matches!(verdict, Verdict::Duplicate { .. }));
    let rejected = count(|verdict| matches!(verdict, Verdict::Rejected(_)));
    let head = if stored { "isos.received" } else { "isos.checked" };
    let mut out = texts.line(lang, head, &[("accepted", accepted.to_string())]);
    if duplicates > 0 {
        out += &texts.line(lang, "isos.duplicates", &[("duplicates", duplicates.to_string())]);
    }
    if rejected > 0 {
        out += &texts.line(lang, "isos.rejected", &[("rejected", rejected.to_string())]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(accepted: usize, duplicates: usize, rejected: usize) -> Vec<Verdict> {
        let one = Verdict::Accepted { id: None, alerts: Vec::new(), warnings: Vec::new() };
        let mut out = vec![one; accepted];
        out.extend(vec![Verdict::Duplicate { of: None, of_index: None }; duplicates]);
        out.extend(vec![Verdict::Rejected(Vec::new()); rejected]);
        out
    }

    #[test]
    fn numbers_take_their_words() {
        let texts = super::super::texts().unwrap();
        let said = |lang, a, d, r| message(&texts, lang, true, &verdicts(a, d, r));
        assert_eq!(said(Lang::En, 2, 0, 1), "Package received: 2 records accepted, 1 rejected");
        assert_eq!(said(Lang::En, 1, 2, 0), "Package received: 1 record accepted, 2 duplicates");
        assert_eq!(said(Lang::Ru, 21, 1, 2), "Пакет получен: принята 21 запись, 1 дубликат, отклонены 2");
        assert_eq!(said(Lang::Ru, 5, 0, 0), "Пакет получен: принято 5 записей");
        assert_eq!(said(Lang::Be, 3, 5, 11), "Пакет атрыманы: прыняты 3 запісы, 5 дублікатаў, адхілена 11");
        assert!(message(&texts, Lang::En, false, &verdicts(1, 0, 0)).contains("nothing stored"));
    }
}
