//! Which of many keys are there: asked eight at a time, because most are not.

use std::collections::HashSet;

use store::{Error, Param, Statement, Tx};

/// Keys in one question. The statements have as many parameters.
const AT_ONCE: usize = 8;

/// Those of `keys` that the statement finds.
pub(crate) fn among(
    tx: &mut Tx<'_>,
    statement: &Statement,
    keys: impl IntoIterator<Item = i64>,
) -> Result<HashSet<i64>, Error> {
    let mut keys: Vec<i64> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();
    let mut found = HashSet::new();
    for portion in keys.chunks(AT_ONCE) {
        let Some(first) = portion.first() else { continue };
        // A short portion is filled up with its first key: one statement serves all.
        let padded = portion.iter().chain(std::iter::repeat(first)).take(AT_ONCE);
        let params: Vec<Param<'_>> = padded.map(|key| Param::Int(*key)).collect();
        tx.each(statement, &params, |row| {
            found.insert(row.int(0)?);
            Ok(true)
        })?;
    }
    Ok(found)
}
