//! Reading fields of the form: each slip is told with its place, and reading goes on.

use jiff::civil::Date;
use model::classifier::{Checkpoint, checkpoint};
use model::{BirthDay, Country, Error, IdentificationNumber, Unp, calendar};
use serde_json::Value;

use crate::copies;
use crate::lists::{List, Lists};

/// Why a field cannot be taken as it is written. Not a refusal: nothing is decided while there are slips.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// JSON pointer into the application.
    pub pointer: &'static str,
    /// Stable code, also the key of its text in `form.errors`.
    pub code: &'static str,
    /// Values that the text names.
    pub params: Vec<(&'static str, String)>,
}

/// The oldest year of birth.
const OLDEST: i16 = 1900;

/// An application being read.
pub(crate) struct Reading<'a> {
    value: &'a Value,
    lists: &'a Lists,
    /// The day in Minsk.
    pub(crate) today: Date,
    slips: Vec<Slip>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(value: &'a Value, lists: &'a Lists, today: Date) -> Self {
        Self { value, lists, today, slips: Vec::new() }
    }

    /// The value read, when there was no slip.
    pub(crate) fn finish<T>(mut self, read: Option<T>) -> Result<T, Vec<Slip>> {
        if self.slips.is_empty() && read.is_none() {
            self.slip("", "incomplete");
        }
        match read {
            Some(read) if self.slips.is_empty() => Ok(read),
            _ => Err(self.slips),
        }
    }

    pub(crate) fn slip(&mut self, pointer: &'static str, code: &'static str) {
        self.slip_with(pointer, code, Vec::new());
    }

    fn slip_with(&mut self, pointer: &'static str, code: &'static str, params: Vec<(&'static str, String)>) {
        // The first slip of a field is the one to mend.
        if !self.slips.iter().any(|slip| slip.pointer == pointer) {
            self.slips.push(Slip { pointer, code, params });
        }
    }

    /// The text without spaces around; empty when absent.
    fn raw(&self, pointer: &str) -> &'a str {
        self.value.pointer(pointer).and_then(Value::as_str).map_or("", str::trim)
    }

    fn required(&mut self, pointer: &'static str) -> Option<&'a str> {
        let text = self.raw(pointer);
        if text.is_empty() {
            self.slip(pointer, "required");
            return None;
        }
        Some(text)
    }

    fn bounded(&mut self, pointer: &'static str, text: &str, most: usize) -> Option<String> {
        if text.chars().count() > most {
            self.slip_with(pointer, "too-long", vec![("max", most.to_string())]);
            return None;
        }
        if text.chars().any(char::is_control) {
            self.slip(pointer, "characters");
            return None;
        }
        Some(text.to_owned())
    }

    /// A text that must be there.
    pub(crate) fn text(&mut self, pointer: &'static str, most: usize) -> Option<String> {
        let text = self.required(pointer)?;
        self.bounded(pointer, text, most)
    }

    /// A text that may be absent.
    pub(crate) fn optional(&mut self, pointer: &'static str, most: usize) -> String {
        let text = self.raw(pointer);
        self.bounded(pointer, text, most).unwrap_or_default()
    }

    /// A value with a form of its own.
    pub(crate) fn parsed<T>(
        &mut self,
        pointer: &'static str,
        required: bool,
        parse: impl Fn(&str) -> Result<T, Error>,
    ) -> Option<T> {
        let text = if required { self.required(pointer)? } else { self.raw(pointer) };
        if text.is_empty() {
            return None;
        }
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.malformed(pointer, &error);
                None
            }
        }
    }

    fn malformed(&mut self, pointer: &'static str, error: &Error) {
        match error {
            Error::Character { position, .. } => {
                self.slip_with(pointer, "character", vec![("position", position.to_string())]);
            }
            Error::CheckDigit { expected, .. } => {
                self.slip_with(pointer, "check-digit", vec![("expected", expected.to_string())]);
            }
            Error::Length { expected, .. } => {
                self.slip_with(pointer, "length", vec![("expected", (*expected).to_owned())]);
            }
            _ => self.slip(pointer, "form"),
        }
    }

    /// Copies are what is said about them.
    pub(crate) fn copies(&mut self) {
        if !copies::hold(self.value) {
            self.slip(copies::COPIES, "file");
        }
    }

    /// A code of a list.
    pub(crate) fn choice(&mut self, pointer: &'static str, list: List) -> Option<String> {
        let code = self.value.pointer(pointer).and_then(Value::as_str).map_or("", str::trim);
        if code.is_empty() {
            self.slip(pointer, "choose");
            return None;
        }
        if !self.lists.has(list, code, self.today) {
            self.slip(pointer, "not-in-list");
            return None;
        }
        Some(code.to_owned())
    }

    /// A country or `XXA`; not Belarus, whose citizens and documents are not registered so.
    pub(crate) fn country(&mut self, pointer: &'static str) -> Option<Country> {
        let code = self.raw(pointer).to_ascii_uppercase();
        if code.is_empty() {
            self.slip(pointer, "choose");
            return None;
        }
        match Country::parse(&code) {
            Ok(country) if country.code() == "BLR" && pointer == "/foreigner/citizenship" => {
                self.slip(pointer, "own-citizen");
                None
            }
            Ok(country) => Some(country),
            Err(_) => {
                self.slip(pointer, "not-in-list");
                None
            }
        }
    }

    /// A border crossing point.
    pub(crate) fn checkpoint(&mut self, pointer: &'static str) -> Option<&'static Checkpoint> {
        let code = self.raw(pointer).to_ascii_uppercase();
        if code.is_empty() {
            self.slip(pointer, "choose");
            return None;
        }
        let found = checkpoint(&code);
        if found.is_none() {
            self.slip(pointer, "not-in-list");
        }
        found
    }

    /// A day of the calendar.
    pub(crate) fn day(&mut self, pointer: &'static str) -> Option<Date> {
        let text = self.required(pointer)?;
        match calendar::parse_day(text) {
            Ok(day) if (1950..=2099).contains(&day.year()) => Some(day),
            _ => {
                self.slip(pointer, "day");
                None
            }
        }
    }

    /// A day that is not ahead.
    pub(crate) fn past(&mut self, pointer: &'static str) -> Option<Date> {
        let day = self.day(pointer)?;
        if day > self.today {
            self.slip(pointer, "day-ahead");
            return None;
        }
        Some(day)
    }

    /// A birth date, `00` for what is unknown.
    pub(crate) fn birth(&mut self, pointer: &'static str) -> Option<BirthDay> {
        let text = self.required(pointer)?;
        let Ok(birth) = BirthDay::parse(text) else {
            self.slip(pointer, "day");
            return None;
        };
        if birth > BirthDay::from(self.today) {
            self.slip(pointer, "day-ahead");
            return None;
        }
        if birth.parts().0 < OLDEST {
            self.slip(pointer, "day");
            return None;
        }
        Some(birth)
    }

    /// The second day is not before the first.
    pub(crate) fn order(&mut self, first: Option<Date>, last: Option<Date>, pointer: &'static str, code: &'static str) {
        if first.zip(last).is_some_and(|(first, last)| last < first) {
            self.slip(pointer, code);
        }
    }

    /// A whole number, as digits or as a JSON number; spaces between digits are left out.
    pub(crate) fn number(&mut self, pointer: &'static str, least: u32, most: u32) -> Option<u32> {
        let number = match self.value.pointer(pointer) {
            Some(Value::Number(number)) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
            _ => {
                let text = self.required(pointer)?;
                text.chars().filter(|c| !c.is_whitespace()).collect::<String>().parse().ok()
            }
        };
        let within = number.filter(|number| (least..=most).contains(number));
        if within.is_none() {
            self.slip_with(pointer, "number", vec![("min", least.to_string()), ("max", most.to_string())]);
        }
        within
    }

    /// A mark that is set.
    pub(crate) fn flag(&self, pointer: &str) -> bool {
        self.value.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
    }

    /// An address of e-mail, when given: something, `@`, a name with a point.
    pub(crate) fn email(&mut self, pointer: &'static str) {
        let text = self.raw(pointer);
        let plain = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control());
        let good = |(name, host): (&str, &str)| {
            plain(name)
                && plain(host)
                && !host.contains('@')
                && host.split('.').count() > 1
                && host.split('.').all(plain)
        };
        if !text.is_empty() && (text.len() > 254 || !text.split_once('@').is_some_and(good)) {
            self.slip(pointer, "email");
        }
    }

    /// A telephone number, when given: 5 to 15 digits.
    pub(crate) fn phone(&mut self, pointer: &'static str) {
        let text = self.raw(pointer);
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let known = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')');
        if !text.is_empty() && (!(5..=15).contains(&digits) || !text.chars().all(known)) {
            self.slip(pointer, "phone");
        }
    }

    /// The host's identification or taxpayer's number.
    pub(crate) fn host_number(&mut self, pointer: &'static str) {
        let Some(text) = self.required(pointer) else { return };
        let length = text.chars().filter(|c| !c.is_whitespace()).count();
        let error = if length > 9 { IdentificationNumber::parse(text).err() } else { Unp::parse(text).err() };
        if let Some(error) = error {
            self.malformed(pointer, &error);
        }
    }
}
