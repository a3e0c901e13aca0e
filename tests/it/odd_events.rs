//! No event ends a function: events of other services, and HTTP events that make no request.

use std::collections::BTreeMap;

use miyabi_catalog::{FUNCTIONS, Function};
use miyabi_tests::{App, Value, http_event, json};

/// An event, and whether it is an HTTP request of payload format 2.0.
pub(crate) struct Odd {
    pub(crate) what: String,
    pub(crate) event: Vec<u8>,
    pub(crate) is_http: bool,
}

/// At least 100 events that nobody who wrote the functions had in mind.
pub(crate) fn odd_events() -> Vec<Odd> {
    let mut events = other_services();
    events.extend(no_objects());
    events.extend(odd_requests());
    assert!(events.len() >= 100, "{} events", events.len());
    events
}

/// What other services send, and other formats of API Gateway.
fn other_services() -> Vec<Odd> {
    let context = json!({"requestId": "r", "stage": "prod", "identity": {"sourceIp": "192.0.2.1"}});
    let record = |source: &str, detail: Value| json!({"Records": [{"eventSource": source, "awsRegion": "us-east-1", "detail": detail}]});
    let named = [
        (
            "SQS",
            json!({"Records": [{"messageId": "m", "receiptHandle": "h", "body": "b", "attributes": {}, "eventSource": "aws:sqs"}]}),
        ),
        (
            "S3",
            record(
                "aws:s3",
                json!({"bucket": {"name": "b"}, "object": {"key": "k"}}),
            ),
        ),
        (
            "SNS",
            json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "m", "Subject": null}}]}),
        ),
        (
            "DynamoDB",
            record("aws:dynamodb", json!({"Keys": {"Id": {"N": "1"}}})),
        ),
        ("Kinesis", record("aws:kinesis", json!({"data": "AAAA"}))),
        ("SES", record("aws:ses", json!({"mail": {}}))),
        (
            "API Gateway REST",
            json!({"resource": "/{proxy+}", "path": "/api/tasks", "httpMethod": "GET", "headers": {}, "multiValueHeaders": {}, "queryStringParameters": null, "requestContext": context, "body": null, "isBase64Encoded": false}),
        ),
        (
            "HTTP API, format 1.0",
            json!({"version": "1.0", "resource": "/api/tasks", "path": "/api/tasks", "httpMethod": "GET", "headers": {}, "requestContext": context}),
        ),
        (
            "HTTP API, format 3.0",
            json!({"version": "3.0", "rawPath": "/", "requestContext": {"http": {"method": "GET"}}}),
        ),
        (
            "Load balancer",
            json!({"requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "GET", "path": "/", "headers": {}, "body": "", "isBase64Encoded": false}),
        ),
        (
            "WebSocket connect",
            json!({"requestContext": {"routeKey": "$connect", "eventType": "CONNECT", "connectionId": "c"}, "isBase64Encoded": false}),
        ),
        (
            "WebSocket message",
            json!({"requestContext": {"routeKey": "$default", "eventType": "MESSAGE", "connectionId": "c"}, "body": "{}"}),
        ),
        (
            "VPC Lattice",
            json!({"version": "2.0", "path": "/", "method": "GET", "headers": {}, "requestContext": {"serviceArn": "arn"}}),
        ),
        (
            "EventBridge",
            json!({"version": "0", "id": "i", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}),
        ),
        ("CloudWatch Logs", json!({"awslogs": {"data": "H4sIAAAA"}})),
        (
            "CloudWatch alarm",
            json!({"source": "aws.cloudwatch", "alarmArn": "arn", "alarmData": {}}),
        ),
        (
            "Cognito",
            json!({"version": "1", "triggerSource": "PreSignUp_SignUp", "request": {}, "response": {}}),
        ),
        (
            "CloudFormation",
            json!({"RequestType": "Create", "ResponseURL": "https://example.com", "ResourceProperties": {}}),
        ),
        ("Step Functions", json!({"Payload": {"a": 1}})),
        (
            "AppSync",
            json!({"info": {"fieldName": "f"}, "arguments": {}}),
        ),
        ("Lex", json!({"bot": {"name": "b"}, "sessionState": {}})),
        ("IoT", json!({"temperature": 21.5})),
        (
            "Config",
            json!({"invokingEvent": "{}", "ruleParameters": "{}"}),
        ),
        (
            "Lambda authorizer",
            json!({"type": "REQUEST", "methodArn": "arn", "version": "2.0"}),
        ),
        (
            "MSK",
            json!({"eventSource": "aws:kafka", "records": {"t-0": []}}),
        ),
        (
            "Edge",
            json!({"Records": [{"cf": {"request": {"uri": "/", "method": "GET"}}}]}),
        ),
        ("keep warm", json!({"source": "serverless-plugin-warmup"})),
        (
            "the context alone",
            json!({"requestContext": {"http": {"method": "GET"}}}),
        ),
        ("the version alone", json!({"version": "2.0"})),
        (
            "a version that is a number",
            json!({"version": 2.0, "requestContext": {"http": {"method": "GET"}}}),
        ),
        (
            "a context that is null",
            json!({"version": "2.0", "requestContext": null}),
        ),
        (
            "a private token",
            json!({"$serde_json::private::RawValue": "{"}),
        ),
    ];
    named
        .into_iter()
        .map(|(what, event)| Odd {
            what: what.to_owned(),
            event: event.to_string().into(),
            is_http: false,
        })
        .collect()
}

/// JSON that is not an object, and text that is not JSON.
fn no_objects() -> Vec<Odd> {
    let mut texts: Vec<Vec<u8>> = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1e999",
        "123456789012345678901234567890",
        "\"\"",
        "\"text\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "[]",
        "{}",
        "[[]]",
        "[{}]",
        r#"["2.0"]"#,
        r#"{"": ""}"#,
        r#"{"version": "2.0", "version": "2.0"}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    let deep = |open: &str, close: &str| {
        format!("{}0{}", open.repeat(100_000), close.repeat(100_000)).into_bytes()
    };
    texts.push(deep("[", "]"));
    texts.push(deep("{\"a\":", "}"));
    texts.push(format!("\"{}\"", "a".repeat(6_000_000)).into_bytes());
    texts.push(format!("[{}0]", "0,".repeat(2_000_000)).into_bytes());
    texts
        .into_iter()
        .map(|event| Odd {
            what: String::from_utf8_lossy(&event[..event.len().min(40)]).into_owned(),
            event,
            is_http: false,
        })
        .collect()
}

/// HTTP events with something odd in them. The path is none that a function has.
fn odd_requests() -> Vec<Odd> {
    let mut events: BTreeMap<String, Value> = BTreeMap::new();
    let mut add = |what: String, change: &dyn Fn(&mut Value)| {
        let mut event = http_event("GET /api/odd", "/api/odd", &[], None);
        change(&mut event);
        events.insert(what, event);
    };
    for text in [
        " ",
        "\"",
        "<",
        ">",
        "a b",
        "é",
        "日本",
        "💥",
        "%",
        "%zz",
        "%00",
        "\0",
        "\r\n",
        "#",
        "?",
        "[",
        "\\",
        "^",
        "`",
        "{}",
        "|",
        "//evil.example",
        "\u{202e}",
        "\u{feff}",
        &"a".repeat(8192),
        &"é".repeat(30_000),
    ] {
        let short: String = text.chars().take(8).collect();
        add(format!("query {short:?}"), &|event| {
            event["rawQueryString"] = json!(text)
        });
        add(format!("path {short:?}"), &|event| {
            event["rawPath"] = json!(format!("/api/odd/{text}"))
        });
        add(format!("host {short:?}"), &|event| {
            event["headers"]["host"] = json!(text)
        });
        add(format!("header {short:?}"), &|event| {
            event["headers"]["x-odd"] = json!(text)
        });
        add(format!("domain {short:?}"), &|event| {
            event["requestContext"]["domainName"] = json!(text)
        });
        add(format!("cookie {short:?}"), &|event| {
            event["cookies"] = json!([text])
        });
    }
    for host in [
        "[::1",
        "a:b:c",
        "user@host",
        "host:99999",
        "",
        "..",
        "a/b",
        "-",
    ] {
        add(format!("host {host:?}"), &|event| {
            event["headers"]["host"] = json!(host)
        });
    }
    for path in [
        "",
        "api",
        "*",
        "http://example.com/",
        "/..",
        "/api/odd/../../..",
        "//",
        "/;a=b",
    ] {
        add(format!("path {path:?}"), &|event| {
            event["rawPath"] = json!(path)
        });
    }
    for method in ["", "get", "CONNECT", "TRACE", "A B", "GÉT", "\0", "X-ODD"] {
        add(format!("method {method:?}"), &|event| {
            event["requestContext"]["http"]["method"] = json!(method)
        });
    }
    for body in ["%%%", "a", "YQ", "YQ==YQ==", "é", "\n"] {
        add(format!("base64 {body:?}"), &|event| {
            event["body"] = json!(body);
            event["isBase64Encoded"] = json!(true);
        });
    }
    for (name, value) in [
        ("headers", json!(null)),
        ("headers", json!([])),
        ("headers", json!({"a b": "c"})),
        ("headers", json!({"": "c"})),
        ("headers", json!({"a": null})),
        ("headers", json!({"a": ["b"]})),
        ("cookies", json!("a=b")),
        ("cookies", json!([null])),
        ("body", json!({})),
        ("body", json!(7)),
        ("isBase64Encoded", json!("yes")),
        ("isBase64Encoded", json!(null)),
        ("rawPath", json!(null)),
        ("rawPath", json!(7)),
        ("rawQueryString", json!(null)),
        ("rawQueryString", json!({})),
        ("stageVariables", json!(7)),
        ("pathParameters", json!([])),
        ("routeKey", json!(null)),
    ] {
        add(format!("{name} {value}"), &|event| {
            event[name] = value.clone()
        });
    }
    add("40,000 headers".to_owned(), &|event| {
        let headers = (0..40_000).map(|n| (format!("x-{n}"), json!("a")));
        event["headers"] = headers.collect::<serde_json::Map<_, _>>().into();
    });
    add("a body of 6 MB".to_owned(), &|event| {
        event["body"] = json!("a".repeat(5_900_000))
    });
    add("a body of 4 MB in base64".to_owned(), &|event| {
        event["body"] = json!("A".repeat(5_900_000));
        event["isBase64Encoded"] = json!(true);
    });
    events
        .into_iter()
        .map(|(what, event)| Odd {
            what,
            event: event.to_string().into(),
            is_http: true,
        })
        .collect()
}

/// That a function answered an HTTP event with a refusal in the promised form.
#[track_caller]
pub(crate) fn assert_refusal(answer: &Value, what: &str) {
    let status = answer["statusCode"].as_u64().unwrap_or_default();
    assert!((400..500).contains(&status), "{what}: {answer:.600}");
    let kind = &answer["headers"]["content-type"];
    assert_eq!(kind, "application/problem+json", "{what}: {answer:.600}");
    let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(problem["status"], status, "{what}: {problem}");
}

/// What the function behind the WebSocket API answers to an event of its own: a handshake without a
/// ticket is refused, and a message that says nothing is an error.
pub(crate) fn expected_of_socket(function: &Function, what: &str) -> Option<Value> {
    if function.socket_routes.is_empty() {
        None
    } else if what.ends_with("WebSocket connect") {
        Some(json!({"statusCode": 403}))
    } else if what.ends_with("WebSocket message") {
        let error = r#"{"type":"error","code":"bad_message"}"#;
        Some(json!({"statusCode": 200, "body": error}))
    } else {
        None
    }
}

#[tokio::test]
async fn no_event_ends_a_function() {
    let app = App::start().await;
    for function in FUNCTIONS {
        let name = function.name;
        let first = http_event("GET /api/odd", "/api/odd", &[], None);
        let _ = app.invoke(name, &first).await;
        let process = app.processes(name);
        assert_eq!(process.len(), 1, "{name}: {process:?}");
        for Odd {
            what,
            event,
            is_http,
        } in odd_events()
        {
            let what = format!("{name}, {what}");
            match app.invoke_raw(name, event).await {
                Ok(answer) if is_http && !function.routes.is_empty() => {
                    assert_refusal(&answer, &what);
                }
                Ok(answer) if expected_of_socket(function, &what).is_some() => {
                    assert_eq!(Some(answer), expected_of_socket(function, &what), "{what}");
                }
                Ok(answer) => panic!("{what} was answered: {answer:.600}"),
                Err(error) => {
                    let kind = error["errorType"].as_str().unwrap_or_default();
                    assert!(
                        !kind.is_empty() && !kind.starts_with("Runtime."),
                        "{what}: {error:.600}"
                    );
                    assert!(
                        !is_http || function.routes.is_empty(),
                        "{what}: {error:.600}"
                    );
                }
            }
        }
        assert_eq!(app.processes(name), process, "{name} was started again");
    }
}
