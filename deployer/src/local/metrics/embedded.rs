//! Metrics in the lines that functions log, in the embedded metric format
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Metric, Metrics};

impl Metrics {
    /// Records the metrics of a line of a log. A line without any, and what is declared and has no
    /// value, is passed over, as CloudWatch does.
    pub(in crate::local) fn record_line(&self, line: &str) {
        if !line.contains("\"_aws\"") {
            return;
        }
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            return;
        };
        let at = line["_aws"]["Timestamp"]
            .as_u64()
            .map(|millis| millis / 1000);
        let at = at.unwrap_or_else(super::now);
        let directives = line["_aws"]["CloudWatchMetrics"].as_array();
        for directive in directives.into_iter().flatten() {
            let namespace = directive["Namespace"].as_str().unwrap_or_default();
            let names = directive["Metrics"].as_array().into_iter().flatten();
            for name in names.filter_map(|metric| metric["Name"].as_str()) {
                let values = values(&line[name]);
                let sets = directive["Dimensions"].as_array().into_iter().flatten();
                for dimensions in sets.filter_map(|set| dimensions(&line, set)) {
                    for value in &values {
                        let metric = Metric {
                            namespace: namespace.to_owned(),
                            name: name.to_owned(),
                            dimensions: dimensions.clone(),
                        };
                        self.record_at(metric, *value, at);
                    }
                }
            }
        }
    }
}

/// One number, or several.
fn values(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_f64).collect(),
        value => value.as_f64().into_iter().collect(),
    }
}

/// The values of the dimensions that a set names; `None`: one of them is missing.
fn dimensions(line: &Value, set: &Value) -> Option<BTreeMap<String, String>> {
    let names = set.as_array()?.iter();
    names
        .map(|name| {
            let name = name.as_str()?;
            Some((name.to_owned(), line[name].as_str()?.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::Statistic, *};

    #[test]
    fn a_line_has_a_value_of_each_metric_for_each_set_of_dimensions() {
        let metrics = Metrics::default();
        let line = r#"{"_aws":{"Timestamp":1000500,"CloudWatchMetrics":[{"Namespace":"M","Dimensions":[["stage","function"],["stage"],["none"]],"Metrics":[{"Name":"latency","Unit":"Milliseconds"},{"Name":"absent"}]}]},"stage":"local","function":"tasks","latency":[12.5,2],"other":1}"#;
        metrics.record_line(line);
        for other in [
            "Answered.",
            "{\"_aws\"",
            r#"{"_aws":1}"#,
            r#"{"message":"\"_aws\""}"#,
        ] {
            metrics.record_line(other);
        }
        let sum = |dimensions: &[(&str, &str)], name: &str| {
            let metric = Metric::new("M", name, dimensions.iter().copied());
            metrics.values(&metric, Statistic::Sum, 10, 1000, 1010)[0]
        };
        let both = [("stage", "local"), ("function", "tasks")];
        assert_eq!(sum(&both, "latency"), Some(14.5));
        assert_eq!(sum(&both[..1], "latency"), Some(14.5));
        assert_eq!(sum(&both, "absent"), None);
        assert_eq!(sum(&both, "other"), None);
        assert_eq!(sum(&[], "latency"), None);
    }
}
