//! One request to GitHub, and what is made of an answer that is none.

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use miyabi_core::{App, HttpError, Limits};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::event::{Code, Failure};

/// The largest answer that we read: a list of a hundred addresses is a tenth of it.
const MAX_BODY: usize = 256 * 1024;

/// Sends a request and reads its JSON.
///
/// # Errors
///
/// `unavailable`: no answer until then, or GitHub says that it cannot now.
/// `unexpected_answer`: too large, a status that is not documented, or not the JSON of `T`.
pub(crate) async fn ask<T: DeserializeOwned>(
    app: &App,
    what: &str,
    request: http::request::Builder,
    body: Bytes,
    until: Instant,
) -> Result<(StatusCode, Option<T>), Failure> {
    let unexpected =
        |detail: &str| Failure::new(Code::UnexpectedAnswer, format!("{what}: {detail}"));
    let request: Request<Bytes> = request
        // GitHub refuses requests without a user agent.
        .header(header::USER_AGENT, HeaderValue::from_static("miyabi"))
        .body(body)
        .map_err(|_| unexpected("the request cannot be made."))?;
    let limits = Limits {
        timeout: until.saturating_duration_since(Instant::now()),
        max_body: MAX_BODY,
    };
    let answer = app.http().send(request, limits).await.map_err(|error| {
        let code = match error {
            HttpError::TooLarge(_) => Code::UnexpectedAnswer,
            HttpError::Timeout(_) | HttpError::Unreachable(_) => Code::Unavailable,
        };
        Failure::new(code, format!("{what}: {error}."))
    })?;
    let status = answer.status;
    let is_limited = status == StatusCode::TOO_MANY_REQUESTS
        || answer
            .headers
            .get("x-ratelimit-remaining")
            .is_some_and(|left| left == "0" && status == StatusCode::FORBIDDEN);
    if status.is_server_error() || is_limited {
        return Err(Failure::new(
            Code::Unavailable,
            format!("{what}: status {}.", status.as_u16()),
        ));
    }
    if !status.is_success() {
        return Ok((status, None));
    }
    // What serde says could quote the body, and the body could hold a token.
    let value = serde_json::from_slice(&answer.body)
        .map_err(|_| unexpected("the body is not the documented JSON."))?;
    Ok((status, Some(value)))
}
