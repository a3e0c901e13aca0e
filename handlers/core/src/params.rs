//! Path and query parameters, with problems instead of axum's plain-text refusals.

use axum::extract::{FromRequestParts, rejection::QueryRejection};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::ApiError;

/// Parameters of the path. One that has not the form of an id is 404: no such thing exists.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path<T>, ApiError> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Path(value)),
            Err(_) => Err(ApiError::NotFound),
        }
    }
}

/// Parameters of the query string: 422 when `T` does not take them.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query<T>, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        refuse_unstorable(query)?;
        match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(value)) => Ok(Query(value)),
            Err(rejection) => Err(explain(&rejection)),
        }
    }
}

/// NUL and bytes that are not UTF-8 could not be looked for in the database.
fn refuse_unstorable(query: &str) -> Result<(), ApiError> {
    let mut bytes = Vec::with_capacity(query.len());
    let mut rest = query.as_bytes();
    while let [first, tail @ ..] = rest {
        let decoded = match (first, tail) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    if bytes.contains(&0) || std::str::from_utf8(&bytes).is_err() {
        return Err(ApiError::invalid(
            "query",
            "contains text that cannot be stored",
        ));
    }
    Ok(())
}

fn explain(rejection: &QueryRejection) -> ApiError {
    // "Failed to deserialize query string: status: unknown variant ..": what follows the first
    // colon is ours and serde's, without anything internal.
    let text = rejection.body_text();
    let detail = text
        .split_once(": ")
        .map_or(text.as_str(), |(_, detail)| detail);
    match crate::json::named_field(detail) {
        Some(field) => ApiError::invalid(field, crate::json::say(detail)),
        None => match detail.split_once(": ") {
            Some((field, detail)) if !field.contains(' ') => {
                ApiError::invalid(field, crate::json::say(detail))
            }
            _ => ApiError::invalid("query", crate::json::say(detail)),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        #[expect(dead_code, reason = "only its parsing is looked at")]
        limit: Option<u8>,
    }

    async fn refusal(query: &str) -> ApiError {
        let request = http::Request::get(format!("/?{query}")).body(()).unwrap();
        Query::<Filter>::from_request_parts(&mut request.into_parts().0, &())
            .await
            .unwrap_err()
    }

    #[tokio::test]
    async fn the_parameter_is_named() {
        for (query, field) in [
            ("limit=-1", "limit"),
            ("limit=1&limit=2", "limit"),
            ("color=red", "color"),
            ("limit=%00", "query"),
            ("x=%ff", "query"),
        ] {
            match refusal(query).await {
                ApiError::Invalid(errors) => assert_eq!(errors[0].field, field, "{errors:?}"),
                other => panic!("{query}: {other:?}"),
            }
        }
    }
}
