//! A small HTTP client for the deployer's own few requests: smoke test and sign-in on `local`.
//! Plain HTTP, and TLS where AWS is compiled in; no redirects followed, no cookies kept, every request bounded in time and size.

use std::{fs::File, io::Write, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use sha2::{Digest, Sha256};

use crate::{Error, build::hex};

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
            format!("{method} {url} failed."),
            "Check that the stage runs and that this machine reaches the address.",
        )
        .because(cause)
    };
    let (url_to_call, host) = loopback(url);
    let mut request = Request::builder().method(&method).uri(url_to_call);
    if let Some(host) = host {
        request = request.header(http::header::HOST, host);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Full::new(body.into()))
        .map_err(|cause| failed(cause.into()))?;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector());
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

#[cfg(not(feature = "aws"))]
fn connector() -> hyper_util::client::legacy::connect::HttpConnector {
    hyper_util::client::legacy::connect::HttpConnector::new()
}

#[cfg(feature = "aws")]
fn connector() -> hyper_rustls::HttpsConnector<hyper_util::client::legacy::connect::HttpConnector> {
    hyper_rustls::HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .build()
}

/// Names under `.localhost` are this machine (RFC 6761, 6.3), and not every resolver knows. Gives
/// where to connect to and, when that differs, the host to ask there.
fn loopback(url: &str) -> (String, Option<String>) {
    let uri: http::Uri = url.parse().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    match (uri.scheme_str(), uri.authority()) {
        (Some("http"), Some(authority)) if host.ends_with(".localhost") => {
            let port = uri.port_u16().unwrap_or(80);
            let path = uri
                .path_and_query()
                .map_or("/", http::uri::PathAndQuery::as_str);
            (
                format!("http://127.0.0.1:{port}{path}"),
                Some(authority.to_string()),
            )
        }
        _ => (url.to_owned(), None),
    }
}

/// Downloads a file of any size; returns its SHA-256 in hex. The file is written from its beginning.
///
/// # Errors
///
/// When there is no whole answer of status 200 within that time, or it cannot be written.
pub async fn download(url: &str, to: &mut File, within: Duration) -> Result<String, Error> {
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Error::failed(
            format!("{url} cannot be downloaded."),
            "Check that this machine reaches the address, then run the same command again.",
        )
        .because(cause)
    };
    let (url_to_call, _) = loopback(url);
    let request = Request::get(url_to_call).body(Full::new(Bytes::new()));
    let request = request.map_err(|cause| failed(cause.into()))?;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector());
    let transfer = async {
        let response = client.request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(format!("status {}", response.status()).into());
        }
        let mut body = response.into_body();
        let mut digest = Sha256::new();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                digest.update(&data);
                to.write_all(&data)?;
            }
        }
        Ok(hex(&digest.finalize()))
    };
    match tokio::time::timeout(within, transfer).await {
        Ok(result) => result.map_err(failed),
        Err(_) => Err(failed(
            format!("no end within {} s", within.as_secs()).into(),
        )),
    }
}

/// GET without headers.
pub async fn get(url: &str, within: Duration) -> Result<Answer, Error> {
    send(Method::GET, url, &[], Bytes::new(), within).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_under_localhost_are_asked_for_at_this_machine() {
        assert_eq!(
            loopback("http://abc.execute-api.localhost:4566/api/health?x=1"),
            (
                "http://127.0.0.1:4566/api/health?x=1".to_owned(),
                Some("abc.execute-api.localhost:4566".to_owned())
            )
        );
        let site = "https://example.com/";
        assert_eq!(loopback(site), (site.to_owned(), None));
    }
}
