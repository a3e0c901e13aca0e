//! Requests as events of payload format 2.0, and answers of functions as responses
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Map, Value, json};

use super::{Client, Found, routes::decode};
use crate::local::http::Reply;

/// Headers that are about one connection, which API Gateway sets itself.
const OF_THE_CONNECTION: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The event for a request, as JSON.
pub(super) fn request(
    request: &Request<Bytes>,
    route: &Found,
    api: &str,
    domain: &str,
    client: &Client,
    request_id: &str,
) -> Vec<u8> {
    let uri = request.uri();
    // API Gateway decodes the path and leaves the query string as it came.
    let path = decode(uri.path());
    let now = SystemTime::now();
    let epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": uri.query().unwrap_or_default(),
        "headers": headers(request, domain, client),
        "requestContext": {
            "accountId": crate::local::ACCOUNT,
            "apiId": api,
            "domainName": domain,
            "domainPrefix": api,
            "http": {
                "method": request.method().as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": client.ip,
                "userAgent": text(request.headers(), header::USER_AGENT).unwrap_or_default(),
            },
            "requestId": request_id,
            "routeKey": route.key,
            "stage": "$default",
            "time": crate::event::common_log_time(now),
            "timeEpoch": epoch.as_millis() as u64,
        },
        "isBase64Encoded": false,
    });
    let cookies: Vec<Value> = request
        .headers()
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| {
            String::from_utf8_lossy(value.as_bytes())
                .split(';')
                .map(|cookie| json!(cookie.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    if !cookies.is_empty() {
        event["cookies"] = Value::Array(cookies);
    }
    if let Some(query) = uri.query().filter(|query| !query.is_empty()) {
        event["queryStringParameters"] = query_parameters(query);
    }
    if !route.parameters.is_empty() {
        event["pathParameters"] = json!(route.parameters);
    }
    if !request.body().is_empty() {
        match std::str::from_utf8(request.body()) {
            Ok(body) if is_text(request) => event["body"] = json!(body),
            _ => {
                event["body"] = json!(STANDARD.encode(request.body()));
                event["isBase64Encoded"] = json!(true);
            }
        }
    }
    event.to_string().into_bytes()
}

/// Lowercase names, several values joined by commas. What the gateway itself says about the way of
/// the request replaces what the client claims.
fn headers(request: &Request<Bytes>, domain: &str, client: &Client) -> Value {
    let mut headers: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in request.headers() {
        let name = name.as_str();
        if name == "cookie" || name == "connection" || name.starts_with("x-amzn-") {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name)
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    let forwarded = match headers.get("x-forwarded-for") {
        Some(before) => format!("{before}, {}", client.ip),
        None => client.ip.clone(),
    };
    headers.insert("x-forwarded-for", forwarded);
    headers.insert("x-forwarded-proto", "http".to_owned());
    headers.insert(
        "x-forwarded-port",
        domain.rsplit(':').next().unwrap_or_default().to_owned(),
    );
    headers.insert("host", domain.to_owned());
    headers.insert("content-length", request.body().len().to_string());
    json!(headers)
}

fn query_parameters(query: &str) -> Value {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (
            decode(&name.replace('+', " ")),
            decode(&value.replace('+', " ")),
        );
        parameters
            .entry(name)
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert(value);
    }
    json!(parameters)
}

/// API Gateway passes text as it is and everything else in base64.
fn is_text(request: &Request<Bytes>) -> bool {
    let kind = text(request.headers(), header::CONTENT_TYPE)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
    let compressed = request.headers().contains_key(header::CONTENT_ENCODING);
    !compressed
        && (kind.starts_with("text/")
            || kind.ends_with("json")
            || kind.ends_with("xml")
            || matches!(
                kind.as_str(),
                "application/javascript" | "application/x-www-form-urlencoded"
            ))
}

/// The response for a function's answer; `None` when API Gateway could not make one of it.
pub(super) fn response(payload: &[u8]) -> Option<Reply> {
    let answer: Value = serde_json::from_slice(payload).ok()?;
    let Some(status) = answer.get("statusCode") else {
        // Anything without a status is the body itself.
        let mut reply = Response::new(Full::new(Bytes::from(body_text(&answer))));
        reply.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        return Some(reply);
    };
    let status = status.as_u64().or_else(|| status.as_str()?.parse().ok())?;
    if !(200..=599).contains(&status) {
        return None;
    }
    let mut reply = Response::new(Full::new(body(&answer)?));
    *reply.status_mut() = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    let headers = reply.headers_mut();
    let single = answer["headers"].as_object().cloned().unwrap_or_default();
    let several = answer["multiValueHeaders"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    // Payload 2.0 knows single values; what lambda_http puts into the other map counts as well.
    for (name, value) in flat(&single).chain(flat(&several)) {
        let (name, value) = (
            HeaderName::try_from(name).ok()?,
            HeaderValue::try_from(value).ok()?,
        );
        if OF_THE_CONNECTION.contains(&name.as_str()) {
            continue;
        }
        if !headers
            .get_all(&name)
            .iter()
            .any(|present| present == value)
        {
            headers.append(name, value);
        }
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        headers.append(
            header::SET_COOKIE,
            HeaderValue::try_from(cookie.as_str()?).ok()?,
        );
    }
    if !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain;charset=UTF-8"),
        );
    }
    Some(reply)
}

fn flat(headers: &Map<String, Value>) -> impl Iterator<Item = (String, String)> + '_ {
    headers.iter().flat_map(|(name, value)| {
        let values = match value {
            Value::Array(values) => values.clone(),
            Value::Null => Vec::new(),
            other => vec![other.clone()],
        };
        values
            .into_iter()
            .map(move |value| (name.to_lowercase(), body_text(&value)))
    })
}

fn body(answer: &Value) -> Option<Bytes> {
    match &answer["body"] {
        Value::Null => Some(Bytes::new()),
        Value::String(text) if answer["isBase64Encoded"] == Value::Bool(true) => {
            STANDARD.decode(text).ok().map(Bytes::from)
        }
        other => Some(Bytes::from(body_text(other))),
    }
}

fn body_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Text of a header; API Gateway gives bytes beyond ASCII as they are.
fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
