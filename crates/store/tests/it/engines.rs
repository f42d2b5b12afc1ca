//! Places to test in: a new database of either engine, gone when the test ends.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use store::{Db, DbConfig, Error, Migration, Param};
use tokio::sync::oneshot;

pub(crate) const SCHEMA: &[Migration] = &[Migration {
    owner: "test",
    number: 1,
    sql: "CREATE TABLE note (id {int} NOT NULL PRIMARY KEY, body {text} NOT NULL, extra {bytes}) {strict};",
}];

store::statements! {
    ADD = "INSERT INTO note (id, body, extra) VALUES ($1, $2, $3)";
    COUNT = "SELECT COUNT(*) FROM note";
    IDS = "SELECT id FROM note ORDER BY id";
}

/// Repeats every named test on both engines, each in a place of its own.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&$crate::engines::Place::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(place) = $crate::engines::Place::postgres().await {
                    super::$name(&place).await;
                }
            })*
        }
    };
}
pub(crate) use on_both_engines;

/// A new, empty database.
pub(crate) struct Place {
    pub(crate) config: DbConfig,
    folder: Option<tempfile::TempDir>,
    server: Option<Server>,
}

struct Server {
    url: String,
    database: String,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            config: DbConfig::new(format!("sqlite:{}", folder.path().join("data/test.db").display())),
            folder: Some(folder),
            server: None,
        }
    }

    /// None, and a line that says so, when no server is named.
    pub(crate) async fn postgres() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Some(url) = std::env::var_os("NAIS_TEST_POSTGRES") else {
            println!("skipped on PostgreSQL: NAIS_TEST_POSTGRES is not set; scripts/postgres sets it");
            return None;
        };
        let url = url.into_string().unwrap();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let database = format!("nais_store_{}_{number}", std::process::id());
        admin(&url, &format!("CREATE DATABASE {database}")).await;
        let (base, _) = url.rsplit_once('/').unwrap();
        let mut config = DbConfig::new(format!("{base}/{database}"));
        config.readers = 3;
        Some(Self { config, folder: None, server: Some(Server { url, database }) })
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.server.is_some()
    }

    pub(crate) fn db(&self) -> Db {
        Db::open_plain(&self.config, SCHEMA).unwrap()
    }

    /// How many connections the server counts on this database; on SQLite 1 while the file is open by anybody.
    pub(crate) async fn connections(&self) -> i64 {
        let Some(server) = &self.server else {
            let folder = self.folder.as_ref().unwrap().path();
            return i64::from(folder.join("data/test.db-wal").exists());
        };
        let sql = format!("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = '{}'", server.database);
        admin(&server.url, &sql).await.unwrap()
    }

    /// Ends every connection to this database from the server's side.
    pub(crate) async fn cut(&self) {
        let server = self.server.as_ref().unwrap();
        let sql = format!(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}'",
            server.database
        );
        assert!(admin(&server.url, &sql).await.unwrap() > 0);
        while self.connections().await > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            // On a thread of its own: a runtime cannot be made inside the test's.
            let dropped = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(admin(&server.url, &format!("DROP DATABASE {} WITH (FORCE)", server.database)));
            });
            let _ = dropped.join(); // a failed test has more to say than this
        }
    }
}

async fn admin(url: &str, sql: &str) -> Option<i64> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let rows = client.query(sql, &[]).await.unwrap();
    rows.first().map(|row| row.get(0))
}

pub(crate) async fn add(db: &Db, id: i64) -> Result<(), Error> {
    db.write(move |tx| insert(tx, id)).await
}

pub(crate) fn insert(tx: &mut store::Tx<'_>, id: i64) -> Result<(), Error> {
    let params: [Param<'_>; 3] = [id.into(), "a note".into(), Param::Null];
    tx.execute(&ADD, &params).map(|_| ())
}

pub(crate) async fn ids(db: &Db) -> Vec<i64> {
    db.read(|tx| tx.query(&IDS, &[], |row| row.int(0))).await.unwrap()
}

/// Keeps the writer busy until told to go on, so that what is submitted meanwhile becomes one batch.
pub(crate) struct Held {
    go_on: std::sync::mpsc::Sender<()>,
    done: tokio::task::JoinHandle<Result<(), Error>>,
}

impl Held {
    pub(crate) async fn writer(db: &Db) -> Self {
        let (go_on, told) = std::sync::mpsc::channel();
        let (started, running) = oneshot::channel();
        let db = db.clone();
        let done = tokio::spawn(async move {
            db.write(move |_| {
                started.send(()).unwrap();
                told.recv().unwrap();
                // Whoever waits then is the next transaction's: this one takes nobody in any more.
                std::thread::sleep(Duration::from_millis(5));
                Ok(())
            })
            .await
        });
        running.await.unwrap();
        Self { go_on, done }
    }

    /// Waits until `waiting` jobs are queued, then lets the writer go on.
    pub(crate) async fn release(self, db: &Db, waiting: usize) {
        while db.waiting() < waiting {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.go_on.send(()).unwrap();
        self.done.await.unwrap().unwrap();
    }
}
