//! The gateway's own pages: what a token may call, its call log, descriptions, ledger entries, queued answers.

use ledger::record;
use model::access::{Grounds, permits};
use model::{Kind, Refusal};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::catalogue::Own;
use crate::exchange::answered::Answered;
use crate::exchange::authenticated::Case;
use crate::provider::{Answer, Reply};
use crate::{Gateway, calls, openapi, queue};

/// Answers one of the gateway's own pages; recorded and signed like any exchange.
pub(crate) async fn answer(gateway: &Gateway, case: Case, page: Own) -> Result<Answered, (Case, Refusal)> {
    let reply = match &page {
        Own::Services => Ok(services(gateway, &case)),
        Own::Calls => match calls::Wanted::read(&case.call.query()) {
            Ok(wanted) => calls::list(&gateway.db, case.caller.asker.id.clone(), wanted).await.map(ok),
            Err(refusal) => Err(refusal),
        },
        Own::OpenApi(context) => description(gateway, &case, context),
        Own::LedgerEntry(id) => entry(gateway, &case, id).await,
        Own::Queue(id) => queue::fetch(gateway, &case, id).await,
    };
    Answered::own(gateway, case, reply.map(Answer::Ready)).await
}

fn ok(body: Vec<u8>) -> Reply {
    Reply { status: 200, body, subjects: Vec::new() }
}

fn json_reply(value: &Value) -> Reply {
    ok(value.to_string().into_bytes())
}

/// What the caller's treaties let it call now.
fn services(gateway: &Gateway, case: &Case) -> Reply {
    let catalogue = gateway.catalogue();
    let mut list = Vec::new();
    for service in catalogue.services() {
        let passport = &service.passport;
        for grant in case.caller.grants(passport.code.as_str()) {
            let methods: Vec<String> = passport
                .methods
                .iter()
                .filter(|method| {
                    let grounds = Grounds {
                        consumer: &case.caller.consumer,
                        treaty: Some(&grant.treaty),
                        subscription: Some(&grant.subscription),
                    };
                    permits(grounds, passport, method, case.call.at).is_ok()
                })
                .map(|method| format!("{} {}", method.verb, method.path))
                .collect();
            if !methods.is_empty() {
                list.push(json!({
                    "code": passport.code.as_str(),
                    "context": passport.context,
                    "methods": methods,
                    "quota": grant.subscription.quota_per_minute,
                }));
            }
        }
    }
    json_reply(&json!({ "services": list }))
}

fn description(gateway: &Gateway, case: &Case, context: &str) -> Result<Reply, Refusal> {
    let catalogue = gateway.catalogue();
    let service = catalogue
        .services()
        .iter()
        .find(|service| service.passport.context.as_deref() == Some(context))
        .ok_or_else(|| Refusal::new(Kind::NotFound, "not-found").with("path", &case.call.path))?;
    Ok(json_reply(&openapi::describe(service, case.call.lang, &format!("https://{}", case.call.host))))
}

/// The private record of a leaf: for the consumer whose call it was, and for the owner of the service.
async fn entry(gateway: &Gateway, case: &Case, id: &str) -> Result<Reply, Refusal> {
    let unknown = || Refusal::new(Kind::NotFound, "unknown-entry");
    let request_id = *Uuid::try_parse(id).map_err(|_| unknown())?.as_bytes();
    let vault = gateway.vault.clone();
    // A question that was kept has two leaves; the one that answers it is the later. Those of a consent stand beside it.
    let answers = |kind| matches!(kind, record::Kind::Exchange | record::Kind::Refusal);
    let (found, index) = gateway
        .db
        .read(move |tx| {
            let all = ledger::private_all(tx, &vault, &request_id)?;
            let last = all.iter().rposition(|(private, _)| answers(private.record.kind));
            Ok(last.and_then(|at| all.into_iter().nth(at)))
        })
        .await
        .map_err(store::Error::refusal)?
        .ok_or_else(unknown)?;
    let asker = &case.caller.asker;
    let owner = gateway
        .catalogue()
        .services()
        .iter()
        .find(|service| Some(service.passport.code.as_str()) == found.record.service.as_deref())
        .is_some_and(|service| service.passport.owner == asker.id || service.passport.owner == asker.source_code);
    let auditor = case.caller.consumer.belongs("auditor");
    if found.record.consumer != asker.id && !owner && !auditor {
        return Err(unknown());
    }
    let record = serde_json::to_value(&found.record).map_err(|_| Refusal::new(Kind::Internal, "internal"))?;
    Ok(json_reply(&json!({ "record": record, "salt": hex::encode(found.salt), "index": index })))
}
