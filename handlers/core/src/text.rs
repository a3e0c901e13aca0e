//! Text that people type: bounded, and without characters that no database or screen should get.

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// One line of 1 to `MAX` characters, not blank; white space around it is cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Line<const MAX: usize>(String);

/// Text of 0 to `MAX` characters that may have line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    /// Takes a line.
    ///
    /// # Errors
    ///
    /// What is wrong with it, to follow the name of the field.
    pub fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("must not be blank".to_owned());
        }
        if text.contains(['\n', '\r', '\t', '\u{2028}', '\u{2029}']) {
            return Err("must be one line".to_owned());
        }
        check(text, MAX)?;
        Ok(Line(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Text<MAX> {
    /// Takes a text.
    ///
    /// # Errors
    ///
    /// What is wrong with it, to follow the name of the field.
    pub fn new(text: &str) -> Result<Self, String> {
        check(text, MAX)?;
        Ok(Text(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// # Errors
///
/// Too long, or a character that PostgreSQL cannot store (NUL), a terminal would obey (controls) or
/// that makes text read other than it is (bidirectional overrides).
fn check(text: &str, max: usize) -> Result<(), String> {
    if text.chars().count() > max {
        return Err(format!("must have at most {max} characters"));
    }
    match text.chars().find(|&character| is_refused(character)) {
        Some(character) => Err(format!(
            "must not contain the character U+{:04X}",
            character as u32
        )),
        None => Ok(()),
    }
}

fn is_refused(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
        || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

macro_rules! text_impls {
    ($name:ident, $min:expr) => {
        impl<'de, const MAX: usize> Deserialize<'de> for $name<MAX> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $name::new(&text).map_err(de::Error::custom)
            }
        }

        impl<const MAX: usize> From<$name<MAX>> for String {
            fn from(text: $name<MAX>) -> String {
                text.0
            }
        }

        impl<const MAX: usize> PartialSchema for $name<MAX> {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some($min))
                    .max_length(Some(MAX))
                    .into()
            }
        }

        impl<const MAX: usize> ToSchema for $name<MAX> {
            fn name() -> std::borrow::Cow<'static, str> {
                format!("{}{MAX}", stringify!($name)).into()
            }
        }
    };
}

text_impls!(Line, 1);
text_impls!(Text, 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(Line::<5>::new("  abc ").unwrap().as_str(), "abc");
        assert_eq!(Line::<5>::new("   "), Err("must not be blank".to_owned()));
        assert_eq!(Line::<5>::new("a\nb"), Err("must be one line".to_owned()));
        assert_eq!(
            Line::<5>::new("abcdef"),
            Err("must have at most 5 characters".to_owned())
        );
        assert_eq!(Line::<5>::new("äöüéè").unwrap().as_str(), "äöüéè");
    }

    #[test]
    fn characters_that_cannot_be_stored_or_that_deceive_are_refused() {
        for bad in ["a\0b", "a\u{1b}[31m", "a\u{202E}b", "a\u{2066}b"] {
            assert!(
                Text::<100>::new(bad)
                    .unwrap_err()
                    .starts_with("must not contain"),
                "{bad:?}"
            );
        }
        for good in [
            "a\nb\tc",
            "\u{1F468}\u{200D}\u{1F469}",
            "日本語",
            "e\u{301}",
        ] {
            assert!(Text::<100>::new(good).is_ok(), "{good:?}");
        }
    }
}
