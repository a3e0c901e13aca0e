//! One request to GitHub, and what is made of an answer that is none.

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use miyabi_core::{Answer, App, HttpError, Limits};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::event::{Code, Failure};

/// The largest answer that we read: a list of a hundred addresses is a tenth of it.
const MAX_BODY: usize = 256 * 1024;

/// Sends a request: within a time, up to a size, without following redirects.
///
/// # Errors
///
/// `unavailable`: no answer until then, or GitHub says that it cannot now.
/// `unexpected_answer`: too large.
pub(crate) async fn send(
    app: &App,
    what: &str,
    mut request: Request<Bytes>,
    until: Instant,
) -> Result<Answer, Failure> {
    // GitHub refuses requests without a user agent.
    let agent = HeaderValue::from_static("miyabi");
    request.headers_mut().insert(header::USER_AGENT, agent);
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
    Ok(answer)
}

/// Sends a request and reads its JSON; `None` when GitHub refuses.
///
/// # Errors
///
/// As [`send`]; `unexpected_answer` also when it is not the JSON of `T`.
pub(crate) async fn ask<T: DeserializeOwned>(
    app: &App,
    what: &str,
    request: http::request::Builder,
    until: Instant,
) -> Result<Option<T>, Failure> {
    let unexpected =
        |detail: &str| Failure::new(Code::UnexpectedAnswer, format!("{what}: {detail}"));
    let request = request
        .body(Bytes::new())
        .map_err(|_| unexpected("the request cannot be made."))?;
    let answer = send(app, what, request, until).await?;
    if !answer.status.is_success() {
        return Ok(None);
    }
    // What serde says could quote the body, and the body could hold a token.
    let value = serde_json::from_slice(&answer.body)
        .map_err(|_| unexpected("the body is not the documented JSON."))?;
    Ok(Some(value))
}
