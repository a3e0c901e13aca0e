//! A JSON document, read once and strictly: one meaning, bounded depth, text that can be stored,
//! and numbers as they were written.
//!
//! serde_json takes the grammar apart. It would also read the last of two members of the same name,
//! turn numbers into doubles, and give some names of its own a meaning (`$serde_json::private::..`);
//! here each value is taken as the text that it is, so that none of this happens.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::refusal::Refusal;

/// Deepest nesting that is taken. A task's metadata, within a bulk change, are four levels deeper
/// than the body.
const MAX_DEPTH: usize = 32;

/// A value of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    Text(String),
    Array(Vec<Node>),
    /// In the order of the document, each name once.
    Object(Vec<(String, Node)>),
    /// A parameter of a query string: text that stands for whatever is wanted.
    Parameter(String),
}

/// Why a text is not a document.
#[derive(Debug)]
pub(crate) enum Malformed {
    /// It is not JSON: where, as line and column.
    Syntax { line: usize, column: usize },
    /// It is JSON that is not taken.
    Refused(Refusal),
}

impl From<Refusal> for Malformed {
    fn from(refusal: Refusal) -> Malformed {
        Malformed::Refused(refusal)
    }
}

impl Node {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// [`Malformed`].
    pub(crate) fn parse(text: &str) -> Result<Node, Malformed> {
        Node::parse_within(text, MAX_DEPTH)
    }

    /// As [`Node::parse`], with another bound on the nesting.
    pub(crate) fn parse_within(text: &str, max_depth: usize) -> Result<Node, Malformed> {
        // Checks the grammar of all of it, without recursion.
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| Malformed::Syntax {
            line: error.line(),
            column: error.column(),
        })?;
        Ok(Node::read(raw, max_depth)?)
    }

    /// `depth` is how deep it may be nested.
    fn read(raw: &RawValue, depth: usize) -> Result<Node, Refusal> {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'n') => Ok(Node::Null),
            Some(b't') => Ok(Node::Bool(true)),
            Some(b'f') => Ok(Node::Bool(false)),
            Some(b'"') => string(text).map(Node::Text),
            Some(b'[' | b'{') if depth == 0 => Err(Refusal::new(format!(
                "must not be nested deeper than {MAX_DEPTH} levels"
            ))),
            Some(b'[') => array(text, depth - 1),
            Some(b'{') => object(text, depth - 1),
            _ => Ok(Node::Number(text.to_owned())),
        }
    }
}

fn string(text: &str) -> Result<String, Refusal> {
    // The grammar is right: what is left is half of a surrogate pair.
    let string: String = serde_json::from_str(text)
        .map_err(|_| Refusal::new("must not contain half of a surrogate pair"))?;
    if string.contains('\0') {
        return Err(Refusal::new("must not contain the character U+0000"));
    }
    Ok(string)
}

fn array(text: &str, depth: usize) -> Result<Node, Refusal> {
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| unreadable())?;
    let items = items.into_iter().enumerate();
    let read = |(index, item)| Node::read(item, depth).map_err(|refusal| refusal.in_item(index));
    items.map(read).collect::<Result<_, _>>().map(Node::Array)
}

fn object(text: &str, depth: usize) -> Result<Node, Refusal> {
    let Members(members) = serde_json::from_str(text).map_err(|_| unreadable())?;
    let mut object = Vec::with_capacity(members.len());
    let mut names = std::collections::HashSet::with_capacity(members.len());
    for (name, value) in members {
        let name = string(name.get())?;
        if !names.insert(name.clone()) {
            return Err(Refusal::new("is given twice").in_member(&name));
        }
        let value = Node::read(value, depth).map_err(|refusal| refusal.in_member(&name))?;
        object.push((name, value));
    }
    Ok(Node::Object(object))
}

/// What the grammar lets through and serde_json does not: nothing that is known.
fn unreadable() -> Refusal {
    Refusal::new("must be JSON that can be read")
}

/// The members of an object as they were written, names that occur twice included.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members<'de>, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// Writes a document as PostgreSQL writes a `jsonb` value, but for the order of members.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Null => f.write_str("null"),
            Node::Bool(value) => write!(f, "{value}"),
            Node::Number(text) => f.write_str(text),
            Node::Text(text) | Node::Parameter(text) => write_string(f, text),
            Node::Array(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Node::Object(members) => Node::write_object(f, members),
        }
    }
}

impl Node {
    /// Writes an object with these members.
    pub(crate) fn write_object(
        f: &mut fmt::Formatter<'_>,
        members: &[(String, Node)],
    ) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in members.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            write_string(f, name)?;
            write!(f, ": {value}")?;
        }
        f.write_str("}")
    }
}

fn write_string(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let json = serde_json::to_string(&Cow::Borrowed(text)).map_err(|_| fmt::Error)?;
    f.write_str(&json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        match Node::parse(text) {
            Ok(node) => format!("taken: {node}"),
            Err(Malformed::Syntax { line, column }) => format!("syntax {line}:{column}"),
            Err(Malformed::Refused(refusal)) => refusal.to_string(),
        }
    }

    #[test]
    fn a_document_is_kept_as_it_was_written() {
        for text in [
            r#"{"a": 0.10, "b": 1e400, "c": -0.0, "d": 12345678901234567890123.5}"#,
            r#"{"$serde_json::private::RawValue": "no JSON"}"#,
            r#"[{"$serde_json::private::Number": "1"}, null, true, false, "\"\\\n\u0001é💥"]"#,
            r#"{"b": {}, "a": [], "": [[]]}"#,
        ] {
            assert_eq!(Node::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_has_more_than_one_meaning_or_cannot_be_stored_is_refused_where_it_is() {
        for (text, expected) in [
            (r#"{"a": 1, "a": 1}"#, "a is given twice"),
            (r#"{"a": 1, "\u0061": 1}"#, "a is given twice"),
            (r#"{"x": [0, {"a": 1, "a": 2}]}"#, "x[1].a is given twice"),
            (
                r#"{"x": "\u0000"}"#,
                "x must not contain the character U+0000",
            ),
            (
                r#"{"x": {"a\u0000": 1}}"#,
                "x must not contain the character U+0000",
            ),
            (
                r#"{"x": ["\ud800"]}"#,
                "x[0] must not contain half of a surrogate pair",
            ),
            (
                r#"{"x": "\udc00\ud800"}"#,
                "x must not contain half of a surrogate pair",
            ),
            ("", "syntax 1:0"),
            ("{}\n x", "syntax 2:2"),
            ("\u{feff}{}", "syntax 1:1"),
            (r#"{"x": NaN}"#, "syntax 1:7"),
            (r#"{"x": 01}"#, "syntax 1:8"),
        ] {
            assert_eq!(refusal(text), expected, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded_however_it_is_hidden() {
        for (open, close) in [
            ("[", "]"),
            (r#"{"a":"#, "}"),
            (r#"{"$serde_json::private::RawValue":"#, "}"),
        ] {
            let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(Node::parse(&nested(32)).is_ok());
            for depth in [33, 100_000] {
                let refused = refusal(&nested(depth));
                assert!(
                    refused.ends_with("must not be nested deeper than 32 levels"),
                    "{refused}"
                );
                assert!(refused.len() < 10_000);
            }
        }
    }
}
