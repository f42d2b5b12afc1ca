//! How a command ends: 0 done, 1 the check said no, 2 wrong usage or configuration; and the one line that says why.

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use model::{Kind, Lang, Refusal, Texts};

/// How a command ended that could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and nothing is wrong.
    Done,
    /// The check or verification said no; what it found has been printed.
    SaidNo,
}

impl Outcome {
    /// Done when `good`.
    pub fn of(good: bool) -> Self {
        if good { Self::Done } else { Self::SaidNo }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::SaidNo => Self::from(1),
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line or a file it names is not as it must be.
    #[error("{0}")]
    Usage(String),
    /// A file of the configuration is not as it must be.
    #[error("{}", told(file, key, expected))]
    Config {
        /// Which file.
        file: String,
        /// Which key of it; empty for the whole file.
        key: String,
        /// What was expected.
        expected: String,
    },
    /// The work failed, or what was looked at is not right.
    #[error("{0}")]
    Failed(String),
}

fn told(file: &str, key: &str, expected: &str) -> String {
    if key.is_empty() { format!("{file}: {expected}") } else { format!("{file}: {key}: {expected}") }
}

impl Error {
    /// Exit code 2: `key` of `file` is not as expected.
    pub fn config(file: &Path, key: &str, expected: String) -> Self {
        Self::Config { file: file.display().to_string(), key: key.to_owned(), expected }
    }

    /// Exit code 2: the command was given something it cannot use.
    pub fn usage(what: impl Display) -> Self {
        Self::Usage(what.to_string())
    }

    /// Exit code 1: the work failed.
    pub fn failed(what: impl Display) -> Self {
        Self::Failed(what.to_string())
    }

    /// The code the process ends with.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Config { .. } => 2,
            Self::Failed(_) => 1,
        }
    }
}

/// A refusal as a person at the command line reads it: title, detail, faults.
fn refusal(refusal: &Refusal) -> String {
    let sources = model::TEXTS.into_iter().chain(gateway::TEXTS).chain(eds::TEXTS).chain(card::TEXTS);
    let Ok(texts) = Texts::merge(sources) else {
        return refusal.code.to_owned();
    };
    let (title, detail) = texts.refusal(Lang::En, refusal);
    let faults: String =
        refusal.faults.iter().map(|fault| format!("\n  {}: {}", fault.pointer, texts.fault(Lang::En, fault))).collect();
    format!("{title}. {detail}{faults}")
}

impl From<Refusal> for Error {
    fn from(wrong: Refusal) -> Self {
        let told = refusal(&wrong);
        if wrong.kind == Kind::Malformed { Self::Usage(told) } else { Self::Failed(told) }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Refused(wrong) => wrong.into(),
            store::Error::Duplicate(_) => Self::Failed("it is written down already: nothing was changed".to_owned()),
            error => Self::failed(error),
        }
    }
}

impl From<ledger::Error> for Error {
    fn from(error: ledger::Error) -> Self {
        match error {
            ledger::Error::Store(error) => error.into(),
            error => Self::failed(error),
        }
    }
}

impl From<model::Error> for Error {
    fn from(error: model::Error) -> Self {
        Self::usage(error)
    }
}

impl From<eds::Error> for Error {
    fn from(error: eds::Error) -> Self {
        Self::failed(error)
    }
}

impl From<gateway::Error> for Error {
    fn from(error: gateway::Error) -> Self {
        match error {
            gateway::Error::Store(error) => error.into(),
            error => Self::failed(error),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error)
    }
}

impl From<web::Error> for Error {
    fn from(error: web::Error) -> Self {
        Self::usage(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_at_fault_decides_the_code() {
        assert_eq!(Error::usage("x").code(), 2);
        assert_eq!(Error::config(Path::new("nais.toml"), "", "y".to_owned()).code(), 2);
        assert_eq!(Error::failed("x").code(), 1);
        assert_eq!(Error::from(store::Error::Full).code(), 1);
    }

    #[test]
    fn file_key_and_cure_are_named() {
        let error = Error::config(Path::new("nais.toml"), "gateway.listen", "expected HOST:PORT".to_owned());
        assert_eq!(error.to_string(), "nais.toml: gateway.listen: expected HOST:PORT");
        let error = Error::config(Path::new("nais.toml"), "", "cannot be read".to_owned());
        assert_eq!(error.to_string(), "nais.toml: cannot be read");
    }

    #[test]
    fn refusals_are_told_in_words() {
        let error = Error::from(Refusal::new(Kind::NotFound, "unknown-treaty").with("treaty", "T-1"));
        assert!(error.to_string().contains("T-1"), "{error}");
        assert!(!error.to_string().starts_with("unknown-treaty"), "{error}");
    }
}
