//! Accounts of the stand's people at UIS ILE: those of `people.json`.

use identity::operator::Issue;
use mail::Address;
use model::{IdentificationNumber, Lang};
use registers::seed;
use secrecy::SecretString;

use super::SEED;
use crate::exit::Error;
use crate::node::Node;

/// How many of them have an account from the beginning; every further one is made by whoever wants it.
const ACCOUNTS: usize = 12;

/// Each may sign in with e-mail and password, or with the identification number and the same password.
pub(crate) async fn admit(node: &Node) -> Result<(), Error> {
    let Some(identity) = &node.identity else { return Ok(()) };
    for person in seed::people(SEED).into_iter().take(ACCOUNTS) {
        let number = IdentificationNumber::parse(&person.identification_number)?;
        let email = Address::parse(&person.email).map_err(Error::failed)?;
        let password = SecretString::from(person.password);
        let (surname, name, patronymic) = (person.surname, person.name, person.patronymic);
        let account = identity.add_account(email.clone(), &surname, &name, &patronymic, &password, Lang::Ru).await;
        account.map_err(Error::failed)?;
        let given_name = name;
        let (residence, email) = (None, Some(email));
        let issue = Issue { number, surname, given_name, patronymic, residence, email, lang: Lang::Ru, password };
        identity.issue_identifier(issue).await.map_err(Error::failed)?;
    }
    Ok(())
}
