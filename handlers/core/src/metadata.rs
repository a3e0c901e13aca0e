//! What programs keep with a task: a JSON object of their own, of which every number is kept.
//!
//! PostgreSQL's `jsonb` keeps numbers as decimals (`numeric`), not as doubles. So they stay text on
//! their way there and back: `0.1` does not become another double, and `12345678901234567890.5`
//! loses no digit. Exponents are written out, as PostgreSQL would: `1e2` is answered as `100`, the
//! same number.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

use crate::{ApiError, RawJson, json::document::Node};

/// The name under which a deserializer learns that a document is wanted as text.
pub(crate) const NAME: &str = "$miyabi::Metadata";

/// Largest metadata, in bytes as PostgreSQL writes them; `tasks_metadata_size` is the same.
const MAX_BYTES: usize = 16_384;
/// Deepest nesting that is read back: older versions took more than is taken today.
const MAX_STORED_DEPTH: usize = 512;

const TOO_LARGE: &str = "must not be larger than 16 KiB";

/// A JSON object of at most 16 KiB, written as PostgreSQL writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(
    /// Sorted by name, at each level.
    Vec<(String, Node)>,
);

impl Metadata {
    /// Reads what is stored.
    ///
    /// # Errors
    ///
    /// 500 when it is not an object that PostgreSQL wrote.
    pub fn stored(json: &RawJson) -> Result<Metadata, ApiError> {
        let unreadable = || ApiError::Internal("Stored metadata cannot be read.".to_owned());
        let node = Node::parse_within(json.as_str(), MAX_STORED_DEPTH).map_err(|_| unreadable())?;
        match canonical(node) {
            Ok(Node::Object(members)) => Ok(Metadata(members)),
            _ => Err(unreadable()),
        }
    }

    /// Applies a JSON merge patch (RFC 7396, section 2): null removes a member.
    ///
    /// # Errors
    ///
    /// 422 when it becomes too large.
    pub fn merge(&mut self, patch: Metadata) -> Result<(), ApiError> {
        merge(&mut self.0, patch.0);
        if self.to_string().len() > MAX_BYTES {
            return Err(ApiError::invalid("metadata", TOO_LARGE));
        }
        Ok(())
    }

    /// The JSON of it.
    pub fn to_json(&self) -> RawJson {
        RawJson::written(self.to_string())
    }

    fn parse(text: &str) -> Result<Metadata, &'static str> {
        let node = Node::parse(text).map_err(|_| "must be an object")?;
        let Node::Object(members) = canonical(node).map_err(|TooLarge| TOO_LARGE)? else {
            return Err("must be an object");
        };
        let metadata = Metadata(members);
        if metadata.to_string().len() > MAX_BYTES {
            return Err(TOO_LARGE);
        }
        Ok(metadata)
    }
}

impl fmt::Display for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Node::write_object(f, &self.0)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Metadata, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Metadata;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Metadata, E> {
                Metadata::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_newtype_struct(NAME, Text)
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// Written out it would be larger than metadata may be.
#[derive(Debug, PartialEq, Eq)]
struct TooLarge;

/// Members sorted by name, numbers without exponents.
fn canonical(node: Node) -> Result<Node, TooLarge> {
    Ok(match node {
        Node::Number(text) => Node::Number(decimal(&text)?),
        Node::Array(items) => {
            Node::Array(items.into_iter().map(canonical).collect::<Result<_, _>>()?)
        }
        Node::Object(members) => {
            let members = members.into_iter();
            let mut members = members
                .map(|(name, value)| Ok((name, canonical(value)?)))
                .collect::<Result<Vec<_>, TooLarge>>()?;
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Node::Object(members)
        }
        other => other,
    })
}

/// A JSON number as PostgreSQL's `numeric` writes it: without an exponent, with the digits that it
/// has, and without a sign when it is zero.
fn decimal(text: &str) -> Result<String, TooLarge> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.bytes().all(|digit| digit == b'0') {
        // Zero: an exponent changes nothing.
        return Ok(if unsigned == mantissa { mantissa } else { "0" }.to_owned());
    }
    let exponent: i64 = exponent.parse().map_err(|_| TooLarge)?;
    let places = i64::try_from(digits.len()).map_err(|_| TooLarge)?;
    let limit = i64::try_from(MAX_BYTES).map_err(|_| TooLarge)?;
    // Where the point is, counted from the first digit.
    let point = i64::try_from(whole.len())
        .ok()
        .and_then(|whole| whole.checked_add(exponent))
        .filter(|point| point.abs() <= limit && places <= limit)
        .ok_or(TooLarge)?;
    let written = if point <= 0 {
        let zeros = usize::try_from(-point).map_err(|_| TooLarge)?;
        format!("0.{}{digits}", "0".repeat(zeros))
    } else {
        let point = usize::try_from(point).map_err(|_| TooLarge)?;
        if point >= digits.len() {
            digits.clone() + &"0".repeat(point - digits.len())
        } else {
            format!("{}.{}", &digits[..point], &digits[point..])
        }
    };
    // `0.5e2` is 50, not 050; a fraction keeps its one zero.
    let stripped = written.trim_start_matches('0');
    let written = match stripped.strip_prefix('.') {
        Some(fraction) => format!("0.{fraction}"),
        None => stripped.to_owned(),
    };
    Ok(format!("{sign}{written}"))
}

fn merge(target: &mut Vec<(String, Node)>, patch: Vec<(String, Node)>) {
    for (name, value) in patch {
        let place = target.binary_search_by(|(present, _)| present.as_str().cmp(&name));
        match (place, value) {
            (Ok(at), Node::Null) => drop(target.remove(at)),
            (Err(_), Node::Null) => {}
            (place, Node::Object(members)) => {
                let at = place.unwrap_or_else(|at| {
                    target.insert(at, (name, Node::Null));
                    at
                });
                let slot = &mut target[at].1;
                if !matches!(slot, Node::Object(_)) {
                    *slot = Node::Object(Vec::new());
                }
                if let Node::Object(present) = slot {
                    merge(present, members);
                }
            }
            (Ok(at), value) => target[at].1 = value,
            (Err(at), value) => target.insert(at, (name, value)),
        }
    }
}

#[cfg(test)]
mod tests;
