//! What is put in is sent once, tried again, given up, or kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use mail::{Config, Encryption, Message, Outbox, Smtp, State};
use model::{Clock, Lang};
use store::{Db, DbConfig, Vault};
use uuid::Uuid;

use crate::server::Server;

struct House {
    outbox: Outbox,
    db: Db,
    seconds: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

#[expect(clippy::disallowed_methods, reason = "tests are told by their runner which server to use")]
fn engines(folder: &tempfile::TempDir) -> Vec<DbConfig> {
    let mut all = vec![DbConfig::new(format!("sqlite:{}", folder.path().join("m.db").display()))];
    if let Ok(url) = std::env::var("NAIS_TEST_POSTGRES") {
        let schema = format!("mail_{}", Uuid::from_bytes(store::random()).simple());
        let config = DbConfig { readers: 1, ..DbConfig::new(url.clone()) };
        let text = format!("CREATE SCHEMA {schema}");
        let create = move || Db::open_plain(&config, &[]).unwrap().write_blocking(move |tx| tx.batch(&text));
        std::thread::spawn(create).join().unwrap().unwrap();
        all.push(DbConfig { readers: 1, ..DbConfig::new(format!("{url}?options=-csearch_path%3D{schema}")) });
    }
    all
}

async fn everywhere(server: Option<&Server>, test: impl AsyncFn(House)) {
    let folder = tempfile::tempdir().unwrap();
    for database in engines(&folder) {
        let own = tempfile::tempdir().unwrap();
        let seconds = Arc::new(AtomicI64::new(1_800_000_000));
        let hand = seconds.clone();
        let clock = Clock::from_fn(move || Timestamp::from_second(hand.load(Ordering::SeqCst)).unwrap());
        let smtp = server.map(|server| {
            let ca = own.path().join("ca.pem");
            std::fs::write(&ca, &server.certificate).unwrap();
            Smtp {
                host: "localhost".into(),
                port: Some(server.port),
                encryption: Encryption::Implicit,
                user: None,
                password_file: None,
                ca_file: Some(ca),
            }
        });
        let config = Config { from: "nais@example.by".parse().unwrap(), smtp };
        let db = Db::open_plain(&database, &[store::SCHEMA, mail::SCHEMA].concat()).unwrap();
        let outbox = Outbox::open(db.clone(), Vault::new(&[7; 32]).unwrap(), clock, &config).unwrap();
        test(House { outbox, db, seconds, _folder: own }).await;
    }
}

fn message(subject: &str) -> Message {
    let to = "anna@example.by".parse().unwrap();
    Message { to, subject: subject.into(), text: "Добры дзень!\n".into(), lang: Lang::Be, kind: "test" }
}

impl House {
    async fn put(&self, subject: &'static str) -> Uuid {
        let outbox = self.outbox.clone();
        self.db.write(move |tx| outbox.put(tx, &message(subject)).map_err(store::Error::broken)).await.unwrap()
    }

    async fn state(&self, id: Uuid) -> (State, i64) {
        self.outbox.state(id).await.unwrap().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_messages_are_kept_newest_first() {
    everywhere(None, async |house: House| {
        let (outbox, second) = (house.outbox.clone(), house.outbox.clone());
        house.put("First").await;
        house.put("Second").await;
        let undone = house.db.write(move |tx| {
            second.put(tx, &message("Undone")).map_err(store::Error::broken)?;
            Err::<(), _>(store::Error::Overloaded)
        });
        assert!(undone.await.is_err());
        let kept = outbox.kept(10).await.unwrap();
        let subjects: Vec<&str> = kept.iter().map(|kept| kept.subject.as_str()).collect();
        assert_eq!(
            (subjects, kept[0].lang, kept[0].to.as_str()),
            (vec!["Second", "First"], Lang::Be, "anna@example.by")
        );
        assert_eq!(outbox.kept(1).await.unwrap().len(), 1);
        assert!(!outbox.step().await.unwrap());
        house.seconds.fetch_add(8 * 24 * 3600, Ordering::SeqCst);
        outbox.tidy().await.unwrap();
        assert!(outbox.kept(10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_takes_each_message_once() {
    let server = Server::start(&[]).await;
    everywhere(Some(&server), async |house: House| {
        server.taken.lock().unwrap().clear();
        let id = house.put("Пацвердзіце адрас").await;
        assert_eq!(house.state(id).await, (State::Waiting, 0));
        assert!(house.outbox.step().await.unwrap());
        assert_eq!(house.state(id).await, (State::Sent, 1));
        assert!(!house.outbox.step().await.unwrap());
        let taken = server.taken.lock().unwrap().clone();
        assert_eq!(taken.len(), 1);
        assert!(taken[0].contains(&format!("Message-ID: <{id}@example.by>")), "{}", taken[0]);
        assert!(house.outbox.kept(10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_now_is_tried_again_and_refused_for_good_is_not() {
    for engine in 0..2 {
        let server = Server::start(&[451, 550]).await;
        let nth = std::cell::Cell::new(0);
        everywhere(Some(&server), async |house: House| {
            nth.set(nth.get() + 1);
            if nth.get() != engine + 1 {
                return; // a server of its own for each engine
            }
            let later = house.put("Later").await;
            assert!(house.outbox.step().await.unwrap());
            assert_eq!(house.state(later).await, (State::Waiting, 1));
            assert!(!house.outbox.step().await.unwrap(), "not yet");
            let never = house.put("Never").await;
            assert!(house.outbox.step().await.unwrap());
            assert_eq!(house.state(never).await, (State::Failed, 1));
            house.seconds.fetch_add(15, Ordering::SeqCst);
            assert!(house.outbox.step().await.unwrap());
            assert_eq!(house.state(later).await, (State::Sent, 2));
            assert_eq!(server.taken.lock().unwrap().len(), 1);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_trusted_gets_nothing_and_a_day_is_the_end() {
    let mut server = Server::start(&[]).await;
    let key = rcgen::KeyPair::generate().unwrap();
    let other = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
    server.certificate = other.pem();
    everywhere(Some(&server), async |house: House| {
        let id = house.put("Secret").await;
        assert!(house.outbox.step().await.unwrap());
        assert_eq!(house.state(id).await, (State::Waiting, 1));
        house.seconds.fetch_add(24 * 3600, Ordering::SeqCst);
        assert!(house.outbox.step().await.unwrap());
        assert_eq!(house.state(id).await, (State::Failed, 2));
        assert!(server.taken.lock().unwrap().is_empty());
    })
    .await;
}
