//! The alarms of a stage, as CloudWatch evaluates them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::Aws;
use crate::{
    Error,
    alarms::{
        Alarm, AlarmChange, AlarmState, Comparison, LINE_SECONDS, current, line, parse_description,
    },
};

/// The most that one page of alarms and of their history has, and one request of data.
const PAGE: usize = 100;
const QUERIES: usize = 500;
/// The most pages of history that are read: those of all alarms of the account.
const HISTORY_PAGES: usize = 10;

impl Aws {
    /// Every alarm of the stage, in the order of their names.
    pub(super) async fn read_alarms(&self) -> Result<Vec<Alarm>, Error> {
        let prefix = self.function_name("");
        let mut described = Vec::new();
        let mut token = Value::Null;
        loop {
            let mut input = json!({"AlarmNamePrefix": prefix, "AlarmTypes": ["MetricAlarm"], "MaxRecords": PAGE});
            if !token.is_null() {
                input["NextToken"] = token;
            }
            let mut page = self
                .clients
                .cloudwatch
                .read("DescribeAlarms", &input)
                .await?;
            if let Value::Array(alarms) = page["MetricAlarms"].take() {
                described.extend(alarms);
            }
            token = page["NextToken"].take();
            if token.is_null() {
                break;
            }
        }
        let now = self.seen.now().unix_timestamp();
        let mut values = self.data_of(&described, now).await?;
        let mut alarms: Vec<Alarm> = described
            .iter()
            .enumerate()
            .filter_map(|(number, alarm)| {
                let data = values.remove(&id(number)).unwrap_or_default();
                parse(alarm, &prefix, &data, now)
            })
            .collect();
        alarms.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(alarms)
    }

    /// The data points of the last hours by the id of their query: second since 1970, and value.
    async fn data_of(
        &self,
        alarms: &[Value],
        now: i64,
    ) -> Result<BTreeMap<String, Vec<(i64, f64)>>, Error> {
        let queries: Vec<Vec<Value>> = alarms
            .iter()
            .enumerate()
            .map(|(number, alarm)| queries(alarm, &id(number)))
            .collect();
        let mut data: BTreeMap<String, Vec<(i64, f64)>> = BTreeMap::new();
        let mut waiting = queries.as_slice();
        while !waiting.is_empty() {
            // An expression and what it reads go together.
            let mut count = 0;
            let fits = waiting.iter().take_while(|queries| {
                count += queries.len();
                count <= QUERIES
            });
            let (batch, rest) = waiting.split_at(fits.count().max(1));
            waiting = rest;
            let batch: Vec<&Value> = batch.iter().flatten().collect();
            if batch.is_empty() {
                continue;
            }
            let mut input = json!({
                "MetricDataQueries": batch,
                "StartTime": now - i64::try_from(LINE_SECONDS).unwrap_or_default(),
                "EndTime": now,
            });
            loop {
                let mut page = self
                    .clients
                    .cloudwatch
                    .read("GetMetricData", &input)
                    .await?;
                for result in page["MetricDataResults"].as_array().into_iter().flatten() {
                    let times = result["Timestamps"].as_array().into_iter().flatten();
                    let values = result["Values"].as_array().into_iter().flatten();
                    let points = times.zip(values).filter_map(|(time, value)| {
                        Some((moment(time)?.unix_timestamp(), value.as_f64()?))
                    });
                    let id = result["Id"].as_str().unwrap_or_default().to_owned();
                    data.entry(id).or_default().extend(points);
                }
                input["NextToken"] = page["NextToken"].take();
                if input["NextToken"].is_null() {
                    break;
                }
            }
        }
        Ok(data)
    }

    /// The changes of the alarms of the stage, the newest first. CloudWatch keeps 30 days.
    pub(super) async fn read_alarm_changes(&self) -> Result<Vec<AlarmChange>, Error> {
        let prefix = self.function_name("");
        let mut input = json!({"HistoryItemType": "StateUpdate", "MaxRecords": PAGE, "ScanBy": "TimestampDescending"});
        let mut changes = Vec::new();
        for _ in 0..HISTORY_PAGES {
            let mut page = self
                .clients
                .cloudwatch
                .read("DescribeAlarmHistory", &input)
                .await?;
            let items = page["AlarmHistoryItems"].as_array().into_iter().flatten();
            changes.extend(items.filter_map(|item| change(item, &prefix)));
            input["NextToken"] = page["NextToken"].take();
            if input["NextToken"].is_null() {
                break;
            }
        }
        Ok(changes)
    }
}

/// The id of the query whose values an alarm compares.
fn id(number: usize) -> String {
    format!("a{number}")
}

/// The queries for the values of an alarm; the one of that id has them.
fn queries(alarm: &Value, id: &str) -> Vec<Value> {
    let Some(metrics) = alarm["Metrics"].as_array().filter(|all| !all.is_empty()) else {
        let statistic = alarm["Statistic"]
            .as_str()
            .or(alarm["ExtendedStatistic"].as_str());
        let metric = json!({
            "Namespace": alarm["Namespace"],
            "MetricName": alarm["MetricName"],
            "Dimensions": alarm["Dimensions"],
        });
        let stat = json!({"Metric": metric, "Period": alarm["Period"], "Stat": statistic});
        return vec![json!({"Id": id, "MetricStat": stat})];
    };
    // Ids of all alarms stand in one request.
    let renamed = |name: &str, returned: bool| match returned {
        true => id.to_owned(),
        false => format!("{id}_{name}"),
    };
    let names: BTreeMap<&str, String> = metrics
        .iter()
        .filter_map(|query| {
            let name = query["Id"].as_str()?;
            Some((name, renamed(name, query["ReturnData"] != false)))
        })
        .collect();
    metrics
        .iter()
        .map(|query| {
            let mut query = query.clone();
            let name = query["Id"].as_str().unwrap_or_default();
            query["Id"] = json!(names.get(name));
            if let Some(expression) = query["Expression"].as_str() {
                query["Expression"] = json!(rename(expression, &names));
            }
            query
        })
        .collect()
}

/// The expression with other ids.
fn rename(expression: &str, names: &BTreeMap<&str, String>) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut renamed = String::new();
    let mut rest = expression;
    while !rest.is_empty() {
        let word = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        if word == 0 {
            let other = rest.find(is_word).unwrap_or(rest.len());
            renamed.push_str(&rest[..other]);
            rest = &rest[other..];
            continue;
        }
        let (name, after) = rest.split_at(word);
        renamed.push_str(names.get(name).map_or(name, String::as_str));
        rest = after;
    }
    renamed
}

/// `None`: an alarm that compares with a band, which no stage has.
fn parse(alarm: &Value, prefix: &str, data: &[(i64, f64)], now: i64) -> Option<Alarm> {
    let text = |name: &str| alarm[name].as_str().unwrap_or_default();
    let number = |name: &str| alarm[name].as_u64();
    let (about, runbook) = parse_description(text("AlarmDescription"));
    let comparison = Comparison::parse(text("ComparisonOperator"))?;
    let metrics = alarm["Metrics"].as_array().into_iter().flatten();
    let period = number("Period").or_else(|| {
        let mut periods = metrics
            .clone()
            .filter_map(|query| query.pointer("/MetricStat/Period")?.as_u64());
        periods.next()
    });
    let period = period.unwrap_or(60).max(1);
    let values = grid(data, period, now);
    let evaluation_periods = number("EvaluationPeriods").unwrap_or(1);
    let since = [
        &alarm["StateTransitionedTimestamp"],
        &alarm["StateUpdatedTimestamp"],
    ];
    let expression = metrics
        .clone()
        .find_map(|query| query["Expression"].as_str());
    let statistic = alarm["Statistic"]
        .as_str()
        .or(alarm["ExtendedStatistic"].as_str());
    Some(Alarm {
        name: short(text("AlarmName"), prefix),
        state: state(&alarm["StateValue"])?,
        since: since
            .into_iter()
            .find_map(|at| moment(at)?.format(&Rfc3339).ok()),
        reason: text("StateReason").to_owned(),
        about,
        runbook,
        reads: match expression {
            Some(expression) => expression.to_owned(),
            None => format!(
                "{} {} {}",
                text("Namespace"),
                text("MetricName"),
                statistic.unwrap_or_default()
            ),
        },
        comparison,
        threshold: alarm["Threshold"].as_f64()?,
        period,
        datapoints_to_alarm: number("DatapointsToAlarm").unwrap_or(evaluation_periods),
        evaluation_periods,
        current: current(&values, evaluation_periods),
        line: line(&values, period, comparison),
    })
}

/// The data points of the last hours, one a period.
fn grid(data: &[(i64, f64)], period: u64, now: i64) -> Vec<Option<f64>> {
    let period = i64::try_from(period).unwrap_or(i64::MAX);
    let seconds = i64::try_from(LINE_SECONDS).unwrap_or_default();
    let to = now - now.rem_euclid(period);
    let from = to - seconds;
    let count = usize::try_from(seconds / period).unwrap_or_default();
    let mut grid = vec![None; count];
    for (at, value) in data {
        let place = usize::try_from((at - from).div_euclid(period)).ok();
        if let Some(slot) = place.and_then(|place| grid.get_mut(place)) {
            *slot = Some(*value);
        }
    }
    grid
}

fn change(item: &Value, prefix: &str) -> Option<AlarmChange> {
    let alarm = item["AlarmName"].as_str()?.strip_prefix(prefix)?;
    let data: Value = serde_json::from_str(item["HistoryData"].as_str()?).ok()?;
    Some(AlarmChange {
        at: moment(&item["Timestamp"])?.format(&Rfc3339).ok()?,
        alarm: alarm.to_owned(),
        from: state(&data["oldState"]["stateValue"]),
        to: state(&data["newState"]["stateValue"])?,
        reason: data["newState"]["stateReason"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    })
}

fn state(value: &Value) -> Option<AlarmState> {
    serde_json::from_value(value.clone()).ok()
}

fn short(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

/// Seconds since 1970, as the JSON protocol has them, or RFC 3339, as an emulator does.
fn moment(value: &Value) -> Option<OffsetDateTime> {
    let of_seconds = |seconds: f64| OffsetDateTime::from_unix_timestamp(seconds as i64).ok();
    match value {
        Value::String(text) => OffsetDateTime::parse(text, &Rfc3339).ok(),
        value => of_seconds(value.as_f64()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_asked_for_with_ids_of_its_own() {
        let stat =
            json!({"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 60, "Stat": "Sum"});
        let alarm = json!({"Metrics": [
            {"Id": "percent", "Expression": "100 * part / (all+part)", "ReturnData": true},
            {"Id": "part", "MetricStat": stat, "ReturnData": false},
            {"Id": "all", "MetricStat": stat, "ReturnData": false},
        ]});
        let queries = queries(&alarm, "a7");
        assert_eq!(queries[0]["Id"], "a7");
        assert_eq!(queries[0]["Expression"], "100 * a7_part / (a7_all+a7_part)");
        assert_eq!(queries[2]["Id"], "a7_all");
    }

    #[test]
    fn a_data_point_is_in_its_period() {
        let now = 100_000_030;
        let grid = grid(
            &[(100_000_020 - 60, 2.0), (100_000_020, 3.0), (1, 4.0)],
            60,
            now,
        );
        assert_eq!(grid.len(), 180);
        // The period that runs is not over.
        assert_eq!(grid.iter().flatten().copied().collect::<Vec<_>>(), [2.0]);
        assert_eq!(grid[179], Some(2.0));
    }
}
