//! `nais card make`: a card of a test authority.

use std::path::PathBuf;

use card::{Blank, Card, Identity, Pair, Pins, ROUNDS};
use clap::Args as ClapArgs;
use eds::pki::{Authority, Profile, Subject, Term};
use eds::{Purpose, SigningKey};
use jiff::{SignedDuration, Timestamp};
use model::IdentificationNumber;
use secrecy::SecretString;
use terminal::authority::{Folder, ISSUING};

use super::{file, pin};
use crate::commands::pki::{AlgorithmArg, after};
use crate::exit::Error;
use crate::files::{self, Readers};
use crate::print;

/// `nais card make`
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais card make --card anna.card --pki pki --surname Ковалёва --name Анна --identification-number 4010190A001PB6 \\
    --pin1 1234 --pin2 123456 --puk 1234567890")]
pub(super) struct Make {
    /// The card's file, which must not be there yet
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// The folder of the authority that issues its certificates (nais pki init)
    #[arg(long, value_name = "DIR")]
    pki: PathBuf,
    /// Surname
    #[arg(long)]
    surname: String,
    /// Given name
    #[arg(long)]
    name: String,
    /// Patronymic
    #[arg(long, default_value = "")]
    patronymic: String,
    /// Identification number
    #[arg(long)]
    identification_number: IdentificationNumber,
    /// Organisation, on the card of an official
    #[arg(long, requires = "unp")]
    org: Option<String>,
    /// UNP of the organisation
    #[arg(long, requires = "org")]
    unp: Option<model::Unp>,
    /// PIN 1, 4 to 12 digits, or @FILE; asked for when left out
    #[arg(long, value_name = "PIN", value_parser = pin)]
    pin1: Option<SecretString>,
    /// PIN 2, 4 to 12 digits, or @FILE; asked for when left out
    #[arg(long, value_name = "PIN", value_parser = pin)]
    pin2: Option<SecretString>,
    /// PUK, 8 to 12 digits, or @FILE; asked for when left out
    #[arg(long, value_name = "PUK", value_parser = pin)]
    puk: Option<SecretString>,
    /// Algorithm of the keys
    #[arg(long, value_enum, default_value = "ecdsa-p256")]
    algorithm: AlgorithmArg,
    /// Term of the certificates in days
    #[arg(long, default_value_t = 730, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
}

/// Issues the two certificates and writes the card.
pub(super) fn run(args: Make, now: Timestamp) -> Result<(), Error> {
    if args.card.exists() {
        return Err(Error::config(&args.card, "", "is there already and is not overwritten".to_owned()));
    }
    let folder = Folder::at(&args.pki);
    let mut authority = folder.open(ISSUING)?;
    let blank = blank(&args, &mut authority, now)?;
    let pins = Pins {
        one: super::asked("PIN 1", args.pin1)?,
        two: super::asked("PIN 2", args.pin2)?,
        puk: super::asked("PUK", args.puk)?,
    };
    let card = Card::make(&blank, &pins, ROUNDS).map_err(|error| file::refused(&error))?;
    files::create(&args.card, &file::text(&card)?, Readers::Owner)?;
    folder.keep(ISSUING, &authority)?;
    print::line(format_args!("made {}", args.card.display()));
    Ok(())
}

fn blank(args: &Make, authority: &mut Authority, now: Timestamp) -> Result<Blank, Error> {
    let not_before = now.checked_sub(SignedDuration::from_mins(5)).map_err(Error::failed)?;
    let term = Term { not_before, not_after: after(now, args.days)?.min(authority.certificate().not_after()) };
    let given_names = format!("{} {}", args.name, args.patronymic).trim().to_owned();
    let holder = format!("{} {given_names}", args.surname);
    let mut subject = Subject::new(holder.as_str()).person(args.surname.as_str(), given_names);
    subject.organization.clone_from(&args.org);
    let number = args.identification_number.as_str().to_owned();
    let mut pair = |purpose: Purpose| -> Result<Pair, Error> {
        let profile = Profile {
            identification_number: Some(number.clone()),
            unp: args.unp.as_ref().map(ToString::to_string),
            ..Profile::new(subject.clone(), [purpose], term)
        };
        let key = SigningKey::generate(args.algorithm.into())?;
        let certificate = authority.issue(&profile, key.verifying_key()).map_err(Error::usage)?;
        Ok(Pair { key, certificate, chain: vec![authority.certificate().clone()] })
    };
    Ok(Blank {
        authentication: pair(Purpose::TlsClient)?,
        signature: pair(Purpose::Signature)?,
        identity: Identity {
            identification_number: number.clone(),
            surname: args.surname.clone(),
            name: args.name.clone(),
            patronymic: args.patronymic.clone(),
        },
        holder,
    })
}
