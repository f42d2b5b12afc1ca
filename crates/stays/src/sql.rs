//! Tables and statements of registrations.
//!
//! What is personal is sealed; a document is found by its keyed value. Versions of an application are only ever added.

use store::Migration;

/// The tables. Jobs of `store` are needed beside them.
pub const SCHEMA: &[Migration] = &[Migration { owner: "stays", number: 1, sql: TABLES }];

const TABLES: &str = "
-- The last number given out in a year. Raised in the transaction that uses it: no gaps, nothing twice.
CREATE TABLE stays_counter (year {int} NOT NULL PRIMARY KEY, last {int} NOT NULL) {rowless};
-- Applications as decided, every version; whose they are is the consumer's affair, so identifiers are its own.
CREATE TABLE stays_application (
  asker {text} NOT NULL, id {bytes} NOT NULL, version {int} NOT NULL, at {int} NOT NULL, digest {bytes} NOT NULL,
  body {bytes} NOT NULL, PRIMARY KEY (asker, id, version)
) {rowless};
-- What was registered, and whether ISOS has it: sent_at and package, or failed_at when it is given up.
CREATE TABLE stays_registration (
  number {text} NOT NULL PRIMARY KEY, asker {text} NOT NULL, application {bytes} NOT NULL, version {int} NOT NULL,
  document {int} NOT NULL, from_day {int} NOT NULL, to_day {int} NOT NULL, ground {text} NOT NULL, at {int} NOT NULL,
  sent_at {int}, package {bytes}, failed_at {int}
) {rowless};
CREATE UNIQUE INDEX stays_registered ON stays_registration (asker, application);
CREATE INDEX stays_document ON stays_registration (document, from_day);
";

store::statements! {
    /// Makes room for a year's numbers.
    OPEN_YEAR = "INSERT INTO stays_counter (year, last) VALUES ($1, 0) ON CONFLICT DO NOTHING";
    /// Takes the next number of a year; others wait until this transaction ends.
    NEXT_NUMBER = "UPDATE stays_counter SET last = last + 1 WHERE year = $1 RETURNING last";
    /// All versions of an application, the last first.
    VERSIONS = "SELECT version, at, digest, body FROM stays_application WHERE asker = $1 AND id = $2 ORDER BY version DESC";
    /// One version.
    VERSION = "SELECT body FROM stays_application WHERE asker = $1 AND id = $2 AND version = $3";
    /// Keeps a version, unless somebody was quicker.
    ADD_VERSION = "INSERT INTO stays_application (asker, id, version, at, digest, body) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING";
    /// The registration of an application.
    REGISTRATION = "SELECT number, version, at, sent_at, package FROM stays_registration WHERE asker = $1 AND application = $2";
    /// Registrations of a document, the newest first.
    BY_DOCUMENT = "SELECT number, from_day, to_day, ground FROM stays_registration WHERE document = $1
        ORDER BY from_day DESC LIMIT 200";
    /// How many there are.
    COUNT_BY_DOCUMENT = "SELECT COUNT(*) FROM stays_registration WHERE document = $1";
    /// Registers.
    ADD_REGISTRATION = "INSERT INTO stays_registration
        (number, asker, application, version, document, from_day, to_day, ground, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// ISOS has it.
    SENT = "UPDATE stays_registration SET sent_at = $3, package = $4 WHERE asker = $1 AND application = $2";
    /// ISOS will not have it: somebody must look.
    FAILED = "UPDATE stays_registration SET failed_at = $3 WHERE asker = $1 AND application = $2";
    /// Registrations that were given up.
    GIVEN_UP = "SELECT COUNT(*) FROM stays_registration WHERE failed_at IS NOT NULL AND sent_at IS NULL";
}
