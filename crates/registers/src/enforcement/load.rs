//! Entering proceedings: checked and keyed before the transaction, versioned inside it.

use std::sync::Arc;

use model::Fault;
use store::{Error, Param, Tx, Vault};

use super::check;
use super::codes::Codes;
use super::record::{Proceeding, fold};
use super::sql;

/// A proceeding that may be entered, with the keyed values it will be found by.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) proceeding: Proceeding,
    pub(super) keys: Keys,
}

/// Keyed values of a proceeding or of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) number: Option<i64>,
    pub(super) document: Option<i64>,
    pub(super) case: Option<i64>,
    pub(super) debtor: Option<i64>,
}

/// What became of a proceeding that was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not there before.
    Added,
    /// It is a new version of one that was there.
    Changed,
    /// Its newest version says the same already.
    Unchanged,
    /// It contradicts what was told before.
    Refused(Vec<Fault>),
}

impl Keys {
    pub(super) fn number(vault: &Vault, number: &str) -> i64 {
        vault.blind("enforcement number", fold(number).as_bytes())
    }

    pub(super) fn document(vault: &Vault, number: &str) -> i64 {
        vault.blind("enforcement document", fold(number).as_bytes())
    }

    /// Case numbers are given by each court anew.
    pub(super) fn case(vault: &Vault, court: &str, number: &str) -> i64 {
        vault.blind("enforcement case", format!("{}\u{1f}{}", fold(court), fold(number)).as_bytes())
    }

    pub(super) fn debtor(vault: &Vault, number: &str) -> i64 {
        vault.blind("enforcement debtor", number.as_bytes())
    }
}

impl Prepared {
    /// The proceeding ready to be entered, or every fault in it.
    pub fn new(vault: &Vault, codes: &Codes, proceeding: Proceeding) -> Result<Self, Vec<Fault>> {
        let faults = check::faults(&proceeding, codes);
        if !faults.is_empty() {
            return Err(faults);
        }
        let case = proceeding.court_code.as_deref().zip(proceeding.court_case_number.as_deref());
        let keys = Keys {
            number: Some(Keys::number(vault, &proceeding.proceeding_number)),
            document: Some(Keys::document(vault, &proceeding.enforcement_document_number)),
            case: case.map(|(court, number)| Keys::case(vault, court, number)),
            debtor: proceeding.debtor.number().map(|number| Keys::debtor(vault, number)),
        };
        Ok(Self { proceeding, keys })
    }
}

/// Enters proceedings in order; what became of each. `now` in microseconds since 1970.
pub fn load(tx: &mut Tx<'_>, vault: &Vault, batch: &[Prepared], now: i64) -> Result<Vec<Outcome>, Error> {
    let count = i64::try_from(batch.len()).map_err(Error::broken)?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let taken = tx.query_opt(&sql::TAKE, &[count.into(), now.into()], |row| Ok((row.int(0)?, row.int(1)?)))?;
    let (last, changed_at) = taken.ok_or_else(|| Error::broken("enforcement_head has no row"))?;
    let numbers = (last - count + 1)..=last;
    batch.iter().zip(numbers).map(|(prepared, seq)| enter(tx, vault, prepared, seq, changed_at)).collect()
}

fn enter(tx: &mut Tx<'_>, vault: &Vault, prepared: &Prepared, seq: i64, changed_at: i64) -> Result<Outcome, Error> {
    let Prepared { proceeding, keys } = prepared;
    let known = tx.query_opt(&sql::NEWEST, &[keys.number.into()], |row| {
        Ok((row.int(0)?, open(vault, row.int(1)?, row.bytes(2)?)?))
    })?;
    let instituted = proceeding.institution_date.number();
    let found_by: [Param<'_>; 4] = [keys.document.into(), keys.case.into(), keys.debtor.into(), instituted.into()];
    let [document, case, debtor, instituted] = found_by;
    let Some((id, before)) = known else {
        add_version(tx, vault, prepared, (seq, seq, changed_at))?;
        let row = [seq.into(), keys.number.into(), document, case, debtor, instituted, seq.into()];
        return tx.execute(&sql::ADD_PROCEEDING, &row).map(|_| Outcome::Added);
    };
    if fold(&before.proceeding_number) != fold(&proceeding.proceeding_number) {
        return Err(Error::broken("two proceeding numbers share a keyed value"));
    }
    if same(&before, proceeding) {
        return Ok(Outcome::Unchanged);
    }
    let faults = check::continuation(&before, proceeding);
    if !faults.is_empty() {
        return Ok(Outcome::Refused(faults));
    }
    add_version(tx, vault, prepared, (seq, id, changed_at))?;
    tx.execute(&sql::MOVE_PROCEEDING, &[id.into(), document, case, debtor, instituted, seq.into()])?;
    Ok(Outcome::Changed)
}

fn add_version(
    tx: &mut Tx<'_>,
    vault: &Vault,
    prepared: &Prepared,
    (seq, proceeding, changed_at): (i64, i64, i64),
) -> Result<(), Error> {
    let body = serde_json::to_vec(&prepared.proceeding).map_err(Error::broken)?;
    let sealed = vault.seal(&place(seq), &body);
    tx.execute(&sql::ADD_VERSION, &[seq.into(), proceeding.into(), changed_at.into(), (&sealed).into()]).map(|_| ())
}

/// The same facts; that one was entered as a correction is not one of them.
fn same(before: &Proceeding, next: &Proceeding) -> bool {
    if before.correction == next.correction {
        return before == next;
    }
    let mut before = before.clone();
    before.correction = next.correction;
    before == *next
}

/// The version with this number, opened.
pub(super) fn open(vault: &Vault, seq: i64, sealed: &[u8]) -> Result<Arc<Proceeding>, Error> {
    let body = vault.open(&place(seq), sealed)?;
    serde_json::from_slice(&body).map(Arc::new).map_err(Error::broken)
}

fn place(seq: i64) -> Vec<u8> {
    [b"enforcement_version.body.".as_slice(), &seq.to_be_bytes()].concat()
}
