//! Where each field of a zone stands, and how it is read.

use jiff::civil::Date;
use model::{BirthDay, Country};

use super::{Mistake, Mrz, Problem, check_digit};

/// A size of zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Td1,
    Td2,
    Td3,
}

/// A field: line, first position, length; all counted from 0.
#[derive(Clone, Copy)]
struct Place(usize, usize, usize);

/// Where the fields of a format stand.
struct Plan {
    state: Place,
    number: Place,
    number_check: Place,
    /// Holds the rest of a number longer than nine.
    optional: Place,
    birth: Place,
    birth_check: Place,
    sex: Place,
    expiry: Place,
    expiry_check: Place,
    citizenship: Place,
    names: Place,
    composite: &'static [Place],
    composite_check: Place,
}

const TD3: Plan = Plan {
    state: Place(0, 2, 3),
    number: Place(1, 0, 9),
    number_check: Place(1, 9, 1),
    optional: Place(1, 28, 14),
    birth: Place(1, 13, 6),
    birth_check: Place(1, 19, 1),
    sex: Place(1, 20, 1),
    expiry: Place(1, 21, 6),
    expiry_check: Place(1, 27, 1),
    citizenship: Place(1, 10, 3),
    names: Place(0, 5, 39),
    composite: &[Place(1, 0, 10), Place(1, 13, 7), Place(1, 21, 22)],
    composite_check: Place(1, 43, 1),
};

const TD2: Plan = Plan {
    optional: Place(1, 28, 7),
    names: Place(0, 5, 31),
    composite: &[Place(1, 0, 10), Place(1, 13, 7), Place(1, 21, 14)],
    composite_check: Place(1, 35, 1),
    ..TD3
};

const TD1: Plan = Plan {
    state: Place(0, 2, 3),
    number: Place(0, 5, 9),
    number_check: Place(0, 14, 1),
    optional: Place(0, 15, 15),
    birth: Place(1, 0, 6),
    birth_check: Place(1, 6, 1),
    sex: Place(1, 7, 1),
    expiry: Place(1, 8, 6),
    expiry_check: Place(1, 14, 1),
    citizenship: Place(1, 15, 3),
    names: Place(2, 0, 30),
    composite: &[Place(0, 5, 25), Place(1, 0, 7), Place(1, 8, 7), Place(1, 18, 11)],
    composite_check: Place(1, 29, 1),
};
/// The personal number of a passport, with a check digit of its own that may be left out when it is empty.
const TD3_PERSONAL_CHECK: Place = Place(1, 42, 1);

impl Format {
    /// The format that these lines can only be: by their number, and for two lines by the nearer width.
    pub(super) fn of(lines: &[Vec<char>]) -> Option<Self> {
        match lines {
            [_, _, _] => Some(Self::Td1),
            [first, second] => {
                let longest = first.len().max(second.len());
                Some(if longest > 40 { Self::Td3 } else { Self::Td2 })
            }
            _ => None,
        }
    }

    pub(super) const fn width(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 => 36,
            Self::Td3 => 44,
        }
    }

    const fn plan(self) -> &'static Plan {
        match self {
            Self::Td1 => &TD1,
            Self::Td2 => &TD2,
            Self::Td3 => &TD3,
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Td1 => "id_card",
            Self::Td2 => "travel_document",
            Self::Td3 => "passport",
        }
    }
}

/// A zone of right size being read.
pub(super) struct Zone<'a> {
    format: Format,
    lines: &'a [Vec<char>],
    today: Date,
    mistakes: Vec<Mistake>,
}

impl<'a> Zone<'a> {
    pub(super) fn new(format: Format, lines: &'a [Vec<char>], today: Date) -> Self {
        Self { format, lines, today, mistakes: Vec::new() }
    }

    pub(super) fn read(mut self) -> Result<Mrz, Vec<Mistake>> {
        self.characters();
        let plan = self.format.plan();
        let state = self.country(plan.state, "issuing-state");
        let number = self.number(plan);
        let citizenship = self.country(plan.citizenship, "citizenship");
        let birth_date = self.birth(plan);
        let sex = self.sex(plan.sex);
        let expires_on = self.expiry(plan);
        let (surname, given_names) = self.names(plan.names);
        if self.format == Format::Td3 {
            self.personal(plan.optional);
        }
        // With a field already wrong the composite digit would only repeat it.
        if self.mistakes.is_empty() {
            let whole: String = plan.composite.iter().map(|place| self.text(*place)).collect();
            self.check(&whole, plan.composite_check, "composite");
        }
        match (state, citizenship, expires_on) {
            (Some(issuing_state), Some(citizenship), Some(expires_on)) if self.mistakes.is_empty() => Ok(Mrz {
                kind: self.format.kind(),
                issuing_state,
                number,
                citizenship,
                birth_date,
                sex,
                expires_on,
                surname,
                given_names,
            }),
            _ => Err(self.mistakes),
        }
    }

    fn text(&self, Place(line, from, length): Place) -> String {
        self.lines.get(line).map_or_else(String::new, |line| line.iter().skip(from).take(length).collect())
    }

    fn tell(&mut self, Place(line, from, _): Place, offset: usize, field: &'static str, problem: Problem) {
        let (line, position) = (line.saturating_add(1), from.saturating_add(offset).saturating_add(1));
        if !self.mistakes.iter().any(|one| (one.line, one.position) == (line, position)) {
            self.mistakes.push(Mistake { line, position, field, problem });
        }
    }

    /// Letters, digits and `<` only; digits where only digits can stand.
    fn characters(&mut self) {
        for line in 0..self.lines.len() {
            let place = Place(line, 0, self.format.width());
            for (at, found) in self.text(place).chars().enumerate() {
                if !(found.is_ascii_uppercase() || found.is_ascii_digit() || found == '<') {
                    self.tell(place, at, "zone", Problem::Character { found });
                }
            }
        }
    }

    fn check(&mut self, over: &str, place: Place, field: &'static str) {
        let found = self.text(place).chars().next().unwrap_or('<');
        let Some(expected) = check_digit(over.chars()) else { return };
        let empty = over.chars().all(|c| c == '<');
        if found != expected && !(empty && found == '<') {
            self.tell(place, 0, field, Problem::CheckDigit { expected, found });
        }
    }

    fn country(&mut self, place: Place, field: &'static str) -> Option<Country> {
        let code = self.text(place);
        let found = Country::parse(code.trim_end_matches('<')).ok();
        if found.is_none() {
            self.tell(place, 0, field, Problem::Country);
        }
        found
    }

    /// The number; one longer than nine goes on in the optional data, its check digit last (part 5 §4.2.2).
    fn number(&mut self, plan: &Plan) -> String {
        let short = self.text(plan.number);
        let long = self.format != Format::Td3 && self.text(plan.number_check) == "<";
        let rest = self.text(plan.optional);
        let rest = rest.split('<').next().unwrap_or_default();
        let (number, place) = match rest.char_indices().last().filter(|_| long) {
            Some((at, _)) => {
                let Place(line, from, _) = plan.optional;
                let whole = short.clone() + rest.get(..at).unwrap_or_default();
                (whole, Place(line, from.saturating_add(at), 1))
            }
            None => (short, plan.number_check),
        };
        self.check(&number, place, "number");
        let number = number.trim_end_matches('<').to_owned();
        if number.is_empty() {
            self.tell(plan.number, 0, "number", Problem::Character { found: '<' });
        }
        number
    }

    /// Two digits a part; fillers for an unknown month or day when `unknown` allows.
    fn digits(&mut self, place: Place, field: &'static str, unknown: bool) -> String {
        let text = self.text(place);
        for (at, found) in text.chars().enumerate() {
            if !(found.is_ascii_digit() || unknown && at >= 2 && found == '<') {
                self.tell(place, at, field, Problem::Character { found });
            }
        }
        text.replace('<', "0")
    }

    fn birth(&mut self, plan: &Plan) -> String {
        let digits = self.digits(plan.birth, "birth-date", true);
        let text = self.text(plan.birth);
        self.check(&text, plan.birth_check, "birth-date");
        let today = BirthDay::from(self.today);
        let of = |century: &str| BirthDay::parse(&format!("{century}{digits}")).ok();
        match of("20").filter(|birth| *birth <= today).or_else(|| of("19")) {
            Some(birth) => birth.to_string(),
            None => {
                self.tell(plan.birth, 0, "birth-date", Problem::Day);
                String::new()
            }
        }
    }

    fn expiry(&mut self, plan: &Plan) -> Option<Date> {
        let digits = self.digits(plan.expiry, "expiry", false);
        let text = self.text(plan.expiry);
        self.check(&text, plan.expiry_check, "expiry");
        let day = BirthDay::parse(&format!("20{digits}")).ok().and_then(BirthDay::date);
        if day.is_none() {
            self.tell(plan.expiry, 0, "expiry", Problem::Day);
        }
        day
    }

    fn sex(&mut self, place: Place) -> Option<char> {
        match self.text(place).chars().next() {
            Some(sex @ ('M' | 'F')) => Some(sex),
            Some('<' | 'X') | None => None,
            Some(found) => {
                self.tell(place, 0, "sex", Problem::Character { found });
                None
            }
        }
    }

    fn personal(&mut self, place: Place) {
        let text = self.text(place);
        self.check(&text, TD3_PERSONAL_CHECK, "personal-number");
    }

    fn names(&mut self, place: Place) -> (String, String) {
        let text = self.text(place);
        if let Some((at, found)) = text.char_indices().find(|(_, c)| c.is_ascii_digit()) {
            self.tell(place, at, "names", Problem::Character { found });
        }
        let (surname, given) = text.split_once("<<").unwrap_or((&text, ""));
        let spaced = |part: &str| part.split('<').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let (surname, given) = (spaced(surname), spaced(given));
        if surname.is_empty() {
            self.tell(place, 0, "names", Problem::Name);
        }
        (surname, given)
    }
}
