//! A message to one person: plain text in one language.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use model::Lang;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Address, Error};

/// Most characters of a subject.
pub const SUBJECT: usize = 200;
/// Most bytes of a text.
pub const TEXT: usize = 32 * 1024;

/// What is told to one person.
#[derive(Clone, Debug)]
pub struct Message {
    /// To whom.
    pub to: Address,
    /// One line.
    pub subject: String,
    /// Plain text; lines end with `\n`.
    pub text: String,
    /// The language of subject and text.
    pub lang: Lang,
    /// What it is about, such as `register`: for counts and logs, never personal.
    pub kind: &'static str,
}

/// The part that is sealed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) to: Address,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) lang: Lang,
}

impl Message {
    /// The content, when nothing in it can leave its place.
    pub(crate) fn content(&self) -> Result<Content, Error> {
        let subject = self.subject.trim();
        if subject.is_empty() || subject.chars().count() > SUBJECT || subject.contains(char::is_control) {
            return Err(Error::Subject);
        }
        let text = self.text.replace("\r\n", "\n");
        let control = |c: char| c.is_control() && c != '\n' && c != '\t';
        if text.trim().is_empty() || text.len() > TEXT || text.contains(control) {
            return Err(Error::Text);
        }
        Ok(Content { to: self.to.clone(), subject: subject.to_owned(), text, lang: self.lang })
    }
}

/// `Auto-Submitted` (RFC 3834): no automatic answer is wanted.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// `Content-Language` (RFC 3282): screen readers of mail take the voice from it.
#[derive(Clone)]
struct ContentLanguage(&'static str);

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(Lang::from_code(text).unwrap_or_default().code()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.to_owned())
    }
}

impl Content {
    /// The message as it goes over the wire. The same `id` and `at` make the same `Message-ID` and `Date`: a server or
    /// a reader that gets it twice can tell.
    pub(crate) fn wire(&self, id: Uuid, at: Timestamp, from: &Address) -> Result<lettre::Message, Error> {
        let failed = |error: &dyn std::fmt::Display| Error::Smtp(error.to_string());
        let mailbox = |address: &Address| {
            address.as_str().parse().map(|email| Mailbox::new(None, email)).map_err(|_| Error::Address)
        };
        let seconds = u64::try_from(at.as_second()).unwrap_or(0);
        let part = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .header(ContentTransferEncoding::QuotedPrintable)
            .body(self.text.clone());
        lettre::Message::builder()
            .from(mailbox(from)?)
            .to(mailbox(&self.to)?)
            .subject(self.subject.clone())
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{id}@{}>", from.domain())))
            .header(AutoSubmitted)
            .header(ContentLanguage(self.lang.code()))
            .singlepart(part)
            .map_err(|error| failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(subject: &str, text: &str) -> Message {
        let to = Address::parse("anna@example.by").unwrap();
        Message { to, subject: subject.into(), text: text.into(), lang: Lang::Be, kind: "test" }
    }

    #[test]
    fn nothing_in_a_message_leaves_its_place() {
        for subject in ["", " ", "a\r\nBcc: b@c.by", "a\nb", "a\0", &"я".repeat(SUBJECT + 1)] {
            assert!(matches!(message(subject, "t").content(), Err(Error::Subject)), "{subject:?}");
        }
        for text in ["", "\n", "a\u{8}", "a\rb", &"a".repeat(TEXT + 1)] {
            assert!(matches!(message("s", text).content(), Err(Error::Text)), "{text:?}");
        }
    }

    #[test]
    fn the_same_message_is_the_same_on_the_wire() {
        let from = Address::parse("nais@example.by").unwrap();
        let content = message("Пацвердзіце адрас", "Добры дзень!\n.\nhttps://example.by/a?b=c\n").content().unwrap();
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let wire = || String::from_utf8(content.wire(Uuid::nil(), at, &from).unwrap().formatted()).unwrap();
        let text = wire();
        assert_eq!(text, wire());
        for line in [
            "Message-ID: <00000000-0000-0000-0000-000000000000@example.by>",
            "Auto-Submitted: auto-generated",
            "Content-Language: be",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            "Date: Fri, 15 Jan 2027 08:00:00 +0000",
            "To: anna@example.by",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{line} in {text}");
        }
        assert!(text.is_ascii());
    }
}
