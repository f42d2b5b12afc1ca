//! What an operator does in person: issues the unique identifier, which raises sign-in to the level *substantial*.

use mail::Address;
use model::{IdentificationNumber, Lang, clock};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::account::{self, Account, Kind, Login, Profile};
use crate::audit::{self, Event};
use crate::{Error, Identity, password};

/// What the operator saw in the person's document, and the password that the person typed in at the desk.
pub struct Issue {
    /// The unique identifier.
    pub number: IdentificationNumber,
    /// Surname.
    pub surname: String,
    /// Given name.
    pub given_name: String,
    /// Patronymic; empty when there is none.
    pub patronymic: String,
    /// Place of residence as the register has it.
    pub residence: Option<String>,
    /// The e-mail address; an account that has proved it gets the identifier.
    pub email: Option<Address>,
    /// The language of messages.
    pub lang: Lang,
    /// The password that belongs to the identifier.
    pub password: SecretString,
}

impl Identity {
    /// The person can sign in with the identification number from now on, at the level *substantial*; the account.
    ///
    /// # Errors
    /// [`Error::Password`] when it does not follow the rule, [`Error::Exists`] when the number has an account.
    pub async fn issue_identifier(&self, issue: Issue) -> Result<Uuid, Error> {
        let profile = Profile {
            email: issue.email,
            surname: issue.surname,
            given_name: issue.given_name,
            patronymic: issue.patronymic,
            number: Some(issue.number.as_str().to_owned()),
            residence: issue.residence,
            lang: issue.lang,
            ..Profile::default()
        };
        let password = issue.password.expose_secret();
        password::check(password, &profile.words()).map_err(|weakness| Error::Password(weakness.as_str()))?;
        let phc = self.hasher.hash(password).await?;
        let (now, vault, number) = (self.clock.now(), self.vault.clone(), issue.number);
        let issued = self.db.write(move |tx| {
            if account::by_login(tx, &vault, &Login::Number(number))?.is_some() {
                return Err(store::Error::Duplicate("identification number"));
            }
            let known = match &profile.email {
                Some(email) => account::by_email(tx, &vault, email)?,
                None => None,
            };
            let at = now.as_microsecond();
            let account = match known {
                Some(known) => {
                    if known.profile.number.is_some() || known.kind != Kind::Person {
                        return Err(store::Error::Duplicate("e-mail address"));
                    }
                    let account = Account { number_password: Some(phc), profile, ..known };
                    account::set_number(tx, &vault, &account)?;
                    account
                }
                None => {
                    let account = Account {
                        id: clock::uuid_at(now, store::random()),
                        kind: Kind::Person,
                        password: None,
                        number_password: Some(phc),
                        profile,
                        totp: None,
                        totp_step: 0,
                        created_at: at,
                    };
                    account::insert(tx, &vault, &account)?;
                    account
                }
            };
            audit::note(tx, account.id, Event::IdentifierIssued, at, "")?;
            Ok(account.id)
        });
        match issued.await {
            Err(store::Error::Duplicate(_)) => Err(Error::Exists),
            other => Ok(other?),
        }
    }

    /// Adds an account whose e-mail address is known to be right: the stand's people.
    ///
    /// # Errors
    /// [`Error::Password`] when it does not follow the rule, [`Error::Exists`] when the address has an account.
    pub async fn add_account(
        &self,
        email: Address,
        surname: &str,
        given_name: &str,
        patronymic: &str,
        password: &SecretString,
        lang: Lang,
    ) -> Result<Uuid, Error> {
        let profile = Profile {
            email: Some(email),
            surname: surname.to_owned(),
            given_name: given_name.to_owned(),
            patronymic: patronymic.to_owned(),
            lang,
            ..Profile::default()
        };
        let password = password.expose_secret();
        password::check(password, &profile.words()).map_err(|weakness| Error::Password(weakness.as_str()))?;
        let phc = self.hasher.hash(password).await?;
        let (now, vault) = (self.clock.now(), self.vault.clone());
        let account = Account {
            id: clock::uuid_at(now, store::random()),
            kind: Kind::Person,
            password: Some(phc),
            number_password: None,
            profile,
            totp: None,
            totp_step: 0,
            created_at: now.as_microsecond(),
        };
        let id = account.id;
        match self.db.write(move |tx| account::insert(tx, &vault, &account)).await {
            Err(store::Error::Duplicate(_)) => Err(Error::Exists),
            other => Ok(other.map(|()| id)?),
        }
    }
}
