//! The outbox's table.

use store::Migration;

/// Messages: what waits, what was sent, what could not be sent, what is kept.
pub const SCHEMA: &[Migration] = &[Migration {
    owner: "mail",
    number: 1,
    sql: "CREATE TABLE mail_message (id {bytes} NOT NULL PRIMARY KEY, kind {text} NOT NULL, state {text} NOT NULL,
            at {int} NOT NULL, done_at {int}, attempts {int} NOT NULL, content {bytes}) {strict};
          CREATE INDEX mail_message_at ON mail_message (state, at, id);",
}];
