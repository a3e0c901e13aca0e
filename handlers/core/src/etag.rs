//! Versions as ETags, so that nobody overwrites a change that they have not seen.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponseParts, ResponseParts},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::Type,
    },
};

use crate::ApiError;

/// The version of a resource: `ETag: "3"`. Respond with `(ETag(task.version), Json(task))`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ETag(pub i64);

impl IntoResponseParts for ETag {
    type Error = std::convert::Infallible;

    fn into_response_parts(
        self,
        mut response: ResponseParts,
    ) -> Result<ResponseParts, Self::Error> {
        if let Ok(value) = HeaderValue::from_str(&format!("\"{}\"", self.0)) {
            response.headers_mut().insert(header::ETAG, value);
        }
        Ok(response)
    }
}

/// The version that the client saw last: `If-Match: "3"`.
///
/// 428 when it is missing. Anything but one strong tag (`*`, a weak tag, a list) matches no version:
/// the client must say which one it has seen. That is found out by [`IfMatch::check`], after the
/// resource was found, so that a missing resource is 404 whatever the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(Option<i64>);

impl IfMatch {
    /// Compares with the current version of the resource.
    ///
    /// # Errors
    ///
    /// 412 when they differ.
    pub fn check(self, version: i64) -> Result<(), ApiError> {
        if self.0 == Some(version) {
            return Ok(());
        }
        Err(IfMatch::stale())
    }

    /// The 412 for a version that is not the current one.
    pub fn stale() -> ApiError {
        ApiError::refused(
            StatusCode::PRECONDITION_FAILED,
            "stale_version",
            "It was changed since the version in `If-Match`. Get it again, and apply your change to that.",
        )
    }
}

/// `Option<IfMatch>`: for what may be done to whichever version there is.
impl<S: Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<IfMatch>, ApiError> {
        if !parts.headers.contains_key(header::IF_MATCH) {
            return Ok(None);
        }
        <IfMatch as FromRequestParts<S>>::from_request_parts(parts, state)
            .await
            .map(Some)
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<IfMatch, ApiError> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let Some(value) = values.next() else {
            return Err(ApiError::refused(
                StatusCode::PRECONDITION_REQUIRED,
                "version_required",
                "Say which version you have seen: `If-Match: \"3\"`, from the `ETag` of the answer.",
            ));
        };
        let version = value
            .to_str()
            .ok()
            .filter(|_| values.next().is_none())
            .and_then(parse);
        Ok(IfMatch(version))
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter(
            Required::True,
            "The version that the change was made from, as in the `ETag` of the resource.",
        )]
    }
}

/// The parameter of a route that takes `Option<IfMatch>`, in the OpenAPI document.
#[derive(Debug)]
pub struct OptionalIfMatch;

impl IntoParams for OptionalIfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter(
            Required::False,
            "The version to delete, as in the `ETag` of the resource; any version when absent.",
        )]
    }
}

fn parameter(required: Required, description: &str) -> Parameter {
    let tag = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(r#"^"[1-9][0-9]{0,18}"$"#))
        .examples(["\"3\""]);
    ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(format!(
            "{description} `*`, a weak tag and a list of tags match no version and are answered with 412."
        )))
        .schema(Some(tag))
        .build()
}

fn parse(tag: &str) -> Option<i64> {
    let version = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    // As we write it, and no other way: not "+3", not "03".
    version
        .parse()
        .ok()
        .filter(|number: &i64| number.to_string() == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_strong_tag_and_nothing_else() {
        assert_eq!(parse("\"3\""), Some(3));
        for wrong in [
            "3",
            "*",
            "W/\"3\"",
            "\"3\", \"4\"",
            "\"03\"",
            "\"+3\"",
            "\"\"",
            "\"",
            "\"x\"",
            "\"99999999999999999999\"",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
