//! Accounts: people and organisations, found by e-mail address or identification number through keyed indexes.

use mail::Address;
use model::{IdentificationNumber, Lang};
use serde::{Deserialize, Serialize};
use store::{Error, Param, Row, Tx, Vault};
use uuid::Uuid;

store::statements! {
    /// A new account.
    INSERT = "INSERT INTO identity_account
        (id, kind, email_key, number_key, password, number_password, profile, created_at, totp_step)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)";
    /// An account by its identifier.
    BY_ID = "SELECT id, kind, password, number_password, profile, totp, totp_step, created_at FROM identity_account WHERE id = $1";
    /// An account by its e-mail address.
    BY_EMAIL = "SELECT id, kind, password, number_password, profile, totp, totp_step, created_at FROM identity_account
        WHERE email_key = $1";
    /// An account by its identification number.
    BY_NUMBER = "SELECT id, kind, password, number_password, profile, totp, totp_step, created_at FROM identity_account
        WHERE number_key = $1";
    /// Another password of the e-mail address.
    SET_PASSWORD = "UPDATE identity_account SET password = $2 WHERE id = $1";
    /// Another password of the identification number.
    SET_NUMBER_PASSWORD = "UPDATE identity_account SET number_password = $2 WHERE id = $1";
    /// An identification number is issued to an account there is.
    SET_NUMBER = "UPDATE identity_account SET number_key = $2, number_password = $3, profile = $4 WHERE id = $1";
    /// A second factor is on, or off when it is empty.
    SET_TOTP = "UPDATE identity_account SET totp = $2, totp_step = $3 WHERE id = $1";
    /// A step of the second factor is used up, unless it was already.
    USE_STEP = "UPDATE identity_account SET totp_step = $2 WHERE id = $1 AND totp_step < $2";
    /// A recovery code.
    ADD_RECOVERY = "INSERT INTO identity_recovery (account, code) VALUES ($1, $2)";
    /// A recovery code is used up.
    USE_RECOVERY = "DELETE FROM identity_recovery WHERE account = $1 AND code = $2";
    /// Recovery codes that are left.
    LEFT_RECOVERY = "SELECT COUNT(*) FROM identity_recovery WHERE account = $1";
    /// No recovery codes any more.
    DROP_RECOVERY = "DELETE FROM identity_recovery WHERE account = $1";
}

/// Whose account it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A person's own.
    #[default]
    Person,
    /// An organisation's; the names are those of the person who acts for it.
    Organisation,
}

impl Kind {
    /// As rows and claims write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organisation => "organisation",
        }
    }
}

/// How sure we are of who signs in (`acr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// E-mail address and password.
    Low,
    /// Identification number, issued in person, and its password.
    Substantial,
    /// ID card or another EDS.
    High,
}

impl Level {
    /// All levels, the lowest first.
    pub(crate) const ALL: [Self; 3] = [Self::Low, Self::Substantial, Self::High];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Substantial => "substantial",
            Self::High => "high",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

/// What is known of the holder; sealed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) email: Option<Address>,
    pub(crate) surname: String,
    pub(crate) given_name: String,
    #[serde(default)]
    pub(crate) patronymic: String,
    #[serde(default)]
    pub(crate) number: Option<String>,
    #[serde(default)]
    pub(crate) residence: Option<String>,
    #[serde(default)]
    pub(crate) organisation: Option<String>,
    #[serde(default)]
    pub(crate) unp: Option<String>,
    #[serde(default)]
    pub(crate) lang: Lang,
}

impl Profile {
    /// The name as pages show it.
    pub(crate) fn full_name(&self) -> String {
        let parts = [&self.given_name, &self.patronymic, &self.surname];
        parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Words that a password must not contain.
    pub(crate) fn words(&self) -> Vec<String> {
        let email = self.email.as_ref().map(|email| email.local().to_owned());
        let names = [&self.surname, &self.given_name, &self.patronymic].into_iter().cloned();
        email.into_iter().chain(names).chain(self.organisation.clone()).collect()
    }
}

/// An account, opened.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    pub(crate) password: Option<String>,
    pub(crate) number_password: Option<String>,
    pub(crate) profile: Profile,
    /// The secret of the second factor, sealed, when it is on.
    pub(crate) totp: Option<Vec<u8>>,
    pub(crate) totp_step: i64,
    pub(crate) created_at: i64,
}

/// By what an account is found at sign-in.
#[derive(Clone)]
pub(crate) enum Login {
    Email(Address),
    Number(IdentificationNumber),
}

impl Login {
    /// An address if it looks like one, else an identification number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.contains('@') {
            return Address::parse(text).ok().map(Self::Email);
        }
        IdentificationNumber::parse(text).ok().map(Self::Number)
    }

    /// What tries are counted by.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Email(email) => email.key(),
            Self::Number(number) => number.as_str().to_owned(),
        }
    }

    pub(crate) const fn level(&self) -> Level {
        match self {
            Self::Email(_) => Level::Low,
            Self::Number(_) => Level::Substantial,
        }
    }
}

pub(crate) fn email_key(vault: &Vault, email: &Address) -> [u8; 32] {
    vault.keyed("identity.email", email.key().as_bytes())
}

fn number_key(vault: &Vault, number: &str) -> [u8; 32] {
    vault.keyed("identity.number", number.as_bytes())
}

fn aad(id: Uuid) -> Vec<u8> {
    [b"identity_account.profile.".as_slice(), id.as_bytes()].concat()
}

struct Raw {
    account: Account,
    sealed: Vec<u8>,
}

fn raw(row: &Row<'_>) -> Result<Raw, Error> {
    let kind = match row.text(1)? {
        "person" => Kind::Person,
        "organisation" => Kind::Organisation,
        _ => return Err(Error::broken("kind of an account")),
    };
    let account = Account {
        id: Uuid::from_bytes(row.array(0)?),
        kind,
        password: row.opt_text(2)?.map(str::to_owned),
        number_password: row.opt_text(3)?.map(str::to_owned),
        profile: Profile::default(),
        totp: row.opt_bytes(5)?.map(<[u8]>::to_vec),
        totp_step: row.int(6)?,
        created_at: row.int(7)?,
    };
    Ok(Raw { account, sealed: row.bytes(4)?.to_vec() })
}

fn opened(vault: &Vault, found: Option<Raw>) -> Result<Option<Account>, Error> {
    let Some(Raw { mut account, sealed }) = found else {
        return Ok(None);
    };
    let plain = vault.open(&aad(account.id), &sealed)?;
    account.profile = serde_json::from_slice(&plain).map_err(Error::broken)?;
    Ok(Some(account))
}

/// The account of this identifier.
pub(crate) fn by_id(tx: &mut Tx<'_>, vault: &Vault, id: Uuid) -> Result<Option<Account>, Error> {
    let found = tx.query_opt(&BY_ID, &[id.as_bytes().into()], raw)?;
    opened(vault, found)
}

/// The account with this address.
pub(crate) fn by_email(tx: &mut Tx<'_>, vault: &Vault, email: &Address) -> Result<Option<Account>, Error> {
    let found = tx.query_opt(&BY_EMAIL, &[(&email_key(vault, email)).into()], raw)?;
    opened(vault, found)
}

/// The account that signs in so.
pub(crate) fn by_login(tx: &mut Tx<'_>, vault: &Vault, login: &Login) -> Result<Option<Account>, Error> {
    match login {
        Login::Email(email) => by_email(tx, vault, email),
        Login::Number(number) => {
            let found = tx.query_opt(&BY_NUMBER, &[(&number_key(vault, number.as_str())).into()], raw)?;
            opened(vault, found)
        }
    }
}

fn sealed(vault: &Vault, id: Uuid, profile: &Profile) -> Result<Vec<u8>, Error> {
    Ok(vault.seal(&aad(id), &serde_json::to_vec(profile).map_err(Error::broken)?))
}

/// The account is there; [`Error::Duplicate`] when the address or the number has one.
pub(crate) fn insert(tx: &mut Tx<'_>, vault: &Vault, account: &Account) -> Result<(), Error> {
    let Account { id, kind, password, number_password, profile, created_at, .. } = account;
    let email = profile.email.as_ref().map(|email| email_key(vault, email));
    let number = profile.number.as_ref().map(|number| number_key(vault, number));
    let sealed = sealed(vault, *id, profile)?;
    tx.execute(
        &INSERT,
        &[
            id.as_bytes().into(),
            kind.as_str().into(),
            email.as_ref().into(),
            number.as_ref().into(),
            password.as_ref().into(),
            number_password.as_ref().into(),
            Param::Bytes(&sealed),
            (*created_at).into(),
        ],
    )
    .map(|_| ())
}

/// The account has the number, password and profile that `account` has.
pub(crate) fn set_number(tx: &mut Tx<'_>, vault: &Vault, account: &Account) -> Result<(), Error> {
    let number = account.profile.number.as_ref().map(|number| number_key(vault, number));
    let sealed = sealed(vault, account.id, &account.profile)?;
    tx.execute(
        &SET_NUMBER,
        &[
            account.id.as_bytes().into(),
            number.as_ref().into(),
            account.number_password.as_ref().into(),
            Param::Bytes(&sealed),
        ],
    )
    .map(|_| ())
}

/// The password of this level is another.
pub(crate) fn set_password(tx: &mut Tx<'_>, id: Uuid, level: Level, phc: &str) -> Result<(), Error> {
    let statement = match level {
        Level::Low => &SET_PASSWORD,
        Level::Substantial | Level::High => &SET_NUMBER_PASSWORD,
    };
    tx.execute(statement, &[id.as_bytes().into(), phc.into()]).map(|_| ())
}
