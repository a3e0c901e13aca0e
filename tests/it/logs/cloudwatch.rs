//! Logs at AWS: responses in the shapes of CloudWatch Logs' service model (`FilterLogEvents`,
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>)
//! to the real SDK client, over loopback. They were never recorded from AWS.

#![cfg(feature = "aws")]

use std::sync::{Arc, Mutex};

use miyabi_tests::{Asked, Checkout, Reply, Scripted, Value, json};

use super::objects;

const ACCOUNT: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
<Arn>arn:aws:iam::000000000000:root</Arn><UserId>1</UserId><Account>000000000000</Account>\
</GetCallerIdentityResult></GetCallerIdentityResponse>";
const STACK: &str = "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeStacksResult><Stacks/></DescribeStacksResult></DescribeStacksResponse>";

/// CloudWatch Logs as it answers: `page` is the response to the body of a request.
async fn cloudwatch(
    page: impl Fn(&Value) -> Reply + Send + Sync + 'static,
) -> (Scripted, Arc<Mutex<Vec<Value>>>) {
    let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
    let seen = asked.clone();
    let server = Scripted::start(move |request: &Asked| {
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
            let form = String::from_utf8_lossy(&request.body).into_owned();
            let xml = if form.contains("GetCallerIdentity") {
                ACCOUNT
            } else {
                STACK
            };
            return Reply::Answer(200, "text/xml", xml.into());
        };
        seen.lock().unwrap().push(body.clone());
        page(&body)
    })
    .await;
    (server, asked)
}

fn missing() -> Reply {
    let body = json!({"__type": "ResourceNotFoundException", "message": "The specified log group does not exist."});
    Reply::Answer(
        400,
        "application/x-amz-json-1.1",
        body.to_string().into_bytes(),
    )
}

fn event(id: &str, at: i64, message: &str) -> Value {
    json!({"eventId": id, "timestamp": at, "ingestionTime": at + 1, "logStreamName": "2026/11/27/[3]a", "message": format!("{message}\n")})
}

#[tokio::test]
async fn every_page_of_every_log_is_read_also_after_an_empty_one() {
    let (server, asked) = cloudwatch(|body| {
        let group = body["logGroupName"].as_str().unwrap();
        let page = match (group, body["nextToken"].as_str()) {
            ("/aws/lambda/miyabi-sandbox-tasks", None) => {
                json!({"events": [event("1", 1_795_756_400_000, "one")], "nextToken": "a", "searchedLogStreams": []})
            }
            ("/aws/lambda/miyabi-sandbox-tasks", Some("a")) => {
                json!({"events": [], "nextToken": "b"})
            }
            ("/aws/lambda/miyabi-sandbox-tasks", Some("b")) => {
                json!({"events": [event("3", 1_795_756_402_000, "three")]})
            }
            ("/aws/vendedlogs/apigateway/miyabi-sandbox-api", None) => {
                let line = json!({"requestId": "JKJaXmPLvHcESHA=", "status": "200", "route": "GET /api/tasks"});
                json!({"events": [event("2", 1_795_756_401_000, &line.to_string())]})
            }
            // A function that never ran.
            _ => return missing(),
        };
        Reply::json(&page)
    })
    .await;
    let checkout = Checkout::new();
    let url = server.origin();
    let logs = [
        "--endpoint-url",
        &url,
        "logs",
        "--stage",
        "sandbox",
        "--json",
    ];
    let shown = objects(&checkout.xtask(&logs).await.expect(0).stdout);
    let texts: Vec<(&str, &str)> = shown
        .iter()
        .map(|line| {
            (
                line["source"].as_str().unwrap(),
                line["at"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        texts,
        [
            ("tasks", "2026-11-27T05:13:20Z"),
            ("gateway", "2026-11-27T05:13:21Z"),
            ("tasks", "2026-11-27T05:13:22Z"),
        ]
    );
    let groups = asked.lock().unwrap().len();
    assert!(groups > 5, "every log is asked for: {groups}");

    asked.lock().unwrap().clear();
    let id = "JKJaXmPLvHcESHA=";
    let one = [&logs[..], &["gateway", "--request-id", id]].concat();
    let shown = objects(&checkout.xtask(&one).await.expect(0).stdout);
    assert_eq!(shown.len(), 1, "{shown:?}");
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1, "the gateway's log alone: {asked:?}");
    assert_eq!(
        asked[0]["filterPattern"],
        format!("\"{id}\""),
        "CloudWatch Logs searches"
    );
}

#[tokio::test]
async fn a_refusal_names_the_action_and_the_log() {
    let (server, _) = cloudwatch(|_| {
        let body = json!({"__type": "AccessDeniedException", "message": "User is not authorized to perform: logs:FilterLogEvents"});
        Reply::Answer(400, "application/x-amz-json-1.1", body.to_string().into_bytes())
    })
    .await;
    let checkout = Checkout::new();
    let url = server.origin();
    let logs = [
        "--endpoint-url",
        &url,
        "logs",
        "tasks",
        "--stage",
        "sandbox",
    ];
    let refused = checkout.xtask(&logs).await.expect(1);
    for part in ["The log of `tasks` cannot be read.", "logs:FilterLogEvents"] {
        assert!(refused.stderr.contains(part), "{part}: {refused:?}");
    }
    let logs = [
        "--endpoint-url",
        &url,
        "logs",
        "database",
        "--stage",
        "sandbox",
    ];
    let refused = checkout.xtask(&logs).await.expect(2);
    assert!(refused.stderr.contains("given by address"), "{refused:?}");
}
