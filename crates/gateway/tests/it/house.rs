//! A gateway with its ledger on a database of its own, and a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use eds::{Algorithm, CachedTrust, Certificate, SigningKey};
use gateway::operator::{self, Desk};
use gateway::{Catalogue, Gateway, Parts, Provider};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use ledger::{Log, NoteKey, Private};
use model::access::{Consumer, State, Subscription, Treaty};
use model::{Category, Clock, Mode, ServiceCode};
use store::{Db, DbConfig, Vault};
use uuid::Uuid;
use web::edge::Setup;
use web::{Edge, Metrics, Problems};

use crate::party::{Identity, Party, Pki, days, morning, term, unp};
use crate::services::{ALPHA, BETA, DELTA, DONE, Fake, GAMMA, SCHEMA, alpha, beta, delta, gamma};

/// The gateway and everything around it.
pub(crate) struct House {
    pub gateway: Gateway,
    pub edge: Edge<Router>,
    pub db: Db,
    pub vault: Vault,
    pub log: Log,
    pub pki: Pki,
    pub trust: Arc<CachedTrust>,
    /// NAIS' own certificate for signatures.
    pub own: Certificate,
    pub fake: Arc<Fake>,
    micros: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

/// What a consumer may ask: service, methods, fields, calls a minute.
pub(crate) type Grant<'a> = (&'a str, &'a [&'a str], &'a [&'a str], u32);

/// Everything of the first service.
pub(crate) const ALL_ALPHA: Grant<'static> = (ALPHA, &["*"], &["*"], 10_000);
/// Everything of the second.
pub(crate) const ALL_BETA: Grant<'static> = (BETA, &["*"], &["*"], 10_000);

/// Everything of the third, which needs a consent.
pub(crate) const ALL_GAMMA: Grant<'static> = (GAMMA, &["*"], &["*"], 10_000);
/// Everything of the fourth, which has a login.
pub(crate) const ALL_DELTA: Grant<'static> = (DELTA, &["*"], &["*"], 10_000);

/// Runs a test on every engine there is.
pub(crate) async fn everywhere(test: impl AsyncFn(House)) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = DbConfig::new(format!("sqlite:{}", folder.path().join("nais.db").display()));
    test(House::open(&sqlite, folder).await).await;
    if let Some(config) = postgres() {
        test(House::open(&config, tempfile::tempdir().unwrap()).await).await;
    }
}

/// An empty schema of the PostgreSQL named by the environment; `None` when there is none to test on.
#[expect(clippy::disallowed_methods, reason = "tests are told by their runner which server to use")]
fn postgres() -> Option<DbConfig> {
    let url = std::env::var("NAIS_TEST_POSTGRES").ok()?;
    let schema = format!("gateway_{}", hex::encode(store::random::<8>()));
    let config = DbConfig { readers: 1, ..DbConfig::new(url.clone()) };
    let text = format!("CREATE SCHEMA {schema}");
    let create = move || Db::open_plain(&config, &[]).unwrap().write_blocking(move |tx| tx.batch(&text));
    std::thread::spawn(create).join().unwrap().unwrap(); // callers are inside a runtime, where nothing may block
    let joint = if url.contains('?') { '&' } else { '?' };
    Some(DbConfig { readers: 2, ..DbConfig::new(format!("{url}{joint}options=-csearch_path%3D{schema}")) })
}

fn problems() -> Arc<Problems> {
    let texts = [model::TEXTS, eds::TEXTS, ledger::TEXTS, web::TEXTS, gateway::TEXTS];
    Arc::new(Problems::load(&texts, web::problem::DEFAULT_BASE).unwrap())
}

fn catalogue(fake: &Arc<Fake>) -> Catalogue {
    let services = [alpha(), beta(), gamma(), delta()];
    Catalogue::new(services.into_iter().map(|service| (service, fake.clone() as Arc<dyn Provider>)).collect())
}

impl House {
    async fn open(config: &DbConfig, folder: tempfile::TempDir) -> Self {
        let micros = Arc::new(AtomicI64::new(morning().as_microsecond()));
        let hand = micros.clone();
        let clock = Clock::from_fn(move || Timestamp::from_microsecond(hand.load(Ordering::SeqCst)).unwrap());
        let key = NoteKey::new(
            "test.example/ledger",
            ledger::Algorithm::Ed25519,
            SigningKey::generate(Algorithm::Ed25519).unwrap(),
        );
        let log = Log::new(key.unwrap(), Vec::new(), clock.clone());
        let schema = [store::SCHEMA, ledger::SCHEMA, gateway::SCHEMA, SCHEMA].concat();
        let db = Db::open(config, &schema, log.sequencer()).unwrap();
        ledger::start(&log, &db, &[]).await.unwrap();
        let pki = Pki::new("Root");
        let trust = Arc::new(CachedTrust::new(pki.trust()));
        let own = pki.signing("NAIS", None, Algorithm::EcdsaP256Sha256, term(-1, 1000));
        let (fake, vault, problems) = (Arc::new(Fake::default()), Vault::new(&[7; 32]).unwrap(), problems());
        let gateway = Gateway::open(Parts {
            db: db.clone(),
            vault: vault.clone(),
            clock: clock.clone(),
            trust: trust.clone(),
            catalogue: catalogue(&fake),
            key: own.key,
            certificate: own.certificate.clone(),
            server: pki.server("gateway.example"),
            problems: problems.clone(),
            config: gateway::Config::default(),
        });
        let gateway = gateway.await.unwrap();
        let edge = edge(&gateway, problems, clock);
        let own = own.certificate;
        Self { gateway, edge, db, vault, log, pki, trust, own, fake, micros, _folder: folder }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.micros.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }

    pub(crate) fn desk(&self) -> Desk {
        Desk { db: self.db.clone(), vault: self.vault.clone(), now: self.now() }
    }

    /// A consumer of these categories with a TLS certificate, a registered key and a token for a year; no treaty.
    pub(crate) async fn stranger(&self, id: &str, number: usize, categories: &[&str]) -> Party {
        self.stranger_with(id, number, categories, Algorithm::Ed25519).await
    }

    pub(crate) async fn stranger_with(
        &self,
        id: &str,
        number: usize,
        categories: &[&str],
        algorithm: Algorithm,
    ) -> Party {
        let consumer = Consumer {
            id: id.to_owned(),
            title: id.into(),
            unp: unp(number),
            source_code: id.to_ascii_uppercase(),
            categories: categories.iter().map(|name| Category::parse(name).unwrap()).collect(),
        };
        operator::register(&self.desk(), &consumer).await.unwrap();
        let unp = consumer.unp.to_string();
        let tls = self.pki.tls(id, term(-1, 900));
        let sign = self.pki.signing(id, Some(&unp), algorithm, term(-1, 900));
        operator::enrol(&self.desk(), id, &sign.certificate).await.unwrap();
        let token = self.token(id, &tls, 0, 365, 10_000).await;
        Party { id: id.to_owned(), unp, token, tls, sign }
    }

    /// The same with a treaty in force with each owner of what is granted.
    pub(crate) async fn party(&self, id: &str, number: usize, grants: &[Grant<'_>]) -> Party {
        let party = self.stranger(id, number, &["reader", "state-body"]).await;
        for (at, grant) in grants.iter().enumerate() {
            self.treaty(&party, &format!("T-{id}-{at}"), State::Active, grant).await;
        }
        party
    }

    pub(crate) async fn treaty(&self, party: &Party, number: &str, state: State, grant: &Grant<'_>) {
        let (mode, owner) = match grant.0 {
            ALPHA => (Mode::System, "alpha-owner"),
            BETA => (Mode::SystemStateBodies, "beta-owner"),
            _ => (Mode::System, "gamma-owner"),
        };
        let treaty = Treaty {
            number: number.to_owned(),
            consumer: party.id.clone(),
            owner: owner.to_owned(),
            valid_from: date(2026, 1, 1),
            valid_to: Some(date(2026, 12, 31)),
            identity_to: None,
            state,
        };
        self.conclude(&treaty, mode, grant).await;
    }

    pub(crate) async fn conclude(&self, treaty: &Treaty, mode: Mode, grant: &Grant<'_>) {
        operator::conclude(&self.desk(), treaty).await.unwrap();
        self.subscribe(&treaty.number, mode, grant).await;
    }

    pub(crate) async fn subscribe(&self, number: &str, mode: Mode, &(service, methods, fields, quota): &Grant<'_>) {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let subscription = Subscription {
            service: ServiceCode::parse(service).unwrap(),
            methods: owned(methods),
            mode,
            fields: owned(fields),
            quota_per_minute: quota,
            roles: Vec::new(),
        };
        operator::subscribe(&self.desk(), number, &subscription).await.unwrap();
        self.gateway.renew().await.unwrap();
    }

    /// A token of `consumer` bound to this certificate, from and to so many days from the first moment.
    pub(crate) async fn token(&self, consumer: &str, tls: &Certificate, from: i64, to: i64, quota: u32) -> String {
        let term = operator::Term { from: morning() + days(from), to: morning() + days(to) };
        let issued = operator::issue(&self.desk(), consumer, tls, term, quota).await.unwrap();
        self.gateway.renew().await.unwrap();
        issued.token
    }

    /// How often the fake system's effect is on disk.
    pub(crate) async fn done(&self) -> i64 {
        self.db.read(|tx| tx.query_opt(&DONE, &[], |row| row.int(0))).await.unwrap().unwrap()
    }

    /// The private records of a request with their places in the log.
    pub(crate) async fn records(&self, request_id: Uuid) -> Vec<(Private, u64)> {
        let (id, vault) = (request_id.into_bytes(), self.vault.clone());
        self.db.read(move |tx| Ok(ledger::private_all(tx, &vault, &id).unwrap())).await.unwrap()
    }

    /// Another registered key of `party`.
    pub(crate) async fn enrol(&self, party: &Party, algorithm: Algorithm) -> Identity {
        let identity = self.pki.signing(&party.id, Some(&party.unp), algorithm, term(-1, 900));
        operator::enrol(&self.desk(), &party.id, &identity.certificate).await.unwrap();
        self.gateway.renew().await.unwrap();
        identity
    }
}

fn edge(gateway: &Gateway, problems: Arc<Problems>, clock: Clock) -> Edge<Router> {
    let setup = Setup {
        name: "gateway",
        problems,
        clock,
        random: store::random,
        metrics: Metrics::new(),
        request_timeout: Duration::from_secs(60),
        shed: None,
    };
    Edge::new(gateway.router(), setup)
}
