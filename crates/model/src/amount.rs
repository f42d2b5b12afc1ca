//! Amounts of money: decimal, two places, never floating point.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;

/// A non-negative amount below 10¹³ with two decimals, `decimal(15,2)`; as JSON a string such as `"1250.00"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Amount(Decimal);

const FORM: Error =
    Error::Form { what: "amount", expected: "up to 13 digits, a point and two digits, such as 1250.00" };
const MAX_CENTS: i64 = 999_999_999_999_999;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The amount: digits, a point, exactly two digits; no sign, no superfluous zero.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (whole, cents) = text.split_once('.').ok_or(FORM)?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let lean = whole == "0" || !whole.starts_with('0');
        if !(digits(whole) && lean && whole.len() <= 13 && cents.len() == 2 && digits(cents)) {
            return Err(FORM);
        }
        let number: i64 = format!("{whole}{cents}").parse().map_err(|_| FORM)?;
        Self::from_cents(number).ok_or(FORM)
    }

    /// The amount of so many hundredths.
    pub fn from_cents(cents: i64) -> Option<Self> {
        (0..=MAX_CENTS).contains(&cents).then(|| Self(Decimal::new(cents, 2)))
    }

    /// Hundredths, the form rows keep.
    pub fn cents(self) -> i64 {
        i64::try_from(self.0.mantissa() * 10_i128.pow(2_u32.saturating_sub(self.0.scale()))).unwrap_or(0)
    }

    /// The decimal number.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// The sum, when it is still an amount.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.cents().checked_add(other.cents()).and_then(Self::from_cents)
    }

    /// The difference, when it is not negative.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.cents().checked_sub(other.cents()).and_then(Self::from_cents)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_form_is_exact() {
        assert_eq!(Amount::parse("1250.00").unwrap().cents(), 125_000);
        assert_eq!(Amount::ZERO.to_string(), "0.00");
        assert_eq!(Amount::ZERO.cents(), 0);
        for bad in
            ["1250", "1250.0", "1250.000", "-1.00", "+1.00", "01.00", ".00", "1e3.00", "10000000000000.00", "1,00"]
        {
            assert!(Amount::parse(bad).is_err(), "{bad}");
        }
        let (claim, repaid) = (Amount::parse("1250.00").unwrap(), Amount::parse("300.00").unwrap());
        assert_eq!(claim.minus(repaid).unwrap().to_string(), "950.00");
        assert_eq!(repaid.minus(claim), None);
    }

    proptest! {
        #[test]
        fn text_and_cents_agree(cents in 0..=MAX_CENTS) {
            let amount = Amount::from_cents(cents).unwrap();
            prop_assert_eq!(amount.cents(), cents);
            prop_assert_eq!(Amount::parse(&amount.to_string()).unwrap(), amount);
        }
    }
}
