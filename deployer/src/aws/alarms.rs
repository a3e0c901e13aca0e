//! The alarms of a stage, as CloudWatch evaluates them.

use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{AlarmHistoryItem, AlarmType, HistoryItemType, MetricAlarm, ScanBy},
};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Aws,
    alarm_data::{grid, query_id, statistic},
    aws_error::AwsError,
};
use crate::{
    Error,
    alarms::{Alarm, AlarmChange, AlarmState, Comparison, current, line, parse_description},
};

/// The most that one page of alarms and of their history has.
const PAGE: i32 = 100;
/// The most pages of history that are read: those of all alarms of the account.
const HISTORY_PAGES: usize = 10;

impl Aws {
    /// Every alarm of the stage, in the order of their names.
    pub(super) async fn read_alarms(&self) -> Result<Vec<Alarm>, Error> {
        let prefix = self.function_name("");
        let mut described = Vec::new();
        let mut pages = self
            .clients
            .cloudwatch
            .describe_alarms()
            .alarm_name_prefix(&prefix)
            .alarm_types(AlarmType::MetricAlarm)
            .max_records(PAGE)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                AwsError::new("cloudwatch:DescribeAlarms", error)
                    .error("The alarms cannot be read.")
            })?;
            described.extend(page.metric_alarms.unwrap_or_default());
        }
        let now = self.observer.now().unix_timestamp();
        let mut values = self.alarm_data(&described, now).await?;
        let mut alarms: Vec<Alarm> = described
            .iter()
            .enumerate()
            .filter_map(|(number, alarm)| {
                let data = values.remove(&query_id(number)).unwrap_or_default();
                parse(alarm, &prefix, &data, now)
            })
            .collect();
        alarms.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(alarms)
    }

    /// The changes of the alarms of the stage, the newest first. CloudWatch keeps 30 days.
    pub(super) async fn read_alarm_changes(&self) -> Result<Vec<AlarmChange>, Error> {
        let prefix = self.function_name("");
        let mut changes = Vec::new();
        let mut pages = self
            .clients
            .cloudwatch
            .describe_alarm_history()
            .history_item_type(HistoryItemType::StateUpdate)
            .max_records(PAGE)
            .scan_by(ScanBy::TimestampDescending)
            .into_paginator()
            .send();
        for _ in 0..HISTORY_PAGES {
            let Some(page) = pages.next().await else {
                break;
            };
            let page = page.map_err(|error| {
                AwsError::new("cloudwatch:DescribeAlarmHistory", error)
                    .error("The history of the alarms cannot be read.")
            })?;
            let items = page.alarm_history_items().iter();
            changes.extend(items.filter_map(|item| change(item, &prefix)));
        }
        Ok(changes)
    }
}

/// `None`: an alarm that compares with a band, which no stage has.
fn parse(alarm: &MetricAlarm, prefix: &str, data: &[(i64, f64)], now: i64) -> Option<Alarm> {
    let (about, runbook) = parse_description(alarm.alarm_description().unwrap_or_default());
    let comparison = Comparison::parse(alarm.comparison_operator()?.as_str())?;
    let mut periods = alarm
        .metrics()
        .iter()
        .filter_map(|query| query.metric_stat()?.period());
    let period = alarm.period().or_else(|| periods.next());
    let period = count(period).unwrap_or(60);
    let values = grid(data, period, now);
    let evaluation_periods = count(alarm.evaluation_periods()).unwrap_or(1);
    let since = alarm
        .state_transitioned_timestamp()
        .or(alarm.state_updated_timestamp());
    let mut expressions = alarm
        .metrics()
        .iter()
        .filter_map(|query| query.expression());
    Some(Alarm {
        name: short(alarm.alarm_name().unwrap_or_default(), prefix),
        state: state(alarm.state_value()?.as_str())?,
        since: since.and_then(rfc3339),
        reason: alarm.state_reason().unwrap_or_default().to_owned(),
        about,
        runbook,
        reads: match expressions.next() {
            Some(expression) => expression.to_owned(),
            None => format!(
                "{} {} {}",
                alarm.namespace().unwrap_or_default(),
                alarm.metric_name().unwrap_or_default(),
                statistic(alarm).unwrap_or_default()
            ),
        },
        comparison,
        threshold: alarm.threshold()?,
        period,
        datapoints_to_alarm: count(alarm.datapoints_to_alarm()).unwrap_or(evaluation_periods),
        evaluation_periods,
        current: current(&values, evaluation_periods),
        line: line(&values, period, comparison),
    })
}

/// One or more; `None`: it is missing.
fn count(number: Option<i32>) -> Option<u64> {
    u64::try_from(number?).ok().filter(|count| *count > 0)
}

/// `None`: an alarm of another stage, or not a change of a state.
fn change(item: &AlarmHistoryItem, prefix: &str) -> Option<AlarmChange> {
    let alarm = item.alarm_name()?.strip_prefix(prefix)?;
    let data: Value = serde_json::from_str(item.history_data()?).ok()?;
    let of = |name: &str| state(data[name]["stateValue"].as_str().unwrap_or_default());
    Some(AlarmChange {
        at: rfc3339(item.timestamp()?)?,
        alarm: alarm.to_owned(),
        from: of("oldState"),
        to: of("newState")?,
        reason: data["newState"]["stateReason"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    })
}

fn state(text: &str) -> Option<AlarmState> {
    serde_json::from_value(text.into()).ok()
}

fn short(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

/// Whole seconds.
fn rfc3339(at: &DateTime) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp(at.secs()).ok()?;
    at.format(&Rfc3339).ok()
}
