//! The tables of accounts, sessions and the OpenID provider.

use store::Migration;

/// Accounts and how people come in; then what the OpenID provider keeps.
pub const SCHEMA: &[Migration] = &[
    Migration {
        owner: "identity",
        number: 1,
        sql: "
CREATE TABLE identity_account (id {bytes} NOT NULL PRIMARY KEY, kind {text} NOT NULL, email_key {bytes}, number_key {bytes},
    password {text}, number_password {text}, profile {bytes} NOT NULL, created_at {int} NOT NULL,
    totp {bytes}, totp_step {int} NOT NULL) {strict};
CREATE UNIQUE INDEX identity_account_email ON identity_account (email_key);
CREATE UNIQUE INDEX identity_account_number ON identity_account (number_key);
CREATE TABLE identity_recovery (account {bytes} NOT NULL REFERENCES identity_account (id), code {bytes} NOT NULL,
    PRIMARY KEY (account, code)) {rowless};
CREATE TABLE identity_event (account {bytes} NOT NULL REFERENCES identity_account (id), at {int} NOT NULL,
    id {bytes} NOT NULL, kind {text} NOT NULL, address {text} NOT NULL, PRIMARY KEY (account, at, id)) {rowless};
CREATE TABLE identity_session (hash {bytes} NOT NULL PRIMARY KEY, id {bytes} NOT NULL,
    account {bytes} NOT NULL REFERENCES identity_account (id), acr {text} NOT NULL, amr {text} NOT NULL,
    auth_at {int} NOT NULL, seen_at {int} NOT NULL, expires_at {int} NOT NULL, address {text} NOT NULL,
    agent {text} NOT NULL) {strict};
CREATE UNIQUE INDEX identity_session_id ON identity_session (id);
CREATE INDEX identity_session_account ON identity_session (account);
CREATE INDEX identity_session_seen ON identity_session (seen_at);
CREATE TABLE identity_step (hash {bytes} NOT NULL PRIMARY KEY, account {bytes} NOT NULL REFERENCES identity_account (id),
    acr {text} NOT NULL, flow {text} NOT NULL, secret {bytes}, tries {int} NOT NULL, expires_at {int} NOT NULL) {strict};
CREATE TABLE identity_ticket (id {bytes} NOT NULL PRIMARY KEY, purpose {text} NOT NULL, state {text} NOT NULL,
    email_key {bytes} NOT NULL, waiting {bytes} NOT NULL, holder {bytes} NOT NULL, token {bytes} NOT NULL,
    code {bytes} NOT NULL, tries {int} NOT NULL, at {int} NOT NULL, expires_at {int} NOT NULL,
    body {bytes} NOT NULL) {strict};
CREATE UNIQUE INDEX identity_ticket_token ON identity_ticket (token);
CREATE INDEX identity_ticket_waiting ON identity_ticket (waiting);
CREATE INDEX identity_ticket_holder ON identity_ticket (holder);
CREATE INDEX identity_ticket_email ON identity_ticket (email_key, purpose);
CREATE INDEX identity_ticket_age ON identity_ticket (expires_at);
CREATE TABLE identity_limit (key {bytes} NOT NULL PRIMARY KEY, since {int} NOT NULL, count {int} NOT NULL) {strict};",
    },
    Migration {
        owner: "identity",
        number: 2,
        sql: "
CREATE TABLE identity_flow (id {bytes} NOT NULL PRIMARY KEY, at {int} NOT NULL, expires_at {int} NOT NULL,
    request {bytes} NOT NULL) {strict};
CREATE TABLE identity_consent (account {bytes} NOT NULL REFERENCES identity_account (id), client {text} NOT NULL,
    scope {text} NOT NULL, at {int} NOT NULL, PRIMARY KEY (account, client)) {rowless};
CREATE TABLE identity_grant (id {bytes} NOT NULL PRIMARY KEY, account {bytes} NOT NULL REFERENCES identity_account (id),
    session {bytes} NOT NULL, client {text} NOT NULL, scope {text} NOT NULL, offline {int} NOT NULL, acr {text} NOT NULL,
    amr {text} NOT NULL, auth_at {int} NOT NULL, at {int} NOT NULL, expires_at {int} NOT NULL, ended_at {int}) {strict};
CREATE INDEX identity_grant_session ON identity_grant (session);
CREATE INDEX identity_grant_account ON identity_grant (account);
CREATE INDEX identity_grant_age ON identity_grant (expires_at);
CREATE TABLE identity_token (hash {bytes} NOT NULL PRIMARY KEY, grant_id {bytes} NOT NULL REFERENCES identity_grant (id),
    kind {text} NOT NULL, body {json} NOT NULL, expires_at {int} NOT NULL, used_at {int}) {strict};
CREATE INDEX identity_token_grant ON identity_token (grant_id);
CREATE TABLE identity_assertion (jti {bytes} NOT NULL PRIMARY KEY, expires_at {int} NOT NULL) {strict};
CREATE TABLE identity_key (kid {text} NOT NULL PRIMARY KEY, at {int} NOT NULL, starts_at {int} NOT NULL,
    private {bytes} NOT NULL, public {json} NOT NULL) {strict};",
    },
    Migration {
        owner: "identity",
        number: 3,
        sql: "
CREATE TABLE identity_passkey (id {bytes} NOT NULL PRIMARY KEY, account {bytes} NOT NULL REFERENCES identity_account (id),
    name {text} NOT NULL, key {bytes} NOT NULL, counter {int} NOT NULL, acr {text} NOT NULL, at {int} NOT NULL,
    used_at {int}) {strict};
CREATE INDEX identity_passkey_account ON identity_passkey (account);",
    },
];
