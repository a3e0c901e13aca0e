//! The events that a WebSocket API sends to a function
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-binary-media-types.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html>).

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, Request};
use serde_json::{Value, json};

use super::connection::{Closing, Connection};
use crate::local::ACCOUNT;

/// Where an event comes from.
pub(super) struct Source<'a> {
    pub(super) api: &'a str,
    pub(super) domain: &'a str,
    pub(super) stage: &'a str,
}

/// Somebody wants to connect.
pub(super) fn connect<B>(
    source: &Source<'_>,
    connection: &Connection,
    request: &Request<B>,
    request_id: &str,
) -> Value {
    let mut event = json!({
        "headers": single(headers(request.headers(), source.domain)),
        "multiValueHeaders": headers(request.headers(), source.domain),
        "requestContext": context(source, connection, "$connect", "CONNECT", request_id),
        "isBase64Encoded": false,
    });
    let query: Vec<(String, String)> =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    if !query.is_empty() {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in query {
            all.entry(name).or_default().push(value);
        }
        event["queryStringParameters"] = single(all.clone());
        event["multiValueQueryStringParameters"] = json!(all);
    }
    event
}

/// A message of a client.
pub(super) fn message(
    source: &Source<'_>,
    connection: &Connection,
    route_key: &str,
    body: &str,
    request_id: &str,
) -> Value {
    let mut context = context(source, connection, route_key, "MESSAGE", request_id);
    context["messageId"] = json!(request_id);
    json!({ "requestContext": context, "body": body, "isBase64Encoded": false })
}

/// A connection is gone.
pub(super) fn disconnect(
    source: &Source<'_>,
    connection: &Connection,
    closing: &Closing,
    request_id: &str,
) -> Value {
    let mut context = context(source, connection, "$disconnect", "DISCONNECT", request_id);
    context["disconnectStatusCode"] = json!(closing.code);
    context["disconnectReason"] = json!(closing.reason);
    json!({ "requestContext": context, "isBase64Encoded": false })
}

fn context(
    source: &Source<'_>,
    connection: &Connection,
    route_key: &str,
    event_type: &str,
    request_id: &str,
) -> Value {
    let now = SystemTime::now();
    json!({
        "routeKey": route_key,
        "eventType": event_type,
        "messageDirection": "IN",
        "accountId": ACCOUNT,
        "apiId": source.api,
        "domainName": source.domain,
        "stage": source.stage,
        "connectionId": connection.id,
        "connectedAt": milliseconds(connection.connected_at),
        "requestId": request_id,
        "extendedRequestId": request_id,
        "requestTime": crate::event::common_log_time(now),
        "requestTimeEpoch": milliseconds(now),
        "identity": {
            "sourceIp": connection.source_ip,
            "userAgent": connection.user_agent,
        },
    })
}

pub(super) fn milliseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Names as API Gateway writes them, `Sec-WebSocket-Key`, and what it adds itself.
fn headers(headers: &HeaderMap, domain: &str) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        if ["connection", "upgrade"].contains(&name.as_str()) {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        all.entry(title(name.as_str())).or_default().push(value);
    }
    let port = domain.rsplit(':').next().unwrap_or_default();
    for (name, value) in [
        ("Host", domain),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-Port", port),
        ("X-Forwarded-Proto", "http"),
    ] {
        all.insert(name.to_owned(), vec![value.to_owned()]);
    }
    all
}

/// `sec-websocket-key` -> `Sec-WebSocket-Key`.
fn title(name: &str) -> String {
    let words = name.split('-').map(|word| match word {
        "websocket" => "WebSocket".to_owned(),
        word => {
            let (first, rest) = word.split_at(word.len().min(1));
            format!("{}{rest}", first.to_ascii_uppercase())
        }
    });
    words.collect::<Vec<_>>().join("-")
}

/// The last of several values.
fn single(all: BTreeMap<String, Vec<String>>) -> Value {
    all.into_iter()
        .filter_map(|(name, mut values)| values.pop().map(|value| (name, Value::from(value))))
        .collect()
}
