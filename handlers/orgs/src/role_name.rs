//! The name of a role, which is also its key.

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// 1 to 50 characters: a lower-case letter, then lower-case letters, digits, `_` and `-`, as the
/// check `roles_name_shape` demands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct RoleName(String);

impl RoleName {
    /// The name, when it has the shape of one.
    pub(crate) fn parse(text: &str) -> Option<RoleName> {
        let is_word = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
        };
        let is_name = text.len() <= 50
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(is_word);
        is_name.then(|| RoleName(text.to_owned()))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for RoleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RoleName, D::Error> {
        let text = String::deserialize(deserializer)?;
        RoleName::parse(&text).ok_or_else(|| {
            de::Error::custom(
                "must be 1 to 50 lower-case letters, digits, `_` and `-`, beginning with a letter",
            )
        })
    }
}

impl PartialSchema for RoleName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(50))
            .pattern(Some("^[a-z][a-z0-9_-]{0,49}$"))
            .into()
    }
}

impl ToSchema for RoleName {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_lower_case_word() {
        let long = "a".repeat(50);
        for name in ["a", "on-call", "tier_2", &long] {
            assert!(RoleName::parse(name).is_some(), "{name}");
        }
        let too_long = "a".repeat(51);
        for wrong in ["", "A", "2nd", "-a", "a b", "é", "a.b", "a\n", &too_long] {
            assert!(RoleName::parse(wrong).is_none(), "{wrong:?}");
        }
    }
}
