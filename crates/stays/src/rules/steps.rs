//! The steps, one function each: what the row says, and whether this application satisfies it.

use model::calendar::days_of_stay;

use super::Direction;
use super::case::{Case, Said, Verdict, refused, step};
use super::decision::{Outcome, Param};
use super::rows::Dated;
use super::year::days_before;
use crate::application::Permission;

/// (a) All fields are there (they were read), and the procedure is in force on the day of entry.
pub(super) fn complete(case: &Case<'_>) -> Said {
    let row = case.row_at(&case.rules.tables.procedure);
    let said = step("complete", row, "complete").day("entry", case.entry);
    match (row, case.deadline) {
        (Some(_), Some(_)) => said.passes(),
        _ => said.decides("not-in-force", "/entry/date", refused("not-in-force")),
    }
}

/// (b) The document is valid for the whole stay.
pub(super) fn document(case: &Case<'_>) -> Said {
    let expires = case.application.document.expires;
    let said = step("document", case.duty("document"), "document").day("expires", expires).day("to", case.to);
    if expires < case.to {
        return said.decides("document-expires", "/document/expires_on", refused("document-expires"));
    }
    said.passes()
}

/// (c) Entry through a border crossing point, not from Russia.
pub(super) fn border(case: &Case<'_>) -> Said {
    let said = step("border", case.duty("border"), "border");
    match case.application.entry.checkpoint.filter(|point| !point.is_internal()) {
        Some(point) => said.with("checkpoint", Param::Checkpoint(point.code.to_owned())).passes(),
        None => {
            let by = case.deadline.unwrap_or(case.facts.today);
            let said = said.day("by", by.max(case.facts.today));
            said.decides("entry-via-russia", "/entry/route", case.visit("entry-via-russia", by))
        }
    }
}

/// (d) The stay is longer than the law allows without registration.
pub(super) fn limit(case: &Case<'_>) -> Said {
    let row = case.row_at(&case.rules.tables.limits);
    let days = row.map_or(0, |row| row.days);
    let counted = case.rules.deadline(case.entry).unwrap_or(case.entry);
    let said = step("limit", row, "limit").number("days", days).day("to", case.to).day("until", counted);
    if case.to <= counted {
        let outcome = Outcome::NotRequired { until: counted };
        return said.decides("short-stay", "/stay/to", Verdict { outcome, code: "short-stay" });
    }
    said.passes()
}

/// (e) No treaty frees the person for the whole stay.
pub(super) fn treaty(case: &Case<'_>) -> Said {
    let citizenship = Param::Text(case.application.person.citizenship.code().to_owned());
    let said = step("treaty", case.exemption.map(|(row, _)| row), "treaty").with("citizenship", citizenship);
    let Some((row, until)) = case.exemption else { return said.passes() };
    let mut said = said.number("days", row.days).day("until", until);
    if case.to <= until {
        let outcome = Outcome::NotRequired { until };
        return said.decides("treaty-exempt", "/foreigner/citizenship", Verdict { outcome, code: "treaty-exempt" });
    }
    said.text = "treaty-longer";
    said.passes()
}

/// (f) The application comes in time.
pub(super) fn deadline(case: &Case<'_>) -> Said {
    let by = case.deadline.unwrap_or(case.entry);
    let said = step("deadline", case.duty("deadline"), "deadline").day("deadline", by).day("today", case.facts.today);
    if case.facts.today > by {
        return said.decides("late", "/entry/date", case.visit("late", case.facts.today));
    }
    said.passes()
}

/// (g) A visa or a visa-free ground covers the whole stay.
pub(super) fn permission(case: &Case<'_>) -> Said {
    let days = case.days();
    match &case.application.permission {
        Permission::Visa(visa) => {
            let rows = &case.rules.tables.visas;
            let row = rows.iter().find(|row| row.code == visa.kind && row.holds(case.entry));
            let allowed = visa.days.min(row.map_or(0, |row| row.days));
            let said = step("permission", row, "visa").day("from", visa.from).day("to", visa.to);
            let said = said.number("days", days).number("allowed", allowed);
            if case.entry < visa.from || visa.to < case.to {
                let pointer = if case.entry < visa.from { "/visa/valid_from" } else { "/visa/valid_to" };
                return said.decides("visa-dates", pointer, refused("visa-does-not-cover"));
            }
            if days > allowed {
                return said.decides("visa-days", "/visa/stay_days", refused("visa-does-not-cover"));
            }
            said.passes()
        }
        Permission::Free { ground, .. } => {
            let row = case.ground;
            let allowed = row.map_or(0, |row| row.days);
            let said = step("permission", row, "ground")
                .with("ground", Param::Code("visa-free-grounds".to_owned(), ground.clone()));
            let said = said.number("days", days).number("allowed", allowed);
            match row {
                Some(row) if !case.is_open(row) => {
                    said.decides("ground-not-open", "/visa/ground", refused("ground-does-not-cover"))
                }
                Some(_) if days <= allowed => said.passes(),
                Some(_) => said.decides("ground-days", "/stay/to", refused("ground-does-not-cover")),
                None => said.decides("ground-not-open", "/visa/ground", refused("ground-does-not-cover")),
            }
        }
    }
}

/// (h) Insurance covers the whole stay with the least sum.
pub(super) fn insurance(case: &Case<'_>) -> Said {
    let row = case.row_at(&case.rules.tables.insurance);
    let policy = &case.application.insurance;
    let least = row.map_or(0, |row| row.sum);
    let said = step("insurance", row, "insurance").day("from", policy.from).day("to", policy.to);
    let said = said.number("sum", policy.sum).number("least", least);
    let no = refused("insurance-does-not-cover");
    if case.entry < policy.from {
        return said.decides("insurance-dates", "/insurance/valid_from", no);
    }
    if policy.to < case.to {
        return said.decides("insurance-dates", "/insurance/valid_to", no);
    }
    if policy.sum < least {
        return said.decides("insurance-sum", "/insurance/sum", no);
    }
    said.passes()
}

/// (i) Not more days in any calendar year than allowed.
pub(super) fn year(case: &Case<'_>) -> Said {
    let row = case.row_at(&case.rules.tables.year_days);
    let own = case.ground.filter(|ground| ground.year_days.is_some());
    let allowed = own.and_then(|ground| ground.year_days).or(row.map(|row| row.days)).unwrap_or(0);
    let mut said = step("year", row, "year");
    if let Some(ground) = own {
        said = step("year", Some(ground), "year");
    }
    for year in case.entry.year()..=case.to.year() {
        let (first, last) = (jiff::civil::date(year, 1, 1), jiff::civil::date(year, 12, 31));
        let days = days_of_stay(case.entry.max(first), case.to.min(last));
        let before = days_before(case.facts.crossings, case.entry, year);
        if days.saturating_add(before) > allowed {
            let said = said.number("days", days.saturating_add(before)).number("allowed", allowed);
            let said = said.with("year", Param::Text(year.to_string()));
            return said.decides("year-limit", "/stay/to", refused("year-limit"));
        }
    }
    said.number("allowed", allowed).passes()
}

/// (j) The document has no registration for these days; a longer stay than registered is an extension, in person.
pub(super) fn duplicate(case: &Case<'_>) -> Said {
    let said = step("duplicate", case.duty("duplicate"), "duplicate");
    let mut meeting = case.facts.earlier.iter().filter(|earlier| earlier.from <= case.to && case.entry <= earlier.to);
    let Some(earlier) = meeting.next() else { return said.passes() };
    let said = said.with("number", Param::Text(earlier.number.clone())).day("from", earlier.from).day("to", earlier.to);
    if earlier.from == case.entry && earlier.to < case.to {
        return said.decides("extension", "/stay/to", case.visit("extension", earlier.to));
    }
    said.decides("already-registered", "/entry/date", refused("already-registered"))
}

/// (k) A ground that is registered online once a calendar year.
pub(super) fn park(case: &Case<'_>) -> Said {
    let row = case.ground.filter(|row| row.once_a_year);
    let mut said = step("park", row, "park");
    let Some(row) = row else {
        said.text = "park-other";
        return said.passes();
    };
    let same = |year: i16| year == case.entry.year();
    let earlier = case.facts.earlier.iter().find(|earlier| earlier.ground == row.code && same(earlier.from.year()));
    match earlier {
        Some(earlier) => {
            let said = said.with("number", Param::Text(earlier.number.clone())).day("from", earlier.from);
            let by = case.deadline.unwrap_or(case.facts.today);
            let said = said.day("to", earlier.to);
            said.decides("park-once-a-year", "/visa/ground", case.visit("park-once-a-year", by))
        }
        None => said.passes(),
    }
}

/// The crossing is in ISOS: same document, day, border crossing point and direction.
pub(super) fn entry(case: &Case<'_>) -> Said {
    let code = case.application.entry.checkpoint.map_or("", |point| point.code);
    let said = step("entry", case.duty("entry"), "entry").day("entry", case.entry);
    let said = said.with("checkpoint", Param::Checkpoint(code.to_owned()));
    let entries = || case.facts.crossings.iter().filter(|one| one.direction == Direction::Entry);
    let that_day = || entries().filter(|one| one.day() == case.entry);
    let Some(found) = that_day().filter(|one| one.checkpoint == code).max_by_key(|one| one.at) else {
        if that_day().next().is_some() {
            return said.decides("entry-other-place", "/entry/checkpoint", refused("entry-differs"));
        }
        let near = |one: &super::Crossing| days_apart(one.day(), case.entry) <= NEAR && one.checkpoint == code;
        if entries().any(near) {
            return said.decides("entry-other-day", "/entry/date", refused("entry-differs"));
        }
        let by = case.deadline.unwrap_or(case.facts.today);
        return said.decides("entry-not-found", "/entry/date", case.visit("entry-not-found", by));
    };
    let left = case.facts.crossings.iter().find(|one| one.direction == Direction::Exit && one.at > found.at);
    match left {
        Some(left) => said.day("left", left.day()).decides("departed", "/entry/date", refused("departed")),
        None => said.passes(),
    }
}

/// A day of entry this near to one that ISOS knows is taken for a slip.
const NEAR: u32 = 3;

fn days_apart(one: jiff::civil::Date, other: jiff::civil::Date) -> u32 {
    days_of_stay(one.min(other), one.max(other)).saturating_sub(1)
}
