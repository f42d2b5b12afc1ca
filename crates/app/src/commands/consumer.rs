//! `nais consumer`: organisations that ask through NAIS, and the certificates their signatures are checked with.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use gateway::operator;
use model::{Category, Consumer, Title, Unp};
use serde_json::json;

use super::{Office, Shared};
use crate::exit::{Error, Outcome};
use crate::files;

/// Consumers: register, list, enrol and strike signing certificates.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais consumer register mia --title \"Ministry of Internal Affairs\" --title-be \"Міністэрства ўнутраных спраў\" \\
      --title-ru \"Министерство внутренних дел\" --unp 191000015 --source-code MIA \\
      --category state-body --category interior --config stand/nais.toml
  nais consumer enrol mia stand/consumers/mia/sign.pem --config stand/nais.toml
  nais consumer list --config stand/nais.toml

Running nodes follow within a second.")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Register a consumer, or change what is known of it
    Register(Register),
    /// List consumers with their certificates
    List(List),
    /// Register a certificate that signs the consumer's requests
    Enrol(Enrol),
    /// Refuse a certificate's signatures from now on
    Strike(Strike),
}

/// `nais consumer register`
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais consumer register mia --title \"Ministry of Internal Affairs\" --unp 191000015 --source-code MIA --category interior")]
struct Register {
    /// Its name in NAIS: lower-case letters, digits and hyphens
    id: Category,
    /// Its official name in English
    #[arg(long)]
    title: String,
    /// Its official name in Belarusian; without it people read the English one
    #[arg(long)]
    title_be: Option<String>,
    /// Its official name in Russian; without it people read the English one
    #[arg(long)]
    title_ru: Option<String>,
    /// Its UNP
    #[arg(long)]
    unp: Unp,
    /// Its `message_source`
    #[arg(long)]
    source_code: String,
    /// A category of recipients it belongs to; may be given several times
    #[arg(long = "category", required = true)]
    categories: Vec<Category>,
    #[command(flatten)]
    shared: Shared,
}

/// `nais consumer list`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais consumer list --config stand/nais.toml --json")]
struct List {
    #[command(flatten)]
    shared: Shared,
}

/// `nais consumer enrol`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais consumer enrol mia mia-sign.pem --config stand/nais.toml")]
struct Enrol {
    /// The consumer's name in NAIS
    id: String,
    /// Its signing certificate (PEM)
    certificate: PathBuf,
    #[command(flatten)]
    shared: Shared,
}

/// `nais consumer strike`
#[derive(ClapArgs)]
#[command(
    after_help = "Example:\n  nais consumer strike 4be1… --config stand/nais.toml   (the keyid of `nais consumer list`)"
)]
struct Strike {
    /// The certificate's `keyid`: hex SHA-256 of its DER
    keyid: String,
    #[command(flatten)]
    shared: Shared,
}

/// Does what was asked.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    match args.act {
        Act::Register(args) => register(args).await,
        Act::List(args) => list(&args.shared).await,
        Act::Enrol(args) => enrol(args).await,
        Act::Strike(args) => strike(args).await,
    }?;
    Ok(Outcome::Done)
}

async fn register(args: Register) -> Result<(), Error> {
    let office = Office::open(&args.shared).await?;
    let consumer = Consumer {
        id: args.id.to_string(),
        title: Title {
            be: args.title_be.unwrap_or_else(|| args.title.clone()),
            ru: args.title_ru.unwrap_or_else(|| args.title.clone()),
            en: args.title,
        },
        unp: args.unp,
        source_code: args.source_code,
        categories: args.categories,
    };
    let stamp = operator::register(&office.desk(), &consumer).await?;
    args.shared.done(&format!("{} is registered", consumer.id), json!({ "consumer": consumer }), &stamp);
    Ok(())
}

async fn list(shared: &Shared) -> Result<(), Error> {
    let office = Office::open(shared).await?;
    let db = office.desk().db;
    let (consumers, signers) = (operator::consumers(&db).await?, operator::signers(&db).await?);
    let keys = |id: &str| -> Vec<&str> {
        signers.iter().filter(|(_, owner)| owner == id).map(|(keyid, _)| keyid.as_str()).collect()
    };
    let row = |consumer: &Consumer| {
        let categories: Vec<&str> = consumer.categories.iter().map(Category::as_str).collect();
        vec![
            consumer.id.clone(),
            consumer.unp.to_string(),
            consumer.source_code.clone(),
            categories.join(","),
            keys(&consumer.id).join(","),
        ]
    };
    let value = |consumer: &Consumer| json!({ "consumer": consumer, "signers": keys(&consumer.id) });
    let rows: Vec<_> = consumers.iter().map(row).collect();
    let values: Vec<_> = consumers.iter().map(value).collect();
    shared.list("consumers", &["id", "UNP", "source", "categories", "signing certificates"], &rows, &values);
    Ok(())
}

async fn enrol(args: Enrol) -> Result<(), Error> {
    let certificate = files::certificate(&args.certificate, "")?;
    let office = Office::open(&args.shared).await?;
    let desk = office.desk();
    super::token::known(&desk.db, &args.id).await?;
    let stamp = operator::enrol(&desk, &args.id, &certificate).await?;
    let keyid = certificate.fingerprint_hex();
    let sentence = format!("{} may sign with keyid {keyid}", args.id);
    args.shared.done(&sentence, json!({ "consumer": args.id, "keyid": keyid }), &stamp);
    Ok(())
}

async fn strike(args: Strike) -> Result<(), Error> {
    let office = Office::open(&args.shared).await?;
    let keyid = args.keyid.to_ascii_lowercase();
    let stamp = operator::strike(&office.desk(), &keyid).await?;
    args.shared.done(&format!("signatures of {keyid} are refused from now on"), json!({ "keyid": keyid }), &stamp);
    Ok(())
}
