//! `nais treaty`: treaties, their way, and the subscriptions under them.

use clap::{Args as ClapArgs, Subcommand};
use gateway::operator;
use jiff::civil::Date;
use model::passport::Mode;
use model::{ServiceCode, State, Subscription, Treaty};
use serde_json::json;

use super::{Office, Shared, day};
use crate::exit::{Error, Outcome};
use crate::print;

/// Treaties: conclude, list, change the state, subscribe and unsubscribe.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais treaty conclude T-2026-001 --consumer mia --owner mvd --from 2026-01-01 --state active --config stand/nais.toml
  nais treaty subscribe T-2026-001 3.88.01 --mode system --quota 1000 --config stand/nais.toml
  nais treaty state T-2026-001 suspended-violation --config stand/nais.toml
  nais treaty list --config stand/nais.toml

Running nodes follow within a second.")]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Write a treaty into the register
    Conclude(Conclude),
    /// List treaties with their subscriptions
    List(List),
    /// Move a treaty to another state
    State(Change),
    /// Let the consumer ask a service, or change how
    Subscribe(Subscribe),
    /// End a subscription
    Unsubscribe(Unsubscribe),
    /// Give the treaty a login with the owner's register; the password is shown this once
    Login(Login),
}

/// `nais treaty login`
#[derive(ClapArgs)]
#[command(after_help = "\
Example:
  nais treaty login NAIS-2026-0001-mvd --username notary-chamber --config stand/nais.toml

Requests bear it in Reg-auth-username and Reg-auth-password where the passport says login = true.")]
struct Login {
    /// The treaty's number
    number: String,
    /// The name to log in with
    #[arg(long)]
    username: String,
    #[command(flatten)]
    shared: Shared,
}

/// `nais treaty conclude`
#[derive(ClapArgs)]
#[command(
    after_help = "Example:\n  nais treaty conclude T-2026-001 --consumer mia --owner mvd --from 2026-01-01 --state active"
)]
struct Conclude {
    /// Number in the operator's register
    number: String,
    /// The consumer's name in NAIS
    #[arg(long)]
    consumer: String,
    /// The owner of the information, as passports name it
    #[arg(long)]
    owner: String,
    /// First day
    #[arg(long, value_parser = day)]
    from: Date,
    /// Last day; until ended when not given
    #[arg(long, value_parser = day)]
    to: Option<Date>,
    /// Last day of the consumer's agreement on the use of UIS ILE; after it the portal's modes are refused
    #[arg(long, value_parser = day)]
    identity_to: Option<Date>,
    /// Where it is on its way
    #[arg(long, default_value = "draft", value_parser = state)]
    state: State,
    #[command(flatten)]
    shared: Shared,
}

/// `nais treaty list`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais treaty list --config stand/nais.toml --json")]
struct List {
    #[command(flatten)]
    shared: Shared,
}

/// `nais treaty state`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais treaty state T-2026-001 active")]
struct Change {
    /// Number in the operator's register
    number: String,
    /// draft, submitted, under-review, approved, treaty-sent, treaty-signed, channel-issued, token-issued, active,
    /// suspended-unpaid, suspended-violation, terminated
    #[arg(value_parser = state)]
    state: State,
    #[command(flatten)]
    shared: Shared,
}

/// `nais treaty subscribe`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais treaty subscribe T-2026-001 3.88.01 --method crossings/submit --quota 1000")]
struct Subscribe {
    /// Number in the operator's register
    number: String,
    /// Code of the service
    service: ServiceCode,
    /// How it is asked: system, system-state-bodies, weak, strong, strong-id-card, intermediary
    #[arg(long, default_value = "system", value_parser = mode)]
    mode: Mode,
    /// Path of a method; may be given several times; all when not given
    #[arg(long = "method", value_name = "PATH")]
    methods: Vec<String>,
    /// A member of answers that is granted, such as records.*.score; may be given several times; all when not given
    #[arg(long = "field", value_name = "MEMBER")]
    fields: Vec<String>,
    /// Calls in a minute
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    quota: u32,
    /// A role its people have; may be given several times
    #[arg(long = "role")]
    roles: Vec<String>,
    #[command(flatten)]
    shared: Shared,
}

/// `nais treaty unsubscribe`
#[derive(ClapArgs)]
#[command(after_help = "Example:\n  nais treaty unsubscribe T-2026-001 3.88.01")]
struct Unsubscribe {
    /// Number in the operator's register
    number: String,
    /// Code of the service
    service: ServiceCode,
    /// How it was asked
    #[arg(long, default_value = "system", value_parser = mode)]
    mode: Mode,
    #[command(flatten)]
    shared: Shared,
}

fn state(text: &str) -> Result<State, String> {
    let all: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
    State::parse(text).map_err(|_| format!("expected one of {}", all.join(", ")))
}

fn mode(text: &str) -> Result<Mode, String> {
    let expected = "expected system, system-state-bodies, weak, strong, strong-id-card or intermediary";
    Mode::parse(text).map_err(|_| expected.to_owned())
}

/// Does what was asked.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    match args.act {
        Act::Conclude(args) => conclude(args).await,
        Act::List(args) => list(&args.shared).await,
        Act::State(args) => change(args).await,
        Act::Subscribe(args) => subscribe(args).await,
        Act::Unsubscribe(args) => unsubscribe(args).await,
        Act::Login(args) => login(args).await,
    }?;
    Ok(Outcome::Done)
}

async fn conclude(args: Conclude) -> Result<(), Error> {
    if args.to.is_some_and(|last| last < args.from) {
        return Err(Error::usage("--to: the last day is before the first (--from)"));
    }
    let office = Office::open(&args.shared).await?;
    let desk = office.desk();
    super::token::known(&desk.db, &args.consumer).await?;
    let owned = |service: &&std::sync::Arc<model::Service>| service.passport.owner == args.owner;
    if !office.services().iter().any(|service| owned(&service)) {
        return Err(Error::usage(format_args!("--owner: no service here is owned by `{}`", args.owner)));
    }
    let treaty = Treaty {
        number: args.number,
        consumer: args.consumer,
        owner: args.owner,
        valid_from: args.from,
        valid_to: args.to,
        identity_to: args.identity_to,
        state: args.state,
    };
    let stamp = operator::conclude(&desk, &treaty).await?;
    let sentence = format!("treaty {} of {} with {} is {}", treaty.number, treaty.consumer, treaty.owner, treaty.state);
    args.shared.done(&sentence, json!({ "treaty": treaty }), &stamp);
    Ok(())
}

async fn list(shared: &Shared) -> Result<(), Error> {
    let office = Office::open(shared).await?;
    let treaties = operator::treaties(&office.desk().db).await?;
    let mut rows = Vec::new();
    for (treaty, subscriptions) in &treaties {
        let term =
            format!("{}…{}", treaty.valid_from, treaty.valid_to.map_or_else(String::new, |last| last.to_string()));
        let services: Vec<String> = subscriptions
            .iter()
            .map(|one| format!("{} {} {}/min", one.service, one.mode, one.quota_per_minute))
            .collect();
        rows.push(vec![
            treaty.number.clone(),
            treaty.consumer.clone(),
            treaty.owner.clone(),
            treaty.state.to_string(),
            term,
            services.join("; "),
        ]);
    }
    let value = |(treaty, subscriptions): &(Treaty, Vec<Subscription>)| json!({ "treaty": treaty, "subscriptions": subscriptions });
    let values: Vec<_> = treaties.iter().map(value).collect();
    shared.list("treaties", &["number", "consumer", "owner", "state", "term", "subscriptions"], &rows, &values);
    Ok(())
}

async fn change(args: Change) -> Result<(), Error> {
    let office = Office::open(&args.shared).await?;
    let (treaty, stamp) = operator::transition(&office.desk(), &args.number, args.state).await?;
    args.shared.done(&format!("treaty {} is {}", treaty.number, treaty.state), json!({ "treaty": treaty }), &stamp);
    Ok(())
}

async fn subscribe(args: Subscribe) -> Result<(), Error> {
    let office = Office::open(&args.shared).await?;
    let passport = office.services().iter().map(|service| &service.passport).find(|p| p.code == args.service);
    let passport = passport.ok_or_else(|| Error::usage(format_args!("SERVICE: no service {} here", args.service)))?;
    if let Some(unknown) = args.methods.iter().find(|path| !passport.methods.iter().any(|m| m.path == **path)) {
        return Err(Error::usage(format_args!("--method: {} has no method {unknown}", args.service)));
    }
    let all_or = |given: Vec<String>| if given.is_empty() { vec!["*".to_owned()] } else { given };
    let subscription = Subscription {
        service: args.service,
        methods: all_or(args.methods),
        mode: args.mode,
        fields: all_or(args.fields),
        quota_per_minute: args.quota,
        roles: args.roles,
    };
    let stamp = operator::subscribe(&office.desk(), &args.number, &subscription).await?;
    let sentence = format!("treaty {} covers {} ({})", args.number, subscription.service, subscription.mode);
    args.shared.done(&sentence, json!({ "treaty": args.number, "subscription": subscription }), &stamp);
    Ok(())
}

async fn login(args: Login) -> Result<(), Error> {
    let office = Office::open(&args.shared).await?;
    let login = operator::login(&office.desk(), &args.number, &args.username).await?;
    let value = json!({ "treaty": args.number, "username": login.username, "password": login.password });
    args.shared.done(&login.password, value, &login.stamp);
    if !args.shared.json {
        print::note(format_args!(
            "the password of {} under treaty {}; it is shown this once",
            login.username, args.number
        ));
    }
    Ok(())
}

async fn unsubscribe(args: Unsubscribe) -> Result<(), Error> {
    let office = Office::open(&args.shared).await?;
    let stamp = operator::unsubscribe(&office.desk(), &args.number, &args.service, args.mode).await?;
    let sentence = format!("treaty {} covers {} ({}) no more", args.number, args.service, args.mode);
    let value = json!({ "treaty": args.number, "service": args.service, "mode": args.mode });
    args.shared.done(&sentence, value, &stamp);
    Ok(())
}
