//! Treaties and the subscriptions under them.

use model::access::{State, Subscription, Treaty};
use model::passport::{Mode, ServiceCode};
use model::{Kind, Refusal};
use store::{Db, Error, Stamp, Tx};

use super::{Desk, json_text};

store::statements! {
    /// Writes a treaty down.
    CONCLUDE = "INSERT INTO treaty (number, consumer, body) VALUES ($1, $2, $3)";
    /// A treaty by number.
    TREATY = "SELECT body FROM treaty WHERE number = $1";
    /// Changes a treaty's state.
    CHANGE = "UPDATE treaty SET body = $2 WHERE number = $1";
    /// All treaties.
    TREATIES = "SELECT body FROM treaty ORDER BY number";
    /// Subscribes to a service, or changes the subscription.
    SUBSCRIBE = "INSERT INTO subscription (treaty, service, mode, body) VALUES ($1, $2, $3, $4)
        ON CONFLICT (treaty, service, mode) DO UPDATE SET body = excluded.body";
    /// Ends a subscription.
    UNSUBSCRIBE = "DELETE FROM subscription WHERE treaty = $1 AND service = $2 AND mode = $3";
    /// A treaty's subscriptions.
    SUBSCRIPTIONS = "SELECT body FROM subscription WHERE treaty = $1 ORDER BY service, mode";
}

/// The treaty stands in the register, in the state it was given.
pub async fn conclude(desk: &Desk, treaty: &Treaty) -> Result<Stamp, Error> {
    let (number, consumer, body) = (treaty.number.clone(), treaty.consumer.clone(), json_text(treaty)?);
    let act = move |tx: &mut Tx<'_>| {
        tx.execute(&CONCLUDE, &[(&number).into(), (&consumer).into(), (&body).into()]).map(|_| ())
    };
    let outcome = desk.commit(&treaty.consumer, "treaty-concluded", ("treaty", treaty.number.clone()), act).await;
    outcome.map(|((), stamp)| stamp)
}

/// The treaty is in state `to`, if its present state lets it.
pub async fn transition(desk: &Desk, number: &str, to: State) -> Result<(Treaty, Stamp), Error> {
    let consumer = read(&desk.db, number).await?.consumer;
    let owned = number.to_owned();
    let act = move |tx: &mut Tx<'_>| {
        let changed = stored(tx, &owned)?
            .transition(to)
            .map_err(|error| Error::Refused(Refusal::new(Kind::Conflict, "treaty-state").with("reason", error)))?;
        tx.execute(&CHANGE, &[(&owned).into(), (&json_text(&changed)?).into()])?;
        Ok(changed)
    };
    let detail = ("treaty", format!("{number} {to}"));
    desk.commit(&consumer, "treaty-changed", detail, act).await
}

/// The treaty's consumer may ask what the subscription says.
pub async fn subscribe(desk: &Desk, number: &str, subscription: &Subscription) -> Result<Stamp, Error> {
    let consumer = read(&desk.db, number).await?.consumer;
    let owned = number.to_owned();
    let service = subscription.service.to_string();
    let mode = subscription.mode.as_str();
    let body = json_text(subscription)?;
    let detail = ("subscription", format!("{number} {service} {mode}"));
    let act = move |tx: &mut Tx<'_>| {
        tx.execute(&SUBSCRIBE, &[(&owned).into(), (&service).into(), mode.into(), (&body).into()]).map(|_| ())
    };
    desk.commit(&consumer, "subscribed", detail, act).await.map(|((), stamp)| stamp)
}

/// The subscription is no more.
pub async fn unsubscribe(desk: &Desk, number: &str, service: &ServiceCode, mode: Mode) -> Result<Stamp, Error> {
    let consumer = read(&desk.db, number).await?.consumer;
    let owned = number.to_owned();
    let code = service.to_string();
    let detail = ("subscription", format!("{number} {code} {mode}"));
    let act = move |tx: &mut Tx<'_>| {
        let ended = tx.execute(&UNSUBSCRIBE, &[(&owned).into(), (&code).into(), mode.as_str().into()])?;
        if ended == 0 { Err(unknown(&owned)) } else { Ok(()) }
    };
    desk.commit(&consumer, "unsubscribed", detail, act).await.map(|((), stamp)| stamp)
}

/// All treaties with their subscriptions.
pub async fn treaties(db: &Db) -> Result<Vec<(Treaty, Vec<Subscription>)>, Error> {
    db.read(|tx| {
        let treaties: Vec<Treaty> =
            tx.query(&TREATIES, &[], |row| serde_json::from_str(row.text(0)?).map_err(Error::broken))?;
        treaties
            .into_iter()
            .map(|treaty| {
                let subscriptions = tx.query(&SUBSCRIPTIONS, &[(&treaty.number).into()], |row| {
                    serde_json::from_str(row.text(0)?).map_err(Error::broken)
                })?;
                Ok((treaty, subscriptions))
            })
            .collect()
    })
    .await
}

pub(super) async fn read(db: &Db, number: &str) -> Result<Treaty, Error> {
    let number = number.to_owned();
    db.read(move |tx| stored(tx, &number)).await
}

fn stored(tx: &mut Tx<'_>, number: &str) -> Result<Treaty, Error> {
    tx.query_opt(&TREATY, &[number.into()], |row| serde_json::from_str(row.text(0)?).map_err(Error::broken))?
        .ok_or_else(|| unknown(number))
}

fn unknown(number: &str) -> Error {
    Error::Refused(Refusal::new(Kind::NotFound, "unknown-treaty").with("treaty", number))
}
