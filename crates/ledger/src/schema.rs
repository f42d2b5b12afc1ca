//! The ledger's tables and statements.
//!
//! No row per inner node: nodes of full tiles follow from the tiles, those of incomplete ones from the entries.

use store::Migration;

/// The ledger's schema.
pub const SCHEMA: &[Migration] = &[
    Migration { owner: "ledger", number: 1, sql: TABLES },
    // What the private records of one consumer's calls of one method have in common, once: half of a record.
    Migration {
        owner: "ledger",
        number: 2,
        sql: "CREATE TABLE ledger_basis (id {int} NOT NULL PRIMARY KEY, body {bytes} NOT NULL) {strict};
              ALTER TABLE ledger_entry ADD COLUMN basis {int};",
    },
];

const TABLES: &str = "CREATE TABLE ledger_head (id {int} NOT NULL PRIMARY KEY, size {int} NOT NULL, root {bytes} NOT NULL) {strict};
          CREATE TABLE ledger_entry (idx {int} NOT NULL PRIMARY KEY, data {bytes} NOT NULL, request_id {bytes} NOT NULL,
              private {bytes}) {strict};
          CREATE INDEX ledger_entry_request ON ledger_entry (request_id);
          CREATE TABLE ledger_tile (level {int} NOT NULL, idx {int} NOT NULL, hashes {bytes} NOT NULL,
              PRIMARY KEY (level, idx)) {strict};
          CREATE TABLE ledger_checkpoint (day {int} NOT NULL PRIMARY KEY, size {int} NOT NULL, note {text} NOT NULL) {strict};
          CREATE TABLE ledger_blob (id {int} NOT NULL PRIMARY KEY, bundles {int} NOT NULL) {strict};";

/// How many entries [`ADD_SIXTEEN`] adds.
pub(crate) const MANY: usize = 16;

store::statements! {
    /// The head row, locked until the transaction ends, on either engine.
    LOCK_HEAD = "UPDATE ledger_head SET size = size WHERE id = 1 RETURNING size, root";
    /// The head row as of the snapshot.
    HEAD = "SELECT size, root FROM ledger_head WHERE id = 1";
    /// The head row of an empty log.
    CREATE_HEAD = "INSERT INTO ledger_head (id, size, root) VALUES (1, 0, $1) ON CONFLICT (id) DO NOTHING";
    /// The next head in place of the expected one.
    SWAP_HEAD = "UPDATE ledger_head SET size = $1, root = $2 WHERE id = 1 AND size = $3";
    /// One entry.
    ADD_ENTRY = "INSERT INTO ledger_entry (idx, data, request_id, private, basis) VALUES ($1, $2, $3, $4, $5)";
    /// What entries have in common, unless it is there.
    ADD_BASIS = "INSERT INTO ledger_basis (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    /// Sixteen entries in one round trip.
    ADD_SIXTEEN = "INSERT INTO ledger_entry (idx, data, request_id, private, basis) VALUES
        ($1, $2, $3, $4, $5), ($6, $7, $8, $9, $10), ($11, $12, $13, $14, $15), ($16, $17, $18, $19, $20),
        ($21, $22, $23, $24, $25), ($26, $27, $28, $29, $30), ($31, $32, $33, $34, $35), ($36, $37, $38, $39, $40),
        ($41, $42, $43, $44, $45), ($46, $47, $48, $49, $50), ($51, $52, $53, $54, $55), ($56, $57, $58, $59, $60),
        ($61, $62, $63, $64, $65), ($66, $67, $68, $69, $70), ($71, $72, $73, $74, $75), ($76, $77, $78, $79, $80)";
    /// A tile that became full.
    ADD_TILE = "INSERT INTO ledger_tile (level, idx, hashes) VALUES ($1, $2, $3)";
    /// Public entries from a number up to, not including, another.
    ENTRIES = "SELECT idx, data FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx";
    /// Whole entries from a number on.
    WHOLE_ENTRIES = "SELECT e.idx, e.data, e.request_id, e.private, b.body FROM ledger_entry e
        LEFT JOIN ledger_basis b ON b.id = e.basis WHERE e.idx >= $1 ORDER BY e.idx LIMIT $2";
    /// The first entry of a request.
    ENTRY_OF_REQUEST = "SELECT e.idx, e.private, b.body FROM ledger_entry e
        LEFT JOIN ledger_basis b ON b.id = e.basis WHERE e.request_id = $1 ORDER BY e.idx LIMIT 1";
    /// Entries of a request.
    ENTRIES_OF_REQUEST = "SELECT e.idx, e.private, b.body FROM ledger_entry e
        LEFT JOIN ledger_basis b ON b.id = e.basis WHERE e.request_id = $1 ORDER BY e.idx";
    /// Destroys record and salt of an entry, and what led to its basis.
    ERASE_PRIVATE = "UPDATE ledger_entry SET private = NULL, basis = NULL WHERE idx = $1 AND private IS NOT NULL";
    /// A full tile.
    TILE = "SELECT hashes FROM ledger_tile WHERE level = $1 AND idx = $2";
    /// Neighbouring full tiles of a level.
    TILES = "SELECT idx, hashes FROM ledger_tile WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx";
    /// How many full tiles a level has, and the last one's number.
    COUNT_TILES = "SELECT COUNT(*), MAX(idx) FROM ledger_tile WHERE level = $1";
    /// Keeps the last cosigned checkpoint of a day.
    KEEP_CHECKPOINT = "INSERT INTO ledger_checkpoint (day, size, note) VALUES ($1, $2, $3)
        ON CONFLICT (day) DO UPDATE SET size = excluded.size, note = excluded.note
        WHERE ledger_checkpoint.size <= excluded.size";
    /// All kept checkpoints, smallest first.
    CHECKPOINTS = "SELECT size, note FROM ledger_checkpoint ORDER BY size, day";
    /// The last kept checkpoint.
    LAST_CHECKPOINT = "SELECT size, note FROM ledger_checkpoint ORDER BY day DESC LIMIT 1";
    /// How many bundles are published as blobs.
    PUBLISHED = "SELECT bundles FROM ledger_blob WHERE id = 1";
    /// Remembers how many bundles are published.
    SET_PUBLISHED = "INSERT INTO ledger_blob (id, bundles) VALUES (1, $1)
        ON CONFLICT (id) DO UPDATE SET bundles = excluded.bundles WHERE ledger_blob.bundles < excluded.bundles";
}
