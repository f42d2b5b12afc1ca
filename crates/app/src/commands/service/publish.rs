//! `nais service publish`: a checked folder takes its place among the configured services, as a whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::exit::{Error, Outcome};
use crate::{files, print, services};

/// `nais service publish`
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  nais service publish services/3.99.01 --config stand/nais.toml

The folder published before under the same code is replaced. Nodes take the service up when they start.")]
pub struct Args {
    /// The service's folder
    #[arg(value_name = "SERVICE-DIR")]
    folder: PathBuf,
    /// The node's configuration
    #[arg(long, value_name = "FILE", default_value = "nais.toml")]
    config: PathBuf,
}

/// Checks, then copies.
pub fn run(args: &Args) -> Result<Outcome, Error> {
    let config = Config::read(&args.config)?;
    let place = config.path(&config.services);
    let checked = services::check(&args.folder)?;
    if !checked.faults.is_empty() {
        checked.faults.iter().for_each(|fault| print::line(format_args!("fault: {fault}")));
        return Ok(Outcome::SaidNo);
    }
    let code = checked.service.passport.code.path();
    let (target, fresh, old) =
        (place.join(&code), place.join(format!(".new-{code}")), place.join(format!(".old-{code}")));
    if same(&args.folder, &target) {
        return Err(Error::usage(format_args!(
            "{}: is published already: it is the folder nodes read",
            target.display()
        )));
    }
    // The services together must be as good as each alone: two folders may not share a context.
    let others = services::read_folders(&place)?;
    let mut others = others.iter().filter(|other| other.passport.code != checked.service.passport.code);
    if let Some(other) = others.find(|other| services::clashes(other, &checked.service)) {
        let expected = format!("a context of its own; {} has this one", other.passport.code);
        return Err(Error::config(&args.folder.join("passport.toml"), "context", expected));
    }
    let wrong = |path: &Path, error: std::io::Error| files::write_error(path, &error);
    for leftover in [&fresh, &old] {
        if leftover.exists() {
            fs::remove_dir_all(leftover).map_err(|error| wrong(leftover, error))?;
        }
    }
    copy(&args.folder, &fresh)?;
    if target.exists() {
        fs::rename(&target, &old).map_err(|error| wrong(&target, error))?;
    }
    fs::rename(&fresh, &target).map_err(|error| wrong(&target, error))?;
    files::sync_folder(&target)?;
    if old.exists() {
        fs::remove_dir_all(&old).map_err(|error| wrong(&old, error))?;
    }
    print::line(format_args!("published {} to {}", checked.service.passport.code, target.display()));
    print::note("nodes take it up when they start");
    Ok(Outcome::Done)
}

fn same(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// Copies plain files and folders; anything else (links, sockets) is refused, because it could name what is outside.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    files::folder(to)?;
    for entry in fs::read_dir(from).map_err(|error| Error::failed(format_args!("{}: {error}", from.display())))? {
        let entry = entry?;
        let (path, target, kind) = (entry.path(), to.join(entry.file_name()), entry.file_type()?);
        if kind.is_dir() {
            copy(&path, &target)?;
        } else if kind.is_file() {
            fs::copy(&path, &target).map_err(|error| files::write_error(&target, &error))?;
        } else {
            return Err(Error::config(&path, "", "expected a plain file or folder".to_owned()));
        }
    }
    Ok(())
}
