//! Which of many keys are there: asked eight at a time, because most are not; few are asked one by one, because a list
//! makes the embedded engine build a table of its own.

use std::collections::HashSet;

use store::{Error, Param, Statement, Tx};

/// Keys in one question. The statements have as many parameters.
const AT_ONCE: usize = 8;
/// Keys that are asked one by one.
const FEW: usize = 3;

/// One question in its two forms.
pub(crate) struct Among {
    /// For one key.
    pub one: &'static Statement,
    /// For [`AT_ONCE`] keys.
    pub many: &'static Statement,
}

/// Those of `keys` that the statement finds.
pub(crate) fn among(
    tx: &mut Tx<'_>,
    question: &Among,
    keys: impl IntoIterator<Item = i64>,
) -> Result<HashSet<i64>, Error> {
    let mut keys: Vec<i64> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();
    let mut found = HashSet::new();
    if keys.len() <= FEW {
        for key in keys {
            if tx.query_opt(question.one, &[key.into()], |_| Ok(()))?.is_some() {
                found.insert(key);
            }
        }
        return Ok(found);
    }
    for portion in keys.chunks(AT_ONCE) {
        let Some(first) = portion.first() else { continue };
        // A short portion is filled up with its first key: one statement serves all.
        let padded = portion.iter().chain(std::iter::repeat(first)).take(AT_ONCE);
        let params: Vec<Param<'_>> = padded.map(|key| Param::Int(*key)).collect();
        tx.each(question.many, &params, |row| {
            found.insert(row.int(0)?);
            Ok(true)
        })?;
    }
    Ok(found)
}
