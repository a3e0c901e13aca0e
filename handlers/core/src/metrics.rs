//! Metrics in CloudWatch's embedded metric format: one line of JSON on stdout, no network.
//!
//! Each distinct set of dimensions is a metric that costs money: only the stage and the function
//! are dimensions, never a user or an organization.

use std::{
    io::Write,
    time::{Duration, SystemTime},
};

use miyabi_catalog::metrics::{
    COLD_START, DATABASE, DIMENSIONS, LATENCY, Metric, NAMESPACE, OF_A_REQUEST, SERVER_ERROR,
};
use serde_json::{Value, json};

/// What is measured of one request.
pub(crate) struct Request<'a> {
    pub(crate) stage: &'a str,
    pub(crate) function: &'a str,
    pub(crate) status: u16,
    pub(crate) latency: Duration,
    pub(crate) database: Duration,
    pub(crate) is_cold_start: bool,
}

/// Writes the line of a request.
pub(crate) fn write(request: &Request<'_>) {
    put(&of_request(request, now()));
}

/// Writes one value of a metric that no request has.
pub(crate) fn write_value(stage: &str, function: &str, metric: Metric, value: f64) {
    let mut line = declared(stage, function, &[metric], now());
    line[metric.name] = json!(value);
    put(&line);
}

fn put(line: &Value) {
    // One write, so that no other line gets in between. Nobody can be told when it fails.
    let line = format!("{line}\n");
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or_default()
}

fn of_request(request: &Request<'_>, timestamp: u64) -> Value {
    let milliseconds = |duration: Duration| (duration.as_secs_f64() * 1e6).round() / 1e3;
    let mut line = declared(request.stage, request.function, &OF_A_REQUEST, timestamp);
    line["status"] = json!(request.status);
    line[LATENCY.name] = json!(milliseconds(request.latency));
    line[DATABASE.name] = json!(milliseconds(request.database));
    line[COLD_START.name] = json!(u8::from(request.is_cold_start));
    line[SERVER_ERROR.name] = json!(u8::from(request.status >= 500));
    line
}

/// A line that declares metrics, without their values.
fn declared(stage: &str, function: &str, metrics: &[Metric], timestamp: u64) -> Value {
    let metrics: Vec<Value> = metrics
        .iter()
        .map(|metric| json!({"Name": metric.name, "Unit": metric.unit}))
        .collect();
    let [by_stage, by_function] = DIMENSIONS;
    json!({
        "_aws": {
            "Timestamp": timestamp,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [DIMENSIONS],
                "Metrics": metrics,
            }],
        },
        by_stage: stage,
        by_function: function,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_and_dimension_that_is_declared_has_its_value() {
        let request = Request {
            stage: "local",
            function: "tasks",
            status: 503,
            latency: Duration::from_micros(12_345),
            database: Duration::from_millis(3),
            is_cold_start: true,
        };
        let line = of_request(&request, 1);
        let declared = &line["_aws"]["CloudWatchMetrics"][0];
        for metric in declared["Metrics"].as_array().unwrap() {
            assert!(
                line[metric["Name"].as_str().unwrap()].is_number(),
                "{metric}"
            );
        }
        assert_eq!(declared["Dimensions"], json!([["stage", "function"]]));
        assert_eq!(
            (&line["latency"], &line["serverError"], &line["coldStart"]),
            (&json!(12.345), &json!(1), &json!(1))
        );
    }
}
