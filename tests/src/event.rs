//! API Gateway's event, payload format 2.0, as AWS documents it: for calling a function without a
//! gateway, with what no gateway would send.

use serde_json::{Value, json};

/// The event of a request. `route` is a route of the catalogue (`GET /api/tasks/{task_id}`), `path`
/// what the client asked for, with its query.
pub fn http_event(route: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Value {
    let (method, _) = route.split_once(' ').unwrap();
    let (raw_path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": raw_path,
        "rawQueryString": query,
        "headers": {
            "accept": "*/*",
            "content-length": body.map_or(0, str::len).to_string(),
            "host": "api.example.com",
            "user-agent": "miyabi-tests",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https"
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "r3pmxmplak",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": method,
                "path": raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "miyabi-tests"
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": "$default",
            "time": "10/Mar/2020:05:16:23 +0000",
            "timeEpoch": 1_583_817_383_220_i64
        },
        "isBase64Encoded": false
    });
    for (name, value) in headers {
        event["headers"][name.to_ascii_lowercase()] = json!(value);
    }
    if let Some(body) = body {
        event["body"] = json!(body);
    }
    event
}

/// The event of a WebSocket API: of a handshake with a ticket when `route` is `$connect`.
pub fn socket_event(
    route: &str,
    connection: &str,
    handshake: Option<(&str, &str)>,
    body: Option<&str>,
) -> Value {
    let kind = match route {
        "$connect" => "CONNECT",
        "$disconnect" => "DISCONNECT",
        _ => "MESSAGE",
    };
    let mut event = json!({
        "requestContext": {
            "routeKey": route,
            "eventType": kind,
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "requestTime": "10/Mar/2020:05:16:23 +0000",
            "messageDirection": "IN",
            "stage": "live",
            "connectedAt": 1_583_817_383_220_i64,
            "requestTimeEpoch": 1_583_817_383_220_i64,
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "miyabi-tests"},
            "requestId": "JKJaXmPLvHcESHA=",
            "domainName": "socket.example.com",
            "connectionId": connection,
            "apiId": "s0ck3t"
        },
        "isBase64Encoded": false
    });
    if let Some((origin, ticket)) = handshake {
        event["headers"] = json!({"Host": "socket.example.com", "Origin": origin});
        event["multiValueHeaders"] = json!({"Host": ["socket.example.com"], "Origin": [origin]});
        event["queryStringParameters"] = json!({"ticket": ticket});
        event["multiValueQueryStringParameters"] = json!({"ticket": [ticket]});
    }
    if let Some(body) = body {
        event["body"] = json!(body);
    }
    event
}
