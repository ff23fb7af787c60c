//! Decimal numbers that are kept exactly: scores, weights, the values at which levels begin.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// How many decimals are kept.
const DECIMALS: usize = 6;
/// How many millionths are one.
const ONE: i64 = 1_000_000;
/// The most digits before the point.
const DIGITS: usize = 9;

/// A decimal number below a thousand million, with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decimal(i64);

impl Decimal {
    /// A whole number.
    pub(crate) const fn whole(number: u8) -> Self {
        Self(number as i64 * ONE)
    }

    /// Reads a number as the contract spells it; none when it is another text or has more digits than are kept.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let legal = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !legal(whole, DIGITS) || !legal(decimals, DECIMALS) {
            return None;
        }
        let millionths: i64 = format!("{whole}{decimals:0<DECIMALS$}").parse().ok()?;
        Some(Self(if negative { -millionths } else { millionths }))
    }

    /// As a number of JSON. Fifteen digits are exact in one.
    pub(crate) fn json(self) -> Value {
        if self.0 % ONE == 0 {
            return Value::from(self.0 / ONE);
        }
        Value::from(self.to_string().parse::<f64>().unwrap_or_default())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.abs() / ONE, self.0.abs() % ONE);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let decimals = format!("{rest:0DECIMALS$}");
        write!(f, "{sign}{whole}.{}", decimals.trim_end_matches('0'))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a decimal number"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        for (text, spelt) in [
            ("2.50", "2.5"),
            ("007", "7"),
            ("-0.000001", "-0.000001"),
            ("-0", "0"),
            ("999999999.999999", "999999999.999999"),
        ] {
            assert_eq!(Decimal::parse(text).expect("a number").to_string(), spelt);
        }
        assert_eq!(Decimal::whole(3), Decimal::parse("3.0").expect("a number"));
    }

    #[test]
    fn what_is_no_number_or_cannot_be_kept_exactly_is_refused() {
        for text in ["", "-", ".5", "1.", "+1", "1e3", "1,5", "٣", "1.0000001", "1000000000", "1.2.3", " 1"]
        {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_read_back_and_keep_their_order(one in -999_999_999_999_999_i64..=999_999_999_999_999, other in -999_999_999_999_999_i64..=999_999_999_999_999) {
            let (one, other) = (Decimal(one), Decimal(other));
            prop_assert_eq!(Decimal::parse(&one.to_string()), Some(one));
            prop_assert_eq!(one.cmp(&other), one.0.cmp(&other.0));
        }
    }
}
