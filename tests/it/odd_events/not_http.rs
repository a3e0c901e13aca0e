//! Events that are not HTTP requests of payload format 2.0.

use miyabi_tests::{Value, json};

use super::Odd;

/// What other services send, and other formats of API Gateway.
pub(super) fn other_services() -> Vec<Odd> {
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
pub(super) fn not_objects() -> Vec<Odd> {
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
