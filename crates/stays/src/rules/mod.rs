//! The law of registration as dated rows, and decisions by them: pure, the same for the same rows and facts.
//!
//! Rows are in `services/200.12.14.1/rules.toml`; a row is chosen by the day of entry. Steps are taken in the order of
//! `domain.md` §2.3 (a)–(k), and each says which row it applied.

mod case;
mod decide;
mod decision;
mod rows;
mod steps;
#[cfg(test)]
mod tests;
mod year;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use model::calendar::LegalDays;
use model::{Country, Error, Lang};

use rows::{Act, Dated, Tables};

pub use decide::decide;
pub use decision::{Decision, Outcome, Param, Step};
pub use year::days_before;

use crate::offices::Offices;

const FILE: &str = "rules.toml";
const BUILT_IN: &str = include_str!("../../../../services/200.12.14.1/rules.toml");

/// The rows, checked against each other.
#[derive(Clone, Debug)]
pub struct Rules {
    tables: Tables,
    /// Days that are not counted, besides Sundays when those are not.
    holidays: LegalDays,
    /// Offices for those who must come in person.
    pub offices: Offices,
}

/// Which direction a person crossed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into Belarus.
    Entry,
    /// Out of it.
    Exit,
}

/// A crossing of the State Border that ISOS knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// Which way.
    pub direction: Direction,
    /// When.
    pub at: jiff::Timestamp,
    /// Where: code of the border crossing point.
    pub checkpoint: String,
    /// Number of the document, folded as [`model::DocumentNumber::key`] folds it.
    pub document: String,
}

impl Crossing {
    /// The day in Minsk.
    pub fn day(&self) -> Date {
        model::calendar::minsk_day(self.at)
    }
}

/// A registration of the same document that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its number.
    pub number: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The visa-free ground; empty with a visa.
    pub ground: String,
}

/// What is known besides the application.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The day in Minsk.
    pub today: Date,
    /// Crossings by the document.
    pub crossings: &'a [Crossing],
    /// Registrations of the document.
    pub earlier: &'a [Earlier],
}

impl Rules {
    /// The rows of the service's folder, as they were when the program was built.
    pub fn built_in() -> Result<Self, Error> {
        Self::parse(BUILT_IN, Offices::built_in()?)
    }

    /// The rows of a text in the form of `rules.toml`. An error names what is missing or stands twice.
    pub fn parse(text: &str, offices: Offices) -> Result<Self, Error> {
        let tables: Tables = model::file::toml(FILE, text)?;
        let days = tables.holidays.iter().flat_map(|holiday| holiday.dates.iter().map(|day| day.0));
        let rules = Self { holidays: LegalDays::new(days), offices, tables };
        rules.check()?;
        Ok(rules)
    }

    fn check(&self) -> Result<(), Error> {
        let t = &self.tables;
        self.acts(&t.procedure)?;
        self.acts(&t.limits)?;
        self.acts(&t.counting)?;
        self.acts(&t.exemptions)?;
        self.acts(&t.grounds)?;
        self.acts(&t.visas)?;
        self.acts(&t.year_days)?;
        self.acts(&t.insurance)?;
        self.acts(&t.duties)?;
        once(&t.procedure, |_| "")?;
        once(&t.limits, |_| "")?;
        once(&t.counting, |_| "")?;
        once(&t.exemptions, |row| &row.citizenship)?;
        once(&t.visas, |row| &row.code)?;
        once(&t.year_days, |_| "")?;
        once(&t.insurance, |_| "")?;
        once(&t.duties, |row| &row.rule)?;
        let codes = t.exemptions.iter().map(|row| &row.citizenship);
        let codes = codes.chain(t.grounds.iter().flat_map(|row| &row.citizenships));
        for code in codes.chain(t.numbers.iter().map(|row| &row.state)) {
            Country::parse(code).map_err(|_| Error::file(FILE, code, "a country of ISO 3166-1 alpha-3"))?;
        }
        let unknown = t.holidays.iter().find(|row| self.named(&row.act).is_none());
        unknown.map_or(Ok(()), |row| Err(Error::file(FILE, &row.id, format!("[[acts]] with id = \"{}\"", row.act))))
    }

    fn acts<T: Dated>(&self, rows: &[T]) -> Result<(), Error> {
        for row in rows {
            if self.named(row.act()).is_none() {
                return Err(Error::file(FILE, row.id(), format!("[[acts]] with id = \"{}\"", row.act())));
            }
            if row.span().1.is_some_and(|last| last < row.span().0) {
                return Err(Error::file(FILE, row.id(), "to not before from"));
            }
        }
        Ok(())
    }

    fn named(&self, act: &str) -> Option<&Act> {
        self.tables.acts.iter().find(|known| known.id == act)
    }

    /// The name of an act in a language; its id when there is none.
    pub fn act(&self, act: &str, lang: Lang) -> String {
        let named = self.named(act).map(|act| match lang {
            Lang::En => &act.en,
            Lang::Be => &act.be,
            Lang::Ru => &act.ru,
        });
        named.map_or(act, String::as_str).to_owned()
    }

    /// Whether the law counts this day for entries of the same time.
    pub fn counts(&self, day: Date) -> bool {
        let row = at(&self.tables.counting, day);
        let sundays = row.is_some_and(|row| row.sundays);
        let holidays = row.is_some_and(|row| row.holidays);
        match (day.weekday() == Weekday::Sunday, self.holiday(day).is_some()) {
            (true, _) if !sundays => false,
            (_, true) if !holidays => false,
            _ => true,
        }
    }

    /// The public holiday on this day, in three languages: English, Belarusian, Russian.
    pub fn holiday(&self, day: Date) -> Option<[&str; 3]> {
        let found = self.tables.holidays.iter().find(|row| row.dates.iter().any(|one| one.0 == day))?;
        Some([&found.en, &found.be, &found.ru])
    }

    /// Days of stay without registration for an entry on this day.
    pub fn limit(&self, entry: Date) -> Option<u32> {
        at(&self.tables.limits, entry).map(|row| row.days)
    }

    /// The last day on which somebody who entered on `entry` registers in time; none where no row holds.
    pub fn deadline(&self, entry: Date) -> Option<Date> {
        let limit = self.limit(entry)?;
        let first = match at(&self.tables.counting, entry) {
            Some(row) if !row.entry_day => entry.checked_add(1.day()).ok()?,
            _ => entry,
        };
        // The usual way of counting is the calendar's; other rows are counted day by day.
        let usual = at(&self.tables.counting, entry).is_some_and(|row| !row.sundays && !row.holidays);
        if usual {
            return self.holidays.nth(first, limit);
        }
        let mut days = first.series(1.day()).filter(|day| self.counts(*day));
        days.nth(usize::try_from(limit.max(1)).ok()?.saturating_sub(1))
    }

    /// Whether the number looks like one of that state's passports; true where no form is known.
    pub fn fits_number(&self, state: &str, number: &str) -> bool {
        let mut forms = self.tables.numbers.iter().filter(|row| row.state == state).peekable();
        let fits = |form: &rows::NumberForm| {
            let letter = |c: char| c.is_ascii_uppercase() && (form.letters.is_empty() || form.letters.contains(c));
            number.chars().count() == form.form.chars().count()
                && number.chars().zip(form.form.chars()).all(|(c, kind)| match kind {
                    '9' => c.is_ascii_digit(),
                    'A' => letter(c),
                    _ => c.is_ascii_digit() || letter(c),
                })
        };
        forms.peek().is_none() || forms.any(fits)
    }
}

/// The row that holds on this day.
fn at<T: Dated>(rows: &[T], day: Date) -> Option<&T> {
    rows.iter().find(|row| row.holds(day))
}

/// No two rows of the same subject hold on one day.
fn once<T: Dated>(rows: &[T], subject: impl Fn(&T) -> &str) -> Result<(), Error> {
    for (index, row) in rows.iter().enumerate() {
        let (first, last) = row.span();
        let meets = |other: &&T| {
            let (other_first, other_last) = other.span();
            subject(other) == subject(row)
                && first <= other_last.unwrap_or(Date::MAX)
                && other_first <= last.unwrap_or(Date::MAX)
        };
        if let Some(other) = rows.iter().take(index).find(meets) {
            return Err(Error::file(FILE, row.id(), format!("days that {} does not have", other.id())));
        }
    }
    Ok(())
}
