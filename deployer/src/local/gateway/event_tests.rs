//! Requests as events of a function, and responses of functions.

use super::*;

fn event(uri: &str) -> Value {
    let request = Request::get(uri).body(Bytes::new()).unwrap();
    let route = Found {
        key: "GET /{proxy+}".to_owned(),
        alias: None,
        parameters: BTreeMap::new(),
    };
    let client = Client {
        ip: "127.0.0.1".to_owned(),
    };
    let event = super::request(&request, &route, "a", "127.0.0.1:1", &client, "r");
    serde_json::from_slice(&event).unwrap()
}

#[test]
fn the_path_reaches_a_function_decoded_and_the_query_string_does_not() {
    let event = event("/a%20b/%C3%A9/%zz?q=%20x+y&%41=%42");
    assert_eq!(event["rawPath"], "/a b/é/%zz");
    assert_eq!(event["requestContext"]["http"]["path"], "/a b/é/%zz");
    assert_eq!(event["rawQueryString"], "q=%20x+y&%41=%42");
    assert_eq!(event["queryStringParameters"]["A"], "B");
}

#[test]
fn headers_of_a_connection_do_not_leave_a_function() {
    let payload = json!({
        "statusCode": 200,
        "body": "x",
        "headers": {"Connection": "close", "Transfer-Encoding": "chunked", "Content-Length": "9", "X-A": "b"},
    });
    let reply = response(payload.to_string().as_bytes()).unwrap();
    let names: Vec<&str> = reply.headers().keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["x-a", "content-type"]);
}

#[test]
fn an_invalid_response_is_none() {
    for payload in [
        "",
        "not json",
        r#"{"statusCode": 100}"#,
        r#"{"statusCode": 600}"#,
        r#"{"statusCode": "many"}"#,
        r#"{"statusCode": 200, "headers": {"a b": "c"}}"#,
        r#"{"statusCode": 200, "headers": {"a": "b\r\nc: d"}}"#,
        r#"{"statusCode": 200, "isBase64Encoded": true, "body": "?"}"#,
        r#"{"statusCode": 200, "cookies": [7]}"#,
    ] {
        assert!(response(payload.as_bytes()).is_none(), "{payload}");
    }
    // Anything without a status is the body itself.
    let reply = response(br#"{"a": 1}"#).unwrap();
    assert_eq!(
        (reply.status(), reply.headers()["content-type"].as_bytes()),
        (StatusCode::OK, &b"application/json"[..])
    );
}
