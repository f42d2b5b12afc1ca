//! Rows of `rules.toml`: what law says, since when, by which act.

use jiff::civil::Date;
use model::calendar;
use serde::Deserialize;

/// A row that holds from a day on.
pub(super) trait Dated {
    /// Its name, shown with decisions.
    fn id(&self) -> &str;
    /// The act it stands in.
    fn act(&self) -> &str;
    /// Whether a public source confirms it.
    fn checked(&self) -> bool;
    /// Whether it holds for an entry on this day.
    fn holds(&self, day: Date) -> bool;
    /// First and last day.
    fn span(&self) -> (Date, Option<Date>);
}

/// Declares rows with what all rows have.
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            id: String,
            #[serde(with = "calendar::day")]
            from: Date,
            #[serde(with = "calendar::some_day", default)]
            to: Option<Date>,
            act: String,
            checked: bool,
            $($(#[$field_doc])* pub(super) $field: $type,)*
        }

        impl Dated for $name {
            fn id(&self) -> &str {
                &self.id
            }
            fn act(&self) -> &str {
                &self.act
            }
            fn checked(&self) -> bool {
                self.checked
            }
            fn holds(&self, day: Date) -> bool {
                self.from <= day && self.to.is_none_or(|last| day <= last)
            }
            fn span(&self) -> (Date, Option<Date>) {
                (self.from, self.to)
            }
        }
    )*};
}

rows! {
    /// Since when registration is done online.
    Procedure {}
    /// A duty without a figure, by the rule it belongs to.
    Duty {
        rule: String,
    }
    /// Days of stay without registration; also those to register in.
    Limit {
        days: u32,
    }
    /// How days are counted.
    Counting {
        entry_day: bool,
        sundays: bool,
        holidays: bool,
    }
    /// Citizens whom a treaty frees from registration for some days.
    Exemption {
        citizenship: String,
        days: u32,
    }
    /// A ground of stay without a visa.
    Ground {
        code: String,
        days: u32,
        #[serde(default)]
        year_days: Option<u32>,
        #[serde(default)]
        once_a_year: bool,
        #[serde(default)]
        kinds: Vec<String>,
        #[serde(default)]
        citizenships: Vec<String>,
    }
    /// A type of visa, and days of one stay at most.
    VisaType {
        code: String,
        days: u32,
    }
    /// Days of stay in a calendar year.
    YearDays {
        days: u32,
    }
    /// The least sum insured, in euros.
    Sum {
        sum: u32,
    }
}

/// An act in three languages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Act {
    pub(super) id: String,
    pub(super) en: String,
    pub(super) be: String,
    pub(super) ru: String,
}

/// A public holiday and its days.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Holiday {
    pub(super) id: String,
    pub(super) act: String,
    pub(super) en: String,
    pub(super) be: String,
    pub(super) ru: String,
    pub(super) dates: Vec<Day>,
    #[serde(rename = "checked")]
    _checked: bool,
}

/// A day of a list.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Day(#[serde(with = "calendar::day")] pub(super) Date);

/// The form of a state's passport numbers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberForm {
    pub(super) state: String,
    /// `9` a digit, `A` a letter, `X` either.
    pub(super) form: String,
    /// Letters that occur; all when empty.
    #[serde(default)]
    pub(super) letters: String,
    #[serde(rename = "checked")]
    _checked: bool,
}

/// The file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tables {
    pub(super) acts: Vec<Act>,
    pub(super) procedure: Vec<Procedure>,
    pub(super) limits: Vec<Limit>,
    pub(super) counting: Vec<Counting>,
    pub(super) exemptions: Vec<Exemption>,
    pub(super) grounds: Vec<Ground>,
    pub(super) visas: Vec<VisaType>,
    pub(super) year_days: Vec<YearDays>,
    pub(super) insurance: Vec<Sum>,
    pub(super) duties: Vec<Duty>,
    pub(super) numbers: Vec<NumberForm>,
    pub(super) holidays: Vec<Holiday>,
}
