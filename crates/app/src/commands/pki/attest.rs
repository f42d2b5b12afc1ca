//! `nais pki attest`: an attribute certificate for the holder of a certificate.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use eds::Powers;
use eds::pki::Term;
use jiff::{SignedDuration, Timestamp};
use model::Unp;
use terminal::authority::{ATTRIBUTES, Folder};

use crate::exit::Error;
use crate::files::{self, Readers};
use crate::print;

/// `nais pki attest`
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais pki attest --dir pki --name clerk-of-bank --holder clerk.pem --unp 191000015 --job-title clerk

It goes into the header attribute-certificate in base64; `nais call` sends attributes.pem of the consumer's folder.")]
pub(super) struct Attest {
    /// The authority's folder
    #[arg(long)]
    dir: PathBuf,
    /// Name of the file: NAME.pem
    #[arg(long)]
    name: String,
    /// The holder's certificate, PEM
    #[arg(long, value_name = "FILE")]
    holder: PathBuf,
    /// UNP of the organisation for which they sign
    #[arg(long)]
    unp: Unp,
    /// Their position there
    #[arg(long)]
    job_title: String,
    /// Term in days
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
}

pub(super) fn run(args: &Attest, now: Timestamp) -> Result<(), Error> {
    super::plain(&args.name)?;
    let folder = Folder::at(&args.dir);
    let mut authority = folder.open(ATTRIBUTES)?;
    let holder = files::certificate(&args.holder, "")?;
    let not_before = now.checked_sub(SignedDuration::from_mins(5)).map_err(Error::failed)?;
    let not_after = super::after(now, args.days)?.min(authority.certificate().not_after());
    let term = Term { not_before, not_after };
    let powers = Powers { unp: args.unp.to_string(), job_title: args.job_title.clone(), term };
    let issued = authority.attest(&powers, &holder).map_err(Error::usage)?;
    let file = folder.file(&format!("{}.pem", args.name));
    files::create(&file, issued.to_pem().as_bytes(), Readers::All)?;
    folder.keep(ATTRIBUTES, &authority)?;
    print::line(format_args!("attested in {} (serial {})", file.display(), issued.serial_hex()));
    Ok(())
}
