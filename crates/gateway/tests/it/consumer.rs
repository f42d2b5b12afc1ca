//! A consumer in the same program: the same steps as over the network, and whom data about a person went to.

use axum::body::Body;
use axum::http::{Request, Response};
use eds::http_signature::Signer;
use gateway::consumer::{Question, Transport};
use gateway::disclosures::{Disclosure, Wanted, disclosures};
use gateway::{Boxed, Consumer};
use jiff::Timestamp;
use model::{Clock, Kind, Lang, Refusal};
use serde_json::json;
use web::{Edge, Peer, PeerCertificate};

use crate::ask::HOST;
use crate::house::{ALL_ALPHA, House, everywhere};
use crate::party::{Party, days};

struct Direct(Edge<axum::Router>, Peer);

impl Transport for Direct {
    fn send(&self, request: Request<Body>) -> Boxed<'_, Result<Response<Body>, Refusal>> {
        Box::pin(async { Ok(self.0.call(request, self.1.clone()).await) })
    }
}

fn unconnected(house: &House, party: &Party, token: &str) -> Consumer {
    let signer = Signer::new(party.sign.key.clone(), &party.sign.certificate).unwrap();
    let now = house.now();
    Consumer::new(token, signer, HOST, Clock::fixed(now)).unwrap()
}

fn connected(house: &House, party: &Party, token: &str) -> Consumer {
    let consumer = unconnected(house, party, token);
    let peer = Peer::plain(([127, 0, 0, 1], 0).into());
    let peer = peer.holding(PeerCertificate::parse(party.tls.der()).unwrap());
    consumer.connect(Direct(house.edge.clone(), peer));
    consumer
}

async fn search(consumer: &Consumer, lang: Lang) -> Result<gateway::consumer::Told, Refusal> {
    let body = json!({"number": "A1"});
    let question = Question { path: "alpha/v1/records/search", body: &body, lang, idempotency_key: None };
    consumer.ask(question).await
}

#[tokio::test]
async fn it_is_asked_as_every_other_consumer_asks() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let told = search(&connected(&house, &party, &party.token), Lang::En).await.unwrap();
        assert!(told.is_answered(), "{}", told.json);
        assert_eq!(told.code(), "");
        assert!(told.receipt.is_some());
        let records = house.records(told.request_id.unwrap()).await;
        assert_eq!(records[0].0.record.consumer, "one");
        // Without a grant it is refused like anybody, in the language asked for.
        let other = house.party("two", 1, &[]).await;
        let told = search(&connected(&house, &other, &other.token), Lang::Be).await.unwrap();
        assert_eq!((told.status.as_u16(), told.code()), (403, "no-subscription"));
        assert!(told.json["detail"].as_str().unwrap().contains('і'), "{}", told.json);
        // The token is bound to its own certificate.
        let told = search(&connected(&house, &other, &party.token), Lang::En).await.unwrap();
        assert_eq!(told.status.as_u16(), 401);
    })
    .await;
}

#[tokio::test]
async fn without_a_way_there_is_no_answer() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let refusal = search(&unconnected(&house, &party, &party.token), Lang::En).await.unwrap_err();
        assert_eq!(refusal.kind, Kind::Unavailable);
        assert!(refusal.retry_after.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_person_sees_whom_their_data_went_to() {
    everywhere(async |house| {
        let party = house.party("one", 0, &[ALL_ALPHA]).await;
        let seen = async |subject: &str, since, before| -> Vec<Disclosure> {
            disclosures(&house.db, &house.vault, subject, Wanted { since, before, limit: 10 }).await.unwrap()
        };
        let (ever, always) = (Timestamp::MIN, Timestamp::MAX);
        assert!(seen("subject-1", ever, always).await.is_empty());
        let told = search(&connected(&house, &party, &party.token), Lang::En).await.unwrap();
        let other = house.party("two", 1, &[]).await;
        search(&connected(&house, &other, &other.token), Lang::En).await.unwrap();
        let found = seen("subject-1", ever, always).await;
        let [one] = found.as_slice() else { panic!("a refusal discloses nothing: {found:?}") };
        assert_eq!((one.consumer.as_str(), one.method.as_str()), ("one", "records/search"));
        assert_eq!(Some(one.request_id), told.request_id);
        assert!(seen("subject-2", ever, always).await.is_empty());
        assert!(seen("subject-1", house.now() + days(1), always).await.is_empty());
        assert!(seen("subject-1", ever, house.now() - days(1)).await.is_empty());
    })
    .await;
}
