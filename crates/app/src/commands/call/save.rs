//! Keeps an exchange as files, so that `nais verify` can look at it later, with everybody gone.

use std::path::Path;

use ledger::Receipt;

use super::exchange::{Answer, Question};
use super::identity::Identity;
use crate::exit::Error;
use crate::files::{self, Readers};

const NAMES: [&str; 5] = ["request", "answer", "receipt", "record.json", "log.vkey"];

/// The folder is there and holds none of the files yet.
pub fn prepare(folder: &Path) -> Result<(), Error> {
    files::folder(folder)?;
    match NAMES.iter().map(|name| folder.join(name)).find(|path| path.exists()) {
        Some(path) => Err(Error::config(&path, "", "is there already; give --save another folder".to_owned())),
        None => Ok(()),
    }
}

/// Writes what there is. Requests, answers and records may be personal: they are the owner's alone to read.
pub fn all(
    folder: &Path,
    question: &Question,
    answer: &Answer,
    record: Option<&[u8]>,
    identity: &Identity,
) -> Result<(), Error> {
    let [request, response, proof, private, key] = NAMES.map(|name| folder.join(name));
    if !question.body.is_empty() {
        files::create(&request, &question.body, Readers::Owner)?;
    }
    files::create(&response, &answer.body, Readers::Owner)?;
    if let Some(receipt) = answer.header("nais-receipt") {
        let text = Receipt::read(receipt.as_bytes()).map_or_else(|_| receipt.to_owned(), |receipt| receipt.to_string());
        files::create(&proof, text.as_bytes(), Readers::All)?;
    }
    if let Some(record) = record {
        files::create(&private, record, Readers::Owner)?;
    }
    files::create(&key, format!("{}\n", identity.log).as_bytes(), Readers::All)
}
