//! `nais`: the only executable of NAIS. Reads the command line and says how the command ended.
#![forbid(unsafe_code)]
#![expect(unreachable_pub, reason = "an executable exports nothing, so `pub` says as much as `pub(crate)`")]

mod commands;
mod config;
mod node;
mod services;
mod stand;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use terminal::{exit, files, print};

use crate::exit::{Error, Outcome};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// National Automated Information System: electronic services over state information systems, with proof.
#[derive(Parser)]
#[command(
    name = "nais",
    version,
    arg_required_else_help = true,
    after_help = "\
Begin with:
  nais stand

Exit codes: 0 done, 1 the check or verification said no, 2 wrong usage or configuration."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything with nothing to set up: embedded storage, test certificates, synthetic data
    #[command(after_help = "Example:\n  nais stand --dir ./stand")]
    Stand(stand::Args),
    /// Run a node of a configuration
    #[command(after_help = "Example:\n  nais serve --config stand/nais.toml --role gateway,registers")]
    Serve(node::ServeArgs),
    Check(commands::check::Args),
    Migrate(commands::migrate::Args),
    Call(Box<commands::call::Args>),
    Verify(commands::verify::Args),
    Service(commands::service::Args),
    Consent(commands::consent::Args),
    Consumer(commands::consumer::Args),
    Treaty(commands::treaty::Args),
    Token(commands::token::Args),
    Pki(commands::pki::Args),
    Card(commands::card::Args),
    Keys(commands::keys::Args),
    Ledger(commands::ledger::Args),
    Retention(commands::retention::Args),
    Witness(commands::witness::Args),
    Backup(commands::backup::Args),
    Restore(commands::restore::Args),
    Loadtest(commands::loadtest::Args),
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|fault| {
        // Neither a stack nor the message, which may name data: the place is what a report needs.
        let place = fault.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        print::error(format_args!("internal fault{place}; please report it"));
    }));
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(told) => {
            let _ = told.print(); // nobody is left to tell
            return ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2));
        }
    };
    match execute(line.command) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            print::error(&error);
            ExitCode::from(error.code())
        }
    }
}

/// Runs the command on a runtime of its own.
fn execute(command: Command) -> Result<Outcome, Error> {
    // Clients that are given no TLS of their own use the process's; an earlier one is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(dispatch(command));
    runtime.shutdown_timeout(Duration::from_secs(2));
    outcome
}

async fn dispatch(command: Command) -> Result<Outcome, Error> {
    match command {
        Command::Stand(args) => Box::pin(stand::run(args)).await,
        Command::Serve(args) => Box::pin(node::serve(args)).await,
        Command::Check(args) => commands::check::run(args).await,
        Command::Migrate(args) => commands::migrate::run(args).await,
        Command::Call(args) => Box::pin(commands::call::run(*args)).await,
        Command::Verify(args) => commands::verify::run(args).await,
        Command::Service(args) => commands::service::run(args).await,
        Command::Consent(args) => Box::pin(commands::consent::run(args)).await,
        Command::Consumer(args) => Box::pin(commands::consumer::run(args)).await,
        Command::Treaty(args) => Box::pin(commands::treaty::run(args)).await,
        Command::Token(args) => Box::pin(commands::token::run(args)).await,
        Command::Pki(args) => commands::pki::run(args).await,
        Command::Card(args) => commands::card::run(args).await,
        Command::Keys(args) => commands::keys::run(args),
        Command::Ledger(args) => Box::pin(commands::ledger::run(args)).await,
        Command::Retention(args) => Box::pin(commands::retention::run(args)).await,
        Command::Witness(args) => commands::witness::run(args).await,
        Command::Backup(args) => Box::pin(commands::backup::run(args)).await,
        Command::Restore(args) => Box::pin(commands::restore::run(args)).await,
        Command::Loadtest(args) => Box::pin(commands::loadtest::run(args)).await,
    }
}
