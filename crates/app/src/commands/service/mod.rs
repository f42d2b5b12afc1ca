//! `nais service`: service folders are listed, made, checked and published.

mod publish;
mod skeleton;

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};
use model::{Lang, ProviderKind, Service, ServiceCode};
use reqwest::Url;
use serde_json::{Value, json};

use self::skeleton::Skeleton;
use crate::config::Config;
use crate::exit::{Error, Outcome};
use crate::files::{self, Readers};
use crate::{print, services};

/// Service folders: list, make, check, publish.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais service list --config stand/nais.toml
  nais service new 3.99.01 --owner mns --url https://owner.example/api
  nais service check services/3.99.01
  nais service publish services/3.99.01 --config stand/nais.toml")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// List the services of a folder
    List(List),
    /// Check service folders
    Check(Check),
    /// Make the folder of a new service that the owner's own system answers
    New(New),
    /// Check a folder and copy it to the configured services
    Publish(publish::Args),
}

/// `nais service list`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais service list --config stand/nais.toml --lang be")]
struct List {
    /// The node's configuration; without it the folder `services` is listed
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Language of titles: en, be, ru
    #[arg(long, default_value = "en", value_parser = crate::commands::language)]
    lang: Lang,
    /// Print one JSON value instead of lines
    #[arg(long)]
    json: bool,
}

/// `nais service check`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais service check services/3.88.01 services/3.11.01")]
struct Check {
    /// Service folders
    #[arg(required = true, value_name = "SERVICE-DIR")]
    folders: Vec<PathBuf>,
}

/// `nais service new`
#[derive(ClapArgs)]
#[command(
    after_help = "Example:\n  nais service new 3.99.01 --owner mns --url https://owner.example/api --dir services"
)]
struct New {
    /// Code of the service
    code: ServiceCode,
    /// The owner of the information, in lower-case letters
    #[arg(long)]
    owner: String,
    /// Address of the owner's system
    #[arg(long)]
    url: Url,
    /// Folder of service folders
    #[arg(long, default_value = "services")]
    dir: PathBuf,
}

/// Does what was asked.
#[expect(clippy::unused_async, reason = "every command is awaited alike")]
pub async fn run(args: Args) -> Result<Outcome, Error> {
    match args.act {
        Act::List(args) => list(&args),
        Act::Check(args) => check(&args.folders),
        Act::New(args) => new(&args),
        Act::Publish(args) => publish::run(&args),
    }
}

fn list(args: &List) -> Result<Outcome, Error> {
    let all = services::read_folders(&folder(args.config.as_deref())?)?;
    if args.json {
        let values: Vec<Value> = all.iter().map(|service| described(service, args.lang)).collect();
        print::json(&json!({ "services": values }));
        return Ok(Outcome::Done);
    }
    let row = |service: &Service| {
        let passport = &service.passport;
        let context = passport.context.clone().unwrap_or_else(|| "portal only".to_owned());
        vec![passport.code.to_string(), context, provider(service), service.text(args.lang, "title")]
    };
    let rows: Vec<_> = all.iter().map(|service| row(service)).collect();
    print::line(print::table(&["code", "context", "provider", "title"], &rows));
    Ok(Outcome::Done)
}

fn described(service: &Service, lang: Lang) -> Value {
    let passport = &service.passport;
    json!({
        "code": passport.code.as_str(),
        "context": passport.context,
        "owner": passport.owner,
        "provider": provider(service),
        "title": service.text(lang, "title"),
        "methods": passport.methods.iter().map(|m| format!("{} {}", m.verb.as_str(), m.path)).collect::<Vec<_>>(),
    })
}

fn provider(service: &Service) -> String {
    match &service.passport.provider {
        ProviderKind::Embedded(name) => format!("embedded:{name}"),
        ProviderKind::Upstream(upstream) => upstream.url.clone(),
    }
}

/// The folder of service folders that the configuration names, or `services` here.
pub fn folder(config: Option<&Path>) -> Result<PathBuf, Error> {
    match config {
        Some(file) => {
            let config = Config::read(file)?;
            Ok(config.path(&config.services))
        }
        None => Ok(PathBuf::from("services")),
    }
}

/// Checks folders and prints what was found in each.
pub fn check(folders: &[PathBuf]) -> Result<Outcome, Error> {
    let mut good = true;
    for folder in folders {
        let checked = match services::check(folder) {
            Ok(checked) => checked,
            Err(error @ Error::Config { .. }) if folder.is_dir() => {
                // The other folders are still worth looking at.
                print::line(format_args!("{}: {error}", print::tinted(print::Tone::Bad, "fault")));
                good = false;
                continue;
            }
            Err(error) => return Err(error),
        };
        let (passport, examples) = (&checked.service.passport, checked.service.examples.len());
        for fault in &checked.faults {
            print::line(format_args!("{}: {fault}", print::tinted(print::Tone::Bad, "fault")));
        }
        if checked.faults.is_empty() {
            let counts = format!("{} methods, {examples} examples, texts in 3 languages", passport.methods.len());
            print::line(format_args!("{} {}: {counts}", print::tinted(print::Tone::Good, "ok"), passport.code));
        }
        good &= checked.faults.is_empty();
    }
    Ok(Outcome::of(good))
}

fn new(args: &New) -> Result<Outcome, Error> {
    let named = args.owner.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if args.owner.is_empty() || !named {
        return Err(Error::usage("--owner: expected lower-case letters, digits and hyphens"));
    }
    let url = args.url.as_str().trim_end_matches('/');
    let folder = args.dir.join(args.code.path());
    for (path, text) in (Skeleton { code: &args.code, owner: &args.owner, url }).files() {
        let path = folder.join(path);
        path.parent().map_or(Ok(()), files::folder)?;
        files::create(&path, text.as_bytes(), Readers::All)?;
    }
    check(std::slice::from_ref(&folder))?;
    print::line(format_args!(
        "made {}; write its passport and texts, then: nais service check {}",
        folder.display(),
        folder.display()
    ));
    Ok(Outcome::Done)
}
