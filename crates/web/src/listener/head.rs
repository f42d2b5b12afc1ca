//! The head of an HTTP/1 request, checked strictly and incrementally before any parser acts on it.
//!
//! Where two readers of the same bytes could disagree on where a message ends (RFC 9112 §11.2), the head is refused.

use memchr::memchr;

/// Why bytes are not taken as a request. Each has its own text, which names the cure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// A line of the head, or a chunk, is not of the form HTTP gives it.
    Malformed,
    /// `Host` is missing, repeated or no host.
    Host,
    /// `Content-Length` and `Transfer-Encoding` do not say clearly where the body ends.
    Length,
    /// The request target is not an absolute path.
    Target,
    /// A field that may stand once stands twice.
    Repeated,
    /// More bytes or lines than allowed.
    TooLarge,
    /// The head did not arrive in time.
    Late,
}

/// How the end of the body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framed {
    /// There is no body.
    Empty,
    /// So many bytes; never 0.
    Fixed(u64),
    /// Chunks, the last of which is empty.
    Chunked,
}

/// What the bytes seen so far amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The head is not whole yet; nothing wrong so far.
    Partial,
    /// The head is whole and ends after `length` bytes.
    Whole { length: usize, body: Framed },
    /// No request.
    Refused(Rejection),
}

/// How large a head may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadLimits {
    pub(crate) bytes: usize,
    pub(crate) fields: usize,
}

/// A head being read: remembers what it saw, so that every byte is looked at once however it arrives.
#[derive(Debug, Default)]
pub(crate) struct Head {
    line: usize,
    searched: usize,
    lines: usize,
    hosts: usize,
    old: bool,
    authorized: bool,
    chunked: bool,
    length: Option<u64>,
}

impl Head {
    /// Looks at `bytes`, which begin with the head's first byte and go on at least as far as the last time.
    pub(crate) fn scan(&mut self, bytes: &[u8], limits: &HeadLimits) -> Scan {
        self.advance(bytes, limits).unwrap_or_else(Scan::Refused)
    }

    fn advance(&mut self, bytes: &[u8], limits: &HeadLimits) -> Result<Scan, Rejection> {
        while let Some(found) = memchr(b'\n', bytes.get(self.searched..).unwrap_or_default()) {
            let end = self.searched + found;
            let line = bytes.get(self.line..end).unwrap_or_default();
            self.line = end + 1;
            self.searched = end + 1;
            if self.line > limits.bytes {
                return Err(Rejection::TooLarge);
            }
            let Some(line) = line.strip_suffix(b"\r") else {
                return Err(Rejection::Malformed);
            };
            if line.is_empty() {
                return self.finish().map(|body| Scan::Whole { length: end + 1, body });
            }
            self.lines += 1;
            if self.lines == 1 {
                self.request_line(line)?;
            } else if self.lines > limits.fields + 1 {
                return Err(Rejection::TooLarge);
            } else {
                self.field(line)?;
            }
        }
        self.searched = bytes.len();
        if bytes.len() > limits.bytes { Err(Rejection::TooLarge) } else { Ok(Scan::Partial) }
    }

    fn request_line(&mut self, line: &[u8]) -> Result<(), Rejection> {
        let (method, rest) = split(line, b' ').ok_or(Rejection::Malformed)?;
        let (target, version) = split(rest, b' ').ok_or(Rejection::Malformed)?;
        self.old = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            _ => return Err(Rejection::Malformed),
        };
        if method.is_empty() || method.len() > 32 || !method.iter().all(is_token) {
            return Err(Rejection::Malformed);
        }
        if !target.iter().all(|byte| byte.is_ascii_graphic()) {
            return Err(Rejection::Malformed);
        }
        if target.first() != Some(&b'/') || memchr(b'#', target).is_some() {
            return Err(Rejection::Target);
        }
        Ok(())
    }

    fn field(&mut self, line: &[u8]) -> Result<(), Rejection> {
        if has_control(line) {
            return Err(Rejection::Malformed);
        }
        // A folded line begins with white space, which is no token: refused here like a blank before the colon.
        let (name, value) = split(line, b':').ok_or(Rejection::Malformed)?;
        if name.is_empty() || !name.iter().all(is_token) {
            return Err(Rejection::Malformed);
        }
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                self.hosts += 1;
                if self.hosts > 1 || !is_host(value.trim_ascii()) { Err(Rejection::Host) } else { Ok(()) }
            }
            13 if name.eq_ignore_ascii_case(b"authorization") => {
                if std::mem::replace(&mut self.authorized, true) {
                    Err(Rejection::Repeated)
                } else {
                    Ok(())
                }
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let length = decimal(value.trim_ascii()).ok_or(Rejection::Length)?;
                if self.length.replace(length).is_some() || self.chunked { Err(Rejection::Length) } else { Ok(()) }
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                let plain = value.trim_ascii().eq_ignore_ascii_case(b"chunked");
                let again = std::mem::replace(&mut self.chunked, true);
                if !plain || again || self.length.is_some() { Err(Rejection::Length) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    fn finish(&self) -> Result<Framed, Rejection> {
        if self.lines == 0 {
            return Err(Rejection::Malformed);
        }
        if self.hosts == 0 && !self.old {
            return Err(Rejection::Host);
        }
        match (self.chunked, self.length) {
            (true, _) if self.old => Err(Rejection::Length),
            (true, _) => Ok(Framed::Chunked),
            (false, None | Some(0)) => Ok(Framed::Empty),
            (false, Some(length)) => Ok(Framed::Fixed(length)),
        }
    }
}

/// What stands before and after the first `mark`.
fn split(bytes: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let (before, after) = bytes.split_at_checked(memchr(mark, bytes)?)?;
    Some((before, after.get(1..)?))
}

/// Without an early exit, so that the compiler can look at many bytes at once.
fn has_control(line: &[u8]) -> bool {
    line.iter().fold(false, |bad, &byte| bad | ((byte < 0x20) & (byte != b'\t')) | (byte == 0x7f))
}

/// A character of a method or a field name (RFC 9110 §5.6.2).
fn is_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// A host name or address with an optional port, as far as characters go.
pub(crate) fn is_host(value: &[u8]) -> bool {
    !value.is_empty()
        && value.len() <= 260
        && value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}

/// Digits only: no sign, no blank, no list; never more than fits.
fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}
