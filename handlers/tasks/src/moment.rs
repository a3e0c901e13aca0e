//! Points in time, as people and programs write them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

/// A point in time: RFC 3339, `2026-03-01T09:00:00Z`. Kept to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct Moment(pub OffsetDateTime);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        time::serde::rfc3339::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        let text = String::deserialize(deserializer)?;
        // A `+` that somebody put into a query string as it is arrives as a space.
        let text = match text.char_indices().nth(19) {
            Some((at, ' ')) => format!("{}+{}", &text[..at], &text[at + 1..]),
            _ => text,
        };
        let moment = OffsetDateTime::parse(&text, &Rfc3339)
            .map_err(|_| de::Error::custom("must be a time like 2026-03-01T09:00:00Z"))?;
        // The database keeps microseconds; what is compared with it must not have more.
        let microsecond = moment.nanosecond() / 1000 * 1000;
        moment
            .replace_nanosecond(microsecond)
            .map(Moment)
            .map_err(de::Error::custom)
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

impl ToSchema for Moment {
    fn name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Moment, serde_json::Error> {
        serde_json::from_value(serde_json::json!(text))
    }

    #[test]
    fn an_offset_survives_a_query_string() {
        let utc = parse("2026-03-01T07:00:00Z").unwrap();
        assert_eq!(parse("2026-03-01T09:00:00+02:00").unwrap(), utc);
        assert_eq!(parse("2026-03-01T09:00:00 02:00").unwrap(), utc);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in [
            "",
            "now",
            "2026-03-01",
            "2026-13-01T00:00:00Z",
            "infinity",
            "2026-03-01T09:00:00",
            "äöü 2026-03-01T09:00:00 é",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
