//! The dashboard: a graph for each question that an alarm leaves open.

use cfn::{Json, Stack, cloudwatch};
use miyabi_catalog::{FUNCTIONS, Function, metrics};
use serde_json::json;

use super::{
    alarms,
    source::{Names, Source},
};
use crate::{Stage, names::physical};

/// A graph.
pub(super) struct Panel {
    pub(super) title: &'static str,
    /// What is drawn: the metric, its statistic, and what the line is called.
    pub(super) lines: Vec<(Source, &'static str, String)>,
}

/// Adds the dashboard.
pub(super) fn dashboard(stack: &mut Stack, stage: &Stage, names: &Names) {
    let widgets: Vec<Json> = panels(stage)
        .iter()
        .enumerate()
        .map(|(place, panel)| panel.widget(stage, place))
        .collect();
    let body = json!({ "widgets": widgets }).to_string();
    stack.add(
        "Dashboard",
        cloudwatch::Dashboard {
            dashboard_name: Some(physical(stage, "operations").into()),
            ..cloudwatch::Dashboard::new(names.resolve(&body))
        },
    );
}

/// The graphs of a stage, for CloudWatch, Grafana and this machine alike.
pub(super) fn panels(stage: &Stage) -> Vec<Panel> {
    let api = |name, statistic: &'static str, label: &str| {
        (Source::http_api(name), statistic, label.to_owned())
    };
    let socket = |name, statistic: &'static str, label: &str| {
        (Source::web_socket_api(name), statistic, label.to_owned())
    };
    let database = |name, statistic: &'static str, label: &str| {
        (Source::database(name), statistic, label.to_owned())
    };
    let with_routes = |function: &Function| !function.routes.is_empty();
    let own = |metric: metrics::Metric, statistic: &'static str| {
        let each = |function: &Function| {
            let source = Source::own(stage, function.name, metric);
            (source, statistic, function.name.to_owned())
        };
        FUNCTIONS
            .iter()
            .filter(|f| with_routes(f))
            .map(each)
            .collect()
    };
    let lambda = |name, statistic: &'static str| {
        let each = |function: &Function| {
            let source = Source::lambda(stage, function.name, name);
            (source, statistic, function.name.to_owned())
        };
        FUNCTIONS
            .iter()
            .filter(|f| alarms::is_watched(f))
            .map(each)
            .collect()
    };
    let panel = |title, lines| Panel { title, lines };
    let lag = Source::own(stage, "ws-broadcast", metrics::OUTBOX_LAG);
    let mut panels = vec![
        panel(
            "Requests",
            vec![
                api("Count", "Sum", "requests"),
                api("4xx", "Sum", "400 to 499"),
                api("5xx", "Sum", "500 and above"),
            ],
        ),
        panel(
            "Latency at the gateway, ms",
            vec![
                api("Latency", "p50", "50 of 100"),
                api("Latency", "p95", "95 of 100"),
                api("Latency", "p99", "99 of 100"),
            ],
        ),
        panel(
            "Latency in the functions, ms, 99 of 100",
            own(metrics::LATENCY, "p99"),
        ),
        panel(
            "Waiting for the database, ms, 99 of 100",
            own(metrics::DATABASE, "p99"),
        ),
        panel(
            "Responses of 500 and above",
            own(metrics::SERVER_ERROR, "Sum"),
        ),
        panel("Cold starts", own(metrics::COLD_START, "Sum")),
        panel("Failed invocations", lambda("Errors", "Sum")),
        panel("Refused invocations", lambda("Throttles", "Sum")),
        panel("Longest invocation, ms", lambda("Duration", "Maximum")),
        panel(
            "WebSocket API",
            vec![
                socket("ConnectCount", "Sum", "connections opened"),
                socket("MessageCount", "Sum", "messages"),
                socket("IntegrationError", "Sum", "functions failed"),
                socket("ExecutionError", "Sum", "not called"),
            ],
        ),
        panel(
            "Live updates",
            vec![
                (
                    lag,
                    "Maximum",
                    "seconds that the oldest event waits".to_owned(),
                ),
                (
                    Source::dead_letters(stage),
                    "Maximum",
                    "invocations failed for good".to_owned(),
                ),
            ],
        ),
        panel(
            "Audit rows without a partition of their month, 1: there are some",
            vec![(
                Source::own(stage, "ws-broadcast", metrics::AUDIT_DEFAULT_PARTITION),
                "Maximum",
                "rows of the last hour".to_owned(),
            )],
        ),
    ];
    if stage.database.managed {
        panels.extend([
            panel(
                "Database: connections",
                vec![database("DatabaseConnections", "Maximum", "connections")],
            ),
            panel(
                "Database: CPU",
                vec![
                    database("CPUUtilization", "Average", "percent"),
                    database("CPUCreditBalance", "Minimum", "credits left"),
                ],
            ),
            panel(
                "Database: free storage and memory, bytes",
                vec![
                    database("FreeStorageSpace", "Minimum", "storage"),
                    database("FreeableMemory", "Minimum", "memory"),
                ],
            ),
        ]);
    }
    if stage.cache {
        let hits = (
            Source::cache("CacheHitRate"),
            "Average",
            "percent of look-ups that hit".to_owned(),
        );
        panels.push(panel("Cache", vec![hits]));
    }
    panels
}

impl Panel {
    /// Two in a row
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>).
    fn widget(&self, stage: &Stage, place: usize) -> Json {
        let lines: Vec<Json> = self
            .lines
            .iter()
            .map(|(source, statistic, label)| source.line(statistic, label))
            .collect();
        json!({
            "type": "metric",
            "x": (place % 2) * 12,
            "y": (place / 2) * 6,
            "width": 12,
            "height": 6,
            "properties": {
                "title": self.title,
                "region": stage.region,
                "period": stage.alarms.period,
                "metrics": lines,
            },
        })
    }
}
