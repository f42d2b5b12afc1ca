//! How often something may be tried: counted in the database, so that it holds over nodes and restarts.

use store::{Error, Tx, Vault};

store::statements! {
    /// One more try; a window that is over begins anew.
    TAKE = "INSERT INTO identity_limit (key, since, count) VALUES ($1, $2, 1) ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN identity_limit.since <= $3 THEN 1 ELSE identity_limit.count + 1 END,
        since = CASE WHEN identity_limit.since <= $3 THEN excluded.since ELSE identity_limit.since END
        RETURNING since, count";
    /// Tries are forgotten.
    CLEAR = "DELETE FROM identity_limit WHERE key = $1";
    /// Windows that are over.
    FORGET = "DELETE FROM identity_limit WHERE since < $1";
}

/// The longest window; older rows mean nothing.
pub(crate) const LONGEST: i64 = 3600 * SECOND;
const SECOND: i64 = 1_000_000;

/// So many in a window of so many microseconds.
pub(crate) struct Rule {
    name: &'static str,
    most: i64,
    window: i64,
}

/// Passwords tried for one account.
pub(crate) const SIGN_IN: Rule = Rule { name: "sign-in", most: 10, window: 900 * SECOND };
/// Passwords tried from one network address, behind which many people may sit.
pub(crate) const SIGN_IN_FROM: Rule = Rule { name: "sign-in-from", most: 100, window: 900 * SECOND };
/// What is counted where there is no account to note a failure in: so that both take as long.
pub(crate) const NOBODY: Rule = Rule { name: "nobody", most: i64::MAX, window: 900 * SECOND };
/// Codes of the second factor tried for one account.
pub(crate) const SECOND_FACTOR: Rule = Rule { name: "second-factor", most: 10, window: 900 * SECOND };
/// Messages to one e-mail address.
pub(crate) const MESSAGES: Rule = Rule { name: "messages", most: 3, window: 3600 * SECOND };
/// Messages asked for from one network address.
pub(crate) const MESSAGES_FROM: Rule = Rule { name: "messages-from", most: 60, window: 3600 * SECOND };

fn key(vault: &Vault, rule: &Rule, value: &[u8]) -> [u8; 32] {
    vault.keyed(&format!("identity.limit.{}", rule.name), value)
}

/// Counts a try; after how many seconds the next is worth it, when this is one too many.
pub(crate) fn take(tx: &mut Tx<'_>, vault: &Vault, rule: &Rule, value: &[u8], now: i64) -> Result<Option<i64>, Error> {
    let key = key(vault, rule, value);
    let counted = tx.query_opt(&TAKE, &[(&key).into(), now.into(), (now - rule.window).into()], |row| {
        Ok((row.int(0)?, row.int(1)?))
    })?;
    let (since, count) = counted.ok_or_else(|| Error::broken("a limit was not counted"))?;
    Ok((count > rule.most).then(|| (since + rule.window - now).max(SECOND) / SECOND))
}

/// Forgets the tries: the right person came.
pub(crate) fn clear(tx: &mut Tx<'_>, vault: &Vault, rule: &Rule, value: &[u8]) -> Result<(), Error> {
    tx.execute(&CLEAR, &[(&key(vault, rule, value)).into()]).map(|_| ())
}

/// Forgets windows that are over.
pub(crate) fn forget(tx: &mut Tx<'_>, now: i64) -> Result<(), Error> {
    tx.execute(&FORGET, &[(now - LONGEST).into()]).map(|_| ())
}
