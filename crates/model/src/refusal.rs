//! Why something was not done: one shape for every refusal, told apart by kind and stable code.

use std::borrow::Cow;

/// Who is at fault and what a caller can do; `web` maps it to an HTTP status, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 400: the message cannot be understood.
    Malformed,
    /// 401: who asks is not proven.
    Unauthenticated,
    /// 403: who asks may not.
    Forbidden,
    /// 404: no such thing, or not for this caller.
    NotFound,
    /// 405: the path is known, the verb is not.
    VerbNotAllowed,
    /// 409: used before, with other content.
    Conflict,
    /// 413: more bytes than allowed.
    TooLarge,
    /// 415: a media type the method does not take.
    UnsupportedMedia,
    /// 429: more calls than granted.
    Throttled,
    /// 500: our fault.
    Internal,
    /// 502: the provider's fault.
    Upstream,
    /// 503: try again shortly; nothing was done.
    Unavailable,
    /// 504: the provider did not answer in time.
    UpstreamTimeout,
}

/// Values that a text names, by the text's own names: `("header", "sign")`.
pub type Params = Vec<(&'static str, String)>;

/// One fault in a message: where, what, and the values its text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer (RFC 6901) into the message, such as `/records/2/doc/doc_number`; empty for the whole.
    pub pointer: String,
    /// Stable code shown to programs, such as `06`.
    pub code: Cow<'static, str>,
    /// Key of the text in `texts/refusals.*.toml`.
    pub text: &'static str,
    /// Values the text names.
    pub params: Params,
}

/// A refusal: told to the caller in its language, logged under its code, never with another's data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Refusal {
    /// Who is at fault.
    pub kind: Kind,
    /// Stable code, listed in the documentation, and the key of its text.
    pub code: &'static str,
    /// Values the text names.
    pub params: Params,
    /// The faults found, when the message itself is at fault.
    pub faults: Vec<Fault>,
    /// After how many seconds another try is worth it.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// A refusal of this kind under this code.
    pub fn new(kind: Kind, code: &'static str) -> Self {
        Self { kind, code, params: Params::new(), faults: Vec::new(), retry_after: None }
    }

    /// The same, naming a value in its text.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }

    /// The same, with the faults found.
    #[must_use]
    pub fn faults(mut self, faults: Vec<Fault>) -> Self {
        self.faults = faults;
        self
    }

    /// The same, worth trying again after `seconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl Fault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, code: impl Into<Cow<'static, str>>, text: &'static str) -> Self {
        Self { pointer: pointer.into(), code: code.into(), text, params: Params::new() }
    }

    /// The same, naming a value in its text.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }
}
