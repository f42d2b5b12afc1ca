//! Load and floor for the measurements of `benches/run`.
#![forbid(unsafe_code)]

mod client;
mod floor;
mod load;
mod report;
mod steps;
mod tls;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Load generator and floor of the NAIS measurements; see benches/README.md")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sends requests over kept-alive mutual TLS and reports throughput, latency and the server's CPU
    Load(load::Args),
    /// Serves the least that a signed exchange can cost: TLS, one verification, one signature
    Floor(floor::Args),
    /// Times the steps of a certified exchange that are signatures and certificates, one after the other, in this process
    Steps(steps::Args),
}

/// What goes wrong in a measurement ends it.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match Cli::parse().command {
        Command::Load(args) => runtime.block_on(load::run(args)),
        Command::Floor(args) => runtime.block_on(floor::run(args)),
        Command::Steps(args) => steps::run(&args),
    }
}
