//! Exact decimals: prices, quantities and money. Never a binary float, which would print
//! 0.1 + 0.2 as 0.30000000000000004.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, Sub},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Digits after the point. The smallest price is 0.0000033334 USD for a GB-second.
const DIGITS: usize = 12;
const ONE: i128 = 1_000_000_000_000;

/// A decimal with twelve digits after the point. Sums are exact; a product is rounded to the last
/// digit, half away from zero. What exceeds the range stays at its end: stage files and options
/// bound every quantity far below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i128);

impl Decimal {
    /// 0.
    pub const ZERO: Decimal = Decimal(0);

    /// The numerator divided by the denominator, rounded; 0 when that is 0.
    pub fn ratio(numerator: u64, denominator: u64) -> Decimal {
        Decimal::from(numerator).divided(denominator)
    }

    /// Divided by a whole number, rounded; 0 when that is 0.
    #[must_use]
    pub fn divided(self, by: u64) -> Decimal {
        if by == 0 {
            return Decimal::ZERO;
        }
        Decimal(rounded(self.0, i128::from(by)))
    }

    /// The product, rounded.
    #[must_use]
    pub fn times(self, other: impl Into<Decimal>) -> Decimal {
        let other = other.into();
        // The whole part apart, so that the intermediate product stays small.
        let whole = (self.0 / ONE).saturating_mul(other.0);
        let rest = (self.0 % ONE).saturating_mul(other.0);
        Decimal(whole.saturating_add(rounded(rest, ONE)))
    }

    /// With so many digits after the point at most, rounded half away from zero.
    #[must_use]
    pub fn rounded_to(self, digits: u32) -> Decimal {
        let step = 10_i128.pow((DIGITS as u32).saturating_sub(digits));
        Decimal(rounded(self.0, step) * step)
    }

    /// Without its digits after the point; 0 for a negative number.
    pub fn whole(self) -> u64 {
        u64::try_from(self.0.max(0) / ONE).unwrap_or(u64::MAX)
    }

    /// `12.34`: two digits, rounded half away from zero; `<0.01` for less than that.
    pub fn cents(self) -> String {
        let cents = rounded(self.0, ONE / 100);
        if cents == 0 && self.0 > 0 {
            return "<0.01".to_owned();
        }
        let sign = if cents < 0 { "-" } else { "" };
        let cents = cents.abs();
        format!("{sign}{}.{:02}", cents / 100, cents % 100)
    }

    /// As [`Decimal::cents`], with its sign: `+12.34`.
    pub fn signed_cents(self) -> String {
        let sign = if self.0 > 0 { "+" } else { "" };
        format!("{sign}{}", self.cents())
    }

    /// From `0.0000133334`: digits, at most one point, at most twelve digits after it.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > DIGITS || whole.len() > 20 {
            return None;
        }
        let whole: i128 = whole.parse().ok()?;
        let fraction: i128 = format!("{fraction:0<DIGITS$}").parse().ok()?;
        Some(Decimal(whole * ONE + fraction))
    }
}

fn rounded(value: i128, by: i128) -> i128 {
    let half = if value < 0 { -(by / 2) } else { by / 2 };
    value.saturating_add(half) / by
}

impl From<u64> for Decimal {
    fn from(value: u64) -> Decimal {
        Decimal(i128::from(value) * ONE)
    }
}

impl Add for Decimal {
    type Output = Decimal;

    fn add(self, other: Decimal) -> Decimal {
        Decimal(self.0.saturating_add(other.0))
    }
}

impl Sub for Decimal {
    type Output = Decimal;

    fn sub(self, other: Decimal) -> Decimal {
        Decimal(self.0.saturating_sub(other.0))
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Decimal>>(items: I) -> Decimal {
        items.fold(Decimal::ZERO, Add::add)
    }
}

/// Every digit, without zeros at the end.
impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let value = self.0.unsigned_abs();
        let one = ONE.unsigned_abs();
        let fraction = format!("{:0DIGITS$}", value % one);
        let text = format!("{sign}{}.{}", value / one, fraction);
        formatter.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// As text: JSON numbers are binary floats to most readers.
impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = String::deserialize(deserializer)?;
        let positive = text.strip_prefix('-');
        let read = Decimal::parse(positive.unwrap_or(&text));
        let read = read.map(|value| {
            if positive.is_some() {
                Decimal(-value.0)
            } else {
                value
            }
        });
        read.ok_or_else(|| D::Error::custom(format!("`{text}` is not a decimal such as \"0.20\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn sums_and_products_are_exact() {
        assert_eq!((decimal("0.1") + decimal("0.2")).to_string(), "0.3");
        assert_eq!(
            decimal("0.0000133334").times(400_000).to_string(),
            "5.33336"
        );
        assert_eq!(decimal("730").times(decimal("0.018")).to_string(), "13.14");
        // 10^12 requests of 10 GB for 900 s, the most that the options accept.
        let most = Decimal::from(1_000_000_000_000).times(9_000);
        assert_eq!(
            most.times(decimal("0.0000133334")).to_string(),
            "120000600000"
        );
    }

    #[test]
    fn a_quotient_is_rounded_to_the_last_digit() {
        assert_eq!(Decimal::ratio(2, 3).to_string(), "0.666666666667");
        assert_eq!(Decimal::ratio(1, 0), Decimal::ZERO);
        assert_eq!(Decimal::ratio(2, 3).rounded_to(3).to_string(), "0.667");
    }

    #[test]
    fn cents_are_rounded_half_away_from_zero_and_never_hide_something_as_nothing() {
        let cents = ["0", "0.004", "0.005", "1.995", "12.344"].map(|text| decimal(text).cents());
        assert_eq!(cents, ["0.00", "<0.01", "0.01", "2.00", "12.34"]);
        assert_eq!((decimal("1") - decimal("3.555")).signed_cents(), "-2.56");
        assert_eq!(decimal("0.5").signed_cents(), "+0.50");
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in ["", ".", "1.", ".5", "1e3", "-1", "1,5", "0.0000000000001"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        let read: Decimal = serde_json::from_str("\"-2.50\"").unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"-2.5\"");
        assert!(serde_json::from_str::<Decimal>("2.5").is_err());
    }
}
