//! Exports: a part of many rows as NDJSON, one JSON text a line (<https://github.com/ndjson/ndjson-spec>),
//! and in the header `X-Next-Cursor` where the next part begins.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;

use crate::ApiError;

/// The header with the cursor of the next part; the last part has none.
const NEXT: HeaderName = HeaderName::from_static("x-next-cursor");

/// Most bytes of a part: base64, in which Lambda takes what is not JSON, makes 5.6 MB of 4 MiB, and
/// Lambda takes 6 MB.
const MAX: usize = 4 << 20;

/// A part of an export.
#[derive(Debug, Default)]
pub struct NdjsonPart {
    lines: Vec<u8>,
}

impl NdjsonPart {
    /// Adds a line, unless the part would be too large: then it says `false`, and is as before. The
    /// first line always fits: no row is as large as a part.
    ///
    /// # Errors
    ///
    /// 500 when the value cannot be serialized.
    pub fn push(&mut self, line: &impl Serialize) -> Result<bool, ApiError> {
        let before = self.lines.len();
        serde_json::to_writer(&mut self.lines, line)
            .map_err(|error| ApiError::Internal(error.to_string()))?;
        self.lines.push(b'\n');
        let fits = before == 0 || self.lines.len() <= MAX;
        if !fits {
            self.lines.truncate(before);
        }
        Ok(fits)
    }

    /// The response: this part, and the cursor of the next one.
    ///
    /// # Errors
    ///
    /// 500 when the cursor cannot be a header.
    pub fn into_response(self, next_cursor: Option<String>) -> Result<Response, ApiError> {
        let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
        let mut response = (kind, self.lines).into_response();
        if let Some(cursor) = next_cursor {
            let cursor = HeaderValue::from_str(&cursor)
                .map_err(|error| ApiError::Internal(error.to_string()))?;
            response.headers_mut().insert(NEXT, cursor);
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_where_the_next_line_would_not_fit() {
        let mut part = NdjsonPart::default();
        let line = "x".repeat(1 << 20);
        let mut lines = 0;
        while part.push(&line).unwrap() {
            lines += 1;
        }
        assert_eq!(lines, 3);
        assert_eq!(part.lines.len(), 3 * ((1 << 20) + 3));
        let response = part.into_response(Some("next".to_owned())).unwrap();
        assert_eq!(response.headers()[NEXT], "next");
        let huge = "x".repeat(5 << 20);
        assert!(NdjsonPart::default().push(&huge).unwrap(), "the first line");
    }
}
