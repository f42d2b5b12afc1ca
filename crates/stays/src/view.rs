//! `registrations/view`: an application as decided, with all its versions, for the consumer that sent it.

use gateway::{Answer, Ask};
use jiff::Timestamp;
use model::{Kind, Refusal};
use serde_json::{Value, json};
use store::Error;
use uuid::Uuid;

use crate::Stays;
use crate::submit::{identifier, registered, subjects, versions};
use crate::told::put;
use crate::weigh::ready;

impl Stays {
    pub(crate) async fn view(&self, ask: &Ask) -> Result<Answer, Refusal> {
        let id = identifier(ask)?;
        let (vault, asker) = (self.core.vault.clone(), ask.asker.id.clone());
        let known = self.db.read(move |tx| Ok((versions(tx, &vault, &asker, id)?, registered(tx, &asker, id)?)));
        let (versions, registration) = known.await.map_err(Error::refusal)?;
        let last = versions.first().ok_or_else(|| Refusal::new(Kind::NotFound, "unknown-application"))?;
        let mut body = self.stored(ask, last, registration.as_ref());
        let told: Vec<Value> = versions
            .iter()
            .map(|one| {
                let at = Timestamp::from_microsecond(one.at).map(|at| at.to_string()).unwrap_or_default();
                let told = &one.kept.told;
                json!({"version": one.version, "at": at, "outcome": told.outcome, "code": told.code})
            })
            .collect();
        put(&mut body, "versions", told);
        put(&mut body, "application", last.kept.application.clone());
        if let Some(registration) = registration {
            let package = registration.package.map(Uuid::from_bytes);
            put(&mut body, "isos", json!({"sent": registration.sent, "package_id": package}));
        }
        ready(body, subjects(&last.kept.application))
    }
}
