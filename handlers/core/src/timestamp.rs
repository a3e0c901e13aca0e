//! Timestamps, as people's programs write them and as this API answers them.
//!
//! A [`Timestamp`] can always be stored and always be written back: it is UTC, between 1970 and
//! 9999, and kept to the microsecond, as PostgreSQL keeps it. The bounds are also a `check` of each
//! column that a client sets (migration 0011).

mod postgres;

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339, macros::datetime};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

/// The name under which a deserializer learns that a timestamp is wanted: a query string may hold
/// a `+` that was not encoded.
pub(crate) const NAME: &str = "Timestamp";

const MIN: OffsetDateTime = datetime!(1970-01-01 00:00:00 UTC);
const MAX: OffsetDateTime = datetime!(9999-12-31 23:59:59.999999 UTC);

/// The years of a timestamp and of a day, as a schema says them.
pub(crate) const YEARS: &str = "^(19[7-9][0-9]|[2-9][0-9]{3})-";

/// A point in time between 1970-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z.
///
/// Read from every form of RFC 3339, lower case and a space for the `T` included; a leap second
/// counts as the last microsecond before it. Written with six digits of fraction and a `Z`, so
/// that timestamps sort as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Reads RFC 3339.
    ///
    /// # Errors
    ///
    /// What is wrong with it, to follow the name of the field.
    pub fn parse(text: &str) -> Result<Timestamp, String> {
        let malformed = || "must be a timestamp like 2026-03-01T09:00:00Z".to_owned();
        // The parser takes any character as the separator.
        if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
            return Err(malformed());
        }
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| malformed())?;
        // An offset can lead out of the years that the type knows.
        let utc = parsed.checked_to_offset(UtcOffset::UTC);
        utc.and_then(Timestamp::within_bounds)
            .ok_or_else(|| "must be between the years 1970 and 9999".to_owned())
    }

    /// The timestamp itself, in UTC.
    pub fn get(self) -> OffsetDateTime {
        self.0
    }

    /// In microseconds; `None` out of bounds.
    fn within_bounds(utc: OffsetDateTime) -> Option<Timestamp> {
        let truncated = utc
            .replace_nanosecond(utc.nanosecond() / 1000 * 1000)
            .ok()?;
        (MIN..=MAX)
            .contains(&truncated)
            .then_some(Timestamp(truncated))
    }
}

impl From<Timestamp> for OffsetDateTime {
    fn from(timestamp: Timestamp) -> OffsetDateTime {
        timestamp.0
    }
}

/// Writes a number with leading zeros.
fn write_digits(text: &mut [u8], mut number: u32) {
    for digit in text.iter_mut().rev() {
        // Below 10.
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl Timestamp {
    /// The timestamp as text. By hand: a page has more than a hundred of them, and the formatter's
    /// way through a format string was a tenth of what a page costs.
    fn to_text(self) -> [u8; 27] {
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let (year, month, day) = self.0.to_calendar_date();
        let (hour, minute, second, microsecond) = self.0.time().as_hms_micro();
        write_digits(&mut text[..4], year.unsigned_abs());
        write_digits(&mut text[5..7], u8::from(month).into());
        write_digits(&mut text[8..10], day.into());
        write_digits(&mut text[11..13], hour.into());
        write_digits(&mut text[14..16], minute.into());
        write_digits(&mut text[17..19], second.into());
        write_digits(&mut text[20..26], microsecond);
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.to_text()).unwrap_or_default())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.to_text()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        struct Rfc3339Text;

        impl<'de> Visitor<'de> for Rfc3339Text {
            type Value = Timestamp;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a timestamp")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Timestamp, D::Error> {
                deserializer.deserialize_str(self)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_newtype_struct(NAME, Rfc3339Text)
    }
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .pattern(Some(YEARS))
            .description(Some(
                "RFC 3339, between the years 1970 and 9999; written in UTC with six digits of fraction.",
            ))
            .into()
    }
}

impl ToSchema for Timestamp {
    fn name() -> std::borrow::Cow<'static, str> {
        NAME.into()
    }
}

#[cfg(test)]
mod tests;
