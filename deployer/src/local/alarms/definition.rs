//! What an alarm of a template reads and when it is raised.

use std::fmt;

use serde_json::Value;

use crate::{
    alarms::{Comparison, LATE, parse_description},
    local::metrics::{Metric, Metrics, Statistic},
};

/// An alarm as its resource says it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::local) struct Definition {
    pub(super) about: String,
    pub(super) runbook: String,
    pub(super) reading: Reading,
    pub(super) comparison: Comparison,
    pub(super) threshold: f64,
    /// Seconds.
    pub(super) period: u64,
    pub(super) evaluation_periods: u64,
    pub(super) datapoints_to_alarm: u64,
    pub(super) missing: MissingData,
}

/// What an alarm reads.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reading {
    Metric(Source),
    /// `100 * part / all`
    Percent {
        part: Source,
        all: Source,
    },
}

/// A statistic of a metric.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Source {
    metric: Metric,
    statistic: Statistic,
    /// As the template names it.
    name: String,
}

/// What a data point that is missing says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissingData {
    Breaching,
    NotBreaching,
    Ignore,
    Missing,
}

/// The one expression that is understood. Others would be refused before anything starts.
const PERCENT: &str = "100 * part / all";

impl Definition {
    /// Reads the properties of an `AWS::CloudWatch::Alarm`, before or after intrinsics are computed.
    ///
    /// # Errors
    ///
    /// What cannot be evaluated here, a sentence.
    pub(in crate::local) fn parse(properties: &Value) -> Result<Definition, String> {
        let text = |name: &str| properties[name].as_str().unwrap_or_default();
        let (about, runbook) = parse_description(text("AlarmDescription"));
        let (reading, period) = match &properties["Metrics"] {
            Value::Null => (
                Reading::Metric(source(properties, statistic_of(properties))?),
                number(&properties["Period"]),
            ),
            queries => percent(queries)?,
        };
        let period = period
            .filter(|period| {
                [10, 20, 30].contains(period) || (*period > 0 && period.is_multiple_of(60))
            })
            .ok_or("Period is not 10, 20, 30 or a multiple of 60.")?;
        let evaluation_periods = number(&properties["EvaluationPeriods"])
            .filter(|count| *count > 0 && count.saturating_mul(period) <= 86_400)
            .ok_or("EvaluationPeriods is not 1 or more, within a day.")?;
        let datapoints_to_alarm = match &properties["DatapointsToAlarm"] {
            Value::Null => evaluation_periods,
            given => number(given)
                .filter(|count| (1..=evaluation_periods).contains(count))
                .ok_or("DatapointsToAlarm is not from 1 to EvaluationPeriods.")?,
        };
        Ok(Definition {
            about,
            runbook,
            reading,
            comparison: Comparison::parse(text("ComparisonOperator"))
                .ok_or("ComparisonOperator does not compare with a threshold.")?,
            threshold: float(&properties["Threshold"]).ok_or("Threshold is not a number.")?,
            period,
            evaluation_periods,
            datapoints_to_alarm,
            missing: match text("TreatMissingData") {
                "breaching" => MissingData::Breaching,
                "notBreaching" => MissingData::NotBreaching,
                "ignore" => MissingData::Ignore,
                "" | "missing" => MissingData::Missing,
                other => return Err(format!("TreatMissingData `{other}` does not exist.")),
            },
        })
    }

    /// How many data points an evaluation looks at.
    pub(super) fn evaluation_range(&self) -> u64 {
        self.evaluation_periods + LATE
    }

    /// The last `count` data points whose periods were over at the second `now`, the oldest first.
    pub(super) fn points(&self, metrics: &Metrics, count: u64, now: u64) -> Vec<Option<f64>> {
        let to = now - now % self.period;
        let from = to.saturating_sub(count * self.period);
        let values = |source: &Source| {
            metrics.values(&source.metric, source.statistic, self.period, from, to)
        };
        match &self.reading {
            Reading::Metric(source) => values(source),
            Reading::Percent { part, all } => {
                let both = values(part).into_iter().zip(values(all));
                both.map(|(part, all)| Some(100.0 * part? / all.filter(|all| *all > 0.0)?))
                    .collect()
            }
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reading::Metric(source) => f.write_str(&source.name),
            Reading::Percent { part, all } => write!(f, "100 * {} / {}", part.name, all.name),
        }
    }
}

/// `Statistic`, or `ExtendedStatistic`.
fn statistic_of(properties: &Value) -> &str {
    let name = properties["Statistic"].as_str();
    name.or(properties["ExtendedStatistic"].as_str())
        .unwrap_or_default()
}

fn source(metric: &Value, statistic: &str) -> Result<Source, String> {
    let text = |name: &str| metric[name].as_str().unwrap_or_default();
    let (namespace, name) = (text("Namespace"), text("MetricName"));
    if namespace.is_empty() || name.is_empty() {
        return Err("It names no metric.".to_owned());
    }
    let dimensions = metric["Dimensions"].as_array().into_iter().flatten();
    let dimensions = dimensions.map(|dimension| {
        let word = |key: &str| dimension[key].as_str().unwrap_or_default();
        (word("Name"), word("Value"))
    });
    Ok(Source {
        metric: Metric::new(namespace, name, dimensions),
        statistic: Statistic::parse(statistic)
            .ok_or_else(|| format!("The statistic `{statistic}` is not known."))?,
        name: format!("{namespace} {name} {statistic}"),
    })
}

/// The reading and the period of an alarm on the one expression.
fn percent(queries: &Value) -> Result<(Reading, Option<u64>), String> {
    let unknown = || format!("Metrics is not the expression `{PERCENT}` of two metrics.");
    let query = |id: &str| {
        let mut queries = queries.as_array()?.iter();
        queries.find(|query| query["Id"] == id)
    };
    let is_it = query("percent").is_some_and(|query| query["Expression"] == PERCENT);
    let read = |id: &str| {
        let stat = &query(id).filter(|_| is_it).ok_or_else(unknown)?["MetricStat"];
        let source = source(&stat["Metric"], stat["Stat"].as_str().unwrap_or_default())?;
        Ok::<_, String>((source, number(&stat["Period"])))
    };
    let ((part, period), (all, other)) = (read("part")?, read("all")?);
    if period != other {
        return Err("The metrics of its expression have different periods.".to_owned());
    }
    Ok((Reading::Percent { part, all }, period))
}

/// A number, which a template may write as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn float(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alarm() -> Value {
        json!({
            "Namespace": "N",
            "MetricName": "m",
            "ExtendedStatistic": "p99",
            "Period": 60,
            "EvaluationPeriods": 3,
            "Threshold": 2.5,
            "ComparisonOperator": "LessThanThreshold",
        })
    }

    #[test]
    fn what_cloudwatch_refuses_of_an_alarm_is_refused() {
        let definition = Definition::parse(&alarm()).unwrap();
        assert_eq!(definition.datapoints_to_alarm, 3);
        assert_eq!(definition.missing, MissingData::Missing);
        assert_eq!(definition.reading.to_string(), "N m p99");
        for (name, value) in [
            ("Period", json!(45)),
            ("Period", json!(0)),
            ("EvaluationPeriods", json!(0)),
            ("EvaluationPeriods", json!(1441)),
            ("DatapointsToAlarm", json!(4)),
            ("DatapointsToAlarm", json!(0)),
            ("Threshold", json!("much")),
            ("ComparisonOperator", json!("GreaterThanUpperThreshold")),
            ("TreatMissingData", json!("no")),
            ("ExtendedStatistic", json!("tm90")),
            ("MetricName", json!("")),
            ("Metrics", json!([{"Id": "percent", "Expression": "a / b"}])),
        ] {
            let mut wrong = alarm();
            wrong[name] = value.clone();
            assert!(Definition::parse(&wrong).is_err(), "{name} {value}");
        }
    }

    #[test]
    fn a_percentage_is_of_two_sums_and_missing_where_nothing_happened() {
        let stat = |name: &str| json!({"Metric": {"Namespace": "N", "MetricName": name}, "Stat": "Sum", "Period": 60});
        let mut properties = alarm();
        properties["Metrics"] = json!([
            {"Id": "percent", "Expression": PERCENT},
            {"Id": "part", "MetricStat": stat("5xx")},
            {"Id": "all", "MetricStat": stat("Count")},
        ]);
        let definition = Definition::parse(&properties).unwrap();
        let metrics = Metrics::default();
        let record =
            |name: &str, value, at| metrics.record_at(Metric::new("N", name, []), value, at);
        for (at, failed) in [(600, 1.0), (610, 0.0), (660, 0.0)] {
            record("5xx", failed, at);
            record("Count", 1.0, at);
        }
        record("5xx", 0.0, 720);
        record("Count", 0.0, 720);
        assert_eq!(
            definition.points(&metrics, 4, 840),
            [Some(50.0), Some(0.0), None, None]
        );
    }
}
