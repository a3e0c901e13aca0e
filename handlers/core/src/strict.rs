//! What JSON must be before anybody looks at its meaning.
//!
//! serde reads the last of two members of the same name in a map, and PostgreSQL cannot hold NUL;
//! this walk finds both anywhere in a document, and how deep it is, without building it.

use std::{collections::HashSet, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};

/// Deepest nesting that is taken. serde_json itself stops at 128.
const MAX_DEPTH: usize = 32;

/// Marks of the errors that this walk makes, so that they can be told from serde_json's own.
pub(crate) const DUPLICATE: &str = "duplicate member";
pub(crate) const TOO_DEEP: &str = "nested deeper than";
pub(crate) const UNSTORABLE: &str = "contains the character U+0000";

/// Walks a document.
///
/// # Errors
///
/// The first thing that is wrong with it.
pub(crate) fn check(text: &str) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Walk { depth: 0 }.deserialize(&mut deserializer)?;
    deserializer.end()
}

#[derive(Clone, Copy)]
struct Walk {
    depth: usize,
}

impl Walk {
    fn deeper<E: Error>(self) -> Result<Walk, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!("{TOO_DEEP} {MAX_DEPTH} levels")));
        }
        Ok(Walk {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn check_text<E: Error>(text: &str) -> Result<(), E> {
    if text.contains('\0') {
        Err(E::custom(UNSTORABLE))
    } else {
        Ok(())
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        check_text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let walk = self.deeper()?;
        while items.next_element_seed(walk)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let walk = self.deeper()?;
        let mut seen = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            check_text(&name)?;
            if seen.contains(&name) {
                let name: String = name.chars().take(100).collect();
                return Err(A::Error::custom(format_args!("{DUPLICATE} `{name}`")));
            }
            seen.insert(name);
            members.next_value_seed(walk)?;
        }
        Ok(())
    }
}
