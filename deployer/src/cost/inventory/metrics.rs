//! The custom metrics that templates name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Inventory;

impl Inventory<'_> {
    /// The metrics that are not AWS's own, as far as a dashboard, an alarm or a metric filter names
    /// them: each distinct set of dimension values is one.
    pub(in crate::cost) fn custom_metrics(&self) -> BTreeSet<String> {
        let mut metrics = BTreeSet::new();
        for dashboard in self.of("AWS::CloudWatch::Dashboard") {
            // With what CloudFormation fills in: those are dimensions of AWS's own metrics.
            let body = dashboard.text("/DashboardBody");
            let body = body.or(dashboard.text("/DashboardBody/Fn::Sub"));
            let body = body.or(dashboard.text("/DashboardBody/Fn::Sub/0"));
            let body = body.unwrap_or_default();
            let body: Value = serde_json::from_str(body).unwrap_or_default();
            let widgets = body.get("widgets").and_then(Value::as_array);
            for line in widgets
                .into_iter()
                .flatten()
                .filter_map(|widget| widget.pointer("/properties/metrics")?.as_array())
                .flatten()
            {
                // What follows the dimensions is how the line is drawn.
                let words: Vec<&str> = line
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map_while(Value::as_str)
                    .collect();
                metrics.extend(custom(&words));
            }
        }
        for alarm in self.of("AWS::CloudWatch::Alarm") {
            let mut words = vec![
                alarm.text("/Namespace").unwrap_or_default(),
                alarm.text("/MetricName").unwrap_or_default(),
            ];
            let dimensions = alarm.at("/Dimensions").and_then(Value::as_array);
            for dimension in dimensions.into_iter().flatten() {
                let word = |key: &str| dimension.get(key).and_then(Value::as_str);
                words.extend(word("Name").into_iter().chain(word("Value")));
            }
            metrics.extend(custom(&words));
        }
        for filter in self.of("AWS::Logs::MetricFilter") {
            let all = filter
                .at("/MetricTransformations")
                .and_then(Value::as_array);
            for metric in all.into_iter().flatten() {
                let word = |key: &str| metric.get(key).and_then(Value::as_str).unwrap_or_default();
                metrics.extend(custom(&[word("MetricNamespace"), word("MetricName")]));
            }
        }
        metrics
    }
}

/// A metric as one text, when it is not AWS's own.
fn custom(words: &[&str]) -> Option<String> {
    let namespace = words.first()?;
    let named = words.len() > 1 && !namespace.is_empty();
    (named && !namespace.starts_with("AWS/")).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::StackTemplate, *};

    #[test]
    fn a_metric_that_dashboard_alarm_and_filter_name_is_one_metric() {
        let own = json!(["Own", "latency", "stage", "prod", {"stat": "p99"}]);
        let of_aws = json!(["AWS/Lambda", "Errors"]);
        let body = json!({"widgets": [{"properties": {"metrics": [own, of_aws]}}, {}]});
        let template = json!({"Resources": {
            "D": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": body.to_string()}},
            "A": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
                "Namespace": "Own",
                "MetricName": "latency",
                "Dimensions": [{"Name": "stage", "Value": "prod"}],
            }},
            "F": {"Type": "AWS::Logs::MetricFilter", "Properties": {
                "MetricTransformations": [{"MetricNamespace": "Own", "MetricName": "starts"}],
            }},
        }});
        let inventory = Inventory::new(&[StackTemplate {
            stack: "ops",
            template: &template,
        }]);
        let metrics = inventory.custom_metrics();
        assert_eq!(
            metrics.iter().collect::<Vec<_>>(),
            ["Own latency stage prod", "Own starts"]
        );
    }
}
