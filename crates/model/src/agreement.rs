//! The message by which the Population Register is asked, and the person's agreement inside it (`domain.md` §4.2, §6.1).
//!
//! The same bytes are the request's body and what the person signs, so the gateway and the register read them by one
//! parser. Members of the agreement may be spelled `operator_unp` or `operatorUnp`; what NAIS writes is `operator_unp`.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::identifier::{IdentificationNumber, Unp};
use crate::lang::Lang;
use crate::reader::{Reader, moment};
use crate::refusal::Fault;

/// `message_type` of a request for information, classifier −2.
pub const REQUEST: &str = "88";
/// `message_type` of the answer.
pub const ANSWER: &str = "89";
/// Persons that one message may ask for.
pub const MAX_ASKED: usize = 100;

/// A message that asks for data on persons, understood as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `cover.message_id` as it was sent: an answer repeats it as `parent_message_id`.
    pub message_id: String,
    /// The same as a number: braces and case make no other message.
    pub message_uuid: Uuid,
    /// `cover.message_time`.
    pub message_time: Timestamp,
    /// `cover.message_source.code`.
    pub source: String,
    /// The agreement, when the message bears one.
    pub agreement: Option<Agreement>,
    /// `cover.dataset`: groups of data (classifier −16), each once, ascending.
    pub dataset: Vec<u16>,
    /// Who is asked for, in order; at least one.
    pub asked: Vec<Asked>,
}

/// One person asked for. A fault in one question harms no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `request_id`; the answer bears it too.
    pub request_id: String,
    /// The number as it was sent.
    pub sent: String,
    /// The number, or what is wrong with it.
    pub number: Result<IdentificationNumber, Fault>,
}

/// What a person allowed: to whom, for what, which data, until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Names the consent: terms, uses and withdrawal follow it.
    pub consent_id: Uuid,
    /// Name and address of the operator who asks.
    pub operator_info: String,
    /// The operator's taxpayer number.
    pub operator_unp: Unp,
    /// The purpose.
    pub target: String,
    /// Groups of data consented to (classifier −16), each once, ascending.
    pub rights: Vec<u16>,
    /// What may be done with the data, such as `provision`.
    pub actions: Vec<String>,
    /// From this moment on.
    pub issue_date: Timestamp,
    /// Until this moment; a bare day lasts to its end in Minsk.
    pub expiry_date: Timestamp,
    /// Who receives the data; at least one.
    pub assignee_persons: Vec<String>,
    /// Whom the operator has authorised.
    pub authorised_persons: Vec<String>,
    /// How often it may be used; none: until it expires.
    pub uses: Option<u32>,
    /// In which language its wording was shown.
    pub language: Option<Lang>,
    /// SHA-256 of the wording that was shown.
    pub text_digest: Option<[u8; 32]>,
}

impl Envelope {
    /// The message of a parsed body, or every fault with its place and the Register's code (`domain.md` §4.3).
    ///
    /// Unknown members are the schema's to refuse. A fault in a single question is told in its [`Asked`].
    pub fn read(body: &Value) -> Result<Self, Vec<Fault>> {
        let mut root = Reader::new(body, "");
        let cover = cover(root.object("cover"), &mut root);
        let asked = asked(root.object("request"), &mut root);
        match (cover, root.into_faults()) {
            (Some(cover), faults) if faults.is_empty() => Ok(Self { asked, ..cover }),
            (_, faults) => Err(faults),
        }
    }

    /// The one person that the whole message is about; none when a number is faulty or there are several.
    pub fn subject(&self) -> Option<&IdentificationNumber> {
        let mut numbers = self.asked.iter().map(|asked| asked.number.as_ref().ok());
        let first = numbers.next().flatten()?;
        numbers.all(|number| number == Some(first)).then_some(first)
    }
}

impl Agreement {
    /// The first group of `dataset` that the person did not consent to.
    pub fn missing(&self, dataset: &[u16]) -> Option<u16> {
        dataset.iter().copied().find(|group| !self.rights.contains(group))
    }

    /// Whether `now` lies between issue and expiry.
    pub fn in_term(&self, now: Timestamp) -> bool {
        self.issue_date <= now && now < self.expiry_date
    }

    fn read(mut from: Reader<'_>, to: &mut Reader<'_>) -> Option<Self> {
        let consent_id = from.needed("consent_id").and_then(|(text, at)| from.parsed(identifier(text), at, "a GUID"));
        let operator_unp = from.needed("operator_unp").and_then(|(text, at)| {
            let unp = Unp::parse(text);
            unp.map_err(|error| from.fault(error.fault(at))).ok()
        });
        let (operator_info, target) = (from.text("operator_info", 250), from.text("target", 500));
        let rights = groups(&mut from, "rights");
        let (issued, expires) = (term(&mut from, "issue_date", false), term(&mut from, "expiry_date", true));
        let assignee_persons = from.texts("assignee_persons");
        if assignee_persons.is_empty() {
            from.fault(Fault::new(from.pointer("assignee_persons"), "06", "required"));
        }
        if issued.zip(expires).is_some_and(|(issued, expires)| expires <= issued) {
            from.fault(Fault::new(from.pointer("expiry_date"), "11", "chronology"));
        }
        let (actions, authorised_persons) = (from.texts("actions"), from.texts("authorised_persons"));
        let uses = from.optional("uses", |value| value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0));
        let language = from.optional("language", |value| value.as_str().and_then(Lang::from_code));
        let text_digest = from.optional("text_digest", |value| value.as_str().and_then(digest));
        to.take(from);
        Some(Self {
            consent_id: consent_id?,
            operator_info: operator_info?,
            operator_unp: operator_unp?,
            target: target?,
            rights,
            actions,
            issue_date: issued?,
            expiry_date: expires?,
            assignee_persons,
            authorised_persons,
            uses,
            language,
            text_digest,
        })
    }
}

fn cover(found: Option<Reader<'_>>, root: &mut Reader<'_>) -> Option<Envelope> {
    let mut from = found?;
    let message_id = from.needed("message_id").map(|(text, at)| (text.to_owned(), at));
    let message_uuid = message_id.as_ref().and_then(|(text, at)| from.parsed(identifier(text), at.clone(), "a GUID"));
    let time = from.needed("message_time").map(|(text, at)| (moment(text), at));
    let message_time = time.and_then(|(time, at)| {
        if time.is_none() {
            from.fault(Fault::new(at, "03", "format-date").with("expected", "YYYY-MM-DDThh:mm:ss.sss+03:00"));
        }
        time
    });
    from.coded("message_type", -2, |code| code == REQUEST);
    let source = from.code("message_source");
    let dataset = groups(&mut from, "dataset");
    let agreement = match from.object_if("agreement") {
        None => None,
        Some(reader) => Agreement::read(reader, &mut from),
    };
    root.take(from);
    let (message_id, _) = message_id?;
    let (message_uuid, message_time, source) = (message_uuid?, message_time?, source?);
    Some(Envelope { message_id, message_uuid, message_time, source, agreement, dataset, asked: Vec::new() })
}

/// The questions; faults of the list itself go to `root`.
fn asked(found: Option<Reader<'_>>, root: &mut Reader<'_>) -> Vec<Asked> {
    let Some(mut from) = found else { return Vec::new() };
    let mut all: Vec<Asked> = Vec::new();
    for (at, person) in from.items("person_request", MAX_ASKED) {
        let text = |name: &str| person.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
        let (request_id, sent) = (text("request_id"), text("identif_number"));
        if request_id.is_empty() {
            from.fault(Fault::new(format!("{at}/request_id"), "06", "required"));
            continue;
        }
        let number = if all.iter().any(|other| other.request_id == request_id) {
            Err(Fault::new(format!("{at}/request_id"), "07", "duplicate"))
        } else if sent.is_empty() {
            Err(Fault::new(format!("{at}/identif_number"), "06", "required"))
        } else {
            IdentificationNumber::parse(sent).map_err(|error| error.fault(format!("{at}/identif_number")))
        };
        all.push(Asked { request_id: request_id.to_owned(), sent: sent.to_owned(), number });
    }
    root.take(from);
    all
}

/// Groups of data (classifier −16), each once, ascending; at least one.
fn groups(from: &mut Reader<'_>, name: &str) -> Vec<u16> {
    let mut groups = Vec::new();
    for (at, item) in from.items(name, 30) {
        match item.as_u64().and_then(|group| u16::try_from(group).ok()).filter(|group| (1..=30).contains(group)) {
            Some(group) => groups.push(group),
            None => from.fault(Fault::new(at, "04", "classifier").with("list", -16)),
        }
    }
    groups.sort_unstable();
    groups.dedup();
    groups
}

fn term(from: &mut Reader<'_>, name: &str, to_its_end: bool) -> Option<Timestamp> {
    let (text, at) = from.needed(name)?;
    let moment = moment(text).or_else(|| crate::reader::day(text, to_its_end));
    if moment.is_none() {
        from.fault(Fault::new(at, "03", "format-date").with("expected", "YYYY-MM-DDThh:mm:ss+03:00"));
    }
    moment
}

/// A GUID, with or without braces, which older clients escape.
fn identifier(text: &str) -> Option<Uuid> {
    let bare = text.trim_start_matches(['\\', '{']).trim_end_matches(['}', '\\']);
    (bare.len() == 36).then(|| Uuid::try_parse(bare).ok()).flatten()
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
#[path = "agreement_tests.rs"]
mod tests;
