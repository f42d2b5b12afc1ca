//! The signature base (RFC 9421 §2.5) and what both sides read from a message.

use std::fmt::Write;

use sfv::visitor::{DictionaryVisitor, EntryVisitor};
use sfv::{Dictionary, KeyRef, Parser};

use super::{Headers, RequestView, ResponseView};
use crate::Error;

/// A component our signatures cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Method,
    TargetUri,
    Status,
    ContentType,
    ContentDigest,
    Authorization,
    RequestSignature,
}

impl Component {
    /// The name without parameters.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Method => "@method",
            Self::TargetUri => "@target-uri",
            Self::Status => "@status",
            Self::ContentType => "content-type",
            Self::ContentDigest => "content-digest",
            Self::Authorization => "authorization",
            Self::RequestSignature => "signature",
        }
    }

    /// The identifier as written in the base.
    pub(super) fn identifier(self) -> &'static str {
        match self {
            Self::Method => "\"@method\"",
            Self::TargetUri => "\"@target-uri\"",
            Self::Status => "\"@status\"",
            Self::ContentType => "\"content-type\"",
            Self::ContentDigest => "\"content-digest\"",
            Self::Authorization => "\"authorization\"",
            Self::RequestSignature => "\"signature\";req",
        }
    }
}

/// What an answer's or a request's signature must cover.
pub(super) fn covered(is_request: bool, has_body: bool) -> &'static [Component] {
    use Component::{Authorization, ContentDigest, ContentType, Method, RequestSignature, Status, TargetUri};
    match (is_request, has_body) {
        (true, true) => &[Method, TargetUri, ContentType, ContentDigest, Authorization],
        (true, false) => &[Method, TargetUri, Authorization],
        (false, true) => &[Status, ContentType, ContentDigest, RequestSignature],
        (false, false) => &[Status, RequestSignature],
    }
}

/// Either side of an exchange.
#[derive(Clone, Copy)]
pub(super) enum Message<'a> {
    Request(&'a RequestView<'a>),
    Response(&'a ResponseView<'a>),
}

impl<'a> Message<'a> {
    pub(super) fn headers(self) -> Headers<'a> {
        match self {
            Self::Request(request) => request.headers,
            Self::Response(response) => response.headers,
        }
    }

    pub(super) fn body(self) -> &'a [u8] {
        match self {
            Self::Request(request) => request.body,
            Self::Response(response) => response.body,
        }
    }

    pub(super) fn covered(self) -> &'static [Component] {
        covered(matches!(self, Self::Request(_)), !self.body().is_empty())
    }

    /// Writes the component's line. `digest` stands for the header when the message does not bear it yet.
    pub(super) fn write(self, base: &mut String, component: Component, digest: Option<&str>) -> Result<(), Error> {
        base.push_str(component.identifier());
        base.push_str(": ");
        let start = base.len();
        match (component, self) {
            (Component::Method, Self::Request(request)) => base.push_str(request.method),
            (Component::TargetUri, Self::Request(request)) => base.push_str(request.target_uri),
            (Component::Status, Self::Response(response)) => {
                write!(base, "{:03}", response.status).map_err(|_| Error::Library)?;
            }
            (Component::RequestSignature, Self::Response(response)) => base.push_str(response.request_signature),
            (Component::ContentDigest, _) if digest.is_some() => base.push_str(digest.unwrap_or_default()),
            (Component::ContentType | Component::ContentDigest | Component::Authorization, message) => {
                let name = component.name();
                base.push_str(single(message.headers(), name)?.ok_or(Error::ComponentMissing(name))?);
            }
            _ => return Err(Error::ComponentMissing(component.name())),
        }
        // A line feed inside a value could write lines of its own into the base.
        if base.as_bytes().get(start..).is_none_or(|value| !value.iter().all(|byte| matches!(byte, b' '..=b'~'))) {
            return Err(Error::Unreadable(component.name()));
        }
        base.push('\n');
        Ok(())
    }
}

/// The last line of the base.
pub(super) fn write_parameters(base: &mut String, parameters: &str) {
    base.push_str("\"@signature-params\": ");
    base.push_str(parameters);
}

/// The one value of a header; twice the same header is two opinions, which nobody may choose from.
pub(super) fn single<'a>(headers: Headers<'a>, name: &'static str) -> Result<Option<&'a str>, Error> {
    let mut values = values(headers, name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            std::str::from_utf8(value).map(|text| Some(trim(text))).map_err(|_| Error::Unreadable(name))
        }
        _ => Err(Error::Unreadable(name)),
    }
}

/// All values of a list-valued header, joined as RFC 9110 §5.2 says; `None` when there is none.
pub(super) fn joined(headers: Headers<'_>, name: &'static str, limit: usize) -> Result<Option<String>, Error> {
    let mut all: Option<String> = None;
    for value in values(headers, name) {
        let text = std::str::from_utf8(value).map_err(|_| Error::Unreadable(name))?;
        match &mut all {
            None => all = Some(trim(text).to_owned()),
            Some(joined) => {
                joined.push_str(", ");
                joined.push_str(trim(text));
            }
        }
        if all.as_ref().is_some_and(|joined| joined.len() > limit) {
            return Err(Error::Unreadable(name));
        }
    }
    Ok(all)
}

fn values<'a>(headers: Headers<'a>, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}

fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

/// A dictionary in which no key stands twice; RFC 8941 would silently take the last.
pub(super) fn parse_dictionary(header: &str) -> Option<Dictionary> {
    Parser::new(header).parse_dictionary_with_visitor(Unique(Dictionary::new())).ok()
}

struct Unique(Dictionary);

/// A key stood twice.
#[derive(Debug, thiserror::Error)]
#[error("a key stands twice")]
struct Twice;

impl<'de> DictionaryVisitor<'de> for Unique {
    type Out = Dictionary;
    type Error = Twice;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Twice> {
        if self.0.contains_key(key) {
            return Err(Twice);
        }
        DictionaryVisitor::entry(&mut self.0, key).map_err(|never| match never {})
    }

    fn finish(self) -> Result<Dictionary, Twice> {
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_that_of_the_profile() {
        let headers: [(&str, &[u8]); 3] = [
            ("Content-Type", b" application/json\t"),
            ("Authorization", b"Bearer x"),
            ("Content-Digest", b"sha-256=:AA==:"),
        ];
        let view = RequestView { method: "POST", target_uri: "https://a:8247/b?c=1", headers: &headers, body: b"{}" };
        let message = Message::Request(&view);
        let mut base = String::new();
        for component in message.covered() {
            message.write(&mut base, *component, None).unwrap();
        }
        write_parameters(&mut base, "(…)");
        assert_eq!(
            base,
            "\"@method\": POST\n\"@target-uri\": https://a:8247/b?c=1\n\"content-type\": application/json\n\
             \"content-digest\": sha-256=:AA==:\n\"authorization\": Bearer x\n\"@signature-params\": (…)"
        );
    }

    #[test]
    fn the_lines_of_the_standards_examples() {
        // RFC 9421 §2.2.1, §2.2.2, §2.2.9 and §2.4.
        let request = RequestView {
            method: "POST",
            target_uri: "https://www.example.com/path?param=value",
            headers: &[],
            body: b"",
        };
        let response = ResponseView { status: 200, headers: &[], body: b"", request_signature: "sig1=:LAH8:" };
        for (message, component, line) in [
            (Message::Request(&request), Component::Method, "\"@method\": POST\n"),
            (
                Message::Request(&request),
                Component::TargetUri,
                "\"@target-uri\": https://www.example.com/path?param=value\n",
            ),
            (Message::Response(&response), Component::Status, "\"@status\": 200\n"),
            (Message::Response(&response), Component::RequestSignature, "\"signature\";req: sig1=:LAH8:\n"),
        ] {
            let mut base = String::new();
            assert_eq!(message.write(&mut base, component, None), Ok(()));
            assert_eq!(base, line);
        }
    }

    #[test]
    fn values_cannot_write_lines() {
        let view = RequestView { method: "GET", target_uri: "https://a/\n\"x\": y", headers: &[], body: b"" };
        let mut base = String::new();
        assert_eq!(
            Message::Request(&view).write(&mut base, Component::TargetUri, None),
            Err(Error::Unreadable("@target-uri"))
        );
    }

    #[test]
    fn no_key_stands_twice() {
        assert!(parse_dictionary("a=1, b=2").is_some());
        assert!(parse_dictionary("a=1, a=1").is_none());
    }
}
