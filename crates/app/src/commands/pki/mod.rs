//! `nais pki`: a small certification authority in a folder, for tests and the stand.

mod attest;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use eds::pki::{Authority, Profile, Subject, Term};
use eds::{Algorithm, AttributeCertificate, Certificate, Crl, SigningKey};
use jiff::{SignedDuration, Timestamp};
use model::{Clock, IdentificationNumber, Unp};
use reqwest::Url;
use serde_json::json;
use terminal::authority::{ATTRIBUTES, Folder, ISSUING, ROOT, services};

use crate::commands::verify::PurposeArg;
use crate::exit::{Error, Outcome};
use crate::files::{self, Readers};
use crate::print;

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long revocation lists hold when nothing else is asked for.
const DAYS_OF_LISTS: u32 = 30;

/// Test certificates: a root, an issuing authority, certificates, revocation.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais pki init --dir pki
  nais pki issue --dir pki --name gateway --cn localhost --purpose tls-server --dns localhost --ip 127.0.0.1
  nais pki attest --dir pki --name clerk-of-bank --holder clerk.pem --unp 191000015 --job-title clerk
  nais pki revoke --dir pki 4f2a…
  nais pki crl --dir pki

Files: root.{pem,key}, issuing.{pem,key}, attributes.{pem,key}, NAME.{pem,key}, crl.pem; ocsp*.{pem,key} answer about
certificates and tsa*.{pem,key} stamp time on a node with [authority] in its configuration. Keys are readable by their owner only.")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Make a root and an issuing authority below it
    Init(Init),
    /// Issue a certificate with a new key
    Issue(Box<Issue>),
    /// Attest for whom and as what the holder of a certificate signs: an attribute certificate (RFC 5755)
    Attest(attest::Attest),
    /// Call a certificate revoked, and publish the list
    Revoke(Revoke),
    /// Publish the lists of revoked certificates
    #[command(name = "crl")]
    Lists(Lists),
    /// List what was issued and revoked
    Show(Show),
}

/// `nais pki init`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais pki init --dir pki --name \"NAIS test\" --algorithm ecdsa-p256")]
struct Init {
    /// The authority's folder
    #[arg(long)]
    dir: PathBuf,
    /// What the two authorities are called
    #[arg(long, default_value = "NAIS test authority")]
    name: String,
    /// Algorithm of their keys
    #[arg(long, value_enum, default_value = "ecdsa-p256")]
    algorithm: AlgorithmArg,
    /// Where a node with `[authority]` in its configuration is reached, such as http://localhost:8080: certificates will say
    /// that their status is told there
    #[arg(long, value_name = "URL")]
    address: Option<Url>,
    /// Term of the root in days; the issuing authority ends with it
    #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
}

/// `nais pki issue`
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais pki issue --dir pki --name clerk --cn \"Клерк\" --org \"Натарыяльная палата\" --unp 191000015 --purpose signature")]
struct Issue {
    /// The authority's folder
    #[arg(long)]
    dir: PathBuf,
    /// Name of the files: NAME.pem with the issuing authority's certificate behind, NAME.key
    #[arg(long)]
    name: String,
    /// Common name
    #[arg(long)]
    cn: String,
    /// Organisation
    #[arg(long)]
    org: Option<String>,
    /// Surname of a person
    #[arg(long, requires = "given_names")]
    surname: Option<String>,
    /// Given names of a person
    #[arg(long, requires = "surname")]
    given_names: Option<String>,
    /// What the key is for; may be given several times
    #[arg(long = "purpose", value_enum, required = true)]
    purposes: Vec<PurposeArg>,
    /// Host name; may be given several times
    #[arg(long = "dns")]
    dns_names: Vec<String>,
    /// Address; may be given several times
    #[arg(long = "ip")]
    ip_addresses: Vec<IpAddr>,
    /// UNP of the organisation
    #[arg(long)]
    unp: Option<Unp>,
    /// Identification number of the person
    #[arg(long)]
    identification_number: Option<IdentificationNumber>,
    /// Job title of the person
    #[arg(long)]
    job_title: Option<String>,
    /// Algorithm of the key
    #[arg(long, value_enum, default_value = "ecdsa-p256")]
    algorithm: AlgorithmArg,
    /// Term in days
    #[arg(long, default_value_t = 730, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
}

/// `nais pki revoke`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais pki revoke --dir pki 01f3…   (the serial number of `nais pki show`)")]
struct Revoke {
    /// The authority's folder
    #[arg(long)]
    dir: PathBuf,
    /// Serial number in hex
    serial: String,
}

/// `nais pki crl`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais pki crl --dir pki --days 7")]
struct Lists {
    /// The authority's folder
    #[arg(long)]
    dir: PathBuf,
    /// Days until the next lists at the latest
    #[arg(long, default_value_t = DAYS_OF_LISTS, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
}

/// `nais pki show`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais pki show --dir pki --json")]
struct Show {
    /// The authority's folder
    #[arg(long)]
    dir: PathBuf,
    /// Print one JSON value instead of lines
    #[arg(long)]
    json: bool,
}

/// Algorithms by the names the command line knows.
#[derive(Clone, Copy, ValueEnum)]
pub enum AlgorithmArg {
    /// ECDSA on P-256 with SHA-256
    #[value(name = "ecdsa-p256")]
    EcdsaP256,
    /// Ed25519
    #[value(name = "ed25519")]
    Ed25519,
    /// The national bign of STB 34.101.45 with belt-hash; no browser knows it for TLS
    #[value(name = "bign-with-hbelt")]
    Bign,
}

impl From<AlgorithmArg> for Algorithm {
    fn from(algorithm: AlgorithmArg) -> Self {
        match algorithm {
            AlgorithmArg::EcdsaP256 => Self::EcdsaP256Sha256,
            AlgorithmArg::Ed25519 => Self::Ed25519,
            AlgorithmArg::Bign => Self::BignBeltHash,
        }
    }
}

/// Does what was asked of the authority.
#[expect(clippy::unused_async, reason = "every command is awaited alike")]
pub async fn run(args: Args) -> Result<Outcome, Error> {
    // Certificates know whole seconds: with a fraction an authority would end before what it issues.
    let now = Timestamp::from_second(Clock::system().now().as_second()).map_err(Error::failed)?;
    match args.act {
        Act::Init(args) => init(&args, now),
        Act::Issue(args) => issue(&args, now),
        Act::Attest(args) => attest::run(&args, now),
        Act::Revoke(args) => revoke(&args, now),
        Act::Lists(args) => lists(&args, now),
        Act::Show(args) => show(&args),
    }?;
    Ok(Outcome::Done)
}

/// The moment so many days later.
pub fn after(now: Timestamp, days: u32) -> Result<Timestamp, Error> {
    let term = DAY.checked_mul(i32::try_from(days).unwrap_or(i32::MAX));
    let end = term.and_then(|term| now.checked_add(term).ok());
    end.ok_or_else(|| Error::usage("--days: the term ends too far ahead"))
}

fn init(args: &Init, now: Timestamp) -> Result<(), Error> {
    let folder = Folder::at(&args.dir);
    // Clocks of other machines may be a little behind.
    let not_before = now.checked_sub(SignedDuration::from_mins(5)).map_err(Error::failed)?;
    let term = Term { not_before, not_after: after(now, args.days)? };
    let subject = |kind: &str| Subject::new(format!("{} ({kind})", args.name));
    let key = || SigningKey::generate(args.algorithm.into());
    let mut root = Authority::root(&subject(ROOT), key()?, term)?;
    if let Some(address) = &args.address {
        root.tells_at(services::addresses(address.as_str(), ROOT));
    }
    let mut issuing = root.issue_ca(&subject(ISSUING), key()?, term, 0)?;
    if let Some(address) = &args.address {
        issuing.tells_at(services::addresses(address.as_str(), ISSUING));
    }
    folder.add(ROOT, &root)?;
    folder.add(ISSUING, &issuing)?;
    folder.add(ATTRIBUTES, &services::attributes(&mut issuing, not_before)?)?;
    services::write(&folder, &mut root, &mut issuing, not_before)?;
    folder.keep(ROOT, &root)?;
    folder.keep(ISSUING, &issuing)?;
    renew(&folder, now, DAYS_OF_LISTS)?;
    print::line(format_args!(
        "made {} and {}",
        folder.file("root.pem").display(),
        folder.file("issuing.pem").display()
    ));
    Ok(())
}

fn issue(args: &Issue, now: Timestamp) -> Result<(), Error> {
    plain(&args.name)?;
    let folder = Folder::at(&args.dir);
    let mut authority = folder.open(ISSUING)?;
    let not_before = now.checked_sub(SignedDuration::from_mins(5)).map_err(Error::failed)?;
    let not_after = after(now, args.days)?.min(authority.certificate().not_after());
    let mut subject = Subject::new(&args.cn);
    subject.organization.clone_from(&args.org);
    subject.surname.clone_from(&args.surname);
    subject.given_names.clone_from(&args.given_names);
    let purposes: Vec<_> = args.purposes.iter().map(|purpose| (*purpose).into()).collect();
    let mut profile = Profile::new(subject, purposes, Term { not_before, not_after });
    profile.dns_names.clone_from(&args.dns_names);
    profile.ip_addresses.clone_from(&args.ip_addresses);
    profile.unp = args.unp.as_ref().map(ToString::to_string);
    profile.identification_number = args.identification_number.as_ref().map(|number| number.as_str().to_owned());
    profile.job_title.clone_from(&args.job_title);
    let key = SigningKey::generate(args.algorithm.into())?;
    let certificate = authority.issue(&profile, key.verifying_key()).map_err(Error::usage)?;
    let (pem, key_file) = (folder.file(&format!("{}.pem", args.name)), folder.file(&format!("{}.key", args.name)));
    files::create(&key_file, key.to_pkcs8_pem()?.as_bytes(), Readers::Owner)?;
    let chain = eds::chain_to_pem([&certificate, authority.certificate()]);
    files::create(&pem, chain.as_bytes(), Readers::All)?;
    folder.keep(ISSUING, &authority)?;
    print::line(format_args!("issued {} (serial {})", pem.display(), certificate.serial_hex()));
    Ok(())
}

/// A name for files, that of no authority.
fn plain(name: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(is_plain) || [ROOT, ISSUING, ATTRIBUTES].contains(&name) {
        return Err(Error::usage("--name: expected letters, digits and hyphens, and not root, issuing or attributes"));
    }
    Ok(())
}

fn revoke(args: &Revoke, now: Timestamp) -> Result<(), Error> {
    let folder = Folder::at(&args.dir);
    let serial = serial(&args.serial);
    let mut issuer = ISSUING;
    for name in folder.authorities() {
        if folder.records(name)?.issued.iter().any(|issued| issued.serial == serial) {
            issuer = name;
        }
    }
    let mut authority = folder.open(issuer)?;
    authority.revoke(&serial, now).map_err(|error| Error::usage(format_args!("SERIAL: {serial}: {error}")))?;
    folder.keep(issuer, &authority)?;
    let path = renew(&folder, now, DAYS_OF_LISTS)?;
    print::line(format_args!("revoked {serial}; the lists are in {}", path.display()));
    Ok(())
}

/// The serial number, which may be given as the name of the certificate's file.
fn serial(given: &str) -> String {
    let file = std::fs::read_to_string(given).ok();
    let of = |pem: String| match AttributeCertificate::from_pem(&pem) {
        Ok(attributes) => Some(attributes.serial_hex()),
        Err(_) => Certificate::chain_from_pem(&pem).ok()?.first().map(Certificate::serial_hex),
    };
    file.and_then(of).unwrap_or_else(|| given.replace([':', ' '], "").to_ascii_lowercase())
}

fn lists(args: &Lists, now: Timestamp) -> Result<(), Error> {
    let path = renew(&Folder::at(&args.dir), now, args.days)?;
    print::line(format_args!("{} holds until {}", path.display(), after(now, args.days)?));
    Ok(())
}

/// Every authority's list anew, in one file.
fn renew(folder: &Folder, now: Timestamp, days: u32) -> Result<PathBuf, Error> {
    let mut lists = Vec::new();
    for name in folder.authorities() {
        let mut authority = folder.open(name)?;
        lists.push(authority.crl(now, after(now, days)?)?);
        folder.keep(name, &authority)?;
    }
    publish(folder, &lists)
}

fn publish(folder: &Folder, lists: &[Crl]) -> Result<PathBuf, Error> {
    let path = folder.file("crl.pem");
    let text: String = lists.iter().map(Crl::to_pem).collect();
    files::replace(&path, text.as_bytes())?;
    Ok(path)
}

fn show(args: &Show) -> Result<(), Error> {
    let folder = Folder::at(&args.dir);
    let mut all = Vec::new();
    for name in folder.authorities() {
        let authority = folder.open(name)?;
        if args.json {
            all.push(json!({ "authority": authority.certificate().subject(), "record": authority.record() }));
        } else {
            print::line(format_args!("{}", authority.certificate().subject()));
            print::line(print::table(&["serial", "name", "until", "state"], &rows(authority.record())));
        }
    }
    if args.json {
        print::json(&json!(all));
    }
    Ok(())
}

fn rows(record: &eds::pki::Record) -> Vec<Vec<String>> {
    let state = |serial: &str| record.revoked.iter().find(|revoked| revoked.serial == serial).map(|revoked| revoked.at);
    let moment = |second| Timestamp::from_second(second).map_or_else(|_| String::new(), |at| at.to_string());
    let row = |issued: &eds::pki::Issued| {
        let state = state(&issued.serial).map_or_else(|| "issued".to_owned(), |at| format!("revoked {}", moment(at)));
        vec![issued.serial.clone(), issued.common_name.clone(), moment(issued.not_after), state]
    };
    record.issued.iter().map(row).collect()
}
