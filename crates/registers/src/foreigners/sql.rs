//! Tables and statements of ISOS.
//!
//! Everything personal is sealed; what is searched by is a keyed value. Months partition what grows, so that inserting
//! touches a small hot part and searches go through the months newest first.

use store::Migration;

/// The tables.
pub const SCHEMA: &[Migration] = &[Migration { owner: "isos", number: 1, sql: TABLES }];

const TABLES: &str = "
-- One row: the next number, and how often the directory of persons was thinned out.
CREATE TABLE isos_counter (id {int} NOT NULL PRIMARY KEY, next {int} NOT NULL, epoch {int} NOT NULL) {strict};
INSERT INTO isos_counter (id, next, epoch) VALUES (1, 1, 1);
-- Packages received, in their order; `message` is the keyed value of consumer and message_id, of one moment side by side.
CREATE TABLE isos_package (
  package_id {bytes} NOT NULL PRIMARY KEY, message {int} NOT NULL, received_at {int} NOT NULL, consumer {text} NOT NULL,
  source {text} NOT NULL, kind {int} NOT NULL, digest {bytes} NOT NULL, answer {bytes} NOT NULL
) {strict};
CREATE UNIQUE INDEX isos_package_message ON isos_package (message);
-- Records as sent, sealed. Append-only: a correction is a new row that names the old one.
CREATE TABLE isos_record (
  month {int} NOT NULL, seq {int} NOT NULL, kind {int} NOT NULL, at {int} NOT NULL, received_at {int} NOT NULL,
  source {text} NOT NULL, package_id {bytes}, corrects {bytes}, body {bytes} NOT NULL, PRIMARY KEY (month, seq)
) {by_month_appended};
-- Records by keyed criterion.
CREATE TABLE isos_term (
  month {int} NOT NULL, term {int} NOT NULL, at {int} NOT NULL, seq {int} NOT NULL, PRIMARY KEY (month, term, at, seq)
) {by_month};
-- Months that hold records of a kind.
CREATE TABLE isos_month (kind {int} NOT NULL, month {int} NOT NULL, PRIMARY KEY (kind, month)) {rowless};
-- The newest version of every natural key: what makes a second record a duplicate. Keys that were numbered one after the
-- other stand side by side.
CREATE TABLE isos_key (natural_key {int} NOT NULL PRIMARY KEY, month {int} NOT NULL, seq {int} NOT NULL) {rowless};
-- What was done to an object or a record: annulments, changes, corrections.
CREATE TABLE isos_mark (
  subject {int} NOT NULL, received_at {int} NOT NULL, seq {int} NOT NULL, month {int} NOT NULL, deed {int} NOT NULL,
  counts_from {int} NOT NULL, PRIMARY KEY (subject, received_at, seq)
) {rowless};
-- Persons under one spelling of their names, sealed, and the keys under which near spellings meet.
CREATE TABLE isos_person (person {int} NOT NULL PRIMARY KEY, names {bytes} NOT NULL) {rowless};
CREATE TABLE isos_block (block {int} NOT NULL, person {int} NOT NULL, PRIMARY KEY (block, person)) {rowless};
";

store::statements! {
    /// Takes numbers; the number after the last.
    TAKE_NUMBERS = "UPDATE isos_counter SET next = next + $1 WHERE id = 1 RETURNING next";
    /// The directory's epoch.
    EPOCH = "SELECT epoch FROM isos_counter WHERE id = 1";
    /// The directory was thinned out: what nodes remember of it counts no more.
    NEXT_EPOCH = "UPDATE isos_counter SET epoch = epoch + 1 WHERE id = 1";
    /// What was answered to a message.
    PACKAGE_BY_MESSAGE = "SELECT digest, answer, package_id FROM isos_package WHERE message = $1";
    /// Keeps a package with its answer; nothing when the message was taken meanwhile.
    ADD_PACKAGE = "INSERT INTO isos_package (package_id, message, received_at, consumer, source, kind, digest, answer)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    /// A package by its identifier.
    PACKAGE_BY_ID = "SELECT consumer, source, kind, received_at, answer FROM isos_package WHERE package_id = $1";
    /// One record.
    RECORD = "SELECT kind, at, received_at, source, corrects, body FROM isos_record WHERE month = $1 AND seq = $2";
    /// A record without its body.
    RECORD_HEAD = "SELECT kind, received_at, source FROM isos_record WHERE month = $1 AND seq = $2";
    /// A month with records of a kind.
    ADD_MONTH = "INSERT INTO isos_month (kind, month) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    /// All months.
    MONTHS = "SELECT kind, month FROM isos_month ORDER BY kind, month";
    /// Where the record with a natural key is.
    KEY = "SELECT month, seq FROM isos_key WHERE natural_key = $1";
    /// Natural keys that are taken.
    KEYS_TAKEN = "SELECT natural_key FROM isos_key WHERE natural_key IN ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// Claims a natural key; nothing when it is taken.
    ADD_KEY = "INSERT INTO isos_key (natural_key, month, seq) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    /// A correction takes the natural key over.
    MOVE_KEY = "INSERT INTO isos_key (natural_key, month, seq) VALUES ($1, $2, $3)
        ON CONFLICT (natural_key) DO UPDATE SET month = excluded.month, seq = excluded.seq";
    /// Something was done to an object.
    ADD_MARK = "INSERT INTO isos_mark (subject, received_at, seq, month, deed, counts_from)
        VALUES ($1, $2, $3, $4, $5, $6)";
    /// What was done to an object until a moment, in the order of receipt.
    MARKS = "SELECT deed, counts_from, seq, received_at, month FROM isos_mark WHERE subject = $1 AND received_at <= $2
        ORDER BY received_at, seq";
    /// Whether anything was done to a subject.
    MARKED_ONE = "SELECT 1 FROM isos_mark WHERE subject = $1 LIMIT 1";
    /// Subjects to which anything was done.
    MARKED = "SELECT DISTINCT subject FROM isos_mark WHERE subject IN ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// Claims a person's place in the directory; nothing when it is there.
    ADD_PERSON = "INSERT INTO isos_person (person, names) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    /// Whether a person is in the directory.
    PERSON_KNOWN = "SELECT 1 FROM isos_person WHERE person = $1";
    /// Persons who are in the directory.
    PERSONS_KNOWN = "SELECT person FROM isos_person WHERE person IN ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// A person is found under a block.
    ADD_BLOCK = "INSERT INTO isos_block (block, person) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    /// Persons under a block.
    PERSONS_IN_BLOCK = "SELECT p.person, p.names FROM isos_block b JOIN isos_person p ON p.person = b.person
        WHERE b.block = $1 ORDER BY p.person LIMIT $2";
    /// Records under a term, newest first, before a place in the order.
    BY_TERM = "SELECT r.month, r.seq, r.at, r.received_at, r.source, r.corrects, r.body
        FROM isos_month m CROSS JOIN isos_term t CROSS JOIN isos_record r
        WHERE m.kind = $1 AND m.month >= $3 AND m.month <= $4 AND t.month = m.month AND t.term = $2
          AND (t.at, t.seq) < ($5, $6) AND t.at >= $7 AND r.month = t.month AND r.seq = t.seq AND r.received_at <= $8
        ORDER BY m.month DESC, t.at DESC, t.seq DESC LIMIT $9";
    /// Whether a term has records in any month of a kind.
    TERM_USED = "SELECT 1 FROM isos_month m CROSS JOIN isos_term t
        WHERE m.kind = $1 AND t.month = m.month AND t.term = $2 LIMIT 1";
    /// Records of a kind that were received before a moment, in one month.
    OLD_RECORDS = "SELECT seq, at, received_at, source, body FROM isos_record
        WHERE month = $1 AND kind = $2 AND seq > $3 ORDER BY seq LIMIT $4";
    /// How many records of a kind a month holds.
    COUNT_RECORDS = "SELECT count(*) FROM isos_record WHERE month = $1 AND kind = $2";
    /// Removes a record.
    DROP_RECORD = "DELETE FROM isos_record WHERE month = $1 AND seq = $2";
    /// Removes a term of a record.
    DROP_TERM = "DELETE FROM isos_term WHERE month = $1 AND term = $2 AND at = $3 AND seq = $4";
    /// Removes a natural key, when it leads to this record.
    DROP_KEY = "DELETE FROM isos_key WHERE natural_key = $1 AND month = $2 AND seq = $3";
    /// Removes what a record did to an object.
    DROP_MARK = "DELETE FROM isos_mark WHERE subject = $1 AND received_at = $2 AND seq = $3";
    /// Removes what was done to a record.
    DROP_MARKS = "DELETE FROM isos_mark WHERE subject = $1";
    /// Removes a month of a kind.
    DROP_MONTH = "DELETE FROM isos_month WHERE kind = $1 AND month = $2";
    /// Removes a person from the directory.
    DROP_PERSON = "DELETE FROM isos_person WHERE person = $1";
    /// Removes a person from a block.
    DROP_BLOCK = "DELETE FROM isos_block WHERE block = $1 AND person = $2";
    /// How many packages were received before one with this identifier could be: identifiers begin with the time.
    COUNT_PACKAGES = "SELECT count(*) FROM isos_package WHERE package_id < $1";
    /// Removes packages received before one with this identifier could be, a portion at a time.
    DROP_PACKAGES = "DELETE FROM isos_package WHERE package_id IN
        (SELECT package_id FROM isos_package WHERE package_id < $1 ORDER BY package_id LIMIT $2)";
    /// Rows of the inverted index, 8 at once.
    ADD_TERMS_8 = "INSERT INTO isos_term (month, term, at, seq) VALUES
            ($1, $2, $3, $4), ($5, $6, $7, $8), ($9, $10, $11, $12), ($13, $14, $15, $16),
            ($17, $18, $19, $20), ($21, $22, $23, $24), ($25, $26, $27, $28), ($29, $30, $31, $32)";
    /// Rows of the inverted index, 4 at once.
    ADD_TERMS_4 = "INSERT INTO isos_term (month, term, at, seq) VALUES
            ($1, $2, $3, $4), ($5, $6, $7, $8), ($9, $10, $11, $12), ($13, $14, $15, $16)";
    /// Rows of the inverted index, 2 at once.
    ADD_TERMS_2 = "INSERT INTO isos_term (month, term, at, seq) VALUES
            ($1, $2, $3, $4), ($5, $6, $7, $8)";
    /// Rows of the inverted index, 1 at once.
    ADD_TERM = "INSERT INTO isos_term (month, term, at, seq) VALUES
            ($1, $2, $3, $4)";
    /// Records, 4 at once.
    ADD_RECORDS_4 = "INSERT INTO isos_record (month, seq, kind, at, received_at, source, package_id, corrects, body) VALUES
            ($1, $2, $3, $4, $5, $6, $7, $8, $9), ($10, $11, $12, $13, $14, $15, $16, $17, $18),
            ($19, $20, $21, $22, $23, $24, $25, $26, $27), ($28, $29, $30, $31, $32, $33, $34, $35, $36)";
    /// Records, 1 at once.
    ADD_RECORD = "INSERT INTO isos_record (month, seq, kind, at, received_at, source, package_id, corrects, body) VALUES
            ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// Claims natural keys, 8 at once; those that were free.
    ADD_KEYS_8 = "INSERT INTO isos_key (natural_key, month, seq) VALUES
            ($1, $2, $3), ($4, $5, $6), ($7, $8, $9), ($10, $11, $12),
            ($13, $14, $15), ($16, $17, $18), ($19, $20, $21), ($22, $23, $24)
        ON CONFLICT DO NOTHING RETURNING natural_key";
}
