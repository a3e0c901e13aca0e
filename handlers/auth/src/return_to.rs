//! Where somebody lands after signing in: a path of our own, and nothing that a browser could read
//! as anything else.

use miyabi_core::ApiError;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// Longest path, in bytes.
const MAX: usize = 2000;

/// A path of our own, with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnTo(String);

impl ReturnTo {
    /// Takes a path; without one it is the front page.
    ///
    /// # Errors
    ///
    /// 422 when it could lead elsewhere.
    pub(crate) fn new(path: Option<&str>) -> Result<ReturnTo, ApiError> {
        let path = path.unwrap_or("/");
        if is_own(path) && is_own(&decoded(path)) {
            return Ok(ReturnTo(path.to_owned()));
        }
        Err(ApiError::invalid(
            "return_to",
            "must be a path of this site, like `/tasks?status=pending`",
        ))
    }

    /// The path.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What [`ReturnTo::new`] takes, except for percent signs that encode nothing. A character of a
/// segment is visible ASCII, or the encoding of one that stays harmless when it is decoded.
impl PartialSchema for ReturnTo {
    fn schema() -> RefOr<Schema> {
        let character = r#"([!"$&-.0->@-\[\]-~]|%(2[0-9A-Ea-e]|[346][0-9A-Fa-f]|5[0-9ABD-Fabd-f]|7[0-9A-Ea-e]|[89A-Fa-f][0-9A-Fa-f]))"#;
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX))
            .pattern(Some(format!(
                "^/({character}+(/{character}+)*/?)?([?#]({character}|[/?#])*)?$"
            )))
            .into()
    }
}

impl ToSchema for ReturnTo {}

/// One slash at the start, since two begin a host; and no backslash, which browsers take for a
/// slash, and no control character or space, which they drop.
fn is_own(path: &str) -> bool {
    let before_query = path.split(['?', '#']).next().unwrap_or_default();
    path.len() <= MAX
        && path.starts_with('/')
        && !before_query.contains("//")
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// What a server would make of the percent signs. Bytes that are no ASCII become one that
/// [`is_own`] takes: only what they stand for before decoding could do harm.
fn decoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = match (first, tail) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        let byte = hex.unwrap_or(*first);
        // A space in a query is fine once it is encoded.
        let is_harmless = !byte.is_ascii() || (hex.is_some() && byte == b' ');
        text.push(if is_harmless { 'x' } else { char::from(byte) });
        rest = if hex.is_some() { &tail[2..] } else { tail };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_our_own_are_taken_as_they_are() {
        for own in [
            "/",
            "/tasks",
            "/tasks?status=pending&sort=-priority",
            "/tasks/?q=a%20b#top",
            "/@alice",
            "/tasks?next=https://example.com/",
            "/%E6%9D%B1%E4%BA%AC",
        ] {
            assert_eq!(ReturnTo::new(Some(own)).unwrap().as_str(), own);
        }
        assert_eq!(ReturnTo::new(None).unwrap().as_str(), "/");
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        let long = format!("/{}", "a".repeat(MAX));
        for wrong in [
            "",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "%2f%2fevil.example",
            "/%2fevil.example",
            "/%2Fevil.example",
            "/%5cevil.example",
            "/\t/evil.example",
            "/%09/evil.example",
            "/tasks\r\nset-cookie: a=b",
            "/tasks%0d%0aset-cookie:%20a=b",
            "/tasks%00",
            "@evil.example",
            ".evil.example",
            "tasks",
            " /tasks",
            "/tasks\u{560a}",
            "/a/..//evil.example",
            &long,
        ] {
            assert!(ReturnTo::new(Some(wrong)).is_err(), "{wrong:?}");
        }
    }
}
