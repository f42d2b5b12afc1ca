//! The order of the steps (`domain.md` §2.3).

use super::case::{Case, Said};
use super::decision::Decision;
use super::{Facts, Rules, steps};
use crate::application::Application;

type Rule = fn(&Case<'_>) -> Said;

/// (a) complete and in force, (b) document, (c) State Border, (d) limit, (e) treaty, (f) deadline, (g) visa or ground,
/// (h) insurance, (i) days of the year, (j) duplicate, (k) once a year; then the crossing in ISOS.
const ORDER: [Rule; 12] = [
    steps::complete,
    steps::document,
    steps::border,
    steps::limit,
    steps::treaty,
    steps::deadline,
    steps::permission,
    steps::insurance,
    steps::year,
    steps::duplicate,
    steps::park,
    steps::entry,
];
/// Steps that can say that nothing need be registered.
const FREEING: std::ops::RangeInclusive<usize> = 3..=4;

/// Decides on an application without faults. The same rows and facts give the same decision.
///
/// Who came from Russia is told to come in person only after it is clear that registration is needed at all: a visit
/// for a stay of three days would be needless.
pub fn decide(rules: &Rules, application: &Application, facts: &Facts<'_>) -> Decision {
    let case = Case::new(rules, application, *facts);
    let mut steps = Vec::new();
    let mut waiting = None;
    for (place, rule) in ORDER.iter().enumerate() {
        if waiting.is_some() && !FREEING.contains(&place) {
            break;
        }
        let (step, verdict) = rule(&case);
        steps.push(step);
        match verdict {
            None => {}
            Some(visit) if visit.code == "entry-via-russia" => waiting = Some(visit),
            Some(verdict) => return case.decided(Some(verdict), steps),
        }
    }
    case.decided(waiting, steps)
}
