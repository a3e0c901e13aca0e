//! What operators look at: a dashboard of the metrics that functions write.

use cfn::{Stack, cloudwatch};
use miyabi_catalog::{
    FUNCTIONS,
    metrics::{COLD_START, DATABASE, DIMENSIONS, LATENCY, Metric, NAMESPACE, SERVER_ERROR},
};
use serde_json::{Value as Json, json};

use crate::{Stage, names::physical};

/// The dashboard; nothing on stages that are not on AWS.
pub(crate) fn ops(stage: &Stage) -> Stack {
    let mut stack = Stack::new("ops", &format!("Miyabi {}: the dashboard.", stage.name));
    if stage.account.is_none() {
        return stack;
    }
    let widgets = [
        widget(stage, 0, "Latency, 99th percentile", LATENCY, "p99"),
        widget(
            stage,
            1,
            "Waiting for the database, 99th percentile",
            DATABASE,
            "p99",
        ),
        widget(stage, 2, "Responses of 500 and above", SERVER_ERROR, "Sum"),
        widget(stage, 3, "Cold starts", COLD_START, "Sum"),
    ];
    stack.add(
        "Dashboard",
        cloudwatch::Dashboard {
            dashboard_name: Some(physical(stage, "functions").into()),
            ..cloudwatch::Dashboard::new(json!({ "widgets": widgets }).to_string())
        },
    );
    stack
}

/// One metric of every function with routes, in one of four places
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>).
fn widget(stage: &Stage, place: usize, title: &str, metric: Metric, statistic: &str) -> Json {
    let lines: Vec<Json> = FUNCTIONS
        .iter()
        .filter(|function| !function.routes.is_empty())
        .map(|function| {
            let [by_stage, by_function] = DIMENSIONS;
            json!([
                NAMESPACE,
                metric.name,
                by_stage,
                stage.name,
                by_function,
                function.name
            ])
        })
        .collect();
    json!({
        "type": "metric",
        "x": (place % 2) * 12,
        "y": (place / 2) * 6,
        "width": 12,
        "height": 6,
        "properties": {
            "title": title,
            "region": stage.region,
            "stat": statistic,
            "period": 60,
            "metrics": lines,
        },
    })
}
