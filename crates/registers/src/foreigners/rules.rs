//! Rules that a schema cannot say: order of dates, what depends on what, code lists kept elsewhere.

use std::collections::HashSet;
use std::sync::LazyLock;

use model::Fault;

use super::calendar;
use super::kind::RecordKind;
use super::prepare::Notice;
use super::view::View;

use RecordKind as K;

/// How far a crossing may lie ahead of the clock: clocks of checkpoints differ.
const AHEAD: i64 = 5 * 60 * 1_000_000;

/// Border crossing points (`reference/border-points.csv`).
const POINTS: &str = include_str!("../../../model/border-points.csv");

static CODES: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| POINTS.lines().skip(1).filter_map(|line| line.split(',').next()).collect());

/// Days of a record in pairs: the second must not be before the first.
const ORDERED: [(&str, &str); 2] = [("valid_from", "valid_to"), ("from", "to")];
/// Days that cannot lie ahead: they tell what has happened.
const HAPPENED: [&str; 1] = ["issue_date"];
/// All days at the top of a record.
const DAYS: [&str; 11] = [
    "valid_from",
    "valid_to",
    "from",
    "to",
    "issue_date",
    "annul_date",
    "status_date",
    "new_to",
    "order_date",
    "date",
    "crossing_time",
];

/// What a record that passed its schema still has wrong, with pointers inside the record.
pub(crate) fn check(view: &View<'_>, now: i64) -> Vec<Fault> {
    let mut faults = Vec::new();
    for name in DAYS {
        if let Some(text) = view.text(name)
            && calendar::since(text).is_none()
        {
            faults.push(Fault::new(format!("/{name}"), "03", "date-range"));
        }
    }
    for (from, to) in ORDERED {
        ordered(&mut faults, view.text(from).zip(view.text(to)), from, format!("/{to}"));
    }
    ordered(
        &mut faults,
        view.inner("doc", "date_of_issue").zip(view.inner("doc", "expire_date")),
        "date_of_issue",
        "/doc/expire_date".to_owned(),
    );
    let happened = HAPPENED.iter().map(|name| (format!("/{name}"), view.text(name)));
    let issued = std::iter::once(("/doc/date_of_issue".to_owned(), view.inner("doc", "date_of_issue")));
    for (pointer, text) in happened.chain(issued) {
        if text.and_then(calendar::day_start).is_some_and(|day| day > now) {
            faults.push(Fault::new(pointer, "11", "date-ahead"));
        }
    }
    born(&mut faults, view, now);
    if view.kind == K::Crossings {
        crossing(&mut faults, view, now);
    }
    faults
}

/// What is strange about a record and yet no fault.
pub(crate) fn warnings(view: &View<'_>) -> Vec<Notice> {
    let Some(code) = view.text("checkpoint_code").filter(|code| !CODES.contains(code)) else {
        return Vec::new();
    };
    let params = vec![("code", code.to_owned())];
    vec![Notice { code: "unlisted-checkpoint", text: "isos.notice.unlisted-checkpoint", params }]
}

fn ordered(faults: &mut Vec<Fault>, days: Option<(&str, &str)>, earlier: &'static str, pointer: String) {
    let days = days.and_then(|(from, to)| calendar::day_start(from).zip(calendar::day_start(to)));
    if days.is_some_and(|(from, to)| to < from) {
        faults.push(Fault::new(pointer, "11", "date-order").with("earlier", earlier));
    }
}

/// A birth date with unknown parts counts from their beginning.
fn born(faults: &mut Vec<Fault>, view: &View<'_>, now: i64) {
    let Some(birth) = view.inner("foreigner", "birth_date") else {
        return;
    };
    let today = calendar::date_of(now).map(|date| date.strftime("%Y%m%d").to_string());
    if today.is_some_and(|today| birth > today.as_str()) {
        faults.push(Fault::new("/foreigner/birth_date", "11", "date-ahead"));
    }
}

fn crossing(faults: &mut Vec<Fault>, view: &View<'_>, now: i64) {
    if view.text("crossing_time").and_then(calendar::moment).is_some_and(|at| at > now.saturating_add(AHEAD)) {
        faults.push(Fault::new("/crossing_time", "11", "time-ahead").with("limit", "5 min"));
    }
    let transport = view.text("transport_kind").unwrap_or_default();
    let needed = match transport {
        "road" => Some("vehicle_number"),
        "rail" | "air" | "river" => Some("flight_number"),
        _ => None,
    };
    if let Some(member) = needed.filter(|member| view.text(member).is_none()) {
        let fault = Fault::new(format!("/{member}"), "06", "required-by");
        faults.push(fault.with("member", "transport_kind").with("value", transport));
    }
    let code = view.text("checkpoint_code").unwrap_or_default();
    let russian = view.text("state_side") == Some("RU") && code.starts_with("RU-");
    if !CODES.contains(code) && !is_unlisted_form(code) && !russian {
        faults.push(Fault::new("/checkpoint_code", "04", "checkpoint"));
    }
}

/// `KPP-` and two to ten letters or digits: codes of the owner's own list, which is not public.
fn is_unlisted_form(code: &str) -> bool {
    code.strip_prefix("KPP-").is_some_and(|rest| {
        (2..=10).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_from_the_list() {
        assert_eq!(CODES.len(), 43);
        assert!(CODES.contains("BY-AIR-MSQ"));
        assert!(is_unlisted_form("KPP-MSQ"));
        for code in ["KPP-", "KPP-M", "KPP-msq", "KPP-MSQ-1", "MSQ"] {
            assert!(!is_unlisted_form(code), "{code}");
        }
    }
}
