//! Time zones, as browsers name them: `Europe/Berlin`.

use serde::{Deserialize, Deserializer, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// The areas of the time zone database. A name without one may be an abbreviation, which PostgreSQL
/// takes for an offset without summer time (`CET`); one with digits may be a rule that it makes up
/// (`Mars/Base1`).
const AREAS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];
/// `Etc/GMT+12` is 12 hours behind UTC, and `Etc/GMT-14` is 14 hours ahead of it.
const ETC_HOURS: std::ops::RangeInclusive<i8> = -14..=12;
/// The longest name has 32 characters.
const MAX_LENGTH: usize = 40;

/// A name that may be one of the time zone database: whether it is, only the database knows
/// ([`is_unknown`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone(String);

impl Zone {
    /// Coordinated Universal Time.
    pub(crate) fn utc() -> Zone {
        Zone("UTC".to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<Zone> {
        let is_zone = match text.split_once('/') {
            None => matches!(text, "UTC" | "GMT"),
            Some(("Etc", name)) => is_of_etc(name),
            Some((area, city)) => {
                let is_letter = |byte: u8| byte.is_ascii_alphabetic() || b"_-/".contains(&byte);
                AREAS.contains(&area) && !city.is_empty() && city.bytes().all(is_letter)
            }
        };
        (is_zone && text.len() <= MAX_LENGTH).then(|| Zone(text.to_owned()))
    }
}

fn is_of_etc(name: &str) -> bool {
    let Some(offset) = name.strip_prefix("GMT").filter(|offset| !offset.is_empty()) else {
        return matches!(name, "UTC" | "GMT");
    };
    let is_canonical = |hours: i8| format!("{hours:+}") == offset;
    let hours = offset.parse::<i8>();
    hours.is_ok_and(|hours| ETC_HOURS.contains(&hours) && is_canonical(hours))
}

/// Whether PostgreSQL refused a statement because it does not know a time zone in it.
pub(crate) fn is_unknown(error: &sqlx::Error) -> bool {
    // invalid_parameter_value
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == "22023")
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
        let text = String::deserialize(deserializer)?;
        Zone::parse(&text)
            .ok_or_else(|| de::Error::custom("must be a time zone like Europe/Berlin, or UTC"))
    }
}

impl PartialSchema for Zone {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!(
                "^(UTC|GMT|Etc/(UTC|GMT|GMT([+]([0-9]|1[0-2])|-([1-9]|1[0-4])))|({})/[A-Za-z_/-]+)$",
                AREAS.join("|")
            )))
            .max_length(Some(MAX_LENGTH))
            .into()
    }
}

impl ToSchema for Zone {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_an_area_or_is_an_offset_of_etc() {
        for name in [
            "UTC",
            "GMT",
            "Etc/UTC",
            "Etc/GMT+0",
            "Etc/GMT+12",
            "Etc/GMT-14",
            "Asia/Tokyo",
            "America/Argentina/ComodRivadavia",
            "America/Port-au-Prince",
            // Only PostgreSQL knows that it is none.
            "Asia/Atlantis",
        ] {
            assert_eq!(
                Zone::parse(name).as_ref().map(Zone::as_str),
                Some(name),
                "{name}"
            );
        }
        let long = format!("Asia/{}", "a".repeat(36));
        for name in [
            "",
            "utc",
            "CET",
            "PST",
            "Tokyo",
            "Asia",
            "Asia/",
            "asia/tokyo",
            "Mars/Base",
            "Asia/Tokyo1",
            "Asia/Tokyo+9",
            "Asia/../UTC",
            "right/Asia/Tokyo",
            "posixrules",
            "+09:00",
            "UTC+9",
            "JST-9",
            "Etc/",
            "Etc/GMT+13",
            "Etc/GMT-15",
            "Etc/GMT+05",
            "Etc/GMT-0",
            "Etc/GMT0",
            "Etc/JST",
            "Asia/Tokyo ",
            "Asia/Tōkyō",
            long.as_str(),
        ] {
            assert_eq!(Zone::parse(name), None, "{name}");
        }
    }
}
