//! Periods and amounts as Cost Explorer writes them.

use aws_sdk_costexplorer::types::DateInterval;
use time::{Date, Month};

use crate::{Error, cost::Decimal};

/// The first day of the month, and of the next one.
pub(super) fn month_of(today: Date) -> Result<(Date, Date), Error> {
    let first = |year, month: Month| {
        Date::from_calendar_date(year, month, 1).map_err(|cause| {
            Error::failed(
                "The clock of this machine is out of range.",
                "Set it: `timedatectl set-ntp true`",
            )
            .because(cause)
        })
    };
    let year = match today.month() {
        Month::December => today.year() + 1,
        _ => today.year(),
    };
    Ok((
        first(today.year(), today.month())?,
        first(year, today.month().next())?,
    ))
}

/// From that day up to, and without, the other.
pub(super) fn interval(from: Date, end: Date) -> Result<DateInterval, Error> {
    DateInterval::builder()
        .start(from.to_string())
        .end(end.to_string())
        .build()
        .map_err(|cause| {
            Error::failed(
                "The period cannot be written.",
                "This is a fault of the deployer.",
            )
            .because(cause)
        })
}

/// An amount as Cost Explorer writes it: `1.2000000001`, with more digits than are kept, or `4.2E-7`.
pub(super) fn usd(amount: &str, unit: Option<&str>) -> Result<Decimal, Error> {
    let unexpected = |what: String| {
        Error::failed(
            format!("Cost Explorer returned {what}, expected an amount in USD."),
            "The account must be billed in USD.",
        )
    };
    if unit.is_some_and(|unit| unit != "USD") {
        return Err(unexpected(format!("the unit {}", unit.unwrap_or_default())));
    }
    let digits = amount.strip_prefix('-').unwrap_or(amount);
    let digits = match digits.contains(['e', 'E']) {
        // Below a millionth; nothing is lost that is kept.
        true => digits
            .parse()
            .map_or_else(|_| digits.to_owned(), |value: f64| format!("{value:.12}")),
        false => digits.to_owned(),
    };
    let digits = match digits.split_once('.') {
        Some((whole, fraction)) => {
            let kept: String = fraction.chars().take(12).collect();
            format!("{whole}.{kept}")
        }
        None => digits,
    };
    let value = Decimal::parse(&digits).ok_or_else(|| unexpected(format!("`{amount}`")))?;
    Ok(match amount.starts_with('-') {
        true => Decimal::ZERO - value,
        false => value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_exact_to_twelve_digits_and_may_be_a_credit() {
        let parse = |text: &str| usd(text, Some("USD")).map(|usd| usd.to_string());
        assert_eq!(parse("12.3456789012345").unwrap(), "12.345678901234");
        assert_eq!(parse("-0.5").unwrap(), "-0.5");
        assert_eq!(parse("7").unwrap(), "7");
        assert_eq!(parse("4.2E-7").unwrap(), "0.00000042");
        assert!(parse("much").is_err());
        assert!(usd("1", Some("CNY")).is_err());
    }

    #[test]
    fn a_month_ends_with_the_first_day_of_the_next() {
        let day = |year, month, day| Date::from_calendar_date(year, month, day).unwrap();
        let (from, end) = month_of(day(2026, Month::December, 31)).unwrap();
        assert_eq!(
            (from, end),
            (day(2026, Month::December, 1), day(2027, Month::January, 1))
        );
    }
}
