//! A small HTTP client for the deployer's own few requests: smoke test and sign-in on `local`.
//! Plain HTTP, no redirects followed, no cookies kept, every request bounded in time and size.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::Error;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// A header as text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as text, shortened to `longest` characters.
    pub fn text(&self, longest: usize) -> String {
        String::from_utf8_lossy(&self.body)
            .chars()
            .take(longest)
            .collect()
    }
}

/// The longest body that is read: 8 MB, more than any function may answer.
const LARGEST_BODY: usize = 8 << 20;

/// Sends one request and reads the answer. `headers` are names and values.
pub async fn send(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
    within: Duration,
) -> Result<Answer, Error> {
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Error::failed(
            format!("{method} {url} got no answer."),
            "See whether everything runs: `cargo xtask status --stage local`",
        )
        .because(cause)
    };
    let mut request = Request::builder().method(&method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Full::new(body.into()))
        .map_err(|cause| failed(cause.into()))?;
    let client: Client<HttpConnector, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).build_http();
    let exchange = async {
        let response = client.request(request).await?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, LARGEST_BODY).collect().await?.to_bytes();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    };
    match tokio::time::timeout(within, exchange).await {
        Ok(answer) => answer.map_err(failed),
        Err(_) => Err(failed(
            format!("no answer within {} s", within.as_secs()).into(),
        )),
    }
}

/// GET without headers.
pub async fn get(url: &str, within: Duration) -> Result<Answer, Error> {
    send(Method::GET, url, &[], Bytes::new(), within).await
}
