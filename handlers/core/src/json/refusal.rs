//! Why a body or a query string is refused, in our own words: never in those of a library.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::ApiError;

/// Longest part of an answer that repeats what a client sent, in characters.
const MAX_REPEATED: usize = 200;

/// What is wrong with which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Path from the outermost object, as in `items[3].change.title`; empty for the whole.
    path: String,
    /// What is wrong with it, to follow the name of the field.
    detail: String,
}

impl Refusal {
    pub(crate) fn new(detail: impl Into<String>) -> Refusal {
        Refusal {
            path: String::new(),
            detail: detail.into(),
        }
    }

    /// Says in which member of an object it is.
    pub(crate) fn in_member(self, name: &str) -> Refusal {
        let name = shortened(name);
        let path = match self.path.as_bytes().first() {
            None => name,
            Some(b'[') => name + &self.path,
            Some(_) => format!("{name}.{}", self.path),
        };
        Refusal { path, ..self }
    }

    /// Says in which item of an array it is.
    pub(crate) fn in_item(self, index: usize) -> Refusal {
        let path = match self.path.as_bytes().first() {
            None | Some(b'[') => format!("[{index}]{}", self.path),
            Some(_) => format!("[{index}].{}", self.path),
        };
        Refusal { path, ..self }
    }

    /// The 422. `whole` is what to name when it is about everything.
    pub(crate) fn answer(self, whole: &str) -> ApiError {
        let path = match self.path.as_str() {
            "" => whole.to_owned(),
            path => shortened(path),
        };
        ApiError::invalid(path, self.detail)
    }
}

/// What a client wrote is not sent back at any length.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_REPEATED) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.detail)
    }
}

impl std::error::Error for Refusal {}

/// What serde's derived code finds. The kinds of values are compared before it is asked, in
/// [`super::deserializer`].
impl de::Error for Refusal {
    /// Texts of ours begin with "must", so that they can follow the name of a field. What a library
    /// says is not passed on.
    fn custom<T: fmt::Display>(text: T) -> Refusal {
        let text = text.to_string();
        Refusal::new(if text.starts_with("must ") {
            text
        } else if text.starts_with("UUID") {
            "must be a UUID".to_owned()
        } else {
            "must be another value".to_owned()
        })
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Refusal {
        Refusal::new("must be of another type")
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Refusal {
        Refusal::new("must be within its range")
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Refusal {
        Refusal::new("must have another number of items")
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Refusal {
        Refusal::new(format!("must be one of {}", known.join(", ")))
    }

    fn unknown_field(name: &str, _: &'static [&'static str]) -> Refusal {
        Refusal::new("is unknown").in_member(name)
    }

    fn missing_field(name: &'static str) -> Refusal {
        Refusal::new("is required").in_member(name)
    }

    fn duplicate_field(name: &'static str) -> Refusal {
        Refusal::new("is given twice").in_member(name)
    }
}
