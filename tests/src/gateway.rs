//! A gateway for the tests until the local target's can be used.

use ::http::{Request, Response, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use miyabi_catalog::{FUNCTIONS, Function, Route};
use serde_json::{Map, Value, json};

/// The function and route for a request: literal segments win over variables.
pub(crate) fn matching(method: &str, path: &str) -> Option<(&'static Function, &'static Route)> {
    let mut found: Vec<_> = FUNCTIONS
        .iter()
        .flat_map(|function| function.routes.iter().map(move |route| (function, route)))
        .filter(|(_, route)| route.method.as_str() == method && fits(route.path, path))
        .collect();
    found.sort_by_key(|(_, route)| {
        (
            route.path.contains("{proxy+}"),
            route.path.matches('{').count(),
        )
    });
    found.into_iter().next()
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        match (expected, segments.next()) {
            ("{proxy+}", Some(_)) => return true,
            (_, None) => return false,
            (expected, Some(found)) => {
                let variable = expected.starts_with('{') && !found.is_empty();
                if !variable && expected != found {
                    return false;
                }
            }
        }
    }
    segments.next().is_none()
}

pub(crate) fn event(route: &Route, request: &Request<Bytes>) -> Value {
    let mut headers = Map::new();
    let mut cookies = Vec::new();
    for (name, value) in request.headers() {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if name == header::COOKIE {
            cookies.extend(text.split("; ").map(|cookie| json!(cookie)));
            continue;
        }
        if name.as_str().starts_with("x-amzn-") || name.as_str().starts_with("x-forwarded-") {
            continue;
        }
        match headers.get_mut(name.as_str()) {
            Some(Value::String(present)) => *present = format!("{present},{text}"),
            _ => drop(headers.insert(name.as_str().to_owned(), json!(text))),
        }
    }
    headers.insert("x-forwarded-proto".to_owned(), json!("http"));
    headers.insert("x-forwarded-for".to_owned(), json!("127.0.0.1"));
    let host = request
        .headers()
        .get(header::HOST)
        .map_or("", |host| host.to_str().unwrap_or(""));
    let route_key = format!("{} {}", route.method.as_str(), route.path);
    let path = request.uri().path();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": request.uri().query().unwrap_or(""),
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": host,
            "domainPrefix": "local",
            "http": {
                "method": request.method().as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": request.headers().get("user-agent").map_or("", |value| value.to_str().unwrap_or(""))
            },
            "requestId": uuid::Uuid::new_v4().to_string(),
            "routeKey": route_key,
            "stage": "$default",
            "time": "10/Mar/2020:05:16:23 +0000",
            "timeEpoch": 1_583_817_383_220_i64
        },
        "isBase64Encoded": false
    });
    if !cookies.is_empty() {
        event["cookies"] = Value::Array(cookies);
    }
    if !request.body().is_empty() {
        match std::str::from_utf8(request.body()) {
            Ok(text) => event["body"] = json!(text),
            Err(_) => {
                event["body"] = json!(STANDARD.encode(request.body()));
                event["isBase64Encoded"] = json!(true);
            }
        }
    }
    event
}

pub(crate) fn answer(payload: &[u8]) -> Response<Full<Bytes>> {
    let answer: Value = serde_json::from_slice(payload).unwrap();
    let mut response = Response::builder().status(answer["statusCode"].as_u64().unwrap() as u16);
    for source in ["headers", "multiValueHeaders"] {
        for (name, value) in answer[source].as_object().into_iter().flatten() {
            if source == "multiValueHeaders" && answer["headers"].get(name).is_some() {
                continue;
            }
            match value {
                Value::Array(values) => {
                    for value in values {
                        response = response.header(name, value.as_str().unwrap());
                    }
                }
                value => response = response.header(name, value.as_str().unwrap()),
            }
        }
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        response = response.header(header::SET_COOKIE, cookie.as_str().unwrap());
    }
    let body = answer["body"].as_str().unwrap_or_default();
    let body = match answer["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(body).unwrap(),
        _ => body.as_bytes().to_vec(),
    };
    response.body(Full::new(body.into())).unwrap()
}
