//! The only place where the two engines' languages differ.

use crate::{Error, Statement, Tx};

/// A schema text in the engine's own words.
///
/// `{int}` 64-bit integer · `{text}` · `{bytes}` · `{json}` JSON text · `{strict}` after a table's columns ·
/// `{rowless}` the same for tables kept in the order of their primary key · `{by_month}` the same for tables that
/// PostgreSQL partitions by their column `month` · `{by_month_appended}` the same for tables of large rows: kept in the
/// order of arrival, since a tree of large rows is rebalanced at its end with every few of them.
pub fn translate(sql: &str, postgres: bool) -> String {
    let words: [(&str, &str); 8] = if postgres {
        [
            ("{int}", "BIGINT"),
            // SQLite compares bytes; PostgreSQL would compare by its own locale, and paging by key would differ.
            ("{text}", "TEXT COLLATE \"C\""),
            ("{bytes}", "BYTEA"),
            ("{json}", "TEXT"),
            ("{strict}", ""),
            ("{rowless}", ""),
            ("{by_month}", "PARTITION BY LIST (month)"),
            ("{by_month_appended}", "PARTITION BY LIST (month)"),
        ]
    } else {
        [
            ("{int}", "INTEGER"),
            ("{text}", "TEXT"),
            ("{bytes}", "BLOB"),
            ("{json}", "TEXT"),
            ("{strict}", "STRICT"),
            ("{rowless}", "STRICT, WITHOUT ROWID"),
            ("{by_month}", "STRICT, WITHOUT ROWID"),
            ("{by_month_appended}", "STRICT"),
        ]
    };
    words.iter().fold(sql.to_owned(), |text, (word, own)| text.replace(word, own))
}

/// Makes room for a month in a table declared `{by_month}`: a partition on PostgreSQL, nothing on SQLite.
///
/// `table` is a name of ours, never input.
pub fn month_partition(tx: &mut Tx<'_>, table: &'static str, month: i64) -> Result<(), Error> {
    if !tx.is_postgres() {
        return Ok(());
    }
    let suffix = if month < 0 { format!("m{}", -month) } else { format!("{month}") };
    tx.batch(&format!("CREATE TABLE IF NOT EXISTS {table}_{suffix} PARTITION OF {table} FOR VALUES IN ({month})"))
}

/// Removes a month of a table declared `{by_month}` at once where the engine can; true when it did.
pub fn drop_month(tx: &mut Tx<'_>, table: &'static str, month: i64) -> Result<bool, Error> {
    if !tx.is_postgres() {
        return Ok(false);
    }
    let suffix = if month < 0 { format!("m{}", -month) } else { format!("{month}") };
    tx.batch(&format!("DROP TABLE IF EXISTS {table}_{suffix}"))?;
    Ok(true)
}

/// The job to work on next, locked against other nodes.
pub(crate) fn claim(tx: &Tx<'_>) -> &'static Statement {
    if tx.is_postgres() { &CLAIM_POSTGRES } else { &CLAIM_SQLITE }
}

const CLAIM_SQLITE: Statement = Statement::new(
    "CLAIM",
    "UPDATE job SET attempts = attempts + 1, due_at = $3 WHERE id =
          (SELECT id FROM job WHERE queue = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT 1)
          RETURNING id, attempts, body",
);

const CLAIM_POSTGRES: Statement = Statement::new(
    "CLAIM",
    "UPDATE job SET attempts = attempts + 1, due_at = $3 WHERE id =
          (SELECT id FROM job WHERE queue = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
          RETURNING id, attempts, body",
);
