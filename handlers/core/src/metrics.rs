//! Metrics in CloudWatch's embedded metric format: one line of JSON on stdout, no network.
//!
//! Each distinct set of dimensions is a metric that costs money: only the stage and the function
//! are dimensions, never a user or an organization.

use std::{
    io::Write,
    time::{Duration, SystemTime},
};

use miyabi_catalog::metrics::{
    COLD_START, DATABASE, DIMENSIONS, LATENCY, METRICS, NAMESPACE, SERVER_ERROR,
};
use serde_json::json;

/// What is measured of one request.
pub(crate) struct Request<'a> {
    pub(crate) stage: &'a str,
    pub(crate) function: &'a str,
    pub(crate) status: u16,
    pub(crate) latency: Duration,
    pub(crate) database: Duration,
    pub(crate) is_cold_start: bool,
}

/// Writes the line.
pub(crate) fn write(request: &Request<'_>) {
    let timestamp = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let line = line(request, u64::try_from(timestamp).unwrap_or_default());
    // One write, so that no other line gets in between. Nobody can be told when it fails.
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

fn line(request: &Request<'_>, timestamp: u64) -> String {
    let declared = METRICS.map(|metric| json!({"Name": metric.name, "Unit": metric.unit}));
    let [stage, function] = DIMENSIONS;
    let milliseconds = |duration: Duration| (duration.as_secs_f64() * 1e6).round() / 1e3;
    let mut line = json!({
        "_aws": {
            "Timestamp": timestamp,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [DIMENSIONS],
                "Metrics": declared,
            }],
        },
        stage: request.stage,
        function: request.function,
        "status": request.status,
        LATENCY.name: milliseconds(request.latency),
        DATABASE.name: milliseconds(request.database),
        COLD_START.name: u8::from(request.is_cold_start),
        SERVER_ERROR.name: u8::from(request.status >= 500),
    })
    .to_string();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

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
        let line: Value = serde_json::from_str(&line(&request, 1)).unwrap();
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
