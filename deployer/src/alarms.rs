//! The alarms of a stage: what the command line shows of them, whatever evaluates them.
//!
//! On AWS that is CloudWatch; on this machine the supervisor, by the same rules.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An alarm and how it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// `latency-p99`: its name without that of the stage.
    pub name: String,
    /// Its state.
    pub state: AlarmState,
    /// Since when, RFC 3339; `None`: nobody knows.
    pub since: Option<String>,
    /// Why it got there.
    pub reason: String,
    /// What is wrong when it is raised.
    pub about: String,
    /// What to do then; empty: it has no runbook.
    pub runbook: String,
    /// `AWS/ApiGateway Latency p99`, or an expression.
    pub reads: String,
    /// On which side of the threshold it is raised.
    pub comparison: Comparison,
    /// The threshold, in the unit of the metric.
    pub threshold: f64,
    /// Seconds of a data point.
    pub period: u64,
    /// How many of the last data points must be beyond the threshold..
    pub datapoints_to_alarm: u64,
    /// ..of how many.
    pub evaluation_periods: u64,
    /// The last data point of those that are evaluated; `None`: there is none.
    pub current: Option<f64>,
    /// The last three hours, oldest first: of each [`LINE_STEP`], the data point that is nearest to the
    /// threshold or farthest beyond it; `None`: there was none.
    pub line: Vec<Option<f64>>,
}

/// The state of an alarm, as CloudWatch calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// Raised.
    Alarm,
    /// Too few data points say anything.
    InsufficientData,
    /// Within the threshold.
    Ok,
}

impl fmt::Display for AlarmState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AlarmState::Alarm => "ALARM",
            AlarmState::InsufficientData => "INSUFFICIENT_DATA",
            AlarmState::Ok => "OK",
        })
    }
}

/// A comparison of a data point with the threshold; where it holds, the data point breaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `>=`
    #[serde(rename = "GreaterThanOrEqualToThreshold")]
    AtLeast,
    /// `>`
    #[serde(rename = "GreaterThanThreshold")]
    Above,
    /// `<=`
    #[serde(rename = "LessThanOrEqualToThreshold")]
    AtMost,
    /// `<`
    #[serde(rename = "LessThanThreshold")]
    Below,
}

impl Comparison {
    /// CloudWatch's name of it; `None`: one that compares with a band.
    pub fn parse(name: &str) -> Option<Comparison> {
        Some(match name {
            "GreaterThanOrEqualToThreshold" => Comparison::AtLeast,
            "GreaterThanThreshold" => Comparison::Above,
            "LessThanOrEqualToThreshold" => Comparison::AtMost,
            "LessThanThreshold" => Comparison::Below,
            _ => return None,
        })
    }

    /// Whether a data point breaches the threshold.
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Comparison::AtLeast => value >= threshold,
            Comparison::Above => value > threshold,
            Comparison::AtMost => value <= threshold,
            Comparison::Below => value < threshold,
        }
    }

    /// `>=`
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::AtLeast => ">=",
            Comparison::Above => ">",
            Comparison::AtMost => "<=",
            Comparison::Below => "<",
        }
    }

    /// The one of two values that is nearer to a breach.
    fn worse(self, one: f64, other: f64) -> f64 {
        match self {
            Comparison::AtLeast | Comparison::Above => one.max(other),
            Comparison::AtMost | Comparison::Below => one.min(other),
        }
    }
}

/// A change of the state of an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmChange {
    /// When, RFC 3339.
    pub at: String,
    /// The alarm, without the name of the stage.
    pub alarm: String,
    /// The state before; `None`: nobody knows.
    pub from: Option<AlarmState>,
    /// The state after.
    pub to: AlarmState,
    /// Why.
    pub reason: String,
}

/// Seconds that [`Alarm::line`] shows.
pub const LINE_SECONDS: u64 = 3 * 3600;
/// Seconds of a value of [`Alarm::line`].
pub const LINE_STEP: u64 = 300;

/// The line of an alarm, from all data points of [`LINE_SECONDS`] at its period, oldest first.
pub fn line(values: &[Option<f64>], period: u64, comparison: Comparison) -> Vec<Option<f64>> {
    let each = usize::try_from((LINE_STEP / period.max(1)).max(1)).unwrap_or(1);
    let worst = |values: &[Option<f64>]| {
        let known = values.iter().flatten().copied();
        known.reduce(|one, other| comparison.worse(one, other))
    };
    // The last one is whole: it is what happens now.
    let mut line: Vec<Option<f64>> = values.rchunks(each).map(worst).collect();
    line.reverse();
    line
}

/// The last of these data points, oldest first, that an alarm with so many evaluation periods looks at.
pub fn current(values: &[Option<f64>], evaluation_periods: u64) -> Option<f64> {
    let range = usize::try_from(evaluation_periods + LATE).unwrap_or(usize::MAX);
    values.iter().rev().take(range).flatten().next().copied()
}

/// CloudWatch looks at some more data points than it evaluates, so that one that is late counts; it does
/// not say how many. Its examples have two more.
pub(crate) const LATE: u64 = 2;

/// The two parts of a description as the templates write it: what the alarm means, and its runbook.
pub fn parse_description(description: &str) -> (String, String) {
    match description.split_once("Runbook:") {
        Some((about, runbook)) => (about.trim().to_owned(), runbook.trim().to_owned()),
        None => (description.trim().to_owned(), String::new()),
    }
}

/// How many alarms are in that state.
pub fn count(alarms: &[Alarm], state: AlarmState) -> usize {
    alarms.iter().filter(|alarm| alarm.state == state).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_what_is_nearest_to_a_breach_and_ends_with_now() {
        let values = [Some(9.0), Some(1.0), None, Some(3.0), Some(2.0), None, None];
        let up = line(&values, 100, Comparison::AtLeast);
        assert_eq!(up, [Some(9.0), Some(3.0), Some(2.0)]);
        let down = line(&values, 100, Comparison::Below);
        assert_eq!(down, [Some(9.0), Some(1.0), Some(2.0)]);
        assert_eq!(line(&values[5..], 100, Comparison::Below), [None]);
        // A period that is longer than a step has a value of its own.
        assert_eq!(
            line(&values[..2], 600, Comparison::Below),
            [Some(9.0), Some(1.0)]
        );
    }

    #[test]
    fn what_is_older_than_the_evaluation_is_not_current() {
        let values = [Some(1.0), Some(2.0), None, None];
        assert_eq!(current(&values, 1), Some(2.0));
        assert_eq!(current(&[&values[..], &[None]].concat(), 1), None);
    }

    #[test]
    fn a_description_has_two_parts_or_one() {
        let parts = parse_description("It is slow.\n\nRunbook: Look at it.");
        assert_eq!(parts, ("It is slow.".to_owned(), "Look at it.".to_owned()));
        assert_eq!(parse_description("By hand.").1, "");
    }
}
