//! Requests and answers, as a test writes and reads them.

use std::{fmt, net::SocketAddr};

use ::http::{HeaderMap, Method, Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// An answer of the gateway, read to its end.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status, comparable with a number: `response.status == 404`.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// The body as JSON. Panics with the whole answer when it is something else.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {self}"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header that occurs once; empty when it does not occur.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap_or("(not text)"))
    }

    /// A `Set-Cookie` header by the cookie's name, whole.
    pub fn set_cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find(|cookie| cookie.split('=').next() == Some(name))
    }

    /// Panics unless it is a problem of that status and code; gives it back.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self}");
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self}"
        );
        let problem = self.json();
        assert_eq!(problem["code"], code, "{self}");
        problem
    }

    /// Panics unless it has that status; gives the body as JSON.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self}");
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }
}

/// As in a trace, for assertion messages.
impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        let shown = self.body.len().min(2000);
        write!(f, "\n{}", String::from_utf8_lossy(&self.body[..shown]))
    }
}

/// Sends one request over a connection of its own and reads the whole answer.
pub(crate) async fn send(address: SocketAddr, mut request: Request<Full<Bytes>>) -> Response {
    if !request.headers().contains_key(header::HOST) {
        let host = address.to_string().parse().unwrap();
        request.headers_mut().insert(header::HOST, host);
    }
    let what = format!("{} {}", request.method(), request.uri());
    let stream = TcpStream::connect(address)
        .await
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let response = sender
        .send_request(request)
        .await
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let response = collected(response).await;
    connection.abort();
    response
}

/// A response, read to its end.
pub(crate) async fn collected<B>(response: ::http::Response<B>) -> Response
where
    B: hyper::body::Body,
    B::Error: fmt::Display,
{
    let (parts, body) = response.into_parts();
    let collected = body.collect().await;
    Response {
        status: parts.status,
        headers: parts.headers,
        body: collected
            .unwrap_or_else(|error| panic!("the body broke off: {error}"))
            .to_bytes(),
    }
}

/// A request under construction; [`RequestBuilder::send`] or `.await` sends it.
#[must_use = "a request does nothing until it is sent"]
#[derive(Debug)]
pub struct RequestBuilder {
    pub(crate) address: SocketAddr,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl RequestBuilder {
    /// Adds a header, or replaces one of that name.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers
            .retain(|(present, _)| !present.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Takes a header away.
    pub fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(present, _)| !present.eq_ignore_ascii_case(name));
        self
    }

    /// A JSON body with its content type.
    pub fn json(self, body: Value) -> Self {
        let bytes = serde_json::to_vec(&body).unwrap();
        self.header("content-type", "application/json").body(bytes)
    }

    /// A body as it is, without a content type.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// `Authorization: Bearer TOKEN`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sends it.
    pub async fn send(self) -> Response {
        let mut request = Request::builder().method(self.method).uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Full::new(self.body))
            .unwrap_or_else(|error| panic!("{}: {error}", self.path));
        send(self.address, request).await
    }
}

impl IntoFuture for RequestBuilder {
    type Output = Response;
    type IntoFuture = std::pin::Pin<Box<dyn Future<Output = Response>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
