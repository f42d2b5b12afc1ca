//! Where messages begin and end in the bytes of an HTTP/1 connection.
//!
//! Pure: bytes in, verdict out, the same however the bytes were cut into pieces.

use super::head::{Framed, Head, HeadLimits, Rejection, Scan};

/// A refusal and where it struck, which decides who may still answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Nothing of this message was passed on: the guard answers.
    Head(Rejection),
    /// The head was passed on: whoever reads the body answers.
    Body(Rejection),
}

/// What may be passed on of the bytes shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// So many bytes from the front. What follows is the beginning of a head: show it again with more.
    pub(crate) pass: usize,
    /// After those, nothing more of this connection is believed.
    pub(crate) refused: Option<Refused>,
}

#[derive(Debug)]
enum State {
    Head(Head),
    Fixed(u64),
    Chunked(Chunk),
}

/// Follows the messages of one connection.
#[derive(Debug)]
pub(crate) struct Framing {
    state: State,
    limits: HeadLimits,
    /// Heads passed on so far.
    pub(crate) messages: u64,
}

impl Framing {
    pub(crate) fn new(limits: HeadLimits) -> Self {
        Self { state: State::Head(Head::default()), limits, messages: 0 }
    }

    /// The message at hand has a body that has not arrived whole.
    pub(crate) fn in_body(&self) -> bool {
        !matches!(self.state, State::Head(_))
    }

    /// Looks at `bytes`, which begin where the last step's `pass` ended.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> Step {
        let mut pass = 0;
        loop {
            let rest = bytes.get(pass..).unwrap_or_default();
            if rest.is_empty() {
                return Step { pass, refused: None };
            }
            match &mut self.state {
                State::Head(head) => match head.scan(rest, &self.limits) {
                    Scan::Partial => return Step { pass, refused: None },
                    Scan::Refused(why) => {
                        return Step { pass, refused: Some(Refused::Head(why)) };
                    }
                    Scan::Whole { length, body } => {
                        pass += length;
                        self.messages += 1;
                        self.state = match body {
                            Framed::Empty => State::Head(Head::default()),
                            Framed::Fixed(length) => State::Fixed(length),
                            Framed::Chunked => State::Chunked(Chunk::new()),
                        };
                    }
                },
                State::Fixed(left) => {
                    let (here, more) = take(*left, rest.len());
                    pass += here;
                    if more == 0 {
                        self.state = State::Head(Head::default());
                    } else {
                        *left = more;
                    }
                }
                State::Chunked(chunk) => {
                    let (used, end) = chunk.advance(rest);
                    pass += used;
                    match end {
                        Ok(false) => {}
                        Ok(true) => self.state = State::Head(Head::default()),
                        Err(why) => {
                            return Step { pass, refused: Some(Refused::Body(why)) };
                        }
                    }
                }
            }
        }
    }
}

/// Of `left` bytes, how many are among the `here` at hand, and how many come later.
fn take(left: u64, here: usize) -> (usize, u64) {
    match usize::try_from(left) {
        Ok(left) if left <= here => (left, 0),
        _ => (here, left.saturating_sub(here as u64)),
    }
}

/// Most bytes of extensions in all, and of trailers in all, that one chunked body may carry.
const EXTRAS: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Hex digits seen so far and the number they make.
    Size(u8, u64),
    Extension(u64),
    SizeLf(u64),
    Data(u64),
    DataCr,
    DataLf,
    /// At the beginning of a line after the last chunk.
    Trailer,
    TrailerLine,
    TrailerLf,
    EndLf,
}

/// A chunked body being read (RFC 9112 §7.1), stricter than parsers need be: no blanks, CRLF only.
#[derive(Debug)]
struct Chunk {
    part: Part,
    extras: usize,
}

impl Chunk {
    fn new() -> Self {
        Self { part: Part::Size(0, 0), extras: 0 }
    }

    /// How many bytes are the body's, and whether it ended with them.
    fn advance(&mut self, bytes: &[u8]) -> (usize, Result<bool, Rejection>) {
        let mut used = 0;
        while let Some(&byte) = bytes.get(used) {
            if let Part::Data(left) = self.part {
                let (here, more) = take(left, bytes.len() - used);
                used += here;
                self.part = if more == 0 { Part::DataCr } else { Part::Data(more) };
                continue;
            }
            match self.after(byte) {
                Some(Some(part)) => self.part = part,
                Some(None) => return (used + 1, Ok(true)),
                None => return (used, Err(Rejection::Malformed)),
            }
            used += 1;
        }
        (used, Ok(false))
    }

    /// The part that `byte` leads to, `Some(None)` at the body's end, `None` when it may not stand here.
    fn after(&mut self, byte: u8) -> Option<Option<Part>> {
        let next = match (self.part, byte) {
            (Part::Size(digits @ 0..15, size), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                Part::Size(digits + 1, size * 16 + u64::from(char::from(byte).to_digit(16)?))
            }
            (Part::Size(1.., size) | Part::Extension(size), b'\r') => Part::SizeLf(size),
            (Part::Size(1.., size), b';') | (Part::Extension(size), b'\t' | b' '..=b'~') => {
                self.extra()?;
                Part::Extension(size)
            }
            (Part::SizeLf(0) | Part::TrailerLf, b'\n') => Part::Trailer,
            (Part::SizeLf(size), b'\n') => Part::Data(size),
            (Part::DataCr, b'\r') => Part::DataLf,
            (Part::DataLf, b'\n') => Part::Size(0, 0),
            (Part::Trailer, b'\r') => Part::EndLf,
            (Part::TrailerLine, b'\r') => Part::TrailerLf,
            (Part::Trailer, b'!'..=b'~') | (Part::TrailerLine, b'\t' | b' '..=b'~') => {
                self.extra()?;
                Part::TrailerLine
            }
            (Part::EndLf, b'\n') => return Some(None),
            _ => return None,
        };
        Some(Some(next))
    }

    fn extra(&mut self) -> Option<()> {
        self.extras += 1;
        (self.extras <= EXTRAS).then_some(())
    }
}

#[cfg(test)]
#[path = "framing_tests.rs"]
mod tests;
