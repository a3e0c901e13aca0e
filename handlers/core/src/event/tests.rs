//! Events that make a request, and events that make none.

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
    let request = request_of_event(&event(change)).unwrap();
    assert!(request.extensions().get::<Malformed>().is_none());
    request
}

#[test]
fn odd_addresses_are_encoded() {
    for (path, query, uri) in [
        ("/api/tasks", "", "/api/tasks"),
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

/// lambda_http puts the name of a stage before the path, unless a variable of the environment
/// says otherwise. It is not given the name.
#[test]
fn the_name_of_a_stage_is_not_part_of_the_path() {
    assert!(std::env::var_os("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH").is_none());
    for stage in ["$default", "prod", "api"] {
        let request = made(|event| event["requestContext"]["stage"] = json!(stage));
        assert_eq!(request.uri().path(), "/api/tasks", "{stage}");
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
        |event| event["rawPath"] = json!("/api/tasks/../auth/me"),
        |event| event["rawQueryString"] = json!("a".repeat(70_000)),
        |event| event["body"] = json!({"not": "text"}),
        |event| {
            event["body"] = json!("%%%");
            event["isBase64Encoded"] = json!(true);
        },
    ] {
        let request = request_of_event(&event(change)).unwrap();
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
        assert!(accept(other).is_err(), "{other}");
    }
}
