//! The colour of a label or a project.

use serde::{Deserialize, Deserializer, Serialize, de};

/// `#rrggbb`, in small letters.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Color(String);

impl Color {
    /// As it is stored.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

impl Default for Color {
    fn default() -> Color {
        Color("#64748b".to_owned())
    }
}

impl<'de> Deserialize<'de> for Color {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Color, D::Error> {
        let text = String::deserialize(deserializer)?.to_ascii_lowercase();
        let digits = text.strip_prefix('#').unwrap_or_default();
        if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Ok(Color(text));
        }
        Err(de::Error::custom("must be a colour like #64748b"))
    }
}
