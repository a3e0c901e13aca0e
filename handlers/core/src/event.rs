//! What stands between an event of API Gateway (payload format 2.0) and lambda_http.
//!
//! No event ends the process: what is not an HTTP event is an error of the invocation, and an HTTP
//! event that makes no request is a 400. lambda_http converts with `expect`, which a space in a
//! query string, an odd host or broken base64 runs into (`into_api_gateway_v2_request` of 1.3), so
//! it gets an event in which all of these are checked or encoded.

use std::collections::HashMap;

use axum::{body::Body, extract::Request};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use lambda_http::{aws_lambda_events::apigw::ApiGatewayV2httpRequest, request::LambdaRequest};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::ApiError;

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

/// What lambda_http gets, and what its conversion leaves out.
pub(crate) struct Accepted {
    /// The event, with an address that can be parsed.
    pub(crate) event: LambdaRequest,
    /// The rest of the request.
    pub(crate) rest: Rest,
}

/// The parts of a request that lambda_http must not convert: the host would become a part of the
/// address, and some hosts make no address.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    headers: HeaderMap,
    /// The body, where the event has it in base64.
    binary: Option<Vec<u8>>,
    gateway: Gateway,
    malformed: Option<Malformed>,
}

impl Rest {
    /// The request as the router takes it.
    pub(crate) fn apply(self, mut request: lambda_http::Request) -> Request {
        *request.headers_mut() = self.headers;
        if let Some(binary) = self.binary {
            *request.body_mut() = binary.into();
        }
        request.extensions_mut().insert(self.gateway);
        if let Some(malformed) = self.malformed {
            request.extensions_mut().insert(malformed);
        }
        request.map(Body::new)
    }
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
    version: String,
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

impl Kind {
    /// An array would be taken for the members in their order.
    fn is_http(event: &str) -> bool {
        event.starts_with('{')
            && serde_json::from_str::<Kind>(event).is_ok_and(|kind| kind.version == FORMAT)
    }
}

/// What an event is converted from.
///
/// # Errors
///
/// A sentence for the log when it is not an HTTP event: of another service, or of another format.
pub(crate) fn accept(event: &str) -> Result<Accepted, String> {
    let malformed = |why, gateway| Accepted {
        event: LambdaRequest::ApiGatewayV2(ApiGatewayV2httpRequest::default()),
        rest: Rest {
            gateway,
            malformed: Some(Malformed(why)),
            ..Rest::default()
        },
    };
    let Some(event) = HttpEvent::read(event) else {
        if !Kind::is_http(event) {
            return Err(
                "This is not an event of an HTTP API (payload format 2.0): the function answers nothing else."
                    .to_owned(),
            );
        }
        let why = "The gateway's event is not in its format.";
        return Ok(malformed(why, Gateway::default()));
    };
    let gateway = Gateway {
        request_id: event.request_context.request_id.clone(),
        domain_name: event.request_context.domain_name.clone(),
        source_ip: event.request_context.http.source_ip.clone(),
    };
    Ok(match event.accept() {
        Ok((event, rest)) => Accepted {
            event: LambdaRequest::ApiGatewayV2(event),
            rest: Rest { gateway, ..rest },
        },
        Err(why) => malformed(why, gateway),
    })
}

/// The request of an event, without the Runtime API around it.
///
/// # Errors
///
/// As [`accept`].
pub fn request_of_event(event: &str) -> Result<Request, String> {
    let Accepted { event, rest } = accept(event)?;
    Ok(rest.apply(lambda_http::Request::from(event)))
}

/// The payload format of the routes.
const FORMAT: &str = "2.0";
/// Longest address: what `http::Uri` takes.
const MAX_ADDRESS: usize = 65_534;

impl HttpEvent {
    /// `None` when it is not in its format, or not an HTTP event at all.
    fn read(event: &str) -> Option<HttpEvent> {
        let read = serde_json::from_str::<HttpEvent>(event).ok()?;
        (event.starts_with('{') && read.version == FORMAT).then_some(read)
    }

    fn accept(self) -> Result<(ApiGatewayV2httpRequest, Rest), &'static str> {
        let http = self.request_context.http;
        let mut event = ApiGatewayV2httpRequest::default();
        event.request_context.http.method = Method::from_bytes(http.method.as_bytes())
            .map_err(|_| "The method is not one of HTTP.")?;
        let path = path(&self.raw_path.or(http.path).unwrap_or_default())?;
        let query = self.raw_query_string.unwrap_or_default();
        let query = utf8_percent_encode(&query, QUERY).to_string();
        if path.len() + query.len() >= MAX_ADDRESS {
            return Err("The address is longer than 65,534 characters.");
        }
        event.raw_path = Some(path);
        event.raw_query_string = Some(query);
        let headers = headers(self.headers.unwrap_or_default(), self.cookies)?;
        let binary = match self.body {
            Some(text) if self.is_base64_encoded == Some(true) => Some(
                STANDARD
                    .decode(text)
                    .map_err(|_| "The body is not valid base64.")?,
            ),
            text => {
                event.body = text;
                None
            }
        };
        let rest = Rest {
            headers,
            binary,
            ..Rest::default()
        };
        Ok((event, rest))
    }
}

/// The path as an address holds it.
fn path(path: &str) -> Result<String, &'static str> {
    // An address parser resolves these; the gateway has matched its route with them.
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err("The path has dot segments.");
    }
    let path = utf8_percent_encode(path.strip_prefix('/').unwrap_or(path), PATH);
    Ok(format!("/{path}"))
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

#[cfg(test)]
mod tests;
