//! Registration of foreigners who stay temporarily (service 200.12.14.1): the Ministry's system that decides.
//!
//! The law is rows with dates ([`rules`]), a decision is a pure function of rows, application and facts, and says with every
//! step which row it applied. What is registered goes to ISOS, durably.
#![forbid(unsafe_code)]

pub mod application;
mod copies;
pub mod isos;
pub mod lists;
pub mod mrz;
mod number;
mod offices;
mod read_zone;
mod reading;
mod ready;
pub mod rules;
mod send;
mod sql;
mod submit;
mod told;
mod view;
mod weigh;

use std::sync::Arc;

use gateway::{Answer, Ask, Boxed, Provider};
use model::{Clock, Error, Kind, Lang, Refusal, Service};
use store::{Db, Vault};

pub use application::Application;
pub use isos::{Asks, Isos, OverNais, Registration, Whose};
pub use lists::{List, Lists};
pub use number::{is_registration_number, registration_number};
pub use offices::{Office, Offices};
pub use reading::Slip;
pub use ready::{READY_ZONE, SERVICE, ready, ready_visit};
pub use rules::{Decision, Outcome, Rules, decide};
pub use sql::{SCHEMA, STATEMENTS};
pub use weigh::Fault;

/// Texts of this system's refusals. What people read of decisions and forms is in the service's own texts.
pub const TEXTS: [(Lang, &str); 3] = [
    (Lang::En, include_str!("texts/refusals.en.toml")),
    (Lang::Be, include_str!("texts/refusals.be.toml")),
    (Lang::Ru, include_str!("texts/refusals.ru.toml")),
];

/// The system. Cheap to clone.
#[derive(Clone)]
pub struct Stays {
    core: Arc<Core>,
    db: Db,
    clock: Clock,
}

/// What all questions share.
struct Core {
    vault: Vault,
    service: Arc<Service>,
    rules: Rules,
    lists: Lists,
    isos: Arc<dyn Isos>,
}

impl std::fmt::Debug for Stays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stays(…)")
    }
}

impl Stays {
    /// The system over `db`, with the rows, lists and offices that come with the program.
    pub fn new(vault: Vault, service: Arc<Service>, db: Db, clock: Clock, isos: Arc<dyn Isos>) -> Result<Self, Error> {
        Self::with_rules(vault, service, db, clock, isos, Rules::built_in()?)
    }

    /// The same under other rows.
    pub fn with_rules(
        vault: Vault,
        service: Arc<Service>,
        db: Db,
        clock: Clock,
        isos: Arc<dyn Isos>,
        rules: Rules,
    ) -> Result<Self, Error> {
        let core = Core { vault, service, rules, lists: Lists::built_in()?, isos };
        Ok(Self { core: Arc::new(core), db, clock })
    }

    fn teller(&self, lang: Lang) -> told::Teller<'_> {
        told::Teller { texts: &self.core.service.texts, rules: &self.core.rules, lists: &self.core.lists, lang }
    }

    async fn dispatch(&self, ask: Ask) -> Result<Answer, Refusal> {
        match &*ask.method {
            "registrations/check" => self.check(&ask).await,
            "registrations/submit" => self.submit(&ask).await,
            "registrations/view" => self.view(&ask).await,
            "documents/read" => self.read_zone(&ask),
            _ => Err(Refusal::new(Kind::NotFound, "unknown-method")),
        }
    }
}

impl Provider for Stays {
    fn answer(&self, ask: Ask) -> Boxed<'_, Result<Answer, Refusal>> {
        Box::pin(self.dispatch(ask))
    }
}
