//! A decision as it is kept and told: words instead of types, so that it reads the same when the program has changed.

use jiff::civil::Date;
use model::calendar::{day, some_day};
use model::classifier::checkpoint;
use model::{Lang, Texts};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::application::Address;
use crate::lists::Lists;
use crate::rules::{Decision, Outcome, Param, Rules};

/// A decision, kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// `registered`, `not-required`, `personal-visit`, `refused`.
    pub(crate) outcome: String,
    /// Why.
    pub(crate) code: String,
    /// The day it was decided on, in Minsk.
    #[serde(with = "day")]
    pub(crate) day: Date,
    /// First day of the stay.
    #[serde(with = "day")]
    pub(crate) from: Date,
    /// Last day of the stay.
    #[serde(with = "day")]
    pub(crate) to: Date,
    #[serde(with = "some_day", default)]
    deadline: Option<Date>,
    /// Until when nothing is required, or by when to come.
    #[serde(with = "some_day", default)]
    until: Option<Date>,
    office: Option<String>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    rule: String,
    row: String,
    act: String,
    checked: bool,
    passed: bool,
    text: String,
    params: Vec<(String, Param)>,
    pointer: String,
}

/// What telling needs.
#[derive(Clone, Copy)]
pub(crate) struct Teller<'a> {
    pub(crate) texts: &'a Texts,
    pub(crate) rules: &'a Rules,
    pub(crate) lists: &'a Lists,
    pub(crate) lang: Lang,
}

impl Told {
    /// The decision made on `day` for a stay of these days.
    pub(crate) fn new(decision: &Decision, day: Date, (from, to): (Date, Date)) -> Self {
        let (until, office) = match &decision.outcome {
            Outcome::NotRequired { until } => (Some(*until), None),
            Outcome::PersonalVisit { by, office, .. } => (Some(*by), Some(office.clone())),
            Outcome::Registered { .. } | Outcome::Refused => (None, None),
        };
        let step = |step: &crate::rules::Step| Step {
            rule: step.rule.to_owned(),
            row: step.row.clone(),
            act: step.act.clone(),
            checked: step.checked,
            passed: step.passed,
            text: step.text.to_owned(),
            params: step.params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            pointer: step.pointer.to_owned(),
        };
        Self {
            outcome: decision.outcome.word().to_owned(),
            code: decision.code.to_owned(),
            day,
            from,
            to,
            deadline: decision.deadline,
            until,
            office,
            steps: decision.steps.iter().map(step).collect(),
        }
    }

    /// Whether this was registered.
    pub(crate) fn is_registered(&self) -> bool {
        self.outcome == "registered"
    }

    /// The members of the answer: of a decision made, or of one that would be.
    pub(crate) fn tell(&self, teller: Teller<'_>, made: bool, out: &mut Map<String, Value>) {
        let key = if self.is_registered() && !made { "acceptable" } else { &self.code };
        let params = self.params(teller);
        let line = |part: &str| teller.texts.line(teller.lang, &format!("decisions.{key}.{part}"), &params);
        put(out, "outcome", &*self.outcome);
        put(out, "code", &*self.code);
        put(out, "title", line("title"));
        put(out, "text", line("text"));
        put(out, "cure", line("cure"));
        if self.is_registered() {
            put(out, "registered_from", self.from.to_string());
            put(out, "registered_to", self.to.to_string());
        }
        // What the person must watch: the day to come by, the last day without registration, or the last to register.
        out.extend(self.until.or(self.deadline).map(|day| ("deadline".to_owned(), json!(day.to_string()))));
        out.extend(self.office(teller).map(|office| ("office".to_owned(), office)));
        put(out, "steps", self.steps.iter().map(|step| step.tell(teller)).collect::<Vec<_>>());
        // Where the person can mend something, the form marks the field. Only a decision made counts as an error: what would
        // be refused may still be sent, because everybody has the right to a decision.
        let fields = self.steps.iter().filter(|step| !step.passed && self.outcome == "refused");
        let marks: Vec<Value> = fields
            .map(|step| json!({"pointer": step.pointer, "code": self.code, "message": step.line(teller)}))
            .collect();
        put(out, "errors", if made { marks.clone() } else { Vec::new() });
        put(out, "marks", marks);
    }

    fn params(&self, teller: Teller<'_>) -> Vec<(&'static str, String)> {
        let mut params = vec![("from", teller.day(self.from)), ("to", teller.day(self.to))];
        params.extend(self.deadline.map(|day| ("deadline", teller.day(day))));
        params.extend(self.until.map(|day| ("until", teller.day(day))));
        let office = self.office.as_deref().and_then(|code| teller.rules.offices.find(code));
        params.extend(office.map(|office| ("office", office.name(teller.lang).to_owned())));
        params
    }

    fn office(&self, teller: Teller<'_>) -> Option<Value> {
        let office = teller.rules.offices.find(self.office.as_deref()?)?;
        Some(json!({
            "code": office.code, "name": office.name(teller.lang), "address": office.address(teller.lang),
            "phone": office.phone,
        }))
    }
}

impl Step {
    fn line(&self, teller: Teller<'_>) -> String {
        let params: Vec<_> =
            self.params.iter().filter_map(|(name, value)| Some((named(name)?, teller.value(value)))).collect();
        teller.texts.line(teller.lang, &format!("steps.{}", self.text), &params)
    }

    fn tell(&self, teller: Teller<'_>) -> Value {
        let mut out = Map::new();
        put(&mut out, "rule", &*self.rule);
        put(&mut out, "row", &*self.row);
        put(
            &mut out,
            "act",
            if self.act.is_empty() { String::new() } else { teller.rules.act(&self.act, teller.lang) },
        );
        put(&mut out, "checked", self.checked);
        put(&mut out, "passed", self.passed);
        put(&mut out, "text", self.line(teller));
        Value::Object(out)
    }
}

/// Names that texts of steps use; kept decisions bear them as text.
const NAMES: [&str; 20] = [
    "entry",
    "expires",
    "to",
    "from",
    "checkpoint",
    "by",
    "days",
    "until",
    "citizenship",
    "deadline",
    "today",
    "allowed",
    "ground",
    "sum",
    "least",
    "year",
    "number",
    "left",
    "max",
    "min",
];

fn named(name: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|known| *known == name)
}

impl Teller<'_> {
    /// A day as people write it: `2 June 2025`, `2 чэрвеня 2025 г.`.
    pub(crate) fn day(self, day: Date) -> String {
        let month = self.texts.line(self.lang, &format!("months.{}", day.month()), &[]);
        let params = [("day", day.day().to_string()), ("month", month), ("year", day.year().to_string())];
        self.texts.line(self.lang, "months.date", &params)
    }

    fn value(self, value: &Param) -> String {
        match value {
            Param::Day(day) => self.day(*day),
            Param::Number(number) => number.to_string(),
            Param::Code(list, code) => self.lists.name(list, code, self.lang, Date::MAX),
            Param::Checkpoint(code) => checkpoint(code).map_or(code.as_str(), |point| point.name(self.lang)).to_owned(),
            Param::Text(text) => text.clone(),
        }
    }

    /// The address on one line, in the order of the language.
    pub(crate) fn address(self, address: &Address, day: Date) -> String {
        let name = |list: &str, code: &str| self.lists.name(list, code, self.lang, day);
        let numbered = |key: &str, value: &str| {
            let params = [("value", value.to_owned())];
            if value.is_empty() {
                String::new()
            } else {
                self.texts.line(self.lang, &format!("address.{key}"), &params)
            }
        };
        let parts = [
            name("regions", &address.region),
            name("minsk-districts", &address.city_district),
            address.district.clone(),
            address.locality.clone(),
            address.street.clone(),
            numbered("house", &address.house),
            numbered("building", &address.building),
            numbered("flat", &address.flat),
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

pub(crate) fn put(out: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    out.insert(name.to_owned(), value.into());
}
