//! From when on: an age or a time.

use std::time::{Duration, SystemTime};

use deployer::Error;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// From when on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Since {
    Age(Duration),
    Time(SystemTime),
}

/// `30s`, `10m`, `2h`, `1d`, or RFC 3339.
pub(super) fn parse(text: &str) -> Result<Since, String> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(Since::Time(at.into()));
    }
    age(text).map(Since::Age)
}

impl Since {
    /// The time that it means; `None`: longer ago than times go.
    ///
    /// # Errors
    ///
    /// [`deployer::ErrorKind::Usage`] for a time that has not come yet.
    pub(super) fn moment(&self, now: SystemTime) -> Result<Option<SystemTime>, Error> {
        match self {
            Since::Age(age) => Ok(now.checked_sub(*age)),
            Since::Time(at) if *at > now => Err(Error::usage(
                "`--since` names a time that has not come yet.",
                "Write a time in the past with its offset, as in `--since 2026-11-27T05:00:00Z`, or an age, as in `--since 10m`.",
            )),
            Since::Time(at) => Ok(Some(*at)),
        }
    }
}

fn age(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "`{text}` is neither an age nor a time: write a number and s, m, h or d, as in `10m`, or a time as in `2026-11-27T05:00:00Z`"
        )
    };
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_a_unit_and_times_an_offset() {
        let seconds = |seconds| Ok(Since::Age(Duration::from_secs(seconds)));
        assert_eq!(parse("10m"), seconds(600));
        assert_eq!(parse("2h"), seconds(7200));
        let time = time::macros::datetime!(2026-11-27 05:00 UTC).into();
        assert_eq!(parse("2026-11-27T05:00:00Z"), Ok(Since::Time(time)));
        assert_eq!(parse("2026-11-27T14:00:00+09:00"), Ok(Since::Time(time)));
        let wrong = [
            "10",
            "",
            "m",
            "-5m",
            "9999999999999999999d",
            "2026-11-27",
            "ten m",
            "5µ",
        ];
        for wrong in wrong {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_to_come_is_refused() {
        let now = SystemTime::now();
        let later = Since::Time(now + Duration::from_secs(60));
        assert!(later.moment(now).is_err());
        let ago = Since::Age(Duration::from_secs(60));
        assert_eq!(
            ago.moment(now).unwrap(),
            now.checked_sub(Duration::from_secs(60))
        );
    }
}
