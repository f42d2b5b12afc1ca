//! One application under one set of rows: what several steps need.

use jiff::ToSpan;
use jiff::civil::Date;
use model::calendar::days_of_stay;

use super::decision::{Decision, Outcome, Param, Step};
use super::rows::{Dated, Exemption, Ground};
use super::{Facts, Rules, at};
use crate::application::{Application, Permission};

/// What a step says: go on, or this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    pub(super) code: &'static str,
}

pub(super) type Said = (Step, Option<Verdict>);

/// One application under one set of rows.
pub(super) struct Case<'a> {
    pub(super) rules: &'a Rules,
    pub(super) application: &'a Application,
    pub(super) facts: Facts<'a>,
    pub(super) entry: Date,
    pub(super) to: Date,
    /// The treaty row of the citizenship, with the last day it frees.
    pub(super) exemption: Option<(&'a Exemption, Date)>,
    /// The row of the visa-free ground claimed; of several of one code, the one that fits.
    pub(super) ground: Option<&'a Ground>,
    /// The last day to register in time.
    pub(super) deadline: Option<Date>,
}

impl<'a> Case<'a> {
    pub(super) fn new(rules: &'a Rules, application: &'a Application, facts: Facts<'a>) -> Self {
        let (entry, to) = (application.entry.date, application.stay.to);
        let citizenship = application.person.citizenship.code();
        let rows = &rules.tables.exemptions;
        let row = rows.iter().find(|row| row.citizenship == citizenship && row.holds(entry));
        let exemption = row.map(|row| (row, last_day(entry, row.days)));
        let counted = rules.deadline(entry);
        let deadline = counted.map(|counted| exemption.map_or(counted, |(_, until)| until.max(counted)));
        let mut case = Self { rules, application, facts, entry, to, exemption, ground: None, deadline };
        case.ground = case.claimed();
        case
    }

    fn claimed(&self) -> Option<&'a Ground> {
        let Permission::Free { ground, .. } = &self.application.permission else { return None };
        let rows = self.rules.tables.grounds.iter();
        let mut same = rows.filter(|row| row.code == *ground && row.holds(self.entry));
        let first = same.clone().next();
        same.find(|row| self.is_open(row)).or(first)
    }

    /// Whether the ground is open to this citizenship and this way of entry.
    pub(super) fn is_open(&self, row: &Ground) -> bool {
        let citizenship = self.application.person.citizenship.code();
        let kind = self.application.entry.checkpoint.map_or("", |point| point.kind);
        (row.citizenships.is_empty() || row.citizenships.iter().any(|code| code == citizenship))
            && (row.kinds.is_empty() || row.kinds.iter().any(|open| open == kind))
    }

    /// Days of the stay, entry and departure included.
    pub(super) fn days(&self) -> u32 {
        days_of_stay(self.entry, self.to)
    }

    /// The duty of this rule that holds on the day of entry.
    pub(super) fn duty(&self, rule: &str) -> Option<&'a super::rows::Duty> {
        self.rules.tables.duties.iter().find(|row| row.rule == rule && row.holds(self.entry))
    }

    /// A visit to the nearest office by `by`, or today when that is over.
    pub(super) fn visit(&self, reason: &'static str, by: Date) -> Verdict {
        let office = self.rules.offices.nearest(&self.application.stay.address).code.clone();
        let by = by.max(self.facts.today);
        Verdict { outcome: Outcome::PersonalVisit { reason, by, office }, code: reason }
    }

    pub(super) fn decided(&self, verdict: Option<Verdict>, steps: Vec<Step>) -> Decision {
        let registered =
            || Verdict { outcome: Outcome::Registered { from: self.entry, to: self.to }, code: "registered" };
        let Verdict { outcome, code } = verdict.unwrap_or_else(registered);
        Decision { outcome, code, deadline: self.deadline, steps }
    }

    pub(super) fn row_at<T: Dated>(&self, rows: &'a [T]) -> Option<&'a T> {
        at(rows, self.entry)
    }
}

/// The last of `days` days of which `first` is the first.
pub(super) fn last_day(first: Date, days: u32) -> Date {
    first.saturating_add(i64::from(days.max(1)).saturating_sub(1).days())
}

pub(super) fn refused(code: &'static str) -> Verdict {
    Verdict { outcome: Outcome::Refused, code }
}

/// A step by this row.
pub(super) fn step(rule: &'static str, row: Option<&impl Dated>, text: &'static str) -> Step {
    Step {
        rule,
        row: row.map(|row| row.id().to_owned()).unwrap_or_default(),
        act: row.map(|row| row.act().to_owned()).unwrap_or_default(),
        checked: row.is_none_or(Dated::checked),
        passed: true,
        text,
        params: Vec::new(),
        pointer: "",
    }
}

impl Step {
    pub(super) fn with(mut self, name: &'static str, value: Param) -> Self {
        self.params.push((name, value));
        self
    }

    pub(super) fn day(self, name: &'static str, day: Date) -> Self {
        self.with(name, Param::Day(day))
    }

    pub(super) fn number(self, name: &'static str, number: u32) -> Self {
        self.with(name, Param::Number(number))
    }

    /// Passed: the next step is taken.
    pub(super) fn passes(self) -> Said {
        (self, None)
    }

    /// This step decides.
    pub(super) fn decides(mut self, text: &'static str, pointer: &'static str, verdict: Verdict) -> Said {
        self.passed = false;
        self.text = text;
        self.pointer = pointer;
        (self, Some(verdict))
    }
}
