//! JSON bodies: taken only when there is one way to read them, refused with the field's name.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde::{Serialize, de::DeserializeOwned};

use crate::{ApiError, strict};

/// Largest body, in bytes. The largest request that makes sense, a bulk update, is a tenth of it.
const MAX_BODY: usize = 1024 * 1024;

/// A JSON body, in and out.
///
/// In: 415 without `application/json`, 413 over 1 MiB, 400 when it is not JSON with one meaning
/// (duplicate members, a byte order mark, too deep), 422 with the field when `T` does not take it.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Json<T>, ApiError> {
        check_type(request.headers())?;
        let body = read(request.into_body()).await?;
        parse(&body).map(Json)
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let refused = |detail| {
        Err(ApiError::refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            detail,
        ))
    };
    if headers.contains_key(header::CONTENT_ENCODING) {
        return refused("Send the body as it is, without `Content-Encoding`.");
    }
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim();
    if !["application/json", "application/merge-patch+json"]
        .iter()
        .any(|json| json.eq_ignore_ascii_case(media_type))
    {
        return refused("Send JSON, with `Content-Type: application/json`.");
    }
    Ok(())
}

async fn read(body: Body) -> Result<bytes::Bytes, ApiError> {
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(_) => Err(ApiError::refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("The body has more than {MAX_BODY} bytes."),
        )),
    }
}

/// # Errors
///
/// 400 when it has not one meaning, 422 when `T` does not take it.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let malformed = |detail: String| ApiError::bad_request("malformed_json", detail);
    let text =
        std::str::from_utf8(body).map_err(|_| malformed("The body is not UTF-8.".to_owned()))?;
    if let Err(error) = strict::check(text) {
        let detail = error.to_string();
        // Text that can be written in JSON and nowhere else: half a surrogate pair, and NUL.
        if detail.contains("surrogate") || detail.contains("hex escape") {
            return Err(ApiError::invalid(
                "body",
                "contains half of a surrogate pair",
            ));
        }
        if detail.contains(strict::UNSTORABLE) {
            return Err(ApiError::invalid("body", strict::UNSTORABLE));
        }
        return Err(malformed(format!(
            "The body is not acceptable JSON: {detail}."
        )));
    }
    let deserializer = &mut serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        let detail = error.inner().to_string();
        let field = match (path.as_str(), named_field(&detail)) {
            (".", Some(name)) => name.to_owned(),
            (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
            (".", None) => "body".to_owned(),
            (path, _) => path.to_owned(),
        };
        ApiError::invalid(bounded(field), bounded(say(&detail)))
    })
}

/// What a client wrote is not sent back at any length.
fn bounded(text: String) -> String {
    const MAX: usize = 500;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}

/// The field that serde names in "unknown field `x`, expected ..", "missing field `x`" and
/// "duplicate field `x`".
pub(crate) fn named_field(detail: &str) -> Option<&str> {
    let rest = ["unknown field `", "missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| detail.strip_prefix(start))?;
    rest.split('`').next()
}

/// What serde says, as something that can follow the name of a field.
pub(crate) fn say(detail: &str) -> String {
    // Positions are of no use to somebody who did not write the body by hand.
    let detail = detail.split(" at line ").next().unwrap_or(detail);
    if detail.starts_with("missing field") {
        "is required".to_owned()
    } else if detail.starts_with("unknown field") {
        "is not a field of this".to_owned()
    } else if detail.starts_with("duplicate field") {
        "is given twice".to_owned()
    } else if detail.starts_with("must") {
        detail.to_owned()
    } else {
        format!("is not acceptable: {detail}")
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;
    use crate::Line;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the parsing is looked at")]
    struct Body {
        title: Line<10>,
        inner: Option<Inner>,
        metadata: Option<Value>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the parsing is looked at")]
    struct Inner {
        size: u8,
    }

    fn refusal(body: impl AsRef<[u8]>) -> (u16, String) {
        match parse::<Body>(body.as_ref()).unwrap_err() {
            ApiError::Invalid(errors) => (422, format!("{} {}", errors[0].field, errors[0].detail)),
            ApiError::Refused { status, detail, .. } => (status.as_u16(), detail),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_field_is_named_with_its_path() {
        assert_eq!(refusal("{}"), (422, "title is required".to_owned()));
        assert_eq!(
            refusal(r#"{"title": " "}"#),
            (422, "title must not be blank".to_owned())
        );
        assert_eq!(
            refusal(r#"{"title": "a", "role": "owner"}"#),
            (422, "role is not a field of this".to_owned())
        );
        let deep = refusal(r#"{"title": "a", "inner": {"size": 256}}"#);
        assert!(
            deep.1
                .starts_with("inner.size is not acceptable: invalid value: integer `256`"),
            "{deep:?}"
        );
        assert_eq!(
            refusal(r#"{"title": "a", "inner": {}}"#),
            (422, "inner.size is required".to_owned())
        );
        assert_eq!(
            refusal(r#"{"title": "a", "inner": {"size": 1, "x": 1}}"#),
            (422, "inner.x is not a field of this".to_owned())
        );
    }

    #[test]
    fn json_with_more_than_one_meaning_is_refused() {
        let deep = format!(
            r#"{{"title": "a", "metadata": {}1{}}}"#,
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        let malformed = [
            r#"{"title": "a", "title": "b"}"#.to_owned(),
            r#"{"title": "a", "metadata": {"x": [{"y": 1, "y": 2}]}}"#.to_owned(),
            "\u{feff}{\"title\": \"a\"}".to_owned(),
            r#"{"title": "a"} x"#.to_owned(),
            r#"{"title": "a", "metadata": 1e999}"#.to_owned(),
            String::new(),
            deep,
        ];
        for body in malformed {
            assert_eq!(refusal(&body).0, 400, "{:.80}", body);
        }
        assert_eq!(refusal(b"{\"title\": \"\xff\"}").0, 400);
    }

    #[test]
    fn a_long_name_does_not_come_back_whole() {
        let name = "ä".repeat(100_000);
        let (status, refused) = refusal(format!(r#"{{"{name}": 1}}"#));
        assert_eq!(status, 422);
        assert!(refused.chars().count() < 600, "{}", refused.len());
    }

    #[test]
    fn text_that_nothing_can_hold_is_refused() {
        for body in [
            r#"{"title": "a\u0000"}"#,
            r#"{"title": "a", "metadata": {"x\u0000": 1}}"#,
            r#"{"title": "\ud800"}"#,
            r#"{"title": "\ud800x"}"#,
            r#"{"title": "\udc00"}"#,
            r#"{"title": "a", "metadata": "\ud800\u0041"}"#,
        ] {
            assert_eq!(refusal(body).0, 422, "{body}");
        }
    }
}
