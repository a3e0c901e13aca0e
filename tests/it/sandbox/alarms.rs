//! An alarm of the deployed stage at the emulator: an injected failure raises it, and its end ends it.

use std::time::Duration;

use miyabi_tests::{Value, until};

use super::Sandbox;

/// Milliseconds beyond the threshold of `latency-p50`, and within it.
const SLOW: &str = "5000";
const QUICK: &str = "20";
const ALARM: &str = "latency-p50";

/// Reports so many requests of that latency, as API Gateway does.
async fn report(sandbox: &Sandbox, api: &str, latency: &str, count: usize) {
    for _ in 0..count {
        let datum = |name: &'static str| format!("MetricData.member.1.{name}");
        let parameters = [
            ("Action".to_owned(), "PutMetricData"),
            ("Version".to_owned(), "2010-08-01"),
            ("Namespace".to_owned(), "AWS/ApiGateway"),
            (datum("MetricName"), "Latency"),
            (datum("Value"), latency),
            (datum("Dimensions.member.1.Name"), "ApiId"),
            (datum("Dimensions.member.1.Value"), api),
            (datum("Dimensions.member.2.Name"), "Stage"),
            (datum("Dimensions.member.2.Value"), "$default"),
        ];
        let parameters: Vec<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        let response = sandbox
            .emulator
            .query("000000000000", "monitoring", &parameters)
            .await;
        assert_eq!(response.status, 200, "{response:?}");
    }
}

/// The alarm, once it is in that state, with the exit code of the command.
async fn once(sandbox: &Sandbox, state: &str) -> (i32, Value) {
    until(
        &format!("{ALARM} is {state}"),
        Duration::from_secs(30),
        async || {
            let ran = sandbox.run(&["alarms", ALARM, "--json"]).await;
            let alarm = ran.json()["alarms"][0].clone();
            (alarm["state"] == state).then_some((ran.code, alarm))
        },
    )
    .await
}

/// OK -> ALARM -> OK. `host` is the address of the API, which begins with its id.
pub(super) async fn raise_and_end(sandbox: &Sandbox, host: &str) {
    let (api, _) = host.split_once('.').unwrap();
    report(sandbox, api, QUICK, 1).await;
    let (code, _) = once(sandbox, "OK").await;
    assert_eq!(code, 0);
    report(sandbox, api, SLOW, 3).await;
    let (code, raised) = once(sandbox, "ALARM").await;
    assert_eq!(code, 1, "{raised}");
    assert!(
        raised["reason"].as_str().unwrap().contains("Threshold"),
        "{raised}"
    );
    assert!(raised["since"].is_string(), "{raised}");
    report(sandbox, api, QUICK, 20).await;
    let (code, _) = once(sandbox, "OK").await;
    assert_eq!(code, 0);
    let history = sandbox
        .run(&["alarms", ALARM, "--history", "--json"])
        .await
        .expect(0)
        .json();
    let states: Vec<&str> = history["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["to"].as_str().unwrap())
        .collect();
    assert!(states.starts_with(&["OK", "ALARM", "OK"]), "{history}");
}
