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
mod tests {
    use super::*;

    fn merged(target: &str, patch: &str) -> String {
        let mut target = Metadata::parse(target).unwrap();
        target.merge(Metadata::parse(patch).unwrap()).unwrap();
        target.to_string()
    }

    /// Examples of RFC 7396, appendix A, as far as they are about objects.
    #[test]
    fn a_patch_is_merged_as_the_rfc_says() {
        for (target, patch, result) in [
            (r#"{"a": "b"}"#, r#"{"a": "c"}"#, r#"{"a": "c"}"#),
            (r#"{"a": "b", "b": "c"}"#, r#"{"a": null}"#, r#"{"b": "c"}"#),
            (r#"{"a": ["b"]}"#, r#"{"a": "c"}"#, r#"{"a": "c"}"#),
            (
                r#"{"a": {"b": "c"}}"#,
                r#"{"a": {"b": "d", "c": null}}"#,
                r#"{"a": {"b": "d"}}"#,
            ),
            (r#"{"a": [{"b": "c"}]}"#, r#"{"a": [1]}"#, r#"{"a": [1]}"#),
            (r#"{"e": null}"#, r#"{"a": 1}"#, r#"{"a": 1, "e": null}"#),
            (
                r#"{}"#,
                r#"{"a": {"bb": {"ccc": null}}}"#,
                r#"{"a": {"bb": {}}}"#,
            ),
            (
                r#"{"b": 0.10}"#,
                r#"{"c": 1, "a": 1e2}"#,
                r#"{"a": 100, "b": 0.10, "c": 1}"#,
            ),
        ] {
            assert_eq!(merged(target, patch), result, "{patch}");
        }
    }

    #[test]
    fn numbers_are_what_postgresql_makes_of_them() {
        for (written, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.00", "0.00"),
            ("0e9999999999", "0"),
            ("0.0e-5", "0"),
            ("1", "1"),
            ("-1.50", "-1.50"),
            ("1e2", "100"),
            ("1E+2", "100"),
            ("1.5e3", "1500"),
            ("1.50e1", "15.0"),
            ("15e-1", "1.5"),
            ("1e-3", "0.001"),
            ("-12.5e-4", "-0.00125"),
            ("0.5e2", "50"),
            ("0.5e1", "5"),
            ("0.05e1", "0.5"),
            ("0.1e0", "0.1"),
            ("12345678901234567890123.5", "12345678901234567890123.5"),
            (
                "1.7976931348623157e308",
                &format!("17976931348623157{}", "0".repeat(292)),
            ),
        ] {
            assert_eq!(decimal(written).unwrap(), expected, "{written}");
        }
        for beyond in [
            "1e16385",
            "1e-16390",
            "1e999999999999999999999",
            "-1e-99999999",
        ] {
            assert_eq!(decimal(beyond), Err(TooLarge), "{beyond}");
        }
    }

    #[test]
    fn its_size_is_what_it_has_when_it_is_written_out() {
        let with = |length: usize| format!(r#"{{"a": "{}"}}"#, "x".repeat(length));
        assert!(Metadata::parse(&with(MAX_BYTES - 9)).is_ok());
        assert_eq!(Metadata::parse(&with(MAX_BYTES - 8)), Err(TOO_LARGE));
        let many = format!("[{}1e9999]", "1e9999,".repeat(100));
        assert_eq!(
            Metadata::parse(&format!(r#"{{"a": {many}}}"#)),
            Err(TOO_LARGE)
        );
        let mut metadata = Metadata::parse(&with(16_000)).unwrap();
        assert!(
            metadata
                .merge(Metadata::parse(&format!(r#"{{"b": "{}"}}"#, "x".repeat(500))).unwrap())
                .is_err()
        );
    }

    #[test]
    fn names_of_libraries_mean_nothing() {
        let text = r#"{"a": {"$serde_json::private::RawValue": "[[[["}}"#;
        assert_eq!(Metadata::parse(text).unwrap().to_string(), text);
    }
}
