//! Requests to other servers: bounded in time and size, TLS by ring and the roots of Mozilla.

use std::{sync::OnceLock, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// What an answer may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time from now to the last byte of the answer.
    pub timeout: Duration,
    /// Bytes of the body.
    pub max_body: usize,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Not within the time.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// More bytes than allowed; the rest was not read.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
    /// No connection, or it broke.
    #[error("{0}")]
    Unreachable(String),
}

impl HttpError {
    /// Whether the other side did not answer in time, rather than not at all.
    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self, HttpError::Timeout(_))
    }
}

/// How long an idle connection is kept: API Gateway closes one after a minute or more.
const KEPT_FOR: Duration = Duration::from_secs(20);

/// Sends requests. Made once a process; costs nothing until it is used.
#[derive(Debug, Default)]
pub struct HttpClient {
    /// How many idle connections to one server are kept.
    kept: usize,
    client: OnceLock<Client<HttpsConnector<HttpConnector>, Full<Bytes>>>,
}

impl HttpClient {
    /// One that keeps connections, that many at most: for who sends many requests to one server
    /// within one invocation. A kept connection can be closed by the other side while Lambda freezes
    /// the process, so a request that may be repeated is repeated once.
    pub(crate) fn keeping(kept: usize) -> HttpClient {
        HttpClient {
            kept,
            client: OnceLock::new(),
        }
    }

    /// Sends a request to an `https` or `http` URL. Redirects are not followed.
    ///
    /// # Errors
    ///
    /// See [`HttpError`]; any status is an answer.
    pub async fn send(&self, request: Request<Bytes>, limits: Limits) -> Result<Answer, HttpError> {
        let client = self.client.get_or_init(|| client(self.kept));
        let answer = async {
            let response = client
                .request(request.map(Full::new))
                .await
                .map_err(unreachable)?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, limits.max_body)
                .collect()
                .await
                .map_err(|error| {
                    if error.is::<LengthLimitError>() {
                        HttpError::TooLarge(limits.max_body)
                    } else {
                        HttpError::Unreachable(error.to_string())
                    }
                })?;
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body: body.to_bytes(),
            })
        };
        tokio::time::timeout(limits.timeout, answer)
            .await
            .unwrap_or(Err(HttpError::Timeout(limits.timeout)))
    }
}

fn client(kept: usize) -> Client<HttpsConnector<HttpConnector>, Full<Bytes>> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    // By default no connection is kept: between two requests Lambda freezes the process, and the
    // other side closes meanwhile.
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(KEPT_FOR)
        .pool_max_idle_per_host(kept)
        .build(connector)
}

/// The whole chain of causes: the first one alone says only "client error (Connect)".
fn unreachable(error: hyper_util::client::legacy::Error) -> HttpError {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    HttpError::Unreachable(text)
}
