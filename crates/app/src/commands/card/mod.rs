//! `nais card`: ID cards in software, for the stand, for tests, and for signing without the client program.

mod file;
mod make;

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use card::Pin;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use eds::cms::Place;
use jiff::Timestamp;
use model::Clock;
use reqwest::Url;
use secrecy::SecretString;
use serde_json::json;
use terminal::stamp;

use self::file::CardFile;
use crate::exit::{Error, Outcome};
use crate::files::{self, Readers};
use crate::print;

/// Software ID cards: make one, see its state, read it, sign with it.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais card make --card anna.card --pki pki --surname Ковалёва --name Анна --identification-number 4010190A001PB6
  nais card status --card anna.card
  nais card sign --card anna.card --pin2 123456 --out consent.p7s consent.json
  nais card unblock --card anna.card --puk 1234567890 --pin pin2 --new 654321

PIN 1 reads the card and signs in, PIN 2 signs; three wrong tries block a PIN, and the PUK gives it anew. A PIN may be
written @FILE, so that it does not show among the processes; left out, it is asked for. Whoever copies the file may try
PINs without end: such cards are for stands and tests.")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Make a card with certificates of a test authority
    Make(Box<make::Make>),
    /// Show the holder's name and the tries left
    Status(Status),
    /// Read the holder's data with PIN 1
    Read(Read),
    /// Sign a file with PIN 2: a CMS message (CAdES-BES)
    Sign(Sign),
    /// Give a PIN anew with the PUK
    Unblock(Unblock),
    /// Change a PIN or the PUK
    ChangePin(Change),
}

/// `nais card status`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais card status --card stand/cards/anna.card --json")]
struct Status {
    /// The card's file
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// Print one JSON value instead of lines
    #[arg(long)]
    json: bool,
}

/// `nais card read`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais card read --card stand/cards/anna.card --pin1 1234 --json")]
struct Read {
    /// The card's file
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// PIN 1 or @FILE; asked for when left out
    #[arg(long, value_name = "PIN", value_parser = pin)]
    pin1: Option<SecretString>,
    /// Print one JSON value instead of lines
    #[arg(long)]
    json: bool,
}

/// `nais card sign`
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais card sign --card stand/cards/anna.card --pin2 123456 --out consent.p7s consent.json

The content goes into the message byte for byte; with --detached it stays beside it. With --timestamp an authority
stamps the moment (CAdES-T); with --roots as well, certificates and their status go along (CAdES-B-LT), so that the
signature can be verified without a network when the certificates have expired:

  nais card sign --card stand/cards/anna.card --pin2 123456 --timestamp http://localhost:8080/tsa \\
    --roots stand/pki/root.pem --out consent.p7s consent.json")]
struct Sign {
    /// The card's file
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// PIN 2 or @FILE; asked for when left out
    #[arg(long, value_name = "PIN", value_parser = pin)]
    pin2: Option<SecretString>,
    /// Where the message goes; must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Leave the content out of the message
    #[arg(long, conflicts_with = "timestamp")]
    detached: bool,
    /// Have a time-stamp authority stamp the moment (RFC 3161 over HTTP)
    #[arg(long, value_name = "URL")]
    timestamp: Option<Url>,
    /// Take along certificates and their status up to these roots (PEM)
    #[arg(long, value_name = "FILE", requires = "timestamp")]
    roots: Option<PathBuf>,
    /// What is signed
    input: PathBuf,
}

/// `nais card unblock`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais card unblock --card anna.card --puk 1234567890 --pin pin2 --new 654321")]
struct Unblock {
    /// The card's file
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// The PUK or @FILE; asked for when left out
    #[arg(long, value_name = "PUK", value_parser = pin)]
    puk: Option<SecretString>,
    /// Which PIN is given anew
    #[arg(long, value_enum)]
    pin: PinArg,
    /// The new PIN or @FILE; asked for when left out
    #[arg(long, value_name = "PIN", value_parser = pin)]
    new: Option<SecretString>,
}

/// `nais card change-pin`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais card change-pin --card anna.card --pin pin1 --old 1234 --new 4321")]
struct Change {
    /// The card's file
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// Which secret is changed
    #[arg(long, value_enum)]
    pin: PinArg,
    /// The present one or @FILE; asked for when left out
    #[arg(long, value_name = "PIN", value_parser = pin)]
    old: Option<SecretString>,
    /// The new one or @FILE; asked for when left out
    #[arg(long, value_name = "PIN", value_parser = pin)]
    new: Option<SecretString>,
}

/// Secrets of a card by the names the command line knows.
#[derive(Clone, Copy, ValueEnum)]
enum PinArg {
    /// Reads the card and signs in
    Pin1,
    /// Signs
    Pin2,
    /// Gives blocked PINs anew
    Puk,
}

impl From<PinArg> for Pin {
    fn from(pin: PinArg) -> Self {
        match pin {
            PinArg::Pin1 => Self::One,
            PinArg::Pin2 => Self::Two,
            PinArg::Puk => Self::Puk,
        }
    }
}

/// Does what was asked of the card.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    let now = Timestamp::from_second(Clock::system().now().as_second()).map_err(Error::failed)?;
    match args.act {
        Act::Make(args) => make::run(*args, now),
        Act::Status(args) => status(&args),
        Act::Read(args) => read(args),
        Act::Sign(args) => sign(args, now).await,
        Act::Unblock(args) => unblock(args),
        Act::ChangePin(args) => change(args),
    }?;
    Ok(Outcome::Done)
}

fn status(args: &Status) -> Result<(), Error> {
    let status = CardFile::open(&args.card)?.card().status();
    if args.json {
        print::json(&json!(status));
        return Ok(());
    }
    let tries = |left: u8| if left == 0 { "blocked".to_owned() } else { format!("{left} tries left") };
    print::line(format_args!("holder  {}", print::printable(&status.holder)));
    print::line(format_args!("PIN 1   {}", tries(status.tries_left.pin1)));
    print::line(format_args!("PIN 2   {}", tries(status.tries_left.pin2)));
    print::line(format_args!("PUK     {}", tries(status.tries_left.puk)));
    Ok(())
}

fn read(args: Read) -> Result<(), Error> {
    let mut file = CardFile::open(&args.card)?;
    let pin = asked("PIN 1", args.pin1)?;
    let identity = file.act(Pin::One, |card, attempt| card.read(attempt, &pin))?;
    if args.json {
        print::json(&json!(identity));
        return Ok(());
    }
    for (name, value) in [
        ("surname", &identity.surname),
        ("name", &identity.name),
        ("patronymic", &identity.patronymic),
        ("identification number", &identity.identification_number),
    ] {
        print::line(format_args!("{name:<22} {}", print::printable(value)));
    }
    Ok(())
}

async fn sign(args: Sign, now: Timestamp) -> Result<(), Error> {
    let content = files::bytes(&args.input)?;
    // Before a PIN is asked for: a try is not spent on what cannot be written.
    if args.out.exists() {
        return Err(Error::config(&args.out, "", "is there already and is not overwritten".to_owned()));
    }
    let mut file = CardFile::open(&args.card)?;
    let pin = asked("PIN 2", args.pin2)?;
    let place = if args.detached { Place::Detached } else { Place::Attached };
    let mut message = file.act(Pin::Two, |card, attempt| card.sign(attempt, &pin, &content, place, now))?;
    if let Some(authority) = &args.timestamp {
        message = stamp::lasting(&message, authority, args.roots.as_deref()).await?;
    }
    files::create(&args.out, &message, Readers::All)?;
    print::line(format_args!("signed {} bytes: {}", content.len(), args.out.display()));
    Ok(())
}

fn unblock(args: Unblock) -> Result<(), Error> {
    let mut file = CardFile::open(&args.card)?;
    if matches!(args.pin, PinArg::Puk) {
        return Err(Error::usage("--pin: expected pin1 or pin2; nothing gives a blocked PUK anew"));
    }
    let (puk, new) = (asked("PUK", args.puk)?, asked("new PIN", args.new)?);
    file.act(Pin::Puk, |card, attempt| card.unblock(attempt, &puk, args.pin.into(), &new))?;
    print::line("the PIN is new, with all its tries");
    Ok(())
}

fn change(args: Change) -> Result<(), Error> {
    let mut file = CardFile::open(&args.card)?;
    let (old, new) = (asked("present PIN", args.old)?, asked("new PIN", args.new)?);
    file.act(args.pin.into(), |card, attempt| card.change(attempt, &old, &new))?;
    print::line("changed");
    Ok(())
}

/// A PIN of the command line: itself, or the first line of a file.
fn pin(text: &str) -> Result<SecretString, String> {
    match text.strip_prefix('@') {
        None => Ok(text.into()),
        Some(path) => {
            let text = files::text(Path::new(path)).map_err(|error| error.to_string())?;
            Ok(text.lines().next().unwrap_or_default().trim().into())
        }
    }
}

/// The PIN given, or a line of the standard input.
fn asked(name: &str, given: Option<SecretString>) -> Result<SecretString, Error> {
    if let Some(given) = given {
        return Ok(given);
    }
    if std::io::stdin().is_terminal() {
        print::note(format_args!("{name}:"));
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    if line.trim().is_empty() {
        return Err(Error::usage(format_args!("{name}: expected on the command line, as @FILE or as a line of input")));
    }
    Ok(line.trim().into())
}
