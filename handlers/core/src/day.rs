//! Days, without a time and without a zone.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sqlx::{
    Postgres,
    error::BoxDynError,
    postgres::{PgTypeInfo, PgValueRef},
};
use time::{Month, macros::date};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

const MIN: time::Date = date!(1970 - 01 - 01);
const MAX: time::Date = date!(9999 - 12 - 31);

/// A day between 1970-01-01 and 9999-12-31: RFC 3339's `full-date`, as in `2026-03-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(time::Date);

impl Day {
    /// Reads `YYYY-MM-DD`, and nothing else.
    ///
    /// # Errors
    ///
    /// What is wrong with it, to follow the name of the field.
    pub fn parse(text: &str) -> Result<Day, String> {
        let malformed = || "must be a day like 2026-03-01".to_owned();
        let day = calendar_day(text).ok_or_else(malformed)?;
        if (MIN..=MAX).contains(&day) {
            return Ok(Day(day));
        }
        Err("must be between the years 1970 and 9999".to_owned())
    }

    /// The day itself.
    pub fn get(self) -> time::Date {
        self.0
    }
}

fn calendar_day(text: &str) -> Option<time::Date> {
    let digits = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if text.len() != 10 || !digits {
        return None;
    }
    let month = Month::try_from(text[5..7].parse::<u8>().ok()?).ok()?;
    time::Date::from_calendar_date(text[..4].parse().ok()?, month, text[8..].parse().ok()?).ok()
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let text = String::deserialize(deserializer)?;
        Day::parse(&text).map_err(de::Error::custom)
    }
}

impl sqlx::Type<Postgres> for Day {
    fn type_info() -> PgTypeInfo {
        <time::Date as sqlx::Type<Postgres>>::type_info()
    }
}

impl sqlx::Decode<'_, Postgres> for Day {
    fn decode(value: PgValueRef<'_>) -> Result<Day, BoxDynError> {
        <time::Date as sqlx::Decode<'_, Postgres>>::decode(value).map(Day)
    }
}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .pattern(Some(crate::timestamp::YEARS))
            .description(Some("A day between the years 1970 and 9999."))
            .into()
    }
}

impl ToSchema for Day {
    fn name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_it_is_written() {
        for text in ["1970-01-01", "2024-02-29", "9999-12-31"] {
            assert_eq!(Day::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "2026-3-1",
            "2026-02-29",
            "2100-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "1969-12-31",
            "0000-01-01",
            "10000-01-01",
            "2026-03-01T00:00:00Z",
            "2026/03/01",
            "+026-03-01",
            "２０２６-03-01",
            "2026-03-01 ",
        ] {
            assert!(
                Day::parse(text).unwrap_err().starts_with("must be"),
                "{text}"
            );
        }
    }
}
