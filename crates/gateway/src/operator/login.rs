//! The owner's own login, as a credential of the treaty with the owner (seed 3.40.01/1); kept as a digest only.

use store::{Error, Stamp, Tx};

use super::Desk;
use super::treaty::read;
use crate::access::login_digest;

store::statements! {
    /// Gives a treaty its login, or another.
    SET_LOGIN = "INSERT INTO treaty_login (treaty, username, digest, set_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (treaty) DO UPDATE SET username = excluded.username, digest = excluded.digest, set_at = excluded.set_at";
}

/// A login just set; the only moment at which its password is known.
pub struct Login {
    /// For `Reg-auth-username`.
    pub username: String,
    /// For `Reg-auth-password`.
    pub password: String,
    /// The receipt.
    pub stamp: Stamp,
}

/// The treaty's requests bear this login from now on; one that it had before is worth nothing.
pub async fn login(desk: &Desk, number: &str, username: &str) -> Result<Login, Error> {
    let consumer = read(&desk.db, number).await?.consumer;
    let password = hex::encode(store::random::<16>());
    let digest = login_digest(username, &password);
    let (owned, name, now) = (number.to_owned(), username.to_owned(), desk.now.as_microsecond());
    let act = move |tx: &mut Tx<'_>| {
        tx.execute(&SET_LOGIN, &[(&owned).into(), (&name).into(), (&digest).into(), now.into()]).map(|_| ())
    };
    let ((), stamp) = desk.commit(&consumer, "treaty-login-set", ("treaty", number.to_owned()), act).await?;
    Ok(Login { username: username.to_owned(), password, stamp })
}
