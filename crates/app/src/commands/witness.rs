//! `nais witness`: a second memory, with another key on another disk, of how large a log was.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args as ClapArgs;
use eds::SigningKey;
use ledger::witness::{Witness, router};
use ledger::{Algorithm, NoteKey, Vkey};
use model::Clock;
use tokio::net::TcpListener;

use crate::exit::{Error, Outcome};
use crate::files::{self, Readers};
use crate::print;

/// Run a witness: it signs a log's checkpoint only if that continues the last one it signed.
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais witness --dir witness --listen 127.0.0.1:8300 --name witness.example/1 --log nais.vkey

Then name it in the node's configuration:
  [[ledger.witnesses]]
  url = \"http://127.0.0.1:8300\"
  vkey = \"…\"        # DIR/witness.vkey
  required = true

DIR keeps witness.key (made at the first start), witness.vkey, logs/*.vkey and what was signed for each log.")]
pub struct Args {
    /// The witness's folder
    #[arg(long)]
    dir: PathBuf,
    /// Address and port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8300")]
    listen: String,
    /// Its name in signatures; needed at the first start only
    #[arg(long)]
    name: Option<String>,
    /// The verifier key of a log to be known from now on: a file; may be given several times
    #[arg(long = "log", value_name = "FILE")]
    logs: Vec<PathBuf>,
}

/// Runs until told to stop.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    let logs_folder = args.dir.join("logs");
    files::folder(&logs_folder)?;
    for file in &args.logs {
        learn(&logs_folder, &vkey(file)?)?;
    }
    let logs = known(&logs_folder)?;
    if logs.is_empty() {
        return Err(Error::usage("--log FILE: a witness needs the verifier key of a log (pki/log.vkey of the node)"));
    }
    let key = key(&args.dir, args.name.as_deref())?;
    let vkey = key.vkey().clone();
    let names: Vec<String> = logs.iter().map(|log| log.name().to_owned()).collect();
    let witness = Witness::open(&args.dir, key, logs, Clock::system())?;
    let listener = TcpListener::bind(&args.listen)
        .await
        .map_err(|error| Error::usage(format_args!("--listen {}: {error}", args.listen)))?;
    print::line(format_args!("witness {vkey}"));
    print::line(format_args!("listens on http://{} for {}", listener.local_addr()?, names.join(", ")));
    axum::serve(listener, router(Arc::new(witness))).with_graceful_shutdown(stopped()).await?;
    Ok(Outcome::Done)
}

/// Ends when the process is told to stop.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await; // without signals it ends with the process
}

fn vkey(path: &Path) -> Result<Vkey, Error> {
    Vkey::parse(&files::text(path)?).map_err(|error| Error::config(path, "", error.to_string()))
}

/// Keeps a log's key under the name that its identifier gives.
fn learn(folder: &Path, log: &Vkey) -> Result<(), Error> {
    let path = folder.join(format!("{}.vkey", hex::encode(log.id())));
    if path.exists() { Ok(()) } else { files::create(&path, format!("{log}\n").as_bytes(), Readers::All) }
}

fn known(folder: &Path) -> Result<Vec<Vkey>, Error> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "vkey") {
            found.push(vkey(&path)?);
        }
    }
    Ok(found)
}

/// The witness's key, made at the first start.
fn key(dir: &Path, name: Option<&str>) -> Result<NoteKey, Error> {
    let (secret, public) = (dir.join("witness.key"), dir.join("witness.vkey"));
    if secret.exists() {
        let written = vkey(&public)?;
        if name.is_some_and(|name| name != written.name()) {
            let expected = format!("the witness is called {} already; leave --name out", written.name());
            return Err(Error::config(&public, "", expected));
        }
        let wrong = |error: eds::Error| Error::config(&secret, "", error.to_string());
        let signing = SigningKey::from_pkcs8_pem(&files::text(&secret)?).map_err(wrong)?;
        let key = NoteKey::new(written.name(), Algorithm::Cosignature, signing)?;
        if *key.vkey() != written {
            return Err(Error::config(&public, "", "is not of the key in witness.key".to_owned()));
        }
        return Ok(key);
    }
    let name =
        name.ok_or_else(|| Error::usage("--name NAME: a new witness needs a name, such as witness.example/1"))?;
    let signing = SigningKey::generate(eds::Algorithm::Ed25519)?;
    let pem = signing.to_pkcs8_pem()?;
    let key = NoteKey::new(name, Algorithm::Cosignature, signing).map_err(Error::usage)?;
    files::create(&secret, pem.as_bytes(), Readers::Owner)?;
    files::create(&public, format!("{}\n", key.vkey()).as_bytes(), Readers::All)?;
    Ok(key)
}
