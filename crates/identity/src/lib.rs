//! UIS ILE, the national identity provider: accounts, sign-up by e-mail, sessions and the OpenID provider.
//!
//! People meet its pages below `/{lang}/`, systems its endpoints below `/oidc`. A system never sees a password; it gets
//! a code in the browser's address and trades it for tokens. `docs/architecture.md` has the walkthrough.
#![forbid(unsafe_code)]

mod account;
mod audit;
mod card;
pub mod config;
mod error;
mod flow;
mod identity;
mod limit;
mod oidc;
pub mod operator;
mod pages;
mod passkey;
mod password;
mod schema;
mod secret;
mod session;
mod ticket;
mod totp;
mod visitor;

pub use account::Kind;
pub use config::{Client, ClientAuth, Config, Hashing};
pub use error::Error;
pub use identity::{Identity, Parts};
pub use schema::SCHEMA;

use model::Lang;
use store::Statement;
use web::pages::Source;

/// Texts of this crate's refusals: it has none, people see pages and clients see OAuth errors.
pub const TEXTS: [(Lang, &str); 3] = [(Lang::En, ""), (Lang::Be, ""), (Lang::Ru, "")];

/// Its templates and what they say.
pub const PAGES: Source = Source {
    templates: pages::TEMPLATES,
    texts: [
        (Lang::En, include_str!("../texts/pages.en.toml")),
        (Lang::Be, include_str!("../texts/pages.be.toml")),
        (Lang::Ru, include_str!("../texts/pages.ru.toml")),
    ],
};

/// All statements of this crate, for the test that prepares them on both engines.
pub fn statements() -> Vec<&'static Statement> {
    let mut all = oidc::statements();
    all.extend(passkey::statements());
    for own in [
        account::STATEMENTS,
        audit::STATEMENTS,
        flow::STATEMENTS,
        limit::STATEMENTS,
        session::STATEMENTS,
        ticket::STATEMENTS,
        pages::STATEMENTS,
    ] {
        all.extend(own);
    }
    all
}
