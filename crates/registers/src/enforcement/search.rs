//! Searching proceedings: by number, enforcement document, court case or debtor, newest first.

use gateway::{Ask, Reply};
use model::amount::Amount;
use model::identifier::{IdentificationNumber, Unp};
use model::{Fault, Kind, Lang, Refusal};
use serde::{Deserialize, Serialize};
use store::{Db, Error, Param, Statement, Tx, Vault};

use super::codes::{Codes, List};
use super::cursor;
use super::load::{Keys, open};
use super::record::{Day, Named, Proceeding, fold};
use super::sql;

/// Proceedings on a page when the request names no limit.
const PAGE: usize = 50;
/// Most proceedings on a page.
const MAX_PAGE: usize = 200;

/// The request of `proceedings/search` (`domain.md` §8.2).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    #[serde(rename = "message_id")]
    _message_id: String,
    court_code: String,
    #[serde(default)]
    court_case_number: Option<String>,
    #[serde(default)]
    enforcement_document_number: Option<String>,
    #[serde(default)]
    proceeding_number: Option<String>,
    #[serde(default)]
    debtor_identification_number: Option<String>,
    #[serde(default)]
    debtor_unp: Option<String>,
    #[serde(default)]
    period_from: Option<Day>,
    #[serde(default)]
    period_to: Option<Day>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    cursor: Option<String>,
}

/// A question in the register's own terms.
struct Question {
    /// Folded texts, to tell apart what shares a keyed value.
    wanted: [Option<String>; 4],
    court: String,
    keys: Keys,
    from: i64,
    to: i64,
    limit: usize,
}

/// One proceeding with its place in the order.
struct Found {
    id: i64,
    instituted: i64,
    proceeding: std::sync::Arc<Proceeding>,
}

#[derive(Serialize)]
struct Answer<'a> {
    proceedings: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// A proceeding as the service furnishes it.
#[derive(Serialize)]
struct Shown<'a> {
    opi_code: &'a str,
    opi_name: &'a str,
    executor_full_name: &'a str,
    proceeding_number: &'a str,
    institution_date: Day,
    current_status_code: &'a str,
    current_status_name: &'a str,
    claim_code: &'a str,
    claim_name: &'a str,
    currency_code: &'a str,
    currency_name_full: &'a str,
    currency_name_short: &'a str,
    claim_amount: Amount,
    repaid_amount: Amount,
    debt_balance: Amount,
    statuses: Vec<ShownStatus<'a>>,
    measures: Vec<ShownMeasure<'a>>,
}

#[derive(Serialize)]
struct ShownStatus<'a> {
    status_code: &'a str,
    status_name: &'a str,
    status_date: Day,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_name: Option<&'a str>,
}

#[derive(Serialize)]
struct ShownMeasure<'a> {
    measure_code: &'a str,
    measure_name: &'a str,
    added_date: Day,
    measure_status_code: &'a str,
    measure_status_name: &'a str,
    measure_status_date: Day,
}

/// Answers `proceedings/search`.
pub(super) async fn answer(vault: &Vault, codes: &Codes, db: &Db, ask: &Ask) -> Result<Reply, Refusal> {
    let request: Request = serde_json::from_value(ask.json.clone()).map_err(|wrong| {
        // The schema refuses such requests before; this holds for callers that bypass the gateway.
        Refusal::new(Kind::Malformed, "schema").faults(vec![Fault::new("", "02", "form").with("expected", wrong)])
    })?;
    let question = Question::new(vault, &request)?;
    let digest = question.digest(vault);
    let start = match &request.cursor {
        None => (i64::MAX, i64::MAX),
        Some(given) => cursor::read(vault, &ask.asker.id, &digest, given)?,
    };
    let limit = question.limit;
    let opener = vault.clone();
    let mut found = db.read(move |tx| question.run(tx, &opener, start)).await.map_err(Error::refusal)?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more).map(|last| (last.instituted, last.id));
    let answer = Answer {
        proceedings: found.iter().map(|found| show(&found.proceeding, codes, ask.lang)).collect(),
        cursor: last.map(|place| cursor::write(vault, &ask.asker.id, &digest, place)),
    };
    let body = serde_json::to_vec(&answer).map_err(|e| Error::broken(e).refusal())?;
    let mut subjects: Vec<String> =
        found.iter().filter_map(|found| found.proceeding.debtor.number().map(str::to_owned)).collect();
    subjects.sort_unstable();
    subjects.dedup();
    Ok(Reply { status: 200, body, subjects })
}

impl Question {
    fn new(vault: &Vault, request: &Request) -> Result<Self, Refusal> {
        let debtor = debtor(request)?;
        let court = fold(&request.court_code);
        let keys = Keys {
            number: request.proceeding_number.as_deref().map(|text| Keys::number(vault, text)),
            document: request.enforcement_document_number.as_deref().map(|text| Keys::document(vault, text)),
            case: request.court_case_number.as_deref().map(|text| Keys::case(vault, &court, text)),
            debtor: debtor.as_deref().map(|text| Keys::debtor(vault, text)),
        };
        if keys == Keys::default() {
            return Err(Refusal::new(Kind::Malformed, "no-criterion"));
        }
        let (from, to) = (request.period_from.map_or(0, Day::number), request.period_to.map_or(i64::MAX, Day::number));
        if from > to {
            let fault = Fault::new("/period_to", "11", "period-order");
            return Err(Refusal::new(Kind::Malformed, "schema").faults(vec![fault]));
        }
        let wanted = [
            request.proceeding_number.as_deref().map(fold),
            request.enforcement_document_number.as_deref().map(fold),
            request.court_case_number.as_deref().map(fold),
            debtor,
        ];
        Ok(Self { wanted, court, keys, from, to, limit: request.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE) })
    }

    /// What a cursor is bound to: the criteria, keyed, so that nothing of them can be read from it.
    fn digest(&self, vault: &Vault) -> [u8; 16] {
        let text = format!("{:?}|{}|{}|{}", self.wanted, self.court, self.from, self.to);
        vault.pseudonym("enforcement question", text.as_bytes())
    }

    /// One proceeding more than the page has, to know whether there is a next one.
    fn run(&self, tx: &mut Tx<'_>, vault: &Vault, start: cursor::Place) -> Result<Vec<Found>, Error> {
        let Keys { number, document, case, debtor } = self.keys;
        let wanted = i64::try_from(self.limit).unwrap_or(0) + 1;
        let mut found = Vec::new();
        let mut start = start;
        loop {
            let keys: [Param<'_>; 4] = [number.into(), document.into(), case.into(), debtor.into()];
            let [a, b, c, d] = keys;
            let place: [Param<'_>; 5] =
                [self.from.into(), self.to.into(), start.0.into(), start.1.into(), wanted.into()];
            let [from, to, day, id, count] = place;
            let rows = tx.query(self.statement(), &[a, b, c, d, from, to, day, id, count], |row| {
                let proceeding = open(vault, row.int(2)?, row.bytes(3)?)?;
                Ok(Found { id: row.int(0)?, instituted: row.int(1)?, proceeding })
            })?;
            let (read, last) = (rows.len(), rows.last().map(|row| (row.instituted, row.id)));
            found.extend(rows.into_iter().filter(|row| self.fits(&row.proceeding)));
            // Keyed values are shared by chance once in 10¹⁹ cases only: nearly always the first round suffices.
            match last {
                Some(place) if read > self.limit && found.len() <= self.limit => start = place,
                _ => return Ok(found),
            }
        }
    }

    /// The criterion that finds least leads.
    fn statement(&self) -> &'static Statement {
        match self.keys {
            Keys { number: Some(_), .. } => &sql::BY_NUMBER,
            Keys { document: Some(_), .. } => &sql::BY_DOCUMENT,
            Keys { case: Some(_), .. } => &sql::BY_CASE,
            _ => &sql::BY_DEBTOR,
        }
    }

    /// The texts themselves agree, not only their keyed values.
    fn fits(&self, proceeding: &Proceeding) -> bool {
        let [number, document, case, debtor] = &self.wanted;
        let agrees = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| *wanted == is);
        agrees(number, &fold(&proceeding.proceeding_number))
            && agrees(document, &fold(&proceeding.enforcement_document_number))
            && agrees(case, &fold(proceeding.court_case_number.as_deref().unwrap_or_default()))
            && (case.is_none() || proceeding.court_code.as_deref().map(fold).as_ref() == Some(&self.court))
            && agrees(debtor, proceeding.debtor.number().unwrap_or_default())
    }
}

/// The debtor's number, in its one written form.
fn debtor(request: &Request) -> Result<Option<String>, Refusal> {
    let refused = |fault| Refusal::new(Kind::Malformed, "schema").faults(vec![fault]);
    match (&request.debtor_identification_number, &request.debtor_unp) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(refused(Fault::new("/debtor_unp", "02", "debtor-twice"))),
        (Some(number), None) => IdentificationNumber::parse(number)
            .map(|number| Some(number.as_str().to_owned()))
            .map_err(|e| refused(e.fault("/debtor_identification_number"))),
        (None, Some(unp)) => {
            Unp::parse(unp).map(|unp| Some(unp.as_str().to_owned())).map_err(|e| refused(e.fault("/debtor_unp")))
        }
    }
}

/// The proceeding with its names in `lang`; each name as it was on the day it is about.
fn show<'a>(proceeding: &'a Proceeding, codes: &'a Codes, lang: Lang) -> Shown<'a> {
    let instituted = proceeding.institution_date;
    let name = |list, code, on| codes.name(list, code, on, lang);
    let current = proceeding.statuses.last().map_or(instituted, |status| status.status_date);
    let statuses = proceeding.statuses.iter().map(|status| ShownStatus {
        status_code: &status.status_code,
        status_name: name(List::Status, &status.status_code, status.status_date),
        status_date: status.status_date,
        reason_code: status.reason_code.as_deref(),
        reason_name: status.reason_code.as_deref().map(|code| name(List::StatusReason, code, status.status_date)),
    });
    let measures = proceeding.measures.iter().map(|measure| ShownMeasure {
        measure_code: &measure.measure_code,
        measure_name: name(List::Measure, &measure.measure_code, measure.added_date),
        added_date: measure.added_date,
        measure_status_code: &measure.measure_status_code,
        measure_status_name: name(List::MeasureStatus, &measure.measure_status_code, measure.measure_status_date),
        measure_status_date: measure.measure_status_date,
    });
    Shown {
        opi_code: &proceeding.opi_code,
        opi_name: name(List::Body, &proceeding.opi_code, instituted),
        executor_full_name: spelled(&proceeding.executor_full_name, lang),
        proceeding_number: &proceeding.proceeding_number,
        institution_date: instituted,
        current_status_code: &proceeding.current_status_code,
        current_status_name: name(List::Status, &proceeding.current_status_code, current),
        claim_code: &proceeding.claim_code,
        claim_name: name(List::Claim, &proceeding.claim_code, instituted),
        currency_code: &proceeding.currency_code,
        currency_name_full: name(List::Currency, &proceeding.currency_code, instituted),
        currency_name_short: name(List::CurrencyShort, &proceeding.currency_code, instituted),
        claim_amount: proceeding.claim_amount,
        repaid_amount: proceeding.repaid_amount,
        debt_balance: proceeding.debt_balance,
        statuses: statuses.collect(),
        measures: measures.collect(),
    }
}

fn spelled(name: &Named, lang: Lang) -> &str {
    let own = match lang {
        Lang::En => name.en.as_deref(),
        Lang::Be => name.be.as_deref(),
        Lang::Ru => None,
    };
    own.unwrap_or(&name.ru)
}
