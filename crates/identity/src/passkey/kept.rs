//! Passkeys of accounts: rows of `identity_passkey`.

use store::{Error, Param, Row, Tx};
use uuid::Uuid;

use super::key::Key;
use crate::account::Level;

store::statements! {
    /// A passkey is added.
    ADD = "INSERT INTO identity_passkey (id, account, name, key, counter, acr, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// A passkey by its identifier.
    FIND = "SELECT id, account, name, key, counter, acr, at, used_at FROM identity_passkey WHERE id = $1";
    /// An account's, the newest first.
    OF_ACCOUNT = "SELECT id, account, name, key, counter, acr, at, used_at FROM identity_passkey WHERE account = $1
        ORDER BY at DESC, id";
    /// It was used; unless another use came first.
    USED = "UPDATE identity_passkey SET counter = $2, used_at = $3 WHERE id = $1 AND counter = $4";
    /// One is removed.
    REMOVE = "DELETE FROM identity_passkey WHERE id = $1 AND account = $2";
}

/// A passkey.
#[derive(Clone, Debug)]
pub(crate) struct Passkey {
    /// The credential's identifier, as the authenticator named it.
    pub(crate) id: Vec<u8>,
    pub(crate) account: Uuid,
    /// The browser and system it was made with.
    pub(crate) name: String,
    pub(crate) key: Key,
    pub(crate) counter: u32,
    /// The level of the session that made it: it proves no more than was proven then.
    pub(crate) acr: Level,
    pub(crate) at: i64,
    pub(crate) used_at: Option<i64>,
}

fn passkey(row: &Row<'_>) -> Result<Passkey, Error> {
    Ok(Passkey {
        id: row.bytes(0)?.to_vec(),
        account: Uuid::from_bytes(row.array(1)?),
        name: row.text(2)?.to_owned(),
        key: Key::from_bytes(row.bytes(3)?).ok_or_else(|| Error::broken("key of a passkey"))?,
        counter: u32::try_from(row.int(4)?).map_err(Error::broken)?,
        acr: Level::parse(row.text(5)?).ok_or_else(|| Error::broken("acr of a passkey"))?,
        at: row.int(6)?,
        used_at: row.opt_int(7)?,
    })
}

/// It is there; [`Error::Duplicate`] when there is one of this identifier.
pub(crate) fn add(tx: &mut Tx<'_>, passkey: &Passkey) -> Result<(), Error> {
    let Passkey { id, account, name, key, counter, acr, at, .. } = passkey;
    let key = key.to_bytes();
    let row = [
        Param::Bytes(id),
        account.as_bytes().into(),
        name.into(),
        Param::Bytes(&key),
        i64::from(*counter).into(),
        acr.as_str().into(),
        (*at).into(),
    ];
    tx.execute(&ADD, &row).map(|_| ())
}

/// The passkey of this identifier.
pub(crate) fn find(tx: &mut Tx<'_>, id: &[u8]) -> Result<Option<Passkey>, Error> {
    tx.query_opt(&FIND, &[Param::Bytes(id)], passkey)
}

/// The account's passkeys.
pub(crate) fn of_account(tx: &mut Tx<'_>, account: Uuid) -> Result<Vec<Passkey>, Error> {
    tx.query(&OF_ACCOUNT, &[account.as_bytes().into()], passkey)
}

/// Its use is noted; false when another use came first.
pub(crate) fn used(tx: &mut Tx<'_>, passkey: &Passkey, counter: u32, now: i64) -> Result<bool, Error> {
    let row = [Param::Bytes(&passkey.id), i64::from(counter).into(), now.into(), i64::from(passkey.counter).into()];
    Ok(tx.execute(&USED, &row)? == 1)
}

/// It is gone; false when the account had none of this identifier.
pub(crate) fn remove(tx: &mut Tx<'_>, account: Uuid, id: &[u8]) -> Result<bool, Error> {
    Ok(tx.execute(&REMOVE, &[Param::Bytes(id), account.as_bytes().into()])? == 1)
}
