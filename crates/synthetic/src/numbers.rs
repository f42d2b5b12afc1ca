//! Numbers with the right check digits: identification numbers and UNPs of people and organisations that do not exist.

use jiff::civil::Date;

use crate::rng::Rng;

/// Letters that may stand for a region (`domain.md` §1.1).
const REGIONS: [char; 7] = ['A', 'B', 'C', 'H', 'K', 'E', 'M'];

/// The identification number of a person born on `born`; `serial` tells apart people of one day and region.
pub fn identification_number(born: Date, female: bool, region: u64, serial: u64, status: &str) -> String {
    let century = match born.year() {
        ..1900 => 1,
        1900..2000 => 3,
        _ => 5,
    } + u8::from(female);
    let letter = usize::try_from(region % 7).ok().and_then(|at| REGIONS.get(at)).copied().unwrap_or('A');
    let year = born.year().rem_euclid(100);
    let body = format!("{century}{:02}{:02}{year:02}{letter}{:03}{status}", born.day(), born.month(), 1 + serial % 999);
    let check = check_digit(&body);
    format!("{body}{check}")
}

/// Σ value × (7, 3, 1, …) mod 10 (`domain.md` §1.1).
fn check_digit(body: &str) -> u32 {
    let weights = [7, 3, 1].into_iter().cycle();
    body.chars().zip(weights).map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight).sum::<u32>() % 10
}

/// A UNP of all digits that begins with `region` (1 Minsk city … 7 Mahilyow) for the `serial`-th organisation or person.
pub fn unp(region: u64, serial: u64) -> String {
    // About one number in eleven cannot exist: its neighbour a step further does.
    (0..11)
        .find_map(|step| {
            let body = format!("{}{:07}", region.clamp(1, 7), (serial.wrapping_mul(37) + step) % 10_000_000);
            unp_check(&body).map(|check| format!("{body}{check}"))
        })
        .unwrap_or_default()
}

/// Σ value × weights mod 11, none when it is 10 (`domain.md` §1.4).
fn unp_check(body: &str) -> Option<u32> {
    let sum: u32 =
        body.chars().zip([29, 23, 19, 17, 13, 7, 5, 3]).map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight).sum();
    Some(sum % 11).filter(|check| *check < 10)
}

/// A day this many days after `from`.
pub fn after(from: Date, days: i64) -> Date {
    let last = Date::constant(9999, 12, 31);
    from.checked_add(jiff::Span::new().try_days(days).unwrap_or_default()).unwrap_or(last)
}

/// Whole days from `from` to `to`.
pub fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

/// A birth day that makes the person `low` to `high` years old on `on`.
pub fn birth_day(rng: &mut Rng, on: Date, low: i64, high: i64) -> Date {
    after(on, -rng.between(low * 365 + 30, high * 365))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_published_examples() {
        let day = Date::constant(1990, 1, 1);
        assert_eq!(identification_number(day, false, 0, 0, "PB"), "3010190A001PB9");
        assert_eq!(check_digit("4150685B002PB"), 8);
        assert_eq!(check_digit("0000000A000PB"), 2);
        assert_eq!(unp_check("20098854"), Some(1));
        assert_eq!(unp_check("10000001"), None);
        assert_eq!(unp_check("29000003"), None);
    }

    #[test]
    fn no_impossible_unp_is_given_out() {
        for serial in 0..2000 {
            assert!(model::identifier::Unp::parse(&unp(1 + serial % 7, serial)).is_ok(), "{serial}");
        }
    }

    #[test]
    fn days_add_and_subtract() {
        let day = Date::constant(2024, 2, 28);
        assert_eq!(after(day, 2), Date::constant(2024, 3, 1));
        assert_eq!(days_between(day, after(day, 400)), 400);
    }
}
