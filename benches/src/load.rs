//! The load: connections that send one request after the other, closed or paced.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eds::cms::{self, Place, Signer};
use eds::{Certificate, Form, SigningKey};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::client::Connection;
use crate::report::{Report, usage};
use crate::{Failure, tls};

/// How many connections are opened at once.
const OPENERS: usize = 16;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the run in the report
    #[arg(long)]
    name: String,
    /// HOST:PORT
    #[arg(long)]
    address: String,
    /// Path with its query
    #[arg(long)]
    path: String,
    /// Root certificate
    #[arg(long)]
    ca: PathBuf,
    /// Client certificate and key
    #[arg(long, num_args = 2, value_names = ["PEM", "KEY"])]
    tls: Vec<PathBuf>,
    /// Signing certificate and key: each body bears an EDS
    #[arg(long, num_args = 2, value_names = ["PEM", "KEY"])]
    sign: Vec<PathBuf>,
    /// Certificate and key of the person who consents to each body (CMS in the header `cms`)
    #[arg(long, num_args = 2, value_names = ["PEM", "KEY"])]
    consent: Vec<PathBuf>,
    /// Bearer token
    #[arg(long, default_value = "")]
    token: String,
    /// More header lines, `Name: value`
    #[arg(long)]
    header: Vec<String>,
    /// File with the body; `{n}` and `{uuid}` are replaced for each request
    #[arg(long)]
    body: PathBuf,
    /// First number for `{n}`
    #[arg(long, default_value_t = 0)]
    first: usize,
    /// Connections at once
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Requests in all
    #[arg(long, default_value_t = 20_000)]
    requests: usize,
    /// Requests a second; 0: as many as answered
    #[arg(long, default_value_t = 0.0)]
    rate: f64,
    /// With `--rate`: a request later than so many milliseconds, because every connection waits, is not
    /// sent, and the time of those sent runs from their sending
    #[arg(long, requires = "rate")]
    patience: Option<u64>,
    /// Never sleeps: on one machine, waking whoever is answered is work of the server's core
    #[arg(long)]
    awake: bool,
    /// A new connection, with a full handshake, for each request
    #[arg(long)]
    handshakes: bool,
    /// The server's process
    #[arg(long)]
    pid: Option<u32>,
    /// Status that counts as done
    #[arg(long, default_value_t = 200)]
    expect: u16,
}

/// What every connection needs.
struct Plan {
    args: Args,
    template: String,
    signer: Option<(SigningKey, String)>,
    person: Option<(SigningKey, Certificate)>,
    tls: Arc<rustls::ClientConfig>,
    next: AtomicUsize,
    begun: Instant,
}

/// What became of the requests of one connection, or of all.
#[derive(Default)]
pub(crate) struct Tally {
    /// Times of answers with the expected status.
    pub done: Vec<Duration>,
    /// Times of the others.
    pub refused: Vec<Duration>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, usize>,
    /// Answers that say when to come again.
    pub retry_after: usize,
    /// Requests that were too late to be sent.
    pub unsent: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.done.extend(other.done);
        self.refused.extend(other.refused);
        self.retry_after += other.retry_after;
        self.unsent += other.unsent;
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
    }
}

/// Runs the load and prints one line.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let [certificate, key] = args.tls.as_slice() else {
        return Err("--tls PEM KEY".into());
    };
    let tls = tls::client(&args.ca, certificate, key, !args.handshakes)?;
    let signer = pair(&args.sign)?.map(|(key, certificate)| (key, BASE64_STANDARD.encode(certificate.der())));
    let person = pair(&args.consent)?;
    let template = std::fs::read_to_string(&args.body)?;
    let connections = open(&args, &tls).await?;
    let pid = args.pid;
    let name = args.name.clone();
    let before = pid.map_or((0.0, 0), usage);
    let plan = Arc::new(Plan { args, template, signer, person, tls, next: AtomicUsize::new(0), begun: Instant::now() });
    let tasks: Vec<_> =
        connections.into_iter().map(|connection| tokio::spawn(work(plan.clone(), connection))).collect();
    let awake = plan.args.awake.then(|| tokio::spawn(stay_awake()));
    let mut tally = Tally::default();
    for task in tasks {
        tally.add(task.await??);
    }
    awake.inspect(JoinHandle::abort);
    let took = plan.begun.elapsed();
    let after = pid.map_or((0.0, 0), usage);
    let report = Report { name, took, tally, cpu: after.0 - before.0, resident: after.1 };
    println!("{}", report.line());
    Ok(())
}

/// A key with the first certificate of its file.
pub(crate) fn pair(files: &[PathBuf]) -> Result<Option<(SigningKey, Certificate)>, Failure> {
    let [certificate, key] = files else { return Ok(None) };
    let chain = Certificate::chain_from_pem(&std::fs::read_to_string(certificate)?)?;
    let certificate = chain.into_iter().next().ok_or("no certificate")?;
    Ok(Some((SigningKey::from_pkcs8_pem(&std::fs::read_to_string(key)?)?, certificate)))
}

/// A consent to exactly this body, signed now.
pub(crate) fn consent(body: &[u8], (key, certificate): &(SigningKey, Certificate)) -> Result<Vec<u8>, Failure> {
    let since = SystemTime::UNIX_EPOCH.elapsed()?;
    let now = jiff::Timestamp::from_second(i64::try_from(since.as_secs())?)?;
    Ok(cms::sign(body, Place::Attached, &Signer { key, certificate, chain: &[] }, now)?)
}

/// All connections, before anything is measured: a handshake costs more than an exchange.
async fn open(args: &Args, tls: &Arc<rustls::ClientConfig>) -> Result<Vec<Connection>, Failure> {
    let openers: Vec<_> = (0..OPENERS)
        .map(|number| {
            let (address, tls) = (args.address.clone(), tls.clone());
            let share = args.connections / OPENERS + usize::from(number < args.connections % OPENERS);
            tokio::spawn(async move {
                let mut mine = Vec::with_capacity(share);
                for _ in 0..share {
                    mine.push(Connection::open(&address, &tls).await?);
                }
                Ok::<_, Failure>(mine)
            })
        })
        .collect();
    let mut connections = Vec::with_capacity(args.connections);
    for opener in openers {
        connections.extend(opener.await??);
    }
    Ok(connections)
}

/// Always has something to do, so that the runtime's thread looks for answers instead of waiting for them.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

async fn work(plan: Arc<Plan>, mut connection: Connection) -> Result<Tally, Failure> {
    let (mut tally, mut told) = (Tally::default(), false);
    loop {
        let number = plan.next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.args.requests {
            return Ok(tally);
        }
        let due = plan.due(number);
        let patience = plan.args.patience.map(Duration::from_millis);
        if due.zip(patience).is_some_and(|(due, patience)| due.elapsed() > patience) {
            tally.unsent += 1;
            continue;
        }
        let request = plan.request(plan.args.first + number)?;
        let begun = match due {
            // Open loop: lateness of the client counts as the server's, which is the honest side to err on. With patience
            // lateness is counted apart, and the time is the server's alone.
            Some(due) => {
                tokio::time::sleep_until(due.into()).await;
                if patience.is_some() { Instant::now() } else { due }
            }
            None => Instant::now(),
        };
        if plan.args.handshakes {
            connection = Connection::open(&plan.args.address, &plan.tls).await?;
        }
        let answer = connection.exchange(&request).await?;
        *tally.statuses.entry(answer.status).or_default() += 1;
        tally.retry_after += usize::from(answer.retry_after);
        if answer.status == plan.args.expect {
            tally.done.push(begun.elapsed());
        } else {
            tally.refused.push(begun.elapsed());
            if !told {
                told = true;
                eprintln!("{}: {} {}", plan.args.name, answer.status, String::from_utf8_lossy(&answer.body));
            }
        }
    }
}

impl Plan {
    /// When the request is to be sent; `None` in a closed loop.
    fn due(&self, number: usize) -> Option<Instant> {
        let rate = self.args.rate;
        (rate > 0.0).then(|| self.begun + Duration::from_secs_f64(number as f64 / rate))
    }

    fn request(&self, number: usize) -> Result<Vec<u8>, Failure> {
        let body = self.template.replace("{n}", &number.to_string()).replace("{uuid}", &uuid(number)?.to_string());
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\n",
            if body.is_empty() { "GET" } else { "POST" },
            self.args.path,
            self.args.address
        );
        if !self.args.token.is_empty() {
            head.push_str(&format!("Authorization: Bearer {}\r\n", self.args.token));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        if let Some((key, certificate)) = &self.signer {
            let signature = BASE64_STANDARD.encode(key.sign(body.as_bytes(), Form::Der)?);
            head.push_str(&format!("sign: {signature}\r\ncertificate: {certificate}\r\n"));
        }
        if let Some(person) = &self.person {
            head.push_str(&format!("cms: {}\r\n", BASE64_STANDARD.encode(consent(body.as_bytes(), person)?)));
        }
        for line in &self.args.header {
            head.push_str(line);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body.as_bytes());
        Ok(bytes)
    }
}

/// A UUID that begins with the time, different for every number of every run.
fn uuid(number: usize) -> Result<Uuid, Failure> {
    let now = u64::try_from(SystemTime::UNIX_EPOCH.elapsed()?.as_millis())?;
    let [run, number] = [u64::from(std::process::id()), u64::try_from(number)?].map(u64::to_be_bytes);
    let mut own = [0; 10];
    for (to, from) in own.iter_mut().zip(run.into_iter().skip(4).chain(number.into_iter().skip(2))) {
        *to = from;
    }
    Ok(uuid::Builder::from_unix_timestamp_millis(now, &own).into_uuid())
}
