//! Tables and statements of the Population Register.
//!
//! What is personal is sealed; people are found by a keyed value of their number. Rows are only ever added: a change of
//! name is a new identity, the end of a marriage a new act.

use store::Migration;

/// The tables.
pub const SCHEMA: &[Migration] = &[Migration { owner: "population", number: 1, sql: TABLES }];

const TABLES: &str = "
-- People; those without a number are known by the acts of others only.
CREATE TABLE population_person (id {int} NOT NULL PRIMARY KEY, number_key {int}, entered_at {int} NOT NULL) {rowless};
CREATE UNIQUE INDEX population_number ON population_person (number_key);
-- Who somebody was from a day on (YYYYMMDD): names, sex, birth, citizenship, standing.
CREATE TABLE population_identity (
  person {int} NOT NULL, since {int} NOT NULL, entered_at {int} NOT NULL, body {bytes} NOT NULL,
  PRIMARY KEY (person, since, entered_at)
) {rowless};
-- Identity documents, oldest first.
CREATE TABLE population_document (
  person {int} NOT NULL, place {int} NOT NULL, entered_at {int} NOT NULL, body {bytes} NOT NULL,
  PRIMARY KEY (person, place)
) {rowless};
-- Civil acts and decisions of courts; `concerns` is the act that one ends or changes.
CREATE TABLE population_act (
  id {int} NOT NULL PRIMARY KEY, kind {int} NOT NULL, day {int} NOT NULL, concerns {int}, entered_at {int} NOT NULL,
  body {bytes} NOT NULL
) {rowless};
-- Whom an act is about, and in which role.
CREATE TABLE population_party (
  person {int} NOT NULL, act {int} NOT NULL, role {int} NOT NULL, PRIMARY KEY (person, act, role)
) {rowless};
CREATE INDEX population_parties ON population_party (act, person, role);
";

/// The person and everybody who stands in an act with them.
macro_rules! of_all_around {
    ($columns:literal, $table:literal, $order:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $table,
            " WHERE person IN (SELECT CAST($1 AS BIGINT) UNION SELECT q.person FROM population_party p
              JOIN population_party q ON q.act = p.act WHERE p.person = $1) ORDER BY ",
            $order
        )
    };
}

store::statements! {
    /// The person with a number.
    PERSON = "SELECT id FROM population_person WHERE number_key = $1";
    /// Whether a person is there.
    KNOWN = "SELECT 1 FROM population_person WHERE id = $1";
    /// Acts about a person, oldest first.
    ACTS = "SELECT a.id, a.kind, a.day, a.concerns, a.body FROM population_party p
        JOIN population_act a ON a.id = p.act WHERE p.person = $1 ORDER BY a.day, a.id";
    /// Everybody in these acts.
    PARTIES = "SELECT q.act, q.person, q.role FROM population_party p JOIN population_party q ON q.act = p.act
        WHERE p.person = $1 ORDER BY q.act, q.role, q.person";
    /// When the spouses of a person died.
    DEATHS = "SELECT DISTINCT d.person, a.day FROM population_party p
        JOIN population_party q ON q.act = p.act AND q.role = 1
        JOIN population_party d ON d.person = q.person AND d.role = 5
        JOIN population_act a ON a.id = d.act WHERE p.person = $1 AND p.role = 1 ORDER BY d.person, a.day";
    /// Who they all were, and since when.
    IDENTITIES = of_all_around!("person, since, entered_at, body", "population_identity", "person, since, entered_at");
    /// Their documents.
    DOCUMENTS = of_all_around!("person, place, body", "population_document", "person, place");
    /// A person.
    ADD_PERSON = "INSERT INTO population_person (id, number_key, entered_at) VALUES ($1, $2, $3)";
    /// Who somebody is from a day on.
    ADD_IDENTITY = "INSERT INTO population_identity (person, since, entered_at, body) VALUES ($1, $2, $3, $4)";
    /// A document.
    ADD_DOCUMENT = "INSERT INTO population_document (person, place, entered_at, body) VALUES ($1, $2, $3, $4)";
    /// An act.
    ADD_ACT = "INSERT INTO population_act (id, kind, day, concerns, entered_at, body) VALUES ($1, $2, $3, $4, $5, $6)";
    /// Whom it is about.
    ADD_PARTY = "INSERT INTO population_party (person, act, role) VALUES ($1, $2, $3)";
}
