//! JSON that is passed on as text.

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::{Value, value::RawValue};

/// JSON text, as PostgreSQL writes a `jsonb` column or as it was serialized for one.
///
/// Nothing parses it on its way: numbers keep every digit, and no member name means anything to a
/// JSON library. Read it with `column::text as "column: RawJson"`, write it with `$1::text::jsonb`.
/// Never serialize it into a [`Value`]: that would parse it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct RawJson(String);

impl RawJson {
    /// Serializes a value.
    ///
    /// # Errors
    ///
    /// As [`serde_json::to_string`].
    pub fn of(value: &impl Serialize) -> Result<RawJson, serde_json::Error> {
        serde_json::to_string(value).map(RawJson)
    }

    /// JSON that was written by hand.
    pub(crate) fn written(text: String) -> RawJson {
        RawJson(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<Value> for RawJson {
    fn from(value: Value) -> RawJson {
        RawJson(value.to_string())
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Checks the grammar without recursion and builds nothing.
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_passed_on_as_it_is() {
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        for text in [
            r#"{"$serde_json::private::RawValue": "no JSON"}"#,
            r#"{"$serde_json::private::Number": "no number"}"#,
            r#"{"a": 0.10, "b": 123456789012345678901234567890.5, "c": 1e400}"#,
            &deep,
        ] {
            let raw = RawJson(text.to_owned());
            assert_eq!(serde_json::to_string(&raw).unwrap(), text);
        }
        assert!(serde_json::to_string(&RawJson("{".to_owned())).is_err());
    }
}
