//! `nais check`: configuration and service folders, before anything is started.

use std::path::PathBuf;

use crate::commands::service;
use crate::config::Config;
use crate::exit::{Error, Outcome};
use crate::node::{keys, pages};
use crate::{print, services};

/// Check the configuration and every service folder with its texts, schemas and examples.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  nais check --config stand/nais.toml
  nais check services/3.88.01 services/3.11.01

Without arguments the folder `services` is checked. Ends with 1 when something is wrong with a service.")]
pub struct Args {
    /// The node's configuration: its keys, certificates and services are checked
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Service folders
    #[arg(value_name = "SERVICE-DIR")]
    folders: Vec<PathBuf>,
}

/// Checks and prints what was found.
#[expect(clippy::unused_async, reason = "every command is awaited alike")]
pub async fn run(args: Args) -> Result<Outcome, Error> {
    let mut folders = args.folders;
    if let Some(file) = &args.config {
        let config = Config::read(file)?;
        keys::vault(&config)?;
        keys::log_key(&config)?;
        let (key, certificate) = keys::answer_key(&config)?;
        if key.verifying_key() != certificate.verifying_key() {
            let expected = "expected the certificate of the key in keys.sign".to_owned();
            return Err(Error::config(file, "keys.sign_certificate", expected));
        }
        keys::trust(&config)?;
        print::line(format_args!(
            "{} {}: keys, certificates, lists",
            print::tinted(print::Tone::Good, "ok"),
            file.display()
        ));
        if folders.is_empty() {
            folders = services::folders(&config.path(&config.services))?;
        }
    } else if folders.is_empty() {
        folders = services::folders(&service::folder(None)?)?;
    }
    pages()?;
    print::line(format_args!("{} pages: templates, texts in 3 languages", print::tinted(print::Tone::Good, "ok")));
    service::check(&folders)
}
