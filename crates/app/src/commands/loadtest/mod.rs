//! `nais loadtest`: drives a provider's web service through table 1 of the ETT and gives the operator's verdict.

mod drive;
mod profile;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};
use reqwest::Url;
use terminal::http;

use self::drive::{Target, Way};
use self::profile::{ETT, REPLIES, Row, Verdict};
use crate::commands::call::Identity;
use crate::exit::{Error, Outcome};
use crate::files;
use crate::print::{self, Tone};

/// Longer than any limit of the table.
const PATIENCE: Duration = Duration::from_secs(90);

/// Drive a web service at the rates and sizes of the ETT; one verdict a row.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  nais loadtest http://127.0.0.1:9000/records/search --profile ett --data @request.json
  nais loadtest https://127.0.0.1:8247/mvd-38801/v1/crossings/submit --as stand/consumers/border-committee \\
      --data @stand/requests/crossings-submit.json --fresh --rows 1,2 --seconds 10

Bodies are filled up with spaces to the row's size. Only this machine, or the gateway that consumer.toml of --as names,
may be driven. Ends with 1 when a row is not met.")]
pub struct Args {
    /// The method's address
    url: Url,
    /// Which requirements: ett is table 1 of the Unified Technical Requirements
    #[arg(long, value_enum, default_value = "ett")]
    profile: Profile,
    /// Sign and send as this consumer (as `nais call` does)
    #[arg(long = "as", value_name = "DIR")]
    consumer: Option<PathBuf>,
    /// The body: JSON, or @FILE; GET without it
    #[arg(long, value_name = "@FILE|JSON")]
    data: Option<String>,
    /// Give each body's `message_id` a new value
    #[arg(long, requires = "data")]
    fresh: bool,
    /// Rows of the table, from 1 to 4
    #[arg(long, value_delimiter = ',', default_value = "1,2,3,4", value_parser = clap::value_parser!(u8).range(1..=4))]
    rows: Vec<u8>,
    /// How long each row's rate is kept up
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Root certificates of the service (PEM), for https without --as
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Print one JSON value instead of lines
    #[arg(long)]
    json: bool,
}

/// Values of `--profile`.
#[derive(Clone, Copy, ValueEnum)]
enum Profile {
    /// Table 1 of the Unified Technical Requirements (2020)
    Ett,
}

/// Drives row after row.
pub async fn run(args: Args) -> Result<Outcome, Error> {
    let table = match args.profile {
        Profile::Ett => ETT,
    };
    let target = Arc::new(target(&args)?);
    let window = Duration::from_secs(args.seconds);
    let mut verdicts = Vec::new();
    for (_, row) in (1..).zip(table).filter(|(number, _)| args.rows.contains(number)) {
        if target.body.is_none() && row.bytes != ETT.map(|row| row.bytes).into_iter().min().unwrap_or_default() {
            continue; // a request without body belongs to the first row only
        }
        let samples = drive::row(&target, &row, window).await?;
        let verdict = profile::judge(row, &samples);
        if !args.json {
            tell(&verdict);
        }
        verdicts.push(verdict);
    }
    let met = !verdicts.is_empty() && verdicts.iter().all(Verdict::is_met);
    if args.json {
        let rows: Vec<_> = verdicts.iter().map(Verdict::json).collect();
        print::json(&serde_json::json!({ "profile": "ett", "seconds": args.seconds, "met": met, "rows": rows }));
    } else if met {
        print::line(print::tinted(Tone::Good, "the web service meets table 1 of the ETT as far as it was driven"));
    } else {
        print::line(print::tinted(Tone::Bad, "the web service does NOT meet table 1 of the ETT"));
    }
    Ok(Outcome::of(met))
}

fn tell(verdict: &Verdict) {
    let Row { name, requests, per, .. } = verdict.row;
    let rate = if per == Duration::from_secs(1) { format!("{requests}/s") } else { format!("{requests}/min") };
    let word = if verdict.is_met() { print::tinted(Tone::Good, "met") } else { print::tinted(Tone::Bad, "NOT met") };
    print::line(format_args!("up to {name} at {rate}: {word} ({} sent, {} errors)", verdict.sent, verdict.errors.0));
    for ((reply, (single, many)), limits) in REPLIES.iter().zip(verdict.slowest).zip(verdict.row.limits) {
        let seconds =
            |time: Option<Duration>| time.map_or_else(|| "-".to_owned(), |time| format!("{:.3}", time.as_secs_f64()));
        if single.is_some() || many.is_some() {
            let (single_limit, many_limit) = (limits.0.as_secs_f64(), limits.1.as_secs_f64());
            print::line(format_args!(
                "  reply {reply}: single {} s of {single_limit}, at the rate {} s of {many_limit}",
                seconds(single),
                seconds(many)
            ));
        }
    }
    if verdict.beyond > 0 {
        print::line(format_args!("  {} replies above 1 MB: the table has no limit for them", verdict.beyond));
    }
    verdict.faults.iter().for_each(|fault| print::line(format_args!("  {fault}")));
}

fn target(args: &Args) -> Result<Target, Error> {
    let body = match args.data.as_deref().map(|data| (data, data.strip_prefix('@'))) {
        Some((_, Some(file))) => Some(files::bytes(file.as_ref())?),
        Some((text, None)) => Some(text.as_bytes().to_vec()),
        None => None,
    };
    let identity = args.consumer.as_ref().map(|dir| Identity::open(dir, PATIENCE)).transpose()?;
    let configured = identity.as_ref().is_some_and(|identity| identity.base.origin() == args.url.origin());
    if !configured && !is_loopback(&args.url) {
        return Err(Error::usage("URL: only this machine, or the gateway of --as, may be driven"));
    }
    let way = match identity {
        Some(identity) if configured => Way::Signed(Box::new(identity)),
        Some(_) => {
            return Err(Error::usage("URL: is not at the gateway that consumer.toml of --as names (base_url)"));
        }
        None => Way::Plain(client(args)?),
    };
    Ok(Target { url: args.url.clone(), body, fresh: args.fresh, way })
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    ["http", "https"].contains(&url.scheme())
        && (host == "localhost" || address.is_ok_and(|address| address.is_loopback()))
}

fn client(args: &Args) -> Result<reqwest::Client, Error> {
    if args.ca.is_none() && args.url.scheme() == "https" {
        return Err(Error::usage("--ca FILE: name the root certificates of the service"));
    }
    http::client(args.ca.as_deref(), PATIENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for (url, expected) in [
            ("http://127.0.0.1:9000/x", true),
            ("http://[::1]:9000/x", true),
            ("https://localhost/x", true),
            ("http://127.0.0.1.example/x", false),
            ("http://localhost.example/x", false),
            ("http://10.0.0.1/x", false),
            ("ftp://127.0.0.1/x", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
