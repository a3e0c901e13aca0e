//! From an event of API Gateway (payload format 2.0) to a request, and from a response back.
//!
//! No event ends the process: what is no HTTP event is an error of the invocation, and what is one
//! that makes no request is a 400. lambda_http would do the same conversion with `expect`, which a
//! space in a query string or broken base64 runs into
//! (`into_api_gateway_v2_request` of lambda_http 1.3).

use std::collections::{BTreeMap, HashMap};

use axum::{body::Body, extract::Request, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use http_body_util::BodyExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::{ApiError, answer};

/// What a path holds as it is (RFC 3986, `pchar` and `/`), but for `%`: API Gateway decodes paths,
/// so that a `%` in one is a character of its own.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');
/// What a query string holds as it is. API Gateway does not decode it.
const QUERY: &AsciiSet = &PATH.remove(b'?').remove(b'%');

/// What API Gateway says of a request, as an extension of it. No client can set any of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gateway {
    /// Id of the request.
    pub(crate) request_id: Option<String>,
    /// The host that the request was sent to.
    pub(crate) domain_name: Option<String>,
    /// The client's address.
    pub(crate) source_ip: Option<String>,
}

/// Why an HTTP event makes no request, as an extension of a request without anything in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Malformed(&'static str);

impl Malformed {
    /// The 400.
    pub(crate) fn answer(self) -> ApiError {
        ApiError::bad_request("malformed_request", self.0)
    }
}

/// The members of an event that are used. Others are passed over, however deep.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpEvent {
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    cookies: Option<Vec<String>>,
    headers: Option<HashMap<String, String>>,
    request_context: RequestContext,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    http: Http,
    request_id: Option<String>,
    domain_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    path: Option<String>,
    source_ip: Option<String>,
}

/// What says that an event is an HTTP request of this format, whatever else is wrong with it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    version: String,
    #[expect(dead_code, reason = "what matters is that it is there")]
    request_context: KindOfContext,
}

#[derive(Deserialize)]
struct KindOfContext {
    #[expect(dead_code, reason = "what matters is that it is there")]
    http: serde::de::IgnoredAny,
}

/// The request of an event.
///
/// # Errors
///
/// A sentence for the log when it is no HTTP event: of another service, or of another format.
pub fn request(event: &str) -> Result<Request, String> {
    let is_http = event.starts_with('{')
        && serde_json::from_str::<Kind>(event).is_ok_and(|kind| kind.version == "2.0");
    if !is_http {
        return Err(
            "This is no event of an HTTP API (payload format 2.0): the function answers nothing else."
                .to_owned(),
        );
    }
    let malformed = |why| {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(Malformed(why));
        request
    };
    let Ok(event) = serde_json::from_str::<HttpEvent>(event) else {
        return Ok(malformed("The gateway's event is not in its format."));
    };
    let gateway = Gateway {
        request_id: event.request_context.request_id.clone(),
        domain_name: event.request_context.domain_name.clone(),
        source_ip: event.request_context.http.source_ip.clone(),
    };
    let mut request = event.into_request().unwrap_or_else(malformed);
    request.extensions_mut().insert(gateway);
    Ok(request)
}

impl HttpEvent {
    fn into_request(self) -> Result<Request, &'static str> {
        let http = self.request_context.http;
        let method = Method::from_bytes(http.method.as_bytes())
            .map_err(|_| "The method is not one of HTTP.")?;
        let path = self.raw_path.or(http.path).unwrap_or_default();
        let uri = uri(&path, self.raw_query_string.as_deref().unwrap_or_default())?;
        let headers = headers(self.headers.unwrap_or_default(), self.cookies)?;
        let body = match self.body {
            None => Bytes::new(),
            Some(text) if self.is_base64_encoded == Some(true) => STANDARD
                .decode(text)
                .map_err(|_| "The body is not the base64 that it is said to be.")?
                .into(),
            Some(text) => text.into(),
        };
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// Path and query, without a host: hosts decide nothing here, and some make no URI.
fn uri(path: &str, query: &str) -> Result<Uri, &'static str> {
    let path = utf8_percent_encode(path.strip_prefix('/').unwrap_or(path), PATH);
    let query = utf8_percent_encode(query, QUERY);
    // Anything can be encoded; what is left is the longest that an address may be.
    Uri::try_from(format!("/{path}?{query}"))
        .map_err(|_| "The address is longer than 65,534 characters.")
}

fn headers(
    given: HashMap<String, String>,
    cookies: Option<Vec<String>>,
) -> Result<HeaderMap, &'static str> {
    let mut headers = HeaderMap::new();
    let mut given = given;
    // The gateway takes cookies out of the headers; where it does, they are all here.
    if let Some(cookies) = cookies.filter(|cookies| !cookies.is_empty()) {
        given.retain(|name, _| !name.eq_ignore_ascii_case("cookie"));
        given.insert("cookie".to_owned(), cookies.join("; "));
    }
    for (name, value) in given {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| "A header has a name that HTTP does not allow.")?;
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| "A header has a character that HTTP does not allow.")?;
        headers
            .try_append(name, value)
            .map_err(|_| "There are too many headers.")?;
    }
    Ok(headers)
}

/// A response as API Gateway takes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpResponse {
    status_code: u16,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
}

impl HttpResponse {
    /// Reads a response to its end.
    pub(crate) async fn of(response: Response) -> HttpResponse {
        let (parts, body) = response.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            // Bodies are in memory; one that is not would end here.
            Err(error) => {
                tracing::error!(%error, "A response broke off.");
                Bytes::new()
            }
        };
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut headers = BTreeMap::<String, String>::new();
        let mut cookies = Vec::new();
        for (name, value) in &parts.headers {
            if name == header::SET_COOKIE {
                cookies.push(text(value));
                continue;
            }
            let joined = headers.entry(name.as_str().to_owned()).or_default();
            if !joined.is_empty() {
                joined.push(',');
            }
            joined.push_str(&text(value));
        }
        let is_encoded = parts.headers.contains_key(header::CONTENT_ENCODING);
        let (body, is_base64_encoded) = match String::from_utf8(body.to_vec()) {
            Ok(text) if !is_encoded => (text, false),
            _ => (STANDARD.encode(&body), true),
        };
        HttpResponse {
            status_code: parts.status.as_u16(),
            headers,
            cookies,
            body,
            is_base64_encoded,
        }
    }

    /// Whether Lambda takes it.
    pub(crate) fn fits(&self) -> bool {
        // A body of letters is as long as it looks, and one of quotes twice that.
        self.body.len() < answer::MAX / 2
            || answer::encoded_length(&self.body).is_ok_and(|length| length <= answer::MAX)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(change: impl FnOnce(&mut Value)) -> String {
        let mut event = json!({
            "version": "2.0",
            "rawPath": "/api/tasks",
            "rawQueryString": "limit=1",
            "headers": {"host": "id.execute-api.us-east-1.amazonaws.com"},
            "requestContext": {
                "domainName": "id.execute-api.us-east-1.amazonaws.com",
                "requestId": "r",
                "http": {"method": "GET", "path": "/api/tasks", "sourceIp": "192.0.2.1"}
            },
            "isBase64Encoded": false
        });
        change(&mut event);
        event.to_string()
    }

    fn made(change: impl FnOnce(&mut Value)) -> Request {
        let request = request(&event(change)).unwrap();
        assert!(request.extensions().get::<Malformed>().is_none());
        request
    }

    #[test]
    fn odd_addresses_are_encoded() {
        for (path, query, uri) in [
            ("/api/tasks", "", "/api/tasks?"),
            ("", "a=b", "/?a=b"),
            ("api", "q=a+b%20c", "/api?q=a+b%20c"),
            (
                "/a b/é%2F?#",
                "q=\"<é> #",
                "/a%20b/%C3%A9%252F%3F%23?q=%22%3C%C3%A9%3E%20%23",
            ),
            ("//evil.example/", "\u{0}\n", "//evil.example/?%00%0A"),
        ] {
            let request = made(|event| {
                event["rawPath"] = json!(path);
                event["rawQueryString"] = json!(query);
            });
            assert_eq!(request.uri().to_string(), uri, "{path} {query}");
        }
    }

    #[test]
    fn headers_and_cookies_are_taken_as_they_are() {
        let request = made(|event| {
            event["headers"] = json!({"Host": "[::1", "x-name": "é", "cookie": "a=1"});
            event["cookies"] = json!(["b=ü", "c=3"]);
        });
        let cookies = request.headers().get_all("cookie").iter();
        let cookies: Vec<&[u8]> = cookies.map(HeaderValue::as_bytes).collect();
        assert_eq!(cookies, ["b=ü; c=3".as_bytes()]);
        assert_eq!(request.headers()["host"], "[::1");
        let gateway = request.extensions().get::<Gateway>().unwrap();
        assert_eq!(gateway.source_ip.as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn what_makes_no_request_is_answered_and_no_other_event_is() {
        for change in [
            (|event| event["requestContext"]["http"]["method"] = json!("A B")) as fn(&mut Value),
            |event| event["requestContext"]["http"]["method"] = json!(""),
            |event| event["requestContext"]["http"]["method"] = json!(7),
            |event| event["headers"] = json!({"a b": "c"}),
            |event| event["headers"] = json!({"a": "b\nc"}),
            |event| event["headers"] = json!([]),
            |event| event["rawQueryString"] = json!("a".repeat(70_000)),
            |event| event["body"] = json!({"not": "text"}),
            |event| {
                event["body"] = json!("%%%");
                event["isBase64Encoded"] = json!(true);
            },
        ] {
            let request = request(&event(change)).unwrap();
            let malformed = request.extensions().get::<Malformed>();
            assert_eq!(malformed.unwrap().answer().status(), 400);
        }
        for other in [
            "null",
            "[]",
            "{}",
            "\"\"",
            r#"["2.0"]"#,
            r#"{"version": "1.0", "httpMethod": "GET"}"#,
            r#"{"version": "2.0"}"#,
        ] {
            assert!(request(other).is_err(), "{other}");
        }
    }

    #[tokio::test]
    async fn a_response_is_text_where_it_can_be() {
        let text = Response::builder()
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("vary", "origin")
            .header("vary", "cookie")
            .body(Body::from("日本"))
            .unwrap();
        let text = HttpResponse::of(text).await;
        assert_eq!(
            (text.body.as_str(), text.is_base64_encoded),
            ("日本", false)
        );
        assert_eq!(text.cookies, ["a=1", "b=2"]);
        assert_eq!(text.headers["vary"], "origin,cookie");
        let binary = HttpResponse::of(Response::new(Body::from(vec![0xff, 0x00]))).await;
        assert_eq!(
            (binary.body.as_str(), binary.is_base64_encoded),
            ("/wA=", true)
        );
        let packed = Response::builder()
            .header("content-encoding", "gzip")
            .body(Body::from("a"));
        assert!(HttpResponse::of(packed.unwrap()).await.is_base64_encoded);
    }
}
