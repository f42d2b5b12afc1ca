//! What commands print: plain lines, colours and progress on a terminal only, JSON where a program reads.

use std::fmt::{Display, Write as _};
use std::io::{IsTerminal as _, Write as _, stderr, stdout};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// The colour of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Something is not.
    Bad,
    /// Worth a look.
    Note,
    /// Secondary.
    Faint,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "31",
            Self::Note => "33",
            Self::Faint => "2",
        }
    }
}

/// Writes one line to the standard output. A reader that has gone away is no fault of ours.
pub fn line(text: impl Display) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{text}");
}

/// Writes a value as indented JSON for a program.
pub fn json(value: &Value) {
    line(format_args!("{value:#}"));
}

/// Writes the line that tells why a command ended.
pub fn error(text: impl Display) {
    let paint = if stderr().is_terminal() { ("\u{1b}[31m", "\u{1b}[0m") } else { ("", "") };
    let mut out = stderr().lock();
    let _ = writeln!(out, "{}error{}: {}", paint.0, paint.1, printable(&text.to_string()));
}

/// Writes a remark beside the output proper.
pub fn note(text: impl Display) {
    let mut out = stderr().lock();
    let _ = writeln!(out, "{}", printable(&text.to_string()));
}

/// The text in a colour when the standard output is a terminal.
pub fn tinted(tone: Tone, text: impl Display) -> String {
    if stdout().is_terminal() { format!("\u{1b}[{}m{text}\u{1b}[0m", tone.code()) } else { text.to_string() }
}

/// The text without what could steer a terminal: for text that others wrote.
pub fn printable(text: &str) -> String {
    let keep = |c: char| c == '\n' || c == '\t' || !c.is_control();
    text.chars().map(|c| if keep(c) { c } else { '\u{fffd}' }).collect()
}

/// Rows under a heading, each column as wide as its widest cell.
pub fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let write = |out: &mut String, cells: &mut dyn Iterator<Item = &str>| {
        let start = out.len();
        for (cell, width) in cells.zip(&widths) {
            let _ = write!(out, "{cell:<width$}  ");
        }
        let end = start + out.get(start..).unwrap_or_default().trim_end().len();
        out.truncate(end);
        out.push('\n');
    };
    let mut out = String::new();
    write(&mut out, &mut heading.iter().copied());
    for row in rows {
        write(&mut out, &mut row.iter().map(String::as_str));
    }
    out.pop();
    out
}

/// A bar on a terminal, nothing otherwise.
#[derive(Clone, Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar over `total` of `what`.
    pub fn new(total: u64, what: &'static str) -> Self {
        if !stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self(bar)
    }

    /// `done` of `total` are done.
    pub fn at(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    /// One more is done.
    pub fn step(&self) {
        self.0.inc(1);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = vec![vec!["a".to_owned(), "long".to_owned()], vec!["мінск".to_owned(), String::new()]];
        assert_eq!(table(&["id", "x"], &rows), "id     x\na      long\nмінск");
    }

    #[test]
    fn terminals_are_not_steered_by_others() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\nc");
    }
}
