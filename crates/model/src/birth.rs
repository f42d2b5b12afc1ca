//! Birth dates that may mean the same day: the variants under which a person is looked for, and how near two are.

use jiff::ToSpan;

use crate::names::BirthDay;
use crate::similar::Likeness;

/// At most this many variants, the date itself included.
pub const MAX_VARIANTS: usize = 12;

/// Digits that hands and scanners take for each other, the likeliest first.
const CONFUSED: [(char, char); 5] = [('1', '7'), ('3', '8'), ('5', '6'), ('0', '6'), ('4', '9')];

/// The dates `YYYYMMDD` a record may bear when `birth` is meant: the same; day and month swapped; day, or day and month,
/// unknown; a year more or less; one digit taken for another. All are days of the calendar; `birth` itself comes first.
pub fn birth_variants(birth: &str) -> Vec<String> {
    let mut out = vec![birth.to_owned()];
    let Ok(known) = BirthDay::parse(birth) else { return out };
    let (year, month, day) = known.parts();
    let likely = [
        BirthDay::new(year, day, month).filter(|_| day != 0),
        BirthDay::new(year, month, 0),
        BirthDay::new(year, 0, 0),
        BirthDay::new(year.saturating_sub(1), month, day),
        BirthDay::new(year.saturating_add(1), month, day),
    ];
    for variant in likely.into_iter().flatten() {
        add(variant.to_string(), &mut out);
    }
    // Days and months are written by hand more often than they are read by machines; the century is hardly mistaken.
    for place in [7, 6, 3, 2, 5, 4] {
        for variant in CONFUSED.iter().filter_map(|pair| confuse(birth, place, *pair)) {
            add(variant, &mut out);
        }
    }
    out
}

fn add(variant: String, out: &mut Vec<String>) {
    if out.len() < MAX_VARIANTS && !out.contains(&variant) {
        out.push(variant);
    }
}

fn confuse(birth: &str, place: usize, (one, other): (char, char)) -> Option<String> {
    let swap = |c: char| {
        if c == one {
            Some(other)
        } else if c == other {
            Some(one)
        } else {
            None
        }
    };
    let changed = swap(birth.chars().nth(place)?)?;
    let text: String = birth.chars().enumerate().map(|(at, c)| if at == place { changed } else { c }).collect();
    BirthDay::parse(&text).ok().filter(|variant| variant.date().is_some()).map(|_| text)
}

/// How near two birth dates are, and why: `exact`, `swapped`, `unknown-part`, `digit`, `year`, `days`, `differs`.
pub fn birth_likeness(a: &str, b: &str) -> Likeness {
    let (Ok(left), Ok(right)) = (BirthDay::parse(a), BirthDay::parse(b)) else {
        return Likeness { score: 0, reason: "differs" };
    };
    let ((year, month, day), (other_year, other_month, other_day)) = (left.parts(), right.parts());
    let unknown = |one: i8, other: i8| one == other || one == 0 || other == 0;
    let digits = a.chars().zip(b.chars()).filter(|(left, right)| left != right).count();
    let near = left.date().zip(right.date()).is_some_and(|(left, right)| {
        left.checked_sub(3.days()).is_ok_and(|first| first <= right)
            && left.checked_add(3.days()).is_ok_and(|last| right <= last)
    });
    let (score, reason) = if left == right {
        (1000, "exact")
    } else if year == other_year && month == other_day && day == other_month {
        (920, "swapped")
    } else if year == other_year && unknown(month, other_month) && unknown(day, other_day) {
        (900, "unknown-part")
    } else if digits == 1 {
        (880, "digit")
    } else if year.abs_diff(other_year) == 1 && month == other_month && day == other_day {
        (820, "year")
    } else if near {
        (800, "days")
    } else {
        (0, "differs")
    };
    Likeness { score, reason }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_likely_slips_are_there() {
        let variants = birth_variants("19850306");
        assert_eq!(variants[0], "19850306");
        for wanted in ["19850603", "19850300", "19850000", "19840306", "19860306", "19850305"] {
            assert!(variants.iter().any(|v| v == wanted), "{wanted} {variants:?}");
        }
        assert_eq!(birth_variants("19700000"), ["19700000", "19690000", "19710000"]);
        assert_eq!(birth_variants("nonsense"), ["nonsense"]);
    }

    #[test]
    fn nearness_is_explained() {
        for (a, b, reason) in [
            ("19850306", "19850306", "exact"),
            ("19850306", "19850603", "swapped"),
            ("19850306", "19850000", "unknown-part"),
            ("19850306", "19850806", "digit"),
            ("19891231", "19901231", "year"),
            ("19850228", "19850301", "days"),
            ("19850306", "19600909", "differs"),
            ("19850306", "x", "differs"),
        ] {
            assert_eq!(birth_likeness(a, b).reason, reason, "{a} {b}");
            assert_eq!(birth_likeness(b, a).reason, reason, "{b} {a}");
        }
    }

    proptest! {
        #[test]
        fn variants_are_few_distinct_days(year in 1900_i16..2030, month in 0_i8..=12, day in 0_i8..=31) {
            if let Some(birth) = BirthDay::new(year, month, day) {
                let variants = birth_variants(&birth.to_string());
                prop_assert!(variants.len() <= MAX_VARIANTS);
                for (index, variant) in variants.iter().enumerate() {
                    prop_assert!(BirthDay::parse(variant).is_ok());
                    prop_assert!(!variants[..index].contains(variant));
                }
            }
        }
    }
}
