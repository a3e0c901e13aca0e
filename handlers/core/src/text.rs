//! Text that people type: bounded, in one normalization (NFC), and without characters that no
//! database or screen should get.

use serde::{Deserialize, Deserializer, Serialize, de};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// One line of 1 to `MAX` characters, not blank to the eye; white space around it is cut off.
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
        let whole: String = text.nfc().collect();
        // As the schema counts: before the ends are trimmed.
        check_length(&whole, MAX)?;
        let text = whole.trim().to_owned();
        if is_blank(&text) {
            return Err("must not be blank".to_owned());
        }
        if text.contains(['\n', '\r', '\t', '\u{2028}', '\u{2029}']) {
            return Err("must be one line".to_owned());
        }
        check(&text, MAX)?;
        Ok(Line(text))
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
        let text: String = text.nfc().collect();
        check(&text, MAX)?;
        Ok(Text(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether nothing of a text can be seen: white space, invisible characters, and combining marks
/// without a letter to be on.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|character| {
        character.is_whitespace()
            || is_ignorable(character)
            || character.is_control()
            || character.general_category_group() == GeneralCategoryGroup::Mark
    })
}

/// How a text is compared with others: two that look the same in any normalization, capitals or
/// small letters, are one (NFKC_Casefold of Unicode, chapter 3.13).
pub fn fold(text: &str) -> String {
    let visible: String = text
        .nfkc()
        .filter(|character| !is_ignorable(*character))
        .collect();
    let folded = UniCase::unicode(visible).to_folded_case();
    folded.nfkc().collect()
}

/// Characters that are drawn as nothing: formats (zero width, joiners, directions, tags), variation
/// selectors, fillers (Unicode's `Default_Ignorable_Code_Point`), and the Braille cell without dots.
fn is_ignorable(character: char) -> bool {
    character.general_category() == GeneralCategory::Format
        || matches!(character,
            '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFF8}' | '\u{E0000}'..='\u{E0FFF}')
}

/// # Errors
///
/// Too long, or a character that PostgreSQL cannot store (NUL), a terminal would obey (controls) or
/// that makes text read other than it is (bidirectional overrides).
fn check(text: &str, max: usize) -> Result<(), String> {
    check_length(text, max)?;
    match text.chars().find(|&character| is_refused(character)) {
        Some(character) => Err(format!(
            "must not contain the character U+{:04X}",
            character as u32
        )),
        None => Ok(()),
    }
}

fn check_length(text: &str, max: usize) -> Result<(), String> {
    if text.chars().count() > max {
        return Err(format!("must have at most {max} characters"));
    }
    Ok(())
}

fn is_refused(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
        || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

macro_rules! text_impls {
    ($name:ident, $min:expr, $pattern:expr) => {
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
                    .pattern(Some($pattern))
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

text_impls!(Line, 1, line_pattern());
text_impls!(Text, 0, format!("^[^{REFUSED}]*$"));

impl<const MAX: usize> Text<MAX> {
    /// The schema of a text that must not be blank.
    pub fn not_blank_schema() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX))
            .pattern(Some(format!(
                "^[^{REFUSED}]*[^{REFUSED}{WHITE}][^{REFUSED}]*$"
            )))
    }
}

/// What [`is_refused`] refuses, as a part of a character class. Written with escapes that the
/// regular expressions of ECMA 262, Python and Rust have in common.
const REFUSED: &str = r"\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069\uFEFF\uFFFE\uFFFF";

/// The characters that `trim` cuts off: those with the Unicode property White_Space.
const WHITE: &str =
    r"\u0009-\u000D\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000";

/// White space, then a line that begins and ends with something else, then white space.
fn line_pattern() -> String {
    let inner = format!(r"{REFUSED}\u0009\u000A\u000D\u2028\u2029");
    format!("^[{WHITE}]*[^{inner}{WHITE}]([^{inner}]*[^{inner}{WHITE}])?[{WHITE}]*$")
}

#[cfg(test)]
mod tests;
