//! Numbered schema texts of every crate, applied once and never edited after release.

use std::collections::HashMap;

use aws_lc_rs::digest;

use crate::db::{DbConfig, Role, Target};
use crate::{Error, Param, Statement, Tx, dialect};

/// One step of one owner's schema, in the type words of [`dialect::translate`].
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The crate or module that owns the tables.
    pub owner: &'static str,
    /// 1, 2, 3 … without gaps.
    pub number: i64,
    /// SQL with type words.
    pub sql: &'static str,
}

/// Digest of a step that was applied.
const APPLIED: Statement =
    Statement::new("APPLIED", "SELECT digest FROM schema_migration WHERE owner = $1 AND number = $2");
/// Remembers a step.
const REMEMBER: Statement =
    Statement::new("REMEMBER", "INSERT INTO schema_migration (owner, number, digest) VALUES ($1, $2, $3)");

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    owner {text} NOT NULL, number {int} NOT NULL, digest {bytes} NOT NULL, PRIMARY KEY (owner, number)) {strict};";

/// Brings the database up to `schema`. Safe to run twice and from several nodes at once; all or nothing.
pub(crate) fn apply_all(target: &Target, schema: &[Migration]) -> Result<usize, Error> {
    if let Some(folder) = target.sqlite_path().and_then(|path| path.parent()) {
        std::fs::create_dir_all(folder).map_err(|e| Error::Unavailable(format!("{}: {e}", folder.display())))?;
    }
    gapless(schema)?;
    // On a thread of its own: PostgreSQL's connection brings a runtime, and callers may stand in another one.
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let mut connection = target.connect(Role::Schema)?;
                let mut tx = connection.tx();
                tx.begin(Role::Schema)?;
                match apply(&mut tx, schema) {
                    Ok(applied) => tx.commit().map(|()| applied),
                    Err(error) => {
                        tx.rollback();
                        Err(error)
                    }
                }
            })
            .join()
            .unwrap_or_else(|_| Err(Error::broken("the migrating thread panicked")))
    })
}

/// A step that is missing or stands twice is a mistake of ours, told before anything is changed.
fn gapless(schema: &[Migration]) -> Result<(), Error> {
    let mut last: HashMap<&str, i64> = HashMap::new();
    for step in schema {
        let last = last.entry(step.owner).or_default();
        if step.number != *last + 1 {
            return Err(Error::Broken(format!(
                "schema step {} {} follows step {last}; steps of one owner are 1, 2, 3 … in order",
                step.owner, step.number
            )));
        }
        *last = step.number;
    }
    Ok(())
}

/// Brings the database of `config` up to `schema`; how many steps were missing.
pub fn migrate(config: &DbConfig, schema: &[Migration]) -> Result<usize, Error> {
    apply_all(&config.target()?, schema)
}

fn apply(tx: &mut Tx<'_>, schema: &[Migration]) -> Result<usize, Error> {
    let table = dialect::translate(TABLE, tx.is_postgres());
    tx.batch(&table)?;
    let mut applied = 0;
    for step in schema {
        let digest = digest::digest(&digest::SHA256, step.sql.as_bytes());
        let known = tx.query_opt(&APPLIED, &[step.owner.into(), step.number.into()], |row| {
            Ok(row.bytes(0)? == digest.as_ref())
        })?;
        match known {
            Some(true) => {}
            Some(false) => {
                return Err(Error::Broken(format!(
                    "schema step {} {} differs from the one this database was made with; restore the released text",
                    step.owner, step.number
                )));
            }
            None => {
                let sql = dialect::translate(step.sql, tx.is_postgres());
                tx.batch(&sql)
                    .map_err(|e| Error::Broken(format!("schema step {} {}: {e}", step.owner, step.number)))?;
                tx.execute(&REMEMBER, &[step.owner.into(), step.number.into(), Param::Bytes(digest.as_ref())])?;
                applied += 1;
            }
        }
    }
    Ok(applied)
}
