//! Alarms at AWS: responses in the shapes of CloudWatch's service model (`DescribeAlarms`,
//! `GetMetricData`, `DescribeAlarmHistory`,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>), in the
//! protocol of AWS's SDK, over loopback. They were never recorded from AWS.

#![cfg(feature = "aws")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use miyabi_tests::{Asked, Checkout, Reply, Scripted, Value, from_cbor, json, timestamp};

const ACCOUNT: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
<Arn>arn:aws:iam::000000000000:root</Arn><UserId>1</UserId><Account>000000000000</Account>\
</GetCallerIdentityResult></GetCallerIdentityResponse>";

/// CloudWatch as it answers: `answer` is the response to the body of a request.
async fn cloudwatch(answer: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |request: &Asked| {
        match from_cbor(&request.body).filter(Value::is_object) {
            Some(body) => answer(&body),
            None => Reply::Answer(200, "text/xml", ACCOUNT.into()),
        }
    })
    .await
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
        .floor()
}

fn alarm(name: &str, state: &str, metric: Value) -> Value {
    let mut alarm = json!({
        "AlarmName": format!("miyabi-sandbox-{name}"),
        "AlarmDescription": "It is wrong.\n\nRunbook: Repair it.",
        "StateValue": state,
        "StateReason": "Threshold Crossed: 3 datapoints.",
        "StateUpdatedTimestamp": timestamp(1_795_756_500.5),
        "StateTransitionedTimestamp": timestamp(1_795_756_400.5),
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 3,
    });
    for (name, value) in metric.as_object().unwrap() {
        alarm[name] = value.clone();
    }
    alarm
}

fn pages(body: &Value) -> Reply {
    let stat = |metric: &str| {
        let metric = json!({"Namespace": "AWS/ApiGateway", "MetricName": metric, "Dimensions": []});
        json!({"Metric": metric, "Period": 60, "Stat": "Sum"})
    };
    if body["MetricDataQueries"].is_array() {
        let begins = now() - now() % 60.0 - 60.0;
        let queries = body["MetricDataQueries"].as_array().unwrap();
        let results: Vec<Value> = queries
            .iter()
            .filter(|query| query["ReturnData"] != false)
            .map(|query| {
                let value = if query["Expression"].is_string() { 12.5 } else { 7.0 };
                json!({"Id": query["Id"], "Timestamps": [timestamp(begins - 600.0), timestamp(begins)], "Values": [1.0, value], "StatusCode": "Complete"})
            })
            .collect();
        return Reply::cbor(200, &json!({ "MetricDataResults": results }));
    }
    if body["HistoryItemType"] == "StateUpdate" {
        let data = json!({"version": "1.0", "oldState": {"stateValue": "OK"},
            "newState": {"stateValue": "ALARM", "stateReason": "Threshold Crossed."}});
        let item = |alarm: &str, at: f64| json!({"AlarmName": alarm, "Timestamp": timestamp(at), "HistoryItemType": "StateUpdate", "HistoryData": data.to_string()});
        return match body["NextToken"].as_str() {
            None => Reply::cbor(
                200,
                &json!({"AlarmHistoryItems": [item("miyabi-prod-a", 1.0)], "NextToken": "2"}),
            ),
            Some(_) => Reply::cbor(
                200,
                &json!({"AlarmHistoryItems": [item("miyabi-sandbox-tasks-errors", 1_795_756_400.0)]}),
            ),
        };
    }
    assert_eq!(body["AlarmNamePrefix"], "miyabi-sandbox-");
    let first = json!({"Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum", "Period": 60,
        "Dimensions": [{"Name": "FunctionName", "Value": "miyabi-sandbox-tasks"}]});
    let second = json!({"Metrics": [
        {"Id": "percent", "Expression": "100 * part / all", "ReturnData": true},
        {"Id": "part", "MetricStat": stat("5xx"), "ReturnData": false},
        {"Id": "all", "MetricStat": stat("Count"), "ReturnData": false},
    ]});
    match body["NextToken"].as_str() {
        None => Reply::cbor(
            200,
            &json!({"MetricAlarms": [alarm("tasks-errors", "ALARM", first)], "NextToken": "2"}),
        ),
        Some(_) => Reply::cbor(
            200,
            &json!({"MetricAlarms": [alarm("error-rate", "OK", second)]}),
        ),
    }
}

#[tokio::test]
async fn every_alarm_has_its_state_value_and_line_from_every_page() {
    let server = cloudwatch(pages).await;
    let (checkout, url) = (Checkout::new(), server.origin());
    let ask = |more: &'static [&'static str]| {
        let start = ["--endpoint-url", &url, "alarms", "--stage", "sandbox"];
        let arguments = [&start[..], more].concat();
        let checkout = &checkout;
        async move { checkout.xtask(&arguments).await }
    };
    let shown = ask(&["--json"]).await.expect(1).json();
    assert_eq!(shown["raised"], 1);
    let raised = &shown["alarms"][0];
    assert_eq!(
        (&raised["name"], &raised["since"], &raised["runbook"]),
        (
            &json!("tasks-errors"),
            &json!("2026-11-27T05:13:20Z"),
            &json!("Repair it.")
        )
    );
    assert_eq!(raised["current"], 7.0);
    let line: Vec<f64> = raised["line"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_f64)
        .collect();
    assert_eq!(line, [1.0, 7.0]);
    assert_eq!(shown["alarms"][1]["current"], 12.5);
    assert_eq!(shown["alarms"][1]["reads"], "100 * part / all");
    ask(&["error-rate"]).await.expect(0);
    let history = ask(&["--history", "--json"]).await.expect(0).json();
    assert_eq!(
        history["changes"],
        json!([{"at": "2026-11-27T05:13:20Z", "alarm": "tasks-errors", "from": "OK", "to": "ALARM", "reason": "Threshold Crossed."}])
    );
}

#[tokio::test]
async fn a_throttled_read_is_repeated_and_a_refusal_names_the_action() {
    let refused = |code: &str| {
        let body = json!({"__type": format!("com.amazonaws.cloudwatch#{code}"), "message": "no"});
        Reply::cbor(400, &body)
    };
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let server = cloudwatch(move |body| match counted.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => refused("ThrottlingException"),
        _ => pages(body),
    })
    .await;
    let checkout = Checkout::new();
    let url = server.origin();
    let alarms = ["--endpoint-url", &url, "alarms", "--stage", "sandbox"];
    checkout.xtask(&alarms).await.expect(1);
    assert!(asked.load(Ordering::Relaxed) > 4);

    let server = cloudwatch(move |_| refused("AccessDeniedException")).await;
    let url = server.origin();
    let alarms = ["--endpoint-url", &url, "alarms", "--stage", "sandbox"];
    let ran = checkout.xtask(&alarms).await.expect(1);
    assert!(
        ran.stderr.contains("AccessDeniedException")
            && ran.stderr.contains("cloudwatch:DescribeAlarms"),
        "{}",
        ran.stderr
    );
}
