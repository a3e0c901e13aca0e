//! JSON bodies: read exactly as the OpenAPI schema says, and refused with the field's name.
//!
//! A body is taken apart into a [`document`], strictly, and from there into the handler's type by a
//! [`deserializer`] that takes no other kind of value than the schema has. Every refusal is in our
//! own words ([`refusal`]).

mod deserializer;
pub(crate) mod document;
pub(crate) mod refusal;

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde::{Serialize, de::DeserializeOwned};

use document::{Malformed, Node};

use crate::{ApiError, answer};

/// Largest body, in bytes. The largest request that makes sense, a bulk update, is a tenth of it.
const MAX_BODY: usize = 1024 * 1024;

/// A JSON body, in and out.
///
/// In: 415 without `application/json`, 413 over 1 MiB, 400 when it is not JSON, 422 with the field
/// for everything that `T` does not take, members that are given twice or nested too deep included.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match answer::Body::new(&self.0) {
            Ok(body) => body.into_response(),
            Err(error) => error.into_response(),
        }
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
/// 400 when it is not JSON, 422 when `T` does not take it.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let malformed = |detail: String| ApiError::bad_request("malformed_json", detail);
    let text =
        std::str::from_utf8(body).map_err(|_| malformed("The body is not UTF-8.".to_owned()))?;
    let document = Node::parse(text).map_err(|error| match error {
        Malformed::Syntax { line, column } => malformed(format!(
            "The body is not JSON: it breaks off or goes wrong at line {line}, column {column}."
        )),
        Malformed::Refused(refusal) => refusal.answer("body"),
    })?;
    T::deserialize(document).map_err(|refusal| refusal.answer("body"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Line, Metadata};
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the parsing is looked at")]
    struct Body {
        title: Line<10>,
        inner: Option<Inner>,
        #[serde(default)]
        metadata: Metadata,
        id: Option<uuid::Uuid>,
        color: Option<Color>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Color {
        Red,
        Green,
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
        for (body, expected) in [
            ("{}", "title is required"),
            (r#"{"title": " "}"#, "title must not be blank"),
            (r#"{"title": null}"#, "title must be text"),
            (r#"{"title": "a", "role": "owner"}"#, "role is unknown"),
            (r#"{"title": "a", "inner": {}}"#, "inner.size is required"),
            (
                r#"{"title": "a", "inner": {"size": 256}}"#,
                "inner.size must be within its range",
            ),
            (
                r#"{"title": "a", "inner": {"size": 1.5}}"#,
                "inner.size must be a whole number",
            ),
            (
                r#"{"title": "a", "inner": {"size": 1e300}}"#,
                "inner.size must be within its range",
            ),
            (
                r#"{"title": "a", "inner": {"size": "1"}}"#,
                "inner.size must be a whole number",
            ),
            (
                r#"{"title": "a", "inner": {"size": 1, "x": 1}}"#,
                "inner.x is unknown",
            ),
            (r#"{"title": "a", "id": "x"}"#, "id must be a UUID"),
            (
                r#"{"title": "a", "color": "blue"}"#,
                "color must be one of red, green",
            ),
        ] {
            assert_eq!(refusal(body), (422, expected.to_owned()), "{body}");
        }
    }

    /// What serde's derived code takes besides what the schema says.
    #[test]
    fn a_value_of_another_kind_is_refused() {
        for (body, expected) in [
            (r#"["a", null, null, null, null]"#, "body must be an object"),
            (r#""a""#, "body must be an object"),
            ("[]", "body must be an object"),
            (r#"{"title": "a", "inner": [1]}"#, "inner must be an object"),
            (
                r#"{"title": "a", "color": {"red": null}}"#,
                "color must be one of red, green",
            ),
            (
                r#"{"title": "a", "color": 0}"#,
                "color must be one of red, green",
            ),
            (
                r#"{"title": "a", "metadata": []}"#,
                "metadata must be an object",
            ),
            (
                r#"{"title": "a", "metadata": null}"#,
                "metadata must be an object",
            ),
        ] {
            assert_eq!(refusal(body), (422, expected.to_owned()), "{body}");
        }
        assert!(
            parse::<Body>(br#"{"title": "a", "inner": {"size": 2.0}, "color": "red"}"#).is_ok()
        );
    }

    #[test]
    fn what_is_no_json_is_malformed_and_what_has_two_meanings_is_refused() {
        for body in [
            "\u{feff}{\"title\": \"a\"}",
            r#"{"title": "a"} x"#,
            r#"{"title": "a""#,
            "",
        ] {
            assert_eq!(refusal(body).0, 400, "{body}");
        }
        assert_eq!(refusal(b"{\"title\": \"\xff\"}").0, 400);
        for (body, expected) in [
            (
                r#"{"title": "a", "title": "a"}"#.to_owned(),
                "title is given twice",
            ),
            (
                r#"{"title": "a", "metadata": {"x": [{"y": 1, "y": 2}]}}"#.to_owned(),
                "metadata.x[0].y is given twice",
            ),
            (
                r#"{"title": "a", "metadata": {"x": 1e999999}}"#.to_owned(),
                "metadata must not be larger than 16 KiB",
            ),
        ] {
            assert_eq!(refusal(&body), (422, expected.to_owned()), "{body}");
        }
        let deep = format!(
            r#"{{"title": "a", "metadata": {}1{}}}"#,
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        let (status, detail) = refusal(&deep);
        assert_eq!(status, 422);
        assert!(
            detail.ends_with("must not be nested deeper than 32 levels"),
            "{detail}"
        );
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
            r#"{"title": "a", "metadata": {"x": "\ud800\u0041"}}"#,
        ] {
            assert_eq!(refusal(body).0, 422, "{body}");
        }
    }
}
