//! The Unified Portal: catalogue, forms, applications and the private office.
//!
//! An ordinary OpenID relying party of UIS ILE and an ordinary consumer of the gateway: it names neither accounts nor
//! registers. See "The portal" in `docs/architecture.md`.
#![forbid(unsafe_code)]

mod account;
mod application;
mod apply;
mod book;
mod catalogue;
mod check;
mod consents;
mod draft;
mod entry;
mod error;
mod files;
pub mod form;
mod guest;
mod information;
mod portal;
mod relying;
mod result;
mod schema;
mod send;
mod session;
mod statement;
mod stop;
mod table;
mod zone;

pub use error::Error;
pub use portal::{Client, Config, Parts, Portal};
pub use schema::SCHEMA;

use model::Lang;
use store::Statement;

/// Templates and texts of the portal's pages.
pub const PAGES: web::pages::Source = web::pages::Source {
    templates: &[
        ("portal/accessibility.html", include_str!("../templates/accessibility.html")),
        ("portal/account.html", include_str!("../templates/account.html")),
        ("portal/application.html", include_str!("../templates/application.html")),
        ("portal/catalogue.html", include_str!("../templates/catalogue.html")),
        ("portal/book.html", include_str!("../templates/book.html")),
        ("portal/check.html", include_str!("../templates/check.html")),
        ("portal/consent.html", include_str!("../templates/consent.html")),
        ("portal/developers.html", include_str!("../templates/developers.html")),
        ("portal/fields.html", include_str!("../templates/fields.html")),
        ("portal/help.html", include_str!("../templates/help.html")),
        ("portal/message.html", include_str!("../templates/message.html")),
        ("portal/print.html", include_str!("../templates/print.html")),
        ("portal/question.html", include_str!("../templates/question.html")),
        ("portal/service.html", include_str!("../templates/service.html")),
        ("portal/statement.html", include_str!("../templates/statement.html")),
        ("portal/status.html", include_str!("../templates/status.html")),
        ("portal/verify.html", include_str!("../templates/verify.html")),
        ("portal/mail.txt", include_str!("../templates/mail.txt")),
    ],
    texts: [
        (Lang::En, include_str!("../texts/pages.en.toml")),
        (Lang::Be, include_str!("../texts/pages.be.toml")),
        (Lang::Ru, include_str!("../texts/pages.ru.toml")),
    ],
};

/// All statements of this crate, for the test that prepares them on both engines.
pub fn statements() -> Vec<&'static Statement> {
    [application::STATEMENTS, draft::STATEMENTS, files::STATEMENTS, session::STATEMENTS].concat()
}
