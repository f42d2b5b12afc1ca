//! Runs the program as a person does.

use std::path::Path;
use std::process::{Command, Output};

/// What came of a command.
pub struct Told {
    /// The exit code.
    pub code: i32,
    /// The standard output.
    pub out: String,
    /// The standard error.
    pub err: String,
}

/// Runs `nais` with these arguments in a folder.
pub fn nais_in(folder: &Path, arguments: &[&str]) -> Told {
    let output = Command::new(env!("CARGO_BIN_EXE_nais")).current_dir(folder).args(arguments).output().unwrap();
    let Output { status, stdout, stderr } = output;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Told { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

/// Runs `nais` with these arguments in an empty folder.
pub fn nais(arguments: &[&str]) -> Told {
    nais_in(tempfile::tempdir().unwrap().path(), arguments)
}

impl Told {
    /// The command ended with this code, and said so without a dump.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        for dump in ["panicked", "RUST_BACKTRACE", "Error {", "Err(", "internal fault"] {
            assert!(!self.err.contains(dump) && !self.out.contains(dump), "{dump}: {}{}", self.out, self.err);
        }
        self
    }
}
