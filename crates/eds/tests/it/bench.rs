//! OpenSSL of the system, in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of files and the program to run in it.
pub(crate) struct Bench(tempfile::TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Runs `openssl` with these words; gives whether it was content, and what it said.
    pub(crate) fn run(&self, words: &str) -> (bool, String) {
        let output = Command::new("openssl")
            .args(words.split_whitespace())
            .current_dir(Path::new(self.0.path()))
            .output()
            .expect("openssl is part of the test machine (Debian: apt-get install openssl)");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    pub(crate) fn must(&self, words: &str) -> String {
        let (content, said) = self.run(words);
        assert!(content, "openssl {words}\n{said}");
        said
    }
}
