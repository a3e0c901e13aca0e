//! When the alarms of a stage are raised, and who hears of it.

use serde::{Deserialize, Serialize};

use super::{Stage, StageError, check::Wrong};

/// The alarms of a stage. What each means is in docs/operating.md.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Alarms {
    /// Address of a person or a list that gets a message when an alarm changes; `None`: nobody.
    pub email: Option<String>,
    /// Seconds of a data point.
    pub period: u32,
    /// How many data points an alarm looks at.
    pub evaluation_periods: u32,
    /// How many of them must be beyond the threshold.
    pub datapoints_to_alarm: u32,
    /// The thresholds.
    pub thresholds: Thresholds,
}

/// Where each alarm begins; `None`: the stage does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Thresholds {
    /// Milliseconds at the gateway, half of the requests.
    pub latency_p50: Option<u32>,
    /// Milliseconds at the gateway, 95 of 100 requests.
    pub latency_p95: Option<u32>,
    /// Milliseconds at the gateway, 99 of 100 requests.
    pub latency_p99: Option<u32>,
    /// Percent of the requests that the gateway answers with 500 or above.
    pub error_rate: Option<u32>,
    /// Responses of one function with 500 or above, in a period.
    pub server_errors: Option<u32>,
    /// Failed invocations of one function, in a period.
    pub function_errors: Option<u32>,
    /// Refused invocations of one function, in a period.
    pub function_throttles: Option<u32>,
    /// Percent of a function's timeout that its longest invocation takes.
    pub function_duration: Option<u32>,
    /// Cold starts of one function, in a period.
    pub cold_starts: Option<u32>,
    /// Open connections.
    pub database_connections: Option<u32>,
    /// Percent.
    pub database_cpu: Option<u32>,
    /// CPU credits that are left, of a class that has them (`db.t*`).
    pub database_credits: Option<u32>,
    /// Percent of the storage that is free.
    pub database_storage: Option<u32>,
    /// MiB that are free.
    pub database_memory: Option<u32>,
    /// Percent of the look-ups that hit.
    pub cache_hit_rate: Option<u32>,
    /// Messages and connections that failed inside the WebSocket API or its functions, in a period.
    pub websocket_errors: Option<u32>,
    /// Invocations that failed for good and were not looked at yet.
    pub dead_letters: Option<u32>,
    /// Seconds that the oldest event waits to be sent.
    pub outbox_lag: Option<u32>,
    /// 1: audit rows of the last hour are in the default partition.
    pub audit_default_partition: Option<u32>,
}

impl Thresholds {
    /// Each with its key, and the most that it can be.
    fn limits(&self) -> [(&'static str, Option<u32>, u32); 19] {
        const ANY: u32 = 1_000_000_000;
        const PERCENT: u32 = 100;
        [
            ("latency-p50", self.latency_p50, 30_000),
            ("latency-p95", self.latency_p95, 30_000),
            ("latency-p99", self.latency_p99, 30_000),
            ("error-rate", self.error_rate, PERCENT),
            ("server-errors", self.server_errors, ANY),
            ("function-errors", self.function_errors, ANY),
            ("function-throttles", self.function_throttles, ANY),
            ("function-duration", self.function_duration, PERCENT),
            ("cold-starts", self.cold_starts, ANY),
            ("database-connections", self.database_connections, ANY),
            ("database-cpu", self.database_cpu, PERCENT),
            ("database-credits", self.database_credits, ANY),
            ("database-storage", self.database_storage, PERCENT),
            ("database-memory", self.database_memory, 1 << 20),
            ("cache-hit-rate", self.cache_hit_rate, PERCENT),
            ("websocket-errors", self.websocket_errors, ANY),
            ("dead-letters", self.dead_letters, ANY),
            ("outbox-lag", self.outbox_lag, 7 * 86_400),
            ("audit-default-partition", self.audit_default_partition, 1),
        ]
    }
}

/// The longest time that an alarm looks at, in seconds
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>).
const LONGEST: u32 = 86_400;

/// What CloudWatch refuses, and thresholds that nothing can reach.
pub(super) fn check(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    let alarms = &stage.alarms;
    let is_minutes = alarms.period > 0 && alarms.period.is_multiple_of(60);
    let is_on_this_machine = stage.account.is_none() && stage.database.managed;
    let is_short = is_on_this_machine && [10, 20, 30].contains(&alarms.period);
    if !is_minutes && !is_short {
        let allowed = match is_on_this_machine {
            true => "10, 20, 30 or a multiple of 60",
            false => "a multiple of 60: AWS's own metrics have one data point a minute",
        };
        return wrong(&["alarms", "period"], &alarms.period.to_string(), allowed);
    }
    let most = LONGEST / alarms.period;
    if !(1..=most).contains(&alarms.evaluation_periods) {
        return wrong(
            &["alarms", "evaluation-periods"],
            &alarms.evaluation_periods.to_string(),
            &format!("from 1 to {most}: an alarm looks at a day at most"),
        );
    }
    if !(1..=alarms.evaluation_periods).contains(&alarms.datapoints_to_alarm) {
        return wrong(
            &["alarms", "datapoints-to-alarm"],
            &alarms.datapoints_to_alarm.to_string(),
            &format!(
                "from 1 to {}, the evaluation periods",
                alarms.evaluation_periods
            ),
        );
    }
    for (key, value, most) in alarms.thresholds.limits() {
        if let Some(value) = value.filter(|value| !(1..=most).contains(value)) {
            return wrong(
                &["alarms", "thresholds", key],
                &value.to_string(),
                &format!("from 1 to {most}, or null for no such alarm"),
            );
        }
    }
    match &alarms.email {
        Some(email) if !email.contains('@') || email.contains(char::is_whitespace) => wrong(
            &["alarms", "email"],
            &format!("`{email}`"),
            "an e-mail address, or null",
        ),
        _ => Ok(()),
    }
}
