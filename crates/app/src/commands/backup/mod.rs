//! `nais backup`: an online, consistent, encrypted copy of an embedded database, with its checkpoint.

pub mod sealed;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use ledger::LogReader;
use store::Vault;

use self::sealed::Head;
use crate::config::Config;
use crate::exit::{Error, Outcome};
use crate::files::{self, Readers};
use crate::node::Tools;
use crate::print::{self, Progress};

/// Write an encrypted copy of the database while everything goes on.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  nais backup /media/nais-2026-11-21.backup --config stand/nais.toml

It is encrypted with backup.key beside the other keys, which is made when it is not there: keep a copy of that key
elsewhere, for without it no backup can be restored. PostgreSQL is backed up with its own tools.")]
pub struct Args {
    /// The backup to write; must not be there yet
    file: PathBuf,
    /// The node's configuration
    #[arg(long, value_name = "FILE", default_value = "nais.toml")]
    config: PathBuf,
    /// Print one JSON value instead of lines
    #[arg(long)]
    json: bool,
}

/// Copies, then seals the copy.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    let config = Config::read(&args.config)?;
    let database = database(&config, &args.config)?;
    let vault = key(&config, true)?;
    let tools = Tools::open(&config).await?;
    // Everything up to this checkpoint is in the copy, which is made after it.
    let head = Head {
        id: hex::encode(store::random::<16>()),
        made: tools.clock.now().to_string(),
        origin: tools.log.origin().to_owned(),
        size: tools.log.head().edge.size(),
        checkpoint: LogReader::new(tools.log.clone(), tools.db.clone()).checkpoint().await?.to_string(),
    };
    let copy = Copy::beside(&database)?;
    tools.db.copy_to(copy.0.clone()).await?;
    let (target, sealed_head) = (args.file.clone(), head.clone());
    let sealing = move || seal(&copy, &target, &sealed_head, &vault);
    let bytes = tokio::task::spawn_blocking(sealing).await.map_err(Error::failed)??;
    if args.json {
        print::json(&serde_json::json!({ "file": args.file, "bytes": bytes, "head": head }));
    } else {
        let file = args.file.display();
        print::line(format_args!("{file}: {bytes} bytes sealed, with at least {} entries of the ledger", head.size));
    }
    Ok(Outcome::Done)
}

fn seal(copy: &Copy, target: &Path, head: &Head, vault: &Vault) -> Result<u64, Error> {
    let plain = File::open(&copy.0)?;
    let bar = Progress::new(plain.metadata()?.len(), "bytes");
    let length = plain.metadata()?.len();
    let out = files::open_new(target, Readers::Owner)?;
    let sealed = sealed::seal(head, vault, plain, BufWriter::new(&out), |done| bar.at(done, length));
    bar.finish();
    match sealed.and_then(|bytes| out.sync_all().map(|()| bytes).map_err(Error::from)) {
        Ok(bytes) => {
            files::sync_folder(target)?;
            Ok(bytes)
        }
        Err(error) => {
            let _ = fs::remove_file(target); // half a backup is none; the first error is the one to tell
            Err(error)
        }
    }
}

/// The file of the embedded database.
pub fn database(config: &Config, file: &Path) -> Result<PathBuf, Error> {
    match config.database_url().strip_prefix("sqlite:") {
        Some(path) => Ok(PathBuf::from(path)),
        None => Err(Error::config(
            file,
            "database.url",
            "expected sqlite:PATH: PostgreSQL is backed up with pg_dump or its own base backups".to_owned(),
        )),
    }
}

/// The key of backups: 64 hex digits in `backup.key` beside the master key.
pub fn key(config: &Config, make: bool) -> Result<Vault, Error> {
    let path = config.path(&config.keys.master).with_file_name("backup.key");
    if make && !path.exists() {
        files::create(&path, hex::encode(store::random::<32>()).as_bytes(), Readers::Owner)?;
        print::note(format_args!("made {}: keep a copy of it elsewhere, no backup opens without it", path.display()));
    }
    let mut key = [0; 32];
    hex::decode_to_slice(files::text(&path)?.trim(), &mut key)
        .map_err(|_| Error::config(&path, "", "expected 64 hex digits".to_owned()))?;
    Ok(Vault::new(&key)?)
}

/// The plain copy, gone when dropped.
struct Copy(PathBuf);

impl Copy {
    /// An empty file of the owner's alone beside the database, for the engine to fill.
    fn beside(database: &Path) -> Result<Self, Error> {
        let copy = Self(files::beside(database, ".copy"));
        let _ = fs::remove_file(&copy.0); // of an earlier backup that was cut off
        files::create(&copy.0, b"", Readers::Owner)?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0); // nothing can be done about it here
    }
}
