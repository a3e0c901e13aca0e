//! Path and query parameters, with problems instead of axum's plain-text refusals.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{
    ApiError,
    json::{document::Node, refusal::Refusal},
};

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
        Query::parse(parts.uri.query().unwrap_or_default())
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// Reads a query string, without the `?` before it.
    ///
    /// # Errors
    ///
    /// 422 that names the parameter that `T` does not take.
    pub fn parse(query: &str) -> Result<Query<T>, ApiError> {
        refuse_unstorable(query)?;
        let parameters = parameters(query).map_err(|refusal| refusal.answer("query"))?;
        let value = T::deserialize(parameters).map_err(|refusal| refusal.answer("query"))?;
        Ok(Query(value))
    }
}

/// The parameters of a query string, each once.
fn parameters(query: &str) -> Result<Node, Refusal> {
    let mut parameters: Vec<(String, Node)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if parameters.iter().any(|(given, _)| *given == name) {
            return Err(Refusal::new("is given twice").in_member(&name));
        }
        parameters.push((name.into_owned(), Node::Parameter(value.into_owned())));
    }
    Ok(Node::Object(parameters))
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
            ("limit=1e2", "limit"),
            ("limit=", "limit"),
            ("limit=256", "limit"),
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
