//! Tables and statements of the register of enforcement proceedings.
//!
//! Versions are only ever added. What is searched by is a keyed value; the rest is sealed.

use store::Migration;

/// The tables.
pub const SCHEMA: &[Migration] = &[Migration { owner: "enforcement", number: 1, sql: TABLES }];

const TABLES: &str = "
-- One row: the last number given to a version, and its time. Its lock makes the order of numbers the order of commits,
-- so that a reader of the feed who has seen a number has seen all below it.
CREATE TABLE enforcement_head (id {int} NOT NULL PRIMARY KEY, seq {int} NOT NULL, changed_at {int} NOT NULL) {strict};
INSERT INTO enforcement_head (id, seq, changed_at) VALUES (1, 0, 0);
-- Versions of proceedings in the order they were committed; `proceeding` is the number of the first version.
CREATE TABLE enforcement_version (
  seq {int} NOT NULL PRIMARY KEY, proceeding {int} NOT NULL, changed_at {int} NOT NULL, body {bytes} NOT NULL
) {strict};
CREATE INDEX enforcement_version_history ON enforcement_version (proceeding, seq);
CREATE INDEX enforcement_version_time ON enforcement_version (changed_at, seq);
-- Where the newest version of each proceeding is, and the keyed values it is found by.
CREATE TABLE enforcement_proceeding (
  id {int} NOT NULL PRIMARY KEY, number_key {int} NOT NULL, document_key {int} NOT NULL, case_key {int},
  debtor_key {int}, instituted {int} NOT NULL, seq {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX enforcement_number ON enforcement_proceeding (number_key);
CREATE INDEX enforcement_document ON enforcement_proceeding (document_key, instituted, id);
CREATE INDEX enforcement_case ON enforcement_proceeding (case_key, instituted, id);
CREATE INDEX enforcement_debtor ON enforcement_proceeding (debtor_key, instituted, id);
";

/// Columns, other criteria and order of the four searches; only the leading criterion differs, so that each has its
/// own index. Parameters: the four keys (number, document, case, debtor), first day, last day, last day seen, last
/// identifier seen, how many.
macro_rules! found_by {
    ($lead:literal) => {
        concat!(
            "SELECT p.id, p.instituted, v.seq, v.body
             FROM enforcement_proceeding p JOIN enforcement_version v ON v.seq = p.seq WHERE ",
            $lead,
            " AND (CAST($1 AS BIGINT) IS NULL OR p.number_key = CAST($1 AS BIGINT))
              AND (CAST($2 AS BIGINT) IS NULL OR p.document_key = CAST($2 AS BIGINT))
              AND (CAST($3 AS BIGINT) IS NULL OR p.case_key = CAST($3 AS BIGINT))
              AND (CAST($4 AS BIGINT) IS NULL OR p.debtor_key = CAST($4 AS BIGINT))
              AND p.instituted BETWEEN $5 AND $6
              AND (p.instituted < $7 OR (p.instituted = $7 AND p.id < $8))
             ORDER BY p.instituted DESC, p.id DESC LIMIT $9"
        )
    };
}

store::statements! {
    /// Takes numbers for versions: the last number, and a time not before any earlier one.
    TAKE = "UPDATE enforcement_head SET seq = seq + $1,
        changed_at = CASE WHEN changed_at > $2 THEN changed_at ELSE $2 END WHERE id = 1 RETURNING seq, changed_at";
    /// The newest version of a proceeding.
    NEWEST = "SELECT p.id, v.seq, v.body FROM enforcement_proceeding p
        JOIN enforcement_version v ON v.seq = p.seq WHERE p.number_key = $1";
    /// A version.
    ADD_VERSION = "INSERT INTO enforcement_version (seq, proceeding, changed_at, body) VALUES ($1, $2, $3, $4)";
    /// A proceeding that was not there.
    ADD_PROCEEDING = "INSERT INTO enforcement_proceeding
        (id, number_key, document_key, case_key, debtor_key, instituted, seq) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// A proceeding's newest version is another one.
    MOVE_PROCEEDING = "UPDATE enforcement_proceeding
        SET document_key = $2, case_key = $3, debtor_key = $4, instituted = $5, seq = $6 WHERE id = $1";
    /// By the proceeding's number.
    BY_NUMBER = found_by!("p.number_key = CAST($1 AS BIGINT)");
    /// By the enforcement document.
    BY_DOCUMENT = found_by!("p.document_key = CAST($2 AS BIGINT)");
    /// By the court's case.
    BY_CASE = found_by!("p.case_key = CAST($3 AS BIGINT)");
    /// By the debtor.
    BY_DEBTOR = found_by!("p.debtor_key = CAST($4 AS BIGINT)");
    /// All versions of a proceeding, oldest first.
    HISTORY = "SELECT seq, changed_at, body FROM enforcement_version WHERE proceeding = $1 ORDER BY seq";
    /// Versions after a number, in the order they were committed.
    CHANGES = "SELECT seq, changed_at, body FROM enforcement_version WHERE seq > $1 ORDER BY seq LIMIT $2";
    /// The first version of a time or later.
    FIRST_SINCE = "SELECT seq FROM enforcement_version WHERE changed_at >= $1 ORDER BY changed_at, seq LIMIT 1";
    /// The last number given.
    LAST = "SELECT seq FROM enforcement_head WHERE id = 1";
}
