//! `nais stand`: the whole system with nothing to set up, on embedded storage, with synthetic data.

mod cards;
mod clerk;
mod consumers;
mod family;
mod files;
mod people;
mod pki;
mod refusals;
mod requests;
mod tell;

use std::path::{Path, PathBuf};
use std::time::Instant;

use model::Clock;
use registers::seed::{self, Seed};

use crate::config::Config;
use crate::exit::{Error, Outcome};
use crate::node::{self, Node};

/// The number that all synthetic data come from.
const SEED: u64 = 38_801;

/// `nais stand`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The stand's folder
    #[arg(long, value_name = "DIR", default_value = "stand")]
    dir: PathBuf,
    /// Start anew: what the folder holds is removed
    #[arg(long)]
    fresh: bool,
    /// Another database for a new stand: an empty `postgres://USER:PASSWORD@HOST/DATABASE`
    #[arg(long, value_name = "URL", default_value = "sqlite:data/nais.db")]
    database: String,
    /// Address of the portal
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:8080")]
    portal: String,
    /// Address of the gateway
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8247")]
    gateway: String,
    /// Address of health and metrics
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9464")]
    operations: String,
}

/// The marker of a folder that a stand made, so that `--fresh` never removes anything else.
const MARKER: &str = "nais.toml";
/// Written last: a stand whose making was interrupted is made anew.
const COMPLETE: &str = "complete";
/// Written when all synthetic data are there.
const FILLED: &str = "filled";

/// Runs the stand until it is told to stop.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    let begun = Instant::now();
    let dir = args.dir.as_path();
    if args.fresh || (dir.join(MARKER).exists() && !dir.join(COMPLETE).exists()) {
        remove(dir)?;
    }
    let made = !dir.join(COMPLETE).exists();
    if made {
        files::create(dir, &args)?;
    } else {
        files::listen(dir, &args)?;
        pki::renew_lists(dir, Clock::system().now())?;
    }
    let config = Config::read(&dir.join(MARKER))?;
    node::start_logging(&config.log);
    let tools = node::Tools::open(&config).await?;
    if made {
        consumers::admit(dir, &tools, &config).await?;
        fill(&tools, FIRST).await?;
    }
    let node = Node::start_on(tools, &config, &[]).await?;
    if made {
        requests::write(dir, &node, &config).await?;
        people::admit(&node).await?;
        crate::files::create(&dir.join(COMPLETE), b"", crate::files::Readers::All)?;
    }
    let filled = dir.join(FILLED);
    if !filled.exists() {
        fill_up(&node.tools, filled.clone())?;
    }
    tell::ready(&args, &config, begun.elapsed(), filled.exists());
    node.until_stopped().await?;
    Ok(Outcome::Done)
}

/// Removes a stand, and only a stand.
fn remove(dir: &Path) -> Result<(), Error> {
    if !dir.exists() {
        return Ok(());
    }
    let empty = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
    if !empty && !dir.join(MARKER).exists() {
        let cure = "is no stand, so it is not removed; name another folder with --dir".to_owned();
        return Err(Error::config(dir, "", cure));
    }
    std::fs::remove_dir_all(dir).map_err(|error| crate::files::write_error(dir, &error))
}

/// Foreigners, proceedings, and people of the Population Register.
type Amount = (u64, u64, u64);

/// What the ready requests are about; there before anything listens.
const FIRST: Amount = (200, 50, 300);
/// All of it.
const ALL: Amount = (seed::FOREIGNERS, seed::PROCEEDINGS, population::PEOPLE);

/// Writes so much of the synthetic data; what is there already is left alone.
async fn fill(tools: &node::Tools, amount: Amount) -> Result<(), Error> {
    let write = filling(tools, amount)?;
    tokio::task::spawn_blocking(write).await.map_err(Error::failed)??;
    Ok(())
}

/// Writes the rest beside the work. A stand that is stopped before the end goes on with it at its next start.
fn fill_up(tools: &node::Tools, marker: PathBuf) -> Result<(), Error> {
    let write = filling(tools, ALL)?;
    let thread = move || {
        let done = write().map_err(Error::from).and_then(|(filled, people)| {
            let (records, proceedings) = (filled.records, filled.proceedings);
            tracing::info!(records, proceedings, people, "synthetic data are there");
            crate::files::create(&marker, b"", crate::files::Readers::All)
        });
        if let Err(error) = done {
            tracing::error!(%error, "the synthetic data are not complete; the next start goes on with them");
        }
    };
    std::thread::Builder::new().name("fill".into()).spawn(thread).map(drop).map_err(Error::failed)
}

fn filling(
    tools: &node::Tools,
    (foreigners, proceedings, people): Amount,
) -> Result<impl FnOnce() -> Result<(seed::Filled, u64), store::Error> + Send + 'static, Error> {
    let codes = tools.codes()?;
    let (db, vault) = (tools.db.clone(), tools.vault.clone());
    Ok(move || {
        let seed = Seed::new(SEED);
        let people = population::fill(&db, &vault, SEED, seed.until, people)?.people;
        seed::fill(&db, &vault, &codes, seed, foreigners, proceedings).map(|filled| (filled, people))
    })
}
