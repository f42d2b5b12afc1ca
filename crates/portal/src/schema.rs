//! The portal's tables. What people typed is sealed; rows are found by identifiers and keyed hashes.

use store::Migration;

/// Sessions, drafts, applications with their versions and history, messages; files.
pub const SCHEMA: &[Migration] = &[FIRST, FILES];

const FILES: Migration = Migration {
    owner: "portal",
    number: 2,
    sql: "
CREATE TABLE portal_file (id {bytes} NOT NULL PRIMARY KEY, draft {bytes} NOT NULL, size {int} NOT NULL,
    body {bytes} NOT NULL, sent {int} NOT NULL) {strict};
CREATE INDEX portal_file_unsent ON portal_file (draft, size) WHERE sent = 0;",
};

const FIRST: Migration = Migration {
    owner: "portal",
    number: 1,
    sql: "
CREATE TABLE portal_session (hash {bytes} NOT NULL PRIMARY KEY, account {bytes} NOT NULL, sid {bytes} NOT NULL,
    person {bytes} NOT NULL, created_at {int} NOT NULL, seen_at {int} NOT NULL, expires_at {int} NOT NULL) {strict};
CREATE INDEX portal_session_sid ON portal_session (sid);
CREATE INDEX portal_session_age ON portal_session (expires_at);
CREATE TABLE draft (id {bytes} NOT NULL PRIMARY KEY, service {text} NOT NULL, browser {bytes} NOT NULL, account {bytes},
    body {bytes} NOT NULL, changed_at {int} NOT NULL, expires_at {int} NOT NULL) {strict};
CREATE INDEX draft_account ON draft (account, changed_at);
CREATE INDEX draft_age ON draft (expires_at);
CREATE TABLE application (id {bytes} NOT NULL PRIMARY KEY, account {bytes} NOT NULL, service {text} NOT NULL,
    state {text} NOT NULL, lang {text} NOT NULL, version {int} NOT NULL, person {bytes} NOT NULL,
    created_at {int} NOT NULL, changed_at {int} NOT NULL, next_try_at {int}, tries {int} NOT NULL) {strict};
CREATE INDEX application_account ON application (account, created_at);
CREATE INDEX application_waiting ON application (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE TABLE application_version (id {bytes} NOT NULL, version {int} NOT NULL, at {int} NOT NULL, data {bytes} NOT NULL,
    outcome {bytes}, request_id {bytes}, receipt {text}, PRIMARY KEY (id, version)) {strict};
CREATE TABLE application_event (id {bytes} NOT NULL, at {int} NOT NULL, state {text} NOT NULL, version {int} NOT NULL,
    PRIMARY KEY (id, at, state)) {strict};
CREATE TABLE portal_message (id {bytes} NOT NULL PRIMARY KEY, account {bytes} NOT NULL, application {bytes} NOT NULL,
    state {text} NOT NULL, at {int} NOT NULL, read_at {int}) {strict};
CREATE INDEX portal_message_account ON portal_message (account, at);",
};
