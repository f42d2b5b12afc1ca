//! `nais restore`: a backup becomes the database again, and waits for the witness before anything is written to it.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::backup::sealed::{self, Head};
use super::backup::{database, key};
use super::ledger::attach;
use super::{Office, Shared};
use crate::config::Config;
use crate::exit::{Error, Outcome};
use crate::files::{self, Readers};
use crate::node::keys;
use crate::print::{self, Progress, Tone};

/// Put a backup in the place of a database that is not there, and check its ledger.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  nais restore /media/nais-2026-11-21.backup --config stand/nais.toml

The database must not be there: move an old one away first, with its -wal and -shm files. Until the witnesses confirm
that nothing newer was signed, nodes do not write to it (`nais ledger adopt`). Ends with 1 when they do not confirm.")]
pub struct Args {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    shared: Shared,
}

/// A database that was restored and not adopted yet: a marker stands beside it.
pub struct Restored(PathBuf);

impl Restored {
    /// The database of this configuration, when it waits to be adopted.
    pub fn of(config: &Config) -> Result<Option<Self>, Error> {
        let url = config.database_url();
        let marker = url.strip_prefix("sqlite:").map(|path| files::beside(Path::new(path), ".restored"));
        Ok(marker.filter(|marker| marker.exists()).map(Self))
    }

    /// It is an ordinary database from now on. Call only after the witnesses agreed.
    pub fn settle(self) -> Result<(), Error> {
        fs::remove_file(&self.0).map_err(|error| files::write_error(&self.0, &error))?;
        files::sync_folder(&self.0)
    }
}

/// Opens the backup, checks it, puts it in its place, asks the witnesses.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    let config = Config::read(&args.shared.config)?;
    let database = database(&config, &args.shared.config)?;
    vacant(&database)?;
    let vault = key(&config, false)?;
    let (place, file) = (database.clone(), args.file.clone());
    let opening = move || open(&file, &place, &vault);
    let (head, fresh) = tokio::task::spawn_blocking(opening).await.map_err(Error::failed)??;
    let marker = files::beside(&database, ".restored");
    files::create(&marker, &serde_json::to_vec(&head).map_err(Error::failed)?, Readers::Owner)?;
    fs::rename(&fresh, &database).map_err(|error| files::write_error(&database, &error))?;
    files::sync_folder(&database)?;
    if let Err(error) = check(&config, &head).await {
        remove(&database);
        let _ = fs::remove_file(&marker); // the first error is the one to tell
        return Err(error);
    }
    print::line(format_args!("restored {}: made {}, at least {} entries", database.display(), head.made, head.size));
    agreed(&config, &args.shared).await
}

/// Whether the witnesses have seen nothing newer; then the database is an ordinary one at once.
async fn agreed(config: &Config, shared: &Shared) -> Result<Outcome, Error> {
    let waits = "nothing is written to it before `nais ledger adopt`";
    let asked = config.witness.is_some() || config.ledger.witnesses.iter().any(|witness| witness.required);
    if !asked {
        print::line(format_args!("{}: no witness must be asked; {waits}", print::tinted(Tone::Note, "not adopted")));
        return Ok(Outcome::SaidNo);
    }
    match Office::open(shared).await {
        Ok(office) => {
            if let Some(restored) = Restored::of(config)? {
                restored.settle()?;
            }
            print::line(format_args!("the witnesses agree: the ledger goes on from {} entries", office.size()));
            Ok(Outcome::Done)
        }
        Err(error) => {
            print::line(format_args!("{}: {error}; {waits}", print::tinted(Tone::Bad, "not adopted")));
            Ok(Outcome::SaidNo)
        }
    }
}

/// Neither a database nor the leavings of one stand where the backup goes.
fn vacant(database: &Path) -> Result<(), Error> {
    let taken = ["", "-wal", "-shm", ".restored"].map(|ending| files::beside(database, ending));
    match taken.iter().find(|path| path.exists()) {
        Some(path) => Err(Error::config(path, "", "is there already; move it away before restoring".to_owned())),
        None => database.parent().map_or(Ok(()), files::folder),
    }
}

/// The database of the backup, beside its place.
fn open(backup: &Path, database: &Path, vault: &store::Vault) -> Result<(Head, PathBuf), Error> {
    let source = File::open(backup).map_err(|error| Error::config(backup, "", format!("cannot be read: {error}")))?;
    let length = source.metadata()?.len();
    let (head, rest) = sealed::read_head(source)?;
    let fresh = files::beside(database, ".opened");
    remove(&fresh);
    let out = files::open_new(&fresh, Readers::Owner)?;
    let bar = Progress::new(length, "bytes");
    let opened = sealed::open(&head, vault, rest, BufWriter::new(&out), |done| bar.at(done, length));
    bar.finish();
    match opened.and_then(|()| out.sync_all().map_err(Error::from)) {
        Ok(()) => Ok((head, fresh)),
        Err(error) => {
            remove(&fresh);
            Err(error)
        }
    }
}

fn remove(database: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(files::beside(database, ending)); // most of them are not there
    }
}

/// The ledger in the restored database is whole, of this node's log, and as large as its checkpoint says.
async fn check(config: &Config, head: &Head) -> Result<(), Error> {
    let (vault, vkey) = (keys::vault(config)?, keys::log_key(config)?.vkey().clone());
    if head.origin != vkey.name() {
        return Err(Error::failed(format_args!(
            "the backup is of the log {}, this node keeps {}",
            head.origin,
            vkey.name()
        )));
    }
    let report = ledger::fsck(&attach(config)?, vkey, Some(vault), |_, _| {}).await?;
    if !report.is_sound() || report.size < head.size {
        return Err(Error::failed("the ledger in the backup is not sound; restore another backup"));
    }
    Ok(())
}
