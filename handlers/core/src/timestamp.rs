//! Timestamps, as people's programs write them and as this API answers them.
//!
//! A [`Timestamp`] can always be stored and always be written back: it is UTC, between 1970 and
//! 9999, and kept to the microsecond, as PostgreSQL keeps it. The bounds are also a `check` of each
//! column that a client sets (migration 0011).

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};
use sqlx::{
    Postgres, TypeInfo as _,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, PgValueFormat, PgValueRef},
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

/// Where PostgreSQL counts from, in its binary format: microseconds since then.
const POSTGRES_EPOCH: OffsetDateTime = datetime!(2000-01-01 00:00:00 UTC);

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

    /// The nearest one to a stored number of microseconds, which may be out of bounds: a row that a
    /// migration has still to correct must not make its page unreadable.
    fn from_postgres(microseconds: i64) -> Timestamp {
        let utc = POSTGRES_EPOCH.checked_add(time::Duration::microseconds(microseconds));
        let nearest = if microseconds < 0 { MIN } else { MAX };
        Timestamp(utc.unwrap_or(nearest).clamp(MIN, MAX))
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

impl sqlx::Type<Postgres> for Timestamp {
    fn type_info() -> PgTypeInfo {
        <OffsetDateTime as sqlx::Type<Postgres>>::type_info()
    }

    fn compatible(info: &PgTypeInfo) -> bool {
        info.name() == "TIMESTAMPTZ"
    }
}

impl sqlx::postgres::PgHasArrayType for Timestamp {
    fn array_type_info() -> PgTypeInfo {
        <OffsetDateTime as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}

impl sqlx::Encode<'_, Postgres> for Timestamp {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <OffsetDateTime as sqlx::Encode<'_, Postgres>>::encode_by_ref(&self.0, buffer)
    }
}

impl sqlx::Decode<'_, Postgres> for Timestamp {
    fn decode(value: PgValueRef<'_>) -> Result<Timestamp, BoxDynError> {
        match value.format() {
            // sqlx's own decoder panics for `infinity` and for years that it does not know.
            PgValueFormat::Binary => {
                let microseconds = <i64 as sqlx::Decode<'_, Postgres>>::decode(value)?;
                Ok(Timestamp::from_postgres(microseconds))
            }
            PgValueFormat::Text => {
                let stored = <OffsetDateTime as sqlx::Decode<'_, Postgres>>::decode(value)?;
                Ok(Timestamp(stored.to_offset(UtcOffset::UTC).clamp(MIN, MAX)))
            }
        }
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
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        match Timestamp::parse(text) {
            Ok(timestamp) => timestamp.to_string(),
            Err(error) => error,
        }
    }

    /// What JavaScript, Python, Go, Java, PostgreSQL and people write.
    #[test]
    fn every_form_of_rfc_3339_is_read_and_one_is_written() {
        for (text, expected) in [
            ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00.000000Z"),
            ("2026-03-01t09:00:00z", "2026-03-01T09:00:00.000000Z"),
            ("2026-03-01 09:00:00Z", "2026-03-01T09:00:00.000000Z"),
            ("2026-03-01T09:00:00.5Z", "2026-03-01T09:00:00.500000Z"),
            (
                "2026-03-01T09:00:00.123456789Z",
                "2026-03-01T09:00:00.123456Z",
            ),
            (
                "2026-03-01T09:00:00.1234567890123456789012345Z",
                "2026-03-01T09:00:00.123456Z",
            ),
            ("2026-03-01T09:00:00+00:00", "2026-03-01T09:00:00.000000Z"),
            ("2026-03-01T09:00:00-00:00", "2026-03-01T09:00:00.000000Z"),
            ("2026-03-01T09:00:00+02:00", "2026-03-01T07:00:00.000000Z"),
            ("2026-03-01T09:00:00-23:59", "2026-03-02T08:59:00.000000Z"),
            ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000000Z"),
            // Leap seconds: where there can be one, the last microsecond before it.
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z"),
            ("2017-01-01T08:59:60+09:00", "2016-12-31T23:59:59.999999Z"),
            // The bounds.
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
            (
                "9999-12-31T23:59:59.999999999Z",
                "9999-12-31T23:59:59.999999Z",
            ),
        ] {
            assert_eq!(written(text), expected, "{text}");
            assert_eq!(written(expected), expected);
        }
    }

    #[test]
    fn what_could_not_be_stored_or_written_back_is_refused() {
        for text in [
            "1969-12-31T23:59:59.999999Z",
            "1970-01-01T00:00:00+00:01",
            "0000-01-01T00:00:00+01:00",
            "0000-01-01T00:00:00Z",
            "0000-12-31T23:59:59-23:59",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-01:00",
            "9999-12-31T23:59:59.999999-00:01",
        ] {
            assert_eq!(
                written(text),
                "must be between the years 1970 and 9999",
                "{text}"
            );
        }
        for text in [
            "",
            "now",
            "infinity",
            "2026-03-01",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T09:00:00",
            "2026-03-01T09:00Z",
            "2026-03-01T09:00:60Z",
            "2026-03-01T09:00:00 02:00",
            "2026-03-01T09:00:00+0200",
            "2026-03-01T09:00:00+24:00",
            "2026-03-01T09:00:00+02:60",
            "2026-03-01_09:00:00Z",
            "2026-03-01T09:00:00.Z",
            "+2026-03-01T09:00:00Z",
            "10000-01-01T00:00:00Z",
            "-001-01-01T00:00:00Z",
            "2026-03-01T09:00:00Z ",
            "１９９９-03-01T09:00:00Z",
            "äöü 2026-03-01T09:00:00 é",
            "2026-03-01T09:00:00\u{2212}02:00",
        ] {
            assert!(
                written(text).starts_with("must be a timestamp"),
                "{text}: {}",
                written(text)
            );
        }
    }

    #[test]
    fn what_is_stored_out_of_bounds_is_read_as_the_nearest() {
        for (stored, read) in [
            (i64::MIN, "1970-01-01T00:00:00.000000Z"),
            (i64::MAX, "9999-12-31T23:59:59.999999Z"),
            (-100_000_000_000_000_000, "1970-01-01T00:00:00.000000Z"),
            (0, "2000-01-01T00:00:00.000000Z"),
        ] {
            assert_eq!(Timestamp::from_postgres(stored).to_string(), read);
        }
    }
}
