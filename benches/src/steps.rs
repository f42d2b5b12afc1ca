//! What signatures and certificates cost in a certified exchange, step by step, with the very functions of the gateway.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use eds::cms::{self, Demand};
use eds::{CachedTrust, Certificate, Crl, Form, Purpose, Trust, sha256};

use crate::Failure;
use crate::load::{consent, pair};

/// Rounds in which all steps take turns; odd, for the median.
const ROUNDS: usize = 101;

/// A name in the report, and what is done; whether it held.
type Step<'a> = (&'static str, Box<dyn Fn() -> bool + 'a>);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the run in the report
    #[arg(long)]
    name: String,
    /// File with the body
    #[arg(long)]
    body: PathBuf,
    /// Certificate and key of the requester's EDS
    #[arg(long, num_args = 2, value_names = ["PEM", "KEY"])]
    sign: Vec<PathBuf>,
    /// Certificate and key of the person who consents
    #[arg(long, num_args = 2, value_names = ["PEM", "KEY"])]
    consent: Vec<PathBuf>,
    /// Certificate and key of NAIS' EDS
    #[arg(long, num_args = 2, value_names = ["PEM", "KEY"])]
    answer: Vec<PathBuf>,
    /// The authority's folder: root.pem, issuing.pem, crl.pem
    #[arg(long)]
    pki: PathBuf,
}

/// Prints one JSON object: microseconds of each step, the median of many rounds.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let missing = "--sign, --consent and --answer PEM KEY";
    let (sign_key, sign) = pair(&args.sign)?.ok_or(missing)?;
    let person = pair(&args.consent)?.ok_or(missing)?;
    let (answer_key, _) = pair(&args.answer)?.ok_or(missing)?;
    let body = std::fs::read(&args.body)?;
    let eds = sign_key.sign(&body, Form::Der)?;
    let message = consent(&body, &person)?;
    let (cached, now) = (CachedTrust::new(trust(args)?), now()?);
    cached.check(&sign, Purpose::Signature, now)?;
    let der = sign.der().to_vec();
    let mut steps: Vec<Step<'_>> = vec![
        ("requester's certificate read", Box::new(|| Certificate::from_der(&der).is_ok())),
        ("requester's EDS verified", Box::new(|| sign.verifying_key().verify(&body, &eds, Form::Der).is_ok())),
        ("path to the root, first time", Box::new(|| cached.trust().check(&person.1, Purpose::Signature, now).is_ok())),
        ("path to the root, known", Box::new(|| cached.check(&sign, Purpose::Signature, now).is_ok())),
        ("consent read and verified", Box::new(|| cms::verify(&message, None, &Demand::CONSENT).is_ok())),
        ("answer signed", Box::new(|| answer_key.sign(&body, Form::Der).is_ok())),
        ("SHA-256 of the body", Box::new(|| sha256(&body) != [0; 32])),
    ];
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(ROUNDS); steps.len()];
    for _ in 0..ROUNDS {
        for ((name, step), times) in steps.iter_mut().zip(&mut times) {
            let begun = Instant::now();
            if !black_box(step()) {
                return Err(format!("{name}: does not hold").into());
            }
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times.get(ROUNDS / 2).copied().unwrap_or_default()
    };
    let told: serde_json::Map<String, serde_json::Value> =
        steps.iter().zip(&mut times).map(|((name, _), times)| ((*name).to_owned(), median(times).into())).collect();
    println!("{}", serde_json::json!({ "name": args.name, "µs": told }));
    Ok(())
}

fn trust(args: &Args) -> Result<Trust, Failure> {
    let read = |name: &str| std::fs::read_to_string(args.pki.join(name));
    Ok(Trust::new(Certificate::chain_from_pem(&read("root.pem")?)?)
        .with_intermediates(Certificate::chain_from_pem(&read("issuing.pem")?)?)
        .with_crls(Crl::all_from_pem(&read("crl.pem")?)?))
}

fn now() -> Result<jiff::Timestamp, Failure> {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed()?;
    Ok(jiff::Timestamp::from_second(i64::try_from(since.as_secs())?)?)
}
