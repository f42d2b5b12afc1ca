//! A database of either engine: opened once, cloned freely.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::migrate::{self, Migration};
use crate::postgres::PgLink;
use crate::reader::Readers;
use crate::tls::Tls;
use crate::writer::{Entry, NoSeal, Purpose, Seal, Stamp, Writer};
use crate::{Error, Tx, sqlite};

/// How hard a commit is pressed onto the disk (SQLite's `synchronous`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A commit acknowledged is on disk. The only setting for production.
    #[default]
    Full,
    /// A commit may be lost with the power; exists so that the power-cut test can show that it notices.
    Normal,
}

/// Where the data live.
#[derive(Clone, Debug)]
pub struct DbConfig {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// For SQLite; PostgreSQL always waits for its own disk.
    pub durability: Durability,
    /// Threads that read, each with a connection of its own.
    pub readers: usize,
    /// Authorities under which PostgreSQL's server must prove its name, PEM. Without them the link is without TLS.
    pub authorities: Option<Vec<u8>>,
    /// Bytes kept free beside an embedded database, so that a full disk does not stop disclosures. Zero: none.
    pub reserve: u64,
}

impl DbConfig {
    /// The usual settings for this URL.
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        let readers = if url.starts_with("sqlite:") { 2 } else { 8 };
        Self { url, durability: Durability::Full, readers, authorities: None, reserve: 0 }
    }

    pub(crate) fn target(&self) -> Result<Target, Error> {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            return Ok(Target::Sqlite(PathBuf::from(path), self.durability));
        }
        if self.url.starts_with("postgres://") || self.url.starts_with("postgresql://") {
            let tls = self.authorities.as_deref().map(Tls::under).transpose()?;
            return Ok(Target::Postgres(self.url.clone(), tls));
        }
        Err(Error::Broken("database.url: expected `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`".into()))
    }
}

/// A parsed URL.
#[derive(Clone)]
pub(crate) enum Target {
    Sqlite(PathBuf, Durability),
    Postgres(String, Option<Tls>),
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Snapshots; nothing can be changed through it.
    Reader,
    /// The one connection of a process that changes data.
    Writer,
    /// Schema steps: they wait for each other, and may take as long as they take.
    Schema,
}

/// One connection of either engine.
pub(crate) enum Connection {
    Sqlite(rusqlite::Connection),
    Postgres(Box<PgLink>),
}

impl Target {
    pub(crate) fn connect(&self, role: Role) -> Result<Connection, Error> {
        Ok(match self {
            Self::Sqlite(path, durability) => Connection::Sqlite(sqlite::open(path, *durability, role)?),
            Self::Postgres(url, tls) => Connection::Postgres(Box::new(PgLink::connect(url, tls.as_ref(), role)?)),
        })
    }

    pub(crate) fn sqlite_path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path, _) => Some(path),
            Self::Postgres(..) => None,
        }
    }
}

impl Connection {
    pub(crate) fn tx(&mut self) -> Tx<'_> {
        match self {
            Self::Sqlite(connection) => Tx::sqlite(connection),
            Self::Postgres(link) => Tx::postgres(link),
        }
    }

    /// False when nothing can be done with it any more.
    pub(crate) fn alive(&mut self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(link) => link.alive(),
        }
    }
}

/// A database. Clones share its threads.
#[derive(Clone)]
pub struct Db {
    readers: Readers,
    writer: Writer,
    target: Arc<Target>,
}

impl Db {
    /// Opens the database, brings it up to `schema`, and starts its threads. Entries of commits go to `seal`.
    pub fn open(config: &DbConfig, schema: &[Migration], seal: Box<dyn Seal>) -> Result<Self, Error> {
        let target = config.target()?;
        migrate::apply_all(&target, schema)?;
        Self::attach(config, seal)
    }

    /// Opens a database whose schema is up to date already.
    pub fn attach(config: &DbConfig, seal: Box<dyn Seal>) -> Result<Self, Error> {
        let target = config.target()?;
        let writer = Writer::start(&target, config.reserve, seal)?;
        let readers = Readers::start(&target, config.readers.max(1))?;
        Ok(Self { readers, writer, target: Arc::new(target) })
    }

    /// Opens a database that has no ledger: tests and tools.
    pub fn open_plain(config: &DbConfig, schema: &[Migration]) -> Result<Self, Error> {
        Self::open(config, schema, Box::new(NoSeal))
    }

    /// Runs `job` on a consistent snapshot, on a storage thread.
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.readers.read(job).await
    }

    /// Runs `job` in a transaction that is on disk when this returns. An error undoes the job and nothing else.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writer.commit(Purpose::Change, move |tx, _| job(tx)).await.map(|(value, _)| value)
    }

    /// Runs `job` as [`Db::write`] does; the entries it adds are sealed in the same transaction, one stamp for each.
    pub async fn commit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>, &mut Vec<Entry>) -> Result<T, Error> + Send + 'static,
    ) -> Result<(T, Vec<Stamp>), Error> {
        self.writer.commit(Purpose::Change, job).await
    }

    /// [`Db::commit`] of a job that records a disclosure and changes nothing else: it goes on while the disk is full.
    pub async fn commit_disclosure<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>, &mut Vec<Entry>) -> Result<T, Error> + Send + 'static,
    ) -> Result<(T, Vec<Stamp>), Error> {
        self.writer.commit(Purpose::Disclosure, job).await
    }

    /// [`Db::write`] for threads without a runtime: loaders and commands.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writer.commit_blocking(move |tx, _| job(tx)).map(|(value, _)| value)
    }

    /// Jobs waiting for the writer, for the metrics.
    pub fn waiting(&self) -> usize {
        self.writer.waiting()
    }

    /// The file of an embedded database.
    pub fn sqlite_path(&self) -> Option<&Path> {
        self.target.sqlite_path()
    }

    /// Writes a consistent copy of an embedded database to a new file, while everything goes on.
    pub async fn copy_to(&self, file: PathBuf) -> Result<(), Error> {
        let Some(path) = self.sqlite_path().map(Path::to_path_buf) else {
            return Err(Error::Broken("PostgreSQL is backed up with pg_dump or its own base backups".into()));
        };
        let copied = tokio::task::spawn_blocking(move || {
            let name = file.to_str().ok_or_else(|| Error::Broken("the name of the copy must be UTF-8".into()))?;
            let connection = sqlite::open(&path, Durability::Full, Role::Schema)?;
            connection.execute("VACUUM INTO ?1", [name]).map_err(|e| sqlite::error(&e, "VACUUM INTO"))?;
            // The engine does not wait for the disk here; a backup acknowledged is a backup on disk.
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            std::fs::File::open(&file)
                .and_then(|copy| copy.sync_all())
                .and_then(|()| std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all())
                .map_err(|e| Error::Unavailable(format!("{}: {e}", file.display())))
        });
        copied.await.map_err(Error::broken)?
    }
}
