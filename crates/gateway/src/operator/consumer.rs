//! Consumers: organisations that ask through NAIS.

use model::access::Consumer;
use store::{Db, Error, Stamp};

use super::{Desk, json_text};

store::statements! {
    /// Registers a consumer, or changes what is known of it.
    REGISTER = "INSERT INTO consumer (id, body) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = excluded.body";
    /// All consumers.
    CONSUMERS = "SELECT body FROM consumer ORDER BY id";
}

/// The consumer is known, with these particulars.
pub async fn register(desk: &Desk, consumer: &Consumer) -> Result<Stamp, Error> {
    let (id, body) = (consumer.id.clone(), json_text(consumer)?);
    let detail = ("unp", consumer.unp.to_string());
    let act = move |tx: &mut store::Tx<'_>| tx.execute(&REGISTER, &[(&id).into(), (&body).into()]).map(|_| ());
    desk.commit(&consumer.id, "consumer-registered", detail, act).await.map(|((), stamp)| stamp)
}

/// All consumers, by name.
pub async fn consumers(db: &Db) -> Result<Vec<Consumer>, Error> {
    db.read(|tx| tx.query(&CONSUMERS, &[], |row| serde_json::from_str(row.text(0)?).map_err(Error::broken))).await
}
