//! Families as acts make them: marriages and how they ended, children and the rights over them, on any day.

use jiff::civil::Date;

use crate::around::{Around, Made};
use crate::record::{ActKind, Role};

/// A person's family on a day.
#[derive(Clone, Debug)]
pub struct Family<'a> {
    /// Marriages, oldest first.
    pub marriages: Vec<Marriage<'a>>,
    /// Children, the eldest record first.
    pub children: Vec<Child<'a>>,
}

/// A marriage.
#[derive(Clone, Debug)]
pub struct Marriage<'a> {
    /// The other spouse.
    pub spouse: i64,
    /// Its record.
    pub made: &'a Made,
    /// How it ended, when it did by an act.
    pub ending: Option<Ending<'a>>,
    /// The other spouse is dead.
    pub widowed: bool,
    /// When the other spouse died, when the day is known.
    pub bereaved: Option<Date>,
}

/// What ended a marriage.
#[derive(Clone, Copy, Debug)]
pub enum Ending<'a> {
    /// A divorce in a registry office.
    Divorce(&'a Made),
    /// A divorce by a court.
    CourtDivorce(&'a Made),
    /// A court found that there was none.
    Invalid(&'a Made),
}

/// A child and the person's rights over it.
#[derive(Clone, Debug)]
pub struct Child<'a> {
    /// The child.
    pub person: i64,
    /// The record that makes it theirs: a birth or an adoption.
    pub made: &'a Made,
    /// The last decision that took the rights.
    pub deprived: Option<&'a Made>,
    /// The decision after it that gave them back.
    pub restored: Option<&'a Made>,
}

/// Marital status, under the codes that clients of the Register use (`domain.md` §4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaritalStatus {
    /// 0: there are no data.
    NoData,
    /// 10: a marriage record holds.
    Married,
    /// 11: it holds, and the spouse is dead.
    Widowed,
    /// 21: divorced in a registry office.
    Divorced,
    /// 22: divorced by a court.
    DivorcedByCourt,
    /// 23: the marriage was found invalid.
    Invalid,
}

/// What marital status is derived from: the newest marriage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// A record of a marriage (act 0300) holds.
    pub record_holds: bool,
    /// Standing of the spouse (classifier −18).
    pub spouse_status: Option<&'a str>,
    /// A divorce in a registry office (act 0500) is there.
    pub divorce_record: bool,
    /// A decision of a court is there.
    pub court_decision: bool,
    /// `dvc_date` is there.
    pub divorce_date: bool,
    /// `invalid_mrg_date` is there.
    pub invalid_date: bool,
}

/// The marital status that the evidence shows (`domain.md` §4.5).
///
/// A spouse who is not `1` (active) need not be dead: foreigners bear `4`. Only `2` (died) makes a widow or widower.
pub fn marital_status(evidence: Evidence<'_>) -> MaritalStatus {
    if evidence.invalid_date && evidence.court_decision {
        MaritalStatus::Invalid
    } else if evidence.divorce_record {
        MaritalStatus::Divorced
    } else if evidence.divorce_date && evidence.court_decision {
        MaritalStatus::DivorcedByCourt
    } else if !evidence.record_holds {
        MaritalStatus::NoData
    } else if evidence.spouse_status == Some("2") {
        MaritalStatus::Widowed
    } else {
        MaritalStatus::Married
    }
}

impl MaritalStatus {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoData => "0",
            Self::Married => "10",
            Self::Widowed => "11",
            Self::Divorced => "21",
            Self::DivorcedByCourt => "22",
            Self::Invalid => "23",
        }
    }
}

impl<'a> Ending<'a> {
    /// The act.
    pub fn made(self) -> &'a Made {
        match self {
            Self::Divorce(made) | Self::CourtDivorce(made) | Self::Invalid(made) => made,
        }
    }
}

impl Marriage<'_> {
    /// Whether its record still holds.
    pub fn holds(&self) -> bool {
        self.ending.is_none()
    }

    /// When it came to its end, as far as a day is known.
    pub fn ended(&self) -> Option<Date> {
        self.ending.map(|ending| ending.made().day).or(self.bereaved)
    }
}

impl<'a> Family<'a> {
    /// The subject's family on a day.
    pub fn on(around: &'a Around, day: Date) -> Self {
        let acts: Vec<&Made> = around.acts.iter().filter(|made| made.day <= day).collect();
        Self { marriages: marriages(around, &acts, day), children: children(around.subject, &acts) }
    }

    /// The newest marriage, unless something ended it; the spouse may be dead.
    pub fn current(&self) -> Option<&Marriage<'a>> {
        self.marriages.last().filter(|marriage| marriage.holds())
    }

    /// Marriages before the current one, oldest first, of which the Register keeps history.
    pub fn former(&self) -> impl Iterator<Item = &Marriage<'a>> {
        let held = self.current().map(|marriage| marriage.made.id);
        let gone = self.marriages.iter().filter(move |marriage| Some(marriage.made.id) != held);
        gone.filter(|marriage| marriage.ended().is_none_or(|day| day >= crate::KEPT_SINCE))
    }

    /// What the subject is, by the newest marriage.
    pub fn status(&self, around: &Around) -> MaritalStatus {
        let Some(newest) = self.marriages.last() else { return MaritalStatus::NoData };
        let ending = newest.ending;
        marital_status(Evidence {
            record_holds: newest.holds(),
            spouse_status: if newest.widowed { Some("2") } else { status(around, newest.spouse).filter(|s| *s != "2") },
            divorce_record: matches!(ending, Some(Ending::Divorce(_))),
            court_decision: ending.is_some_and(|ending| ending.made().kind.by_court()),
            divorce_date: matches!(ending, Some(Ending::Divorce(_) | Ending::CourtDivorce(_))),
            invalid_date: matches!(ending, Some(Ending::Invalid(_))),
        })
    }
}

fn status(around: &Around, person: i64) -> Option<&str> {
    around.identity(person).map(|identity| identity.status.as_str())
}

fn marriages<'a>(around: &'a Around, acts: &[&'a Made], day: Date) -> Vec<Marriage<'a>> {
    let records = acts.iter().copied().filter(|made| made.kind == ActKind::Marriage);
    let marriages = records.filter_map(|made| {
        let spouse = made.other(Role::Spouse, around.subject)?;
        let ending =
            acts.iter().copied().filter(|later| later.concerns == Some(made.id)).find_map(|later| match later.kind {
                ActKind::Divorce => Some(Ending::Divorce(later)),
                ActKind::CourtDivorce => Some(Ending::CourtDivorce(later)),
                ActKind::InvalidMarriage => Some(Ending::Invalid(later)),
                _ => None,
            });
        let bereaved = around.died(spouse);
        let dead = status(around, spouse) == Some("2") && bereaved.is_none_or(|died| died <= day);
        Some(Marriage { spouse, made, ending, widowed: ending.is_none() && dead, bereaved: bereaved.filter(|_| dead) })
    });
    marriages.collect()
}

fn children<'a>(subject: i64, acts: &[&'a Made]) -> Vec<Child<'a>> {
    let mut children: Vec<Child<'a>> = Vec::new();
    for made in acts.iter().copied() {
        let Some(child) = made.other(Role::Child, subject) else { continue };
        match made.kind {
            ActKind::Birth | ActKind::Adoption if made.has(Role::Parent, subject) => {
                children.push(Child { person: child, made, deprived: None, restored: None });
            }
            ActKind::Adoption if made.has(Role::FormerParent, subject) => {
                children.retain(|known| known.person != child);
            }
            ActKind::Deprivation | ActKind::Restoration if made.has(Role::Parent, subject) => {
                for known in children.iter_mut().filter(|known| known.person == child) {
                    if made.kind == ActKind::Deprivation {
                        (known.deprived, known.restored) = (Some(made), None);
                    } else {
                        known.restored = Some(made);
                    }
                }
            }
            _ => {}
        }
    }
    children
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marital_status_follows_from_the_evidence() {
        let married = Evidence { record_holds: true, spouse_status: Some("1"), ..Evidence::default() };
        for (evidence, status) in [
            (Evidence::default(), MaritalStatus::NoData),
            (married, MaritalStatus::Married),
            (Evidence { spouse_status: None, ..married }, MaritalStatus::Married),
            (Evidence { spouse_status: Some("4"), ..married }, MaritalStatus::Married),
            (Evidence { spouse_status: Some("2"), ..married }, MaritalStatus::Widowed),
            (Evidence { divorce_record: true, divorce_date: true, ..Evidence::default() }, MaritalStatus::Divorced),
            (
                Evidence { court_decision: true, divorce_date: true, ..Evidence::default() },
                MaritalStatus::DivorcedByCourt,
            ),
            (Evidence { court_decision: true, invalid_date: true, ..Evidence::default() }, MaritalStatus::Invalid),
            // A date without the decision proves nothing.
            (Evidence { divorce_date: true, ..married }, MaritalStatus::Married),
            (Evidence { invalid_date: true, ..Evidence::default() }, MaritalStatus::NoData),
        ] {
            assert_eq!(marital_status(evidence), status, "{evidence:?}");
        }
        assert_eq!(MaritalStatus::DivorcedByCourt.code(), "22");
    }
}
