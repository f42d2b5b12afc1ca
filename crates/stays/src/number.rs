//! Numbers of registrations: `RB-YYYY-NNNNNNN-C`.
//!
//! The year of registration, the number in that year, and a check digit by ISO 7064 MOD 11,10 over the eleven digits before it:
//! it notices every single digit mistyped and almost every two neighbours exchanged. The form is our own; the real one is not
//! public.

/// The number of registration `serial` of `year`.
pub fn registration_number(year: i16, serial: i64) -> String {
    let digits = format!("{year:04}{serial:07}");
    let check = check_digit(&digits);
    format!("RB-{year:04}-{serial:07}-{check}")
}

/// Whether this is a registration number with a fitting check digit.
pub fn is_registration_number(text: &str) -> bool {
    let mut parts = text.split('-');
    let (prefix, year, serial, check) = (parts.next(), parts.next(), parts.next(), parts.next());
    let digits = |part: Option<&str>, length: usize| {
        part.filter(|part| part.len() >= length && part.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned)
    };
    match (prefix, digits(year, 4), digits(serial, 7), check, parts.next()) {
        (Some("RB"), Some(year), Some(serial), Some(check), None) => {
            *check == check_digit(&format!("{year}{serial}")).to_string()
        }
        _ => false,
    }
}

/// ISO 7064 MOD 11,10 over digits.
fn check_digit(digits: &str) -> u32 {
    let mut product = 10;
    for digit in digits.chars().filter_map(|c| c.to_digit(10)) {
        let sum = (product + digit) % 10;
        product = if sum == 0 { 10 } else { sum } * 2 % 11;
    }
    (11 - product) % 10
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_check_digit_is_that_of_the_standard() {
        // The example of ISO 7064: 0794 has the check digit 5.
        assert_eq!(check_digit("0794"), 5);
        assert_eq!(registration_number(2025, 17), "RB-2025-0000017-1");
        for bad in ["RB-2025-0000017-4", "RB-2025-17-1", "2025-0000017-1", "RB-2025-0000017-1-", ""] {
            assert!(!is_registration_number(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_mistyped_digit_is_noticed(serial in 1_i64..9_999_999, at in 0_usize..16, digit in 0_u32..10) {
            let number = registration_number(2026, serial);
            prop_assert!(is_registration_number(&number));
            let mut chars: Vec<char> = number.chars().collect();
            let new = char::from_digit(digit, 10).unwrap();
            prop_assume!(chars.get(at).is_some_and(|old| old.is_ascii_digit() && *old != new));
            chars[at] = new;
            prop_assert!(!is_registration_number(&chars.into_iter().collect::<String>()));
        }
    }
}
