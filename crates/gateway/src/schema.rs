//! The gateway's tables.

use store::Migration;

/// Consumers, treaties, tokens; memory of what was asked; the call log; consents.
pub const SCHEMA: &[Migration] = &[
    Migration {
        owner: "gateway",
        number: 1,
        sql: "
CREATE TABLE consumer (id {text} NOT NULL PRIMARY KEY, body {json} NOT NULL) {strict};
CREATE TABLE treaty (number {text} NOT NULL PRIMARY KEY, consumer {text} NOT NULL REFERENCES consumer (id),
    body {json} NOT NULL) {strict};
CREATE TABLE subscription (treaty {text} NOT NULL REFERENCES treaty (number), service {text} NOT NULL, mode {text} NOT NULL,
    body {json} NOT NULL, PRIMARY KEY (treaty, service, mode)) {strict};
CREATE TABLE token (hash {bytes} NOT NULL PRIMARY KEY, consumer {text} NOT NULL REFERENCES consumer (id),
    certificate {bytes} NOT NULL, valid_from {int} NOT NULL, valid_to {int} NOT NULL,
    quota_per_minute {int} NOT NULL, revoked_at {int}) {strict};
CREATE TABLE signer (keyid {text} NOT NULL PRIMARY KEY, consumer {text} NOT NULL REFERENCES consumer (id),
    certificate {bytes} NOT NULL, added_at {int} NOT NULL, revoked_at {int}) {strict};
CREATE TABLE access_version (id {int} NOT NULL PRIMARY KEY, version {int} NOT NULL) {strict};
INSERT INTO access_version (id, version) VALUES (1, 0);",
    },
    Migration {
        owner: "gateway",
        number: 2,
        sql: "
CREATE TABLE call_log (consumer {text} NOT NULL, at {int} NOT NULL, request_id {bytes} NOT NULL, service {text} NOT NULL,
    method {text} NOT NULL, status {int} NOT NULL, code {text} NOT NULL, ms {int} NOT NULL,
    PRIMARY KEY (consumer, at, request_id)) {rowless};
CREATE TABLE replay (expires {int} NOT NULL, key {bytes} NOT NULL, PRIMARY KEY (expires, key)) {rowless};
CREATE TABLE idempotency (consumer {text} NOT NULL, key {bytes} NOT NULL, at {int} NOT NULL, digest {bytes} NOT NULL,
    status {int} NOT NULL, body {bytes} NOT NULL, PRIMARY KEY (consumer, key)) {rowless};
CREATE INDEX idempotency_age ON idempotency (at);
CREATE TABLE queued (id {bytes} NOT NULL PRIMARY KEY, consumer {text} NOT NULL, at {int} NOT NULL, expires_at {int} NOT NULL,
    status {int}, body {bytes}) {strict};
CREATE INDEX queued_age ON queued (expires_at);",
    },
    Migration {
        owner: "gateway",
        number: 3,
        sql: "
CREATE TABLE consent (consent_id {bytes} NOT NULL PRIMARY KEY, subject {bytes} NOT NULL, consumer {text} NOT NULL,
    agreement {bytes} NOT NULL, given_at {int} NOT NULL, valid_from {int} NOT NULL, valid_to {int} NOT NULL,
    uses_allowed {int}, uses_made {int} NOT NULL, withdrawn_at {int}, ended_at {int}, cms {bytes}, withdrawal {bytes}) {strict};
CREATE INDEX consent_subject ON consent (subject);
CREATE INDEX consent_term ON consent (valid_to) WHERE ended_at IS NULL AND withdrawn_at IS NULL;
CREATE TABLE consent_message (consumer {text} NOT NULL, message {bytes} NOT NULL, expires {int} NOT NULL,
    PRIMARY KEY (consumer, message)) {rowless};
CREATE INDEX consent_message_age ON consent_message (expires);
CREATE TABLE treaty_login (treaty {text} NOT NULL PRIMARY KEY REFERENCES treaty (number), username {text} NOT NULL,
    digest {bytes} NOT NULL, set_at {int} NOT NULL) {strict};",
    },
    Migration {
        owner: "gateway",
        number: 4,
        sql: "
CREATE TABLE disclosure (subject {bytes} NOT NULL, at {int} NOT NULL, request_id {bytes} NOT NULL, consumer {text} NOT NULL,
    service {text} NOT NULL, method {text} NOT NULL, PRIMARY KEY (subject, at, request_id)) {rowless};",
    },
    Migration {
        owner: "gateway",
        number: 5,
        // A consent is its person's: an identifier that somebody else has withdrawn in advance takes nothing from them.
        sql: "
ALTER TABLE consent RENAME TO consent_before;
DROP INDEX consent_subject;
DROP INDEX consent_term;
CREATE TABLE consent (consent_id {bytes} NOT NULL, subject {bytes} NOT NULL, consumer {text} NOT NULL,
    agreement {bytes} NOT NULL, given_at {int} NOT NULL, valid_from {int} NOT NULL, valid_to {int} NOT NULL,
    uses_allowed {int}, uses_made {int} NOT NULL, withdrawn_at {int}, ended_at {int}, cms {bytes}, withdrawal {bytes},
    PRIMARY KEY (consent_id, subject)) {strict};
INSERT INTO consent (consent_id, subject, consumer, agreement, given_at, valid_from, valid_to, uses_allowed, uses_made,
    withdrawn_at, ended_at, cms, withdrawal) SELECT consent_id, subject, consumer, agreement, given_at, valid_from, valid_to,
    uses_allowed, uses_made, withdrawn_at, ended_at, cms, withdrawal FROM consent_before;
DROP TABLE consent_before;
CREATE INDEX consent_subject ON consent (subject);
CREATE INDEX consent_term ON consent (valid_to) WHERE ended_at IS NULL AND withdrawn_at IS NULL;",
    },
];
