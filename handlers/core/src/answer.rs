//! Responses that are complete before the transaction is committed.
//!
//! A body that cannot be serialized, or that Lambda would not take, is a 500 with nothing changed,
//! never a change whose response failed.

use axum::response::{IntoResponse, IntoResponseParts, Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{ApiError, Tx};

/// Largest response of a function, in bytes: what Lambda takes, 6,291,556, without what status,
/// headers and cookies need at most. The body counts as it is written into Lambda's JSON.
pub(crate) const MAX: usize = 6_291_556 - 64 * 1024;

/// A JSON body that is complete and fits.
#[derive(Debug)]
pub(crate) struct Body(Bytes);

impl Body {
    /// Serializes a body.
    ///
    /// # Errors
    ///
    /// 500 when it cannot be serialized, or is larger than Lambda takes.
    pub(crate) fn new(body: &impl Serialize) -> Result<Body, ApiError> {
        let bytes = serde_json::to_vec(body).map_err(|error| not_serialized(&error))?;
        let length = length_in_a_string(&bytes, MAX);
        if length > MAX {
            return Err(ApiError::Internal(format!(
                "A response has {length} bytes as Lambda counts them; it takes {MAX}."
            )));
        }
        Ok(Body(bytes.into()))
    }

    /// The JSON.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl IntoResponse for Body {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, json)], self.0).into_response()
    }
}

impl Tx {
    /// Commits, and answers 200 with that body. The body is serialized before the commit: whoever
    /// gets an error knows that nothing changed.
    ///
    /// # Errors
    ///
    /// 500 when the body cannot be serialized or sent; those of [`Tx::commit`].
    pub async fn commit_with(
        self,
        headers: impl IntoResponseParts,
        body: &impl Serialize,
    ) -> Result<Response, ApiError> {
        let body = Body::new(body)?;
        self.commit().await?;
        Ok((headers, body).into_response())
    }
}

/// A value as JSON.
///
/// # Errors
///
/// 500 when it cannot be serialized.
pub(crate) fn json(value: &(impl Serialize + ?Sized)) -> Result<Box<RawValue>, ApiError> {
    serde_json::value::to_raw_value(value).map_err(|error| not_serialized(&error))
}

/// The length of JSON inside of a JSON string: exact where it is more than `most`, otherwise an upper
/// bound, which takes no look at the bytes.
pub(crate) fn length_in_a_string(json: &[u8], most: usize) -> usize {
    let bound = json.len() * LONGEST_ESCAPE;
    if bound <= most {
        return bound;
    }
    json.len() + json.iter().map(|byte| escaping(*byte)).sum::<usize>()
}

fn not_serialized(error: &serde_json::Error) -> ApiError {
    ApiError::Internal(format!("A response cannot be serialized: {error}"))
}

/// Bytes of `\u001f`, the longest that one byte becomes.
const LONGEST_ESCAPE: usize = 6;

/// How many bytes a byte of the body takes more when it is written into a JSON string.
const fn escaping(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0x00..=0x1f => 5,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_counts_as_lambda_gets_it() {
        for text in ["", "plain", "\"quoted\" \\ and\nbroken\u{1}", "日本語 💥"] {
            let body = serde_json::to_string(&text).unwrap();
            let inside = serde_json::to_string(&body).unwrap();
            assert_eq!(
                length_in_a_string(body.as_bytes(), 0),
                inside.len() - 2,
                "{text}"
            );
            assert!(length_in_a_string(body.as_bytes(), MAX) >= inside.len() - 2);
        }
    }

    #[test]
    fn what_lambda_would_refuse_is_an_error_of_ours() {
        assert!(Body::new(&"a".repeat(MAX - 4)).is_ok());
        assert!(Body::new(&"a".repeat(MAX)).is_err());
        assert!(Body::new(&"\"".repeat(MAX / 3)).is_err());
    }

    #[test]
    fn what_cannot_be_serialized_is_an_error_of_ours() {
        let unserializable = std::collections::BTreeMap::from([(vec![1], 1)]);
        assert!(Body::new(&unserializable).is_err());
    }
}
