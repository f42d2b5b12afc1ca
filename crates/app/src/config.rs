//! `nais.toml`: what a node runs with. Paths in it are relative to the file.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::exit::Error;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the data live.
    pub database: Database,
    /// Where blobs live.
    pub blobs: Blobs,
    /// Keys of this node.
    pub keys: Keys,
    /// Who is believed.
    pub trust: Trust,
    /// A test authority whose answers this node gives: for the stand.
    pub authority: Option<Authority>,
    /// The folder of service folders.
    pub services: PathBuf,
    /// The listener for systems.
    pub gateway: Gateway,
    /// The listener for people and for readers of the ledger.
    pub portal: Portal,
    /// The identity provider; without it people sign in elsewhere.
    pub identity: Option<identity::Config>,
    /// Messages to people.
    pub mail: Option<mail::Config>,
    /// The owner's system of 200.12.14.1.
    pub stays: Option<Stays>,
    /// Health, readiness, metrics.
    pub operations: Listener,
    /// The log.
    pub ledger: ledger::Config,
    /// A witness run beside the node: for the stand; others' witnesses are named in `[[ledger.witnesses]]`.
    pub witness: Option<Witness>,
    /// How log lines look.
    #[serde(default)]
    pub log: Log,
    /// The folder that relative paths start from.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// `[database]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    pub url: String,
    /// Authorities under which PostgreSQL's server must prove its name, PEM; without them the link is without TLS.
    pub ca: Option<PathBuf>,
    /// `full` (what is acknowledged is on disk) or `normal` (it may be lost with the power; only for tests of it).
    #[serde(default = "full")]
    pub synchronous: String,
    /// Threads that read; by default 2 on SQLite, 8 on PostgreSQL.
    pub readers: Option<usize>,
    /// Mebibytes kept free beside an embedded database, so that disclosures go on when the disk is full.
    #[serde(default = "sixteen")]
    pub reserve_mb: u32,
}

fn sixteen() -> u32 {
    16
}

fn full() -> String {
    "full".into()
}

/// `[blobs]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
pub enum Blobs {
    /// Files below a folder.
    Folder {
        /// The folder.
        folder: PathBuf,
    },
    /// A bucket of an S3-compatible store.
    Bucket {
        /// The store's address.
        endpoint: String,
        /// The bucket.
        bucket: String,
        /// The region.
        region: String,
        /// File with the access key's identifier.
        key_id_file: PathBuf,
        /// File with the access key's secret.
        secret_file: PathBuf,
    },
}

/// `[keys]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// 64 hex digits: seals personal data.
    pub master: PathBuf,
    /// PKCS#8 PEM, Ed25519: signs checkpoints.
    pub log: PathBuf,
    /// PKCS#8 PEM, bign: signs checkpoints a second time, with the national algorithm.
    pub log_bign: Option<PathBuf>,
    /// PKCS#8 PEM: signs answers.
    pub sign: PathBuf,
    /// Its certificate, PEM.
    pub sign_certificate: PathBuf,
}

/// `[trust]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Root certificates, PEM.
    pub roots: PathBuf,
    /// Certificates between roots and people, PEM.
    pub intermediates: Option<PathBuf>,
    /// Certificates of authorities whose attribute certificates count, PEM.
    pub attribute_authorities: Option<PathBuf>,
    /// Revocation lists, PEM; read again when they change.
    #[serde(default)]
    pub crls: Vec<PathBuf>,
    /// OCSP responders that are asked about a certificate which names one of them and whose status no list tells. Nobody
    /// else's address is asked, whatever a certificate says.
    #[serde(default)]
    pub responders: Vec<String>,
}

/// `[authority]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// The folder that `nais pki init` made.
    pub folder: PathBuf,
}

/// `[gateway]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Address and port.
    pub listen: String,
    /// TLS certificate chain, PEM.
    pub certificate: PathBuf,
    /// TLS key, PEM.
    pub key: PathBuf,
    /// Requests at once; more wait shortly, then are refused with 503.
    #[serde(default = "in_flight")]
    pub in_flight: usize,
}

fn in_flight() -> usize {
    1024
}

/// A listener without TLS of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Address and port.
    pub listen: String,
}

/// `[portal]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Address and port.
    pub listen: String,
    /// The pages; without them only the ledger is read here.
    pub site: Option<Site>,
}

/// `[portal.site]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// How people reach it: `https://HOST`, without a slash at the end.
    pub base_url: String,
    /// The identity provider's issuer.
    pub issuer: String,
    /// The portal's name there.
    pub client_id: String,
    /// File with its secret there.
    pub client_secret: PathBuf,
    /// Folder of the portal as a consumer: token, certificates, keys.
    pub consumer: PathBuf,
    /// Pages say that all of it is synthetic.
    #[serde(default)]
    pub stand: bool,
}

/// `[stays]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stays {
    /// Folder of the Ministry's system as a consumer of 3.88.01.
    pub consumer: PathBuf,
}

/// `[witness]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// Its folder: key, verifier key, state.
    pub folder: PathBuf,
    /// Its name in cosignatures.
    pub name: String,
}

/// `[log]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// One JSON object a line instead of text.
    #[serde(default)]
    pub json: bool,
    /// What is shown: `info`, `warn`, or a filter such as `info,request=warn`.
    pub filter: Option<String>,
}

impl Config {
    /// Reads the file. What is wrong names the file, the key and what was expected.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            Error::config(file, "", format!("cannot be read ({error}); name the file with --config"))
        })?;
        let mut config: Self =
            toml::from_str(&text).map_err(|error| Error::config(file, "", error.to_string().trim_end().to_owned()))?;
        config.folder = file.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        if !matches!(config.database.synchronous.as_str(), "full" | "normal") {
            return Err(Error::config(file, "database.synchronous", "expected \"full\" or \"normal\"".into()));
        }
        Ok(config)
    }

    /// A path of the file, as the process sees it.
    pub fn path(&self, relative: &Path) -> PathBuf {
        self.folder.join(relative)
    }

    /// The database's URL, with SQLite's path made absolute to the file.
    pub fn database_url(&self) -> String {
        match self.database.url.strip_prefix("sqlite:") {
            Some(path) => format!("sqlite:{}", self.path(Path::new(path)).display()),
            None => self.database.url.clone(),
        }
    }

    /// The database.
    ///
    /// # Errors
    /// The file of authorities cannot be read.
    pub fn db(&self) -> Result<store::DbConfig, Error> {
        let mut db = store::DbConfig::new(self.database_url());
        if self.database.synchronous == "normal" {
            db.durability = store::Durability::Normal;
        }
        if let Some(readers) = self.database.readers {
            db.readers = readers;
        }
        if let Some(ca) = self.database.ca.as_ref().map(|ca| self.path(ca)) {
            let read = std::fs::read(&ca).map_err(|error| Error::config(&ca, "database.ca", error.to_string()))?;
            db.authorities = Some(read);
        }
        db.reserve = u64::from(self.database.reserve_mb) << 20;
        Ok(db)
    }
}
