//! What a proceeding must fulfil to be entered (`domain.md` §8.2): every fault with its pointer.

use model::Fault;
use model::amount::Amount;

use super::codes::{Codes, List};
use super::record::{Day, Proceeding};

/// Codes of `domain.md` §4.3.
const WRONG: &str = "02";
const NOT_LISTED: &str = "04";
const CHRONOLOGY: &str = "11";

/// Claims that are not about money bear no amounts.
const NON_PROPERTY: &str = "10";

/// The faults of a proceeding that has passed its schema; none when it may be entered.
pub(super) fn faults(proceeding: &Proceeding, codes: &Codes) -> Vec<Fault> {
    let mut faults = Vec::new();
    list_codes(proceeding, codes, &mut faults);
    amounts(proceeding, &mut faults);
    statuses(proceeding, &mut faults);
    measures(proceeding, &mut faults);
    if proceeding.debtor.number().is_none() {
        faults.push(Fault::new("/debtor", "06", "debtor-number"));
    }
    if proceeding.court_case_number.is_some() != proceeding.court_code.is_some() {
        faults.push(Fault::new("/court_code", "06", "court-and-case"));
    }
    faults
}

fn list_codes(proceeding: &Proceeding, codes: &Codes, faults: &mut Vec<Fault>) {
    let mut listed = |pointer: String, list: List, code: &str, on: Day| {
        if !codes.has(list, code, on) {
            let fault = Fault::new(pointer, NOT_LISTED, "not-in-force");
            faults.push(fault.with("list", list.name()).with("date", on));
        }
    };
    let instituted = proceeding.institution_date;
    listed("/opi_code".into(), List::Body, &proceeding.opi_code, instituted);
    listed("/claim_code".into(), List::Claim, &proceeding.claim_code, instituted);
    listed("/currency_code".into(), List::Currency, &proceeding.currency_code, instituted);
    for (at, status) in proceeding.statuses.iter().enumerate() {
        listed(format!("/statuses/{at}/status_code"), List::Status, &status.status_code, status.status_date);
        if let Some(reason) = &status.reason_code {
            listed(format!("/statuses/{at}/reason_code"), List::StatusReason, reason, status.status_date);
        }
    }
    for (at, measure) in proceeding.measures.iter().enumerate() {
        listed(format!("/measures/{at}/measure_code"), List::Measure, &measure.measure_code, measure.added_date);
        let pointer = format!("/measures/{at}/measure_status_code");
        listed(pointer, List::MeasureStatus, &measure.measure_status_code, measure.measure_status_date);
    }
}

fn amounts(proceeding: &Proceeding, faults: &mut Vec<Fault>) {
    let Proceeding { claim_amount, repaid_amount, debt_balance, .. } = proceeding;
    match claim_amount.minus(*repaid_amount) {
        None => faults.push(Fault::new("/repaid_amount", WRONG, "repaid-more")),
        Some(balance) if balance != *debt_balance => {
            faults.push(Fault::new("/debt_balance", WRONG, "balance").with("expected", balance));
        }
        Some(_) => {}
    }
    if proceeding.claim_code == NON_PROPERTY {
        let amounts =
            [("/claim_amount", claim_amount), ("/repaid_amount", repaid_amount), ("/debt_balance", debt_balance)];
        for (pointer, amount) in amounts {
            if *amount != Amount::ZERO {
                faults.push(Fault::new(pointer, WRONG, "non-property"));
            }
        }
    }
}

fn statuses(proceeding: &Proceeding, faults: &mut Vec<Fault>) {
    let pairs = proceeding.statuses.iter().zip(proceeding.statuses.iter().skip(1));
    for (at, (before, after)) in (1_usize..).zip(pairs) {
        if after.status_date < before.status_date {
            faults.push(Fault::new(format!("/statuses/{at}/status_date"), CHRONOLOGY, "status-order"));
        }
    }
    match proceeding.statuses.last() {
        None => faults.push(Fault::new("/statuses", "06", "no-status")),
        Some(last) if last.status_code != proceeding.current_status_code => {
            let fault = Fault::new("/current_status_code", WRONG, "current-status");
            faults.push(fault.with("expected", &last.status_code));
        }
        Some(_) => {}
    }
}

fn measures(proceeding: &Proceeding, faults: &mut Vec<Fault>) {
    for (at, measure) in proceeding.measures.iter().enumerate() {
        if measure.measure_status_date < measure.added_date {
            faults.push(Fault::new(format!("/measures/{at}/measure_status_date"), CHRONOLOGY, "measure-order"));
        }
    }
}

/// The faults of `next` as a continuation of `before`: what was told stays told, unless it is a correction.
pub(super) fn continuation(before: &Proceeding, next: &Proceeding) -> Vec<Fault> {
    let mut faults = Vec::new();
    if next.correction {
        return faults;
    }
    for (at, status) in before.statuses.iter().enumerate() {
        if next.statuses.get(at) != Some(status) {
            faults.push(Fault::new(format!("/statuses/{at}"), CHRONOLOGY, "status-rewritten"));
        }
    }
    for measure in &before.measures {
        let same = |known: &&super::record::Measure| {
            known.measure_code == measure.measure_code && known.added_date == measure.added_date
        };
        match next.measures.iter().enumerate().find(|(_, known)| same(known)) {
            None => {
                let fault = Fault::new("/measures", CHRONOLOGY, "measure-gone");
                faults.push(fault.with("code", &measure.measure_code).with("date", measure.added_date));
            }
            Some((at, known)) if known.measure_status_date < measure.measure_status_date => {
                faults.push(Fault::new(format!("/measures/{at}/measure_status_date"), CHRONOLOGY, "measure-back"));
            }
            Some(_) => {}
        }
    }
    faults
}
