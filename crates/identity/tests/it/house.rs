//! The provider on a database of its own, with kept mail and a clock that the test moves.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use eds::CachedTrust;
use eds::pki::Authority;
use identity::{ClientAuth, Config, Hashing, Identity, Parts};
use jiff::{SignedDuration, Timestamp};
use mail::{Kept, Outbox};
use model::{Clock, Lang};
use secrecy::SecretString;
use store::{Db, DbConfig, Vault};
use uuid::Uuid;
use web::client::Client;
use web::edge::Setup;
use web::pages::Pages;
use web::{Edge, Metrics, Problems};

use crate::browser::Browser;
use crate::system;

pub(crate) const BASE: &str = "https://id.example.by";
/// A password that everybody in the tests has.
pub(crate) const PASSWORD: &str = "vasilki u poli rastuc";
/// The secret of the client `shop`.
pub(crate) const SECRET: &str = "c2hvcCBzZWNyZXQgb2YgdGhlIHRlc3Rz+/=";

pub(crate) struct House {
    pub(crate) identity: Identity,
    pub(crate) client: Client<Edge<Router>>,
    pub(crate) outbox: Outbox,
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) pages: Pages,
    pub(crate) clock: Clock,
    pub(crate) keys: system::Keys,
    pub(crate) trust: Arc<CachedTrust>,
    pub(crate) authority: Mutex<Authority>,
    micros: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

/// Runs a test on every engine there is.
pub(crate) async fn everywhere(test: impl AsyncFn(House)) {
    everywhere_with(config, test).await;
}

pub(crate) async fn everywhere_with(config: impl Fn(&system::Keys) -> Config, test: impl AsyncFn(House)) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = DbConfig::new(format!("sqlite:{}", folder.path().join("nais.db").display()));
    test(House::open(&sqlite, folder, &config).await).await;
    if let Some(database) = postgres() {
        test(House::open(&database, tempfile::tempdir().unwrap(), &config).await).await;
    }
}

/// An empty schema of the PostgreSQL named by the environment; `None` when there is none to test on.
#[expect(clippy::disallowed_methods, reason = "tests are told by their runner which server to use")]
fn postgres() -> Option<DbConfig> {
    let url = std::env::var("NAIS_TEST_POSTGRES").ok()?;
    let schema = format!("identity_{}", Uuid::from_bytes(store::random()).simple());
    let config = DbConfig { readers: 1, ..DbConfig::new(url.clone()) };
    let text = format!("CREATE SCHEMA {schema}");
    let create = move || Db::open_plain(&config, &[]).unwrap().write_blocking(move |tx| tx.batch(&text));
    std::thread::spawn(create).join().unwrap().unwrap(); // callers are inside a runtime, where nothing may block
    let joint = if url.contains('?') { '&' } else { '?' };
    Some(DbConfig { readers: 2, ..DbConfig::new(format!("{url}{joint}options=-csearch_path%3D{schema}")) })
}

/// Three clients: NAIS' own portal (public), a shop with a secret, a bank with keys.
pub(crate) fn config(keys: &system::Keys) -> Config {
    let text = format!(
        "base_url = '{BASE}'
        stand = true
        hashing = {{ memory_kib = 64, passes = 1 }}
        [[clients]]
        id = 'portal'
        name = {{ en = 'Portal', be = 'Партал', ru = 'Портал' }}
        redirect_uris = ['https://portal.example.by/signed-in']
        post_logout_redirect_uris = ['https://portal.example.by/bye']
        auth = 'none'
        first_party = true
        [[clients]]
        id = 'shop'
        name = {{ en = 'Shop', be = 'Крама', ru = 'Магазин' }}
        redirect_uris = ['https://shop.example.by/cb?x=1']
        auth = {{ secret = '{}' }}
        [[clients]]
        id = 'bank'
        name = {{ en = 'Bank', be = 'Банк', ru = 'Банк' }}
        redirect_uris = ['https://bank.example.by/cb']
        auth = {{ keys = {{ keys = [{}] }} }}
        first_party = true",
        ClientAuth::digest(SECRET),
        keys.jwk,
    );
    toml::from_str(&text).unwrap()
}

fn tls() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

fn edge(router: Router, clock: Clock) -> Edge<Router> {
    let problems = Problems::load(&[model::TEXTS, web::TEXTS, identity::TEXTS], web::problem::DEFAULT_BASE).unwrap();
    let setup = Setup {
        name: "identity",
        problems: Arc::new(problems),
        clock,
        random: store::random,
        metrics: Metrics::new(),
        request_timeout: Duration::from_secs(60),
        shed: None,
    };
    Edge::new(router, setup)
}

impl House {
    async fn open(database: &DbConfig, folder: tempfile::TempDir, config: impl Fn(&system::Keys) -> Config) -> Self {
        let start: Timestamp = "2027-03-01T08:00:00Z".parse().unwrap();
        let micros = Arc::new(AtomicI64::new(start.as_microsecond()));
        let hand = micros.clone();
        let clock = Clock::from_fn(move || Timestamp::from_microsecond(hand.load(Ordering::SeqCst)).unwrap());
        let schema = [store::SCHEMA, mail::SCHEMA, identity::SCHEMA].concat();
        let db = Db::open_plain(database, &schema).unwrap();
        let vault = Vault::new(&[7; 32]).unwrap();
        let kept = mail::Config { from: "nais@example.by".parse().unwrap(), smtp: None };
        let outbox = Outbox::open(db.clone(), vault.clone(), clock.clone(), &kept).unwrap();
        let pages = Pages::load(&[identity::PAGES]).unwrap();
        let mut authority = crate::card::authority("Issuer", start);
        let trust = Arc::new(CachedTrust::new(crate::card::trust(&mut authority, start)));
        let keys = system::Keys::generate();
        let identity = Identity::open(Parts {
            db: db.clone(),
            vault: vault.clone(),
            clock: clock.clone(),
            pages: pages.clone(),
            outbox: outbox.clone(),
            tls: tls(),
            trust: Some(trust.clone()),
            config: config(&keys),
        });
        let identity = identity.await.unwrap();
        let client = Client::new(edge(identity.router(), clock.clone()));
        let authority = Mutex::new(authority);
        Self { identity, client, outbox, db, vault, pages, clock, keys, trust, authority, micros, _folder: folder }
    }

    /// The same database with passwords at another cost.
    pub(crate) async fn reopened(&self, memory_kib: u32) -> Client<Edge<Router>> {
        let mut config = config(&self.keys);
        config.hashing = Hashing { memory_kib, passes: 1 };
        let identity = Identity::open(Parts {
            db: self.db.clone(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            pages: self.pages.clone(),
            outbox: self.outbox.clone(),
            tls: tls(),
            trust: Some(self.trust.clone()),
            config,
        });
        Client::new(edge(identity.await.unwrap().router(), self.clock.clone()))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        self.micros.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser::new(&self.client)
    }

    /// The messages to this address, newest first.
    pub(crate) async fn mail(&self, to: &str) -> Vec<Kept> {
        let all = self.outbox.kept(1000).await.unwrap();
        all.into_iter().filter(|kept| kept.to.as_str() == to).collect()
    }

    /// Path and code of the newest message.
    pub(crate) async fn newest(&self, to: &str) -> (String, String) {
        let text = self.mail(to).await.remove(0).text;
        let link = text.split_whitespace().find(|word| word.contains("/confirm?token=")).unwrap();
        let code = text.split_whitespace().find(|word| word.len() == 6 && word.bytes().all(|c| c.is_ascii_digit()));
        (link.strip_prefix(BASE).unwrap().to_owned(), code.unwrap().to_owned())
    }

    /// Anna has an account with [`PASSWORD`].
    pub(crate) async fn anna(&self) -> Uuid {
        let (email, password) = ("anna@example.by".parse().unwrap(), SecretString::from(PASSWORD));
        self.identity.add_account(email, "Kavalenka", "Anna", "Piatrouna", &password, Lang::En).await.unwrap()
    }

    /// Anna, signed in.
    pub(crate) async fn anna_signed_in(&self) -> Browser<'_> {
        self.anna().await;
        let browser = self.browser();
        browser.sign_in("anna@example.by", PASSWORD).await;
        browser
    }
}
