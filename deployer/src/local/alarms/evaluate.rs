//! When an alarm changes its state, by CloudWatch's rules
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>).

use super::definition::{Definition, MissingData};
use crate::alarms::AlarmState;

/// The state of an alarm after these data points, the oldest first, and why.
pub(super) fn evaluate(
    definition: &Definition,
    points: &[Option<f64>],
    before: Option<AlarmState>,
) -> (AlarmState, String) {
    let needed = usize::try_from(definition.evaluation_periods).unwrap_or(usize::MAX);
    let to_alarm = usize::try_from(definition.datapoints_to_alarm).unwrap_or(usize::MAX);
    let breaches = |value: f64| definition.comparison.holds(value, definition.threshold);
    // The most recent ones; what is missing between them does not count.
    let known: Vec<f64> = points
        .iter()
        .rev()
        .flatten()
        .copied()
        .take(needed)
        .collect();
    let breaching = known.iter().filter(|value| breaches(**value)).count();
    let filled = needed - known.len();
    let stays = before.unwrap_or(AlarmState::InsufficientData);
    let raised_if = |raised: bool| match raised {
        true => AlarmState::Alarm,
        false => AlarmState::Ok,
    };
    let state = match definition.missing {
        _ if breaching >= to_alarm => AlarmState::Alarm,
        MissingData::Breaching => raised_if(breaching + filled >= to_alarm),
        MissingData::NotBreaching => AlarmState::Ok,
        MissingData::Missing if known.is_empty() => AlarmState::InsufficientData,
        MissingData::Ignore if known.is_empty() => stays,
        MissingData::Missing | MissingData::Ignore if known.len() >= to_alarm => AlarmState::Ok,
        MissingData::Missing => raised_if(is_premature(points, needed, to_alarm, breaches)),
        MissingData::Ignore => match is_premature(points, needed, to_alarm, breaches) {
            true => stays,
            false => AlarmState::Ok,
        },
    };
    (state, reason(definition, &known, breaching))
}

/// Whether the oldest data point of the last `needed` that breaches is as old as `to_alarm`, and all that
/// are newer breach or are missing: the alarm is raised although there are too few data points.
fn is_premature(
    points: &[Option<f64>],
    needed: usize,
    to_alarm: usize,
    breaches: impl Fn(f64) -> bool,
) -> bool {
    let last = &points[points.len().saturating_sub(needed)..];
    let is_breach = |point: &Option<f64>| point.is_some_and(&breaches);
    let Some(oldest) = last.iter().position(is_breach) else {
        return false;
    };
    let newer = &last[oldest..];
    newer.len() >= to_alarm && newer.iter().all(|point| point.is_none_or(&breaches))
}

fn reason(definition: &Definition, known: &[f64], breaching: usize) -> String {
    let seconds = definition.period;
    if known.is_empty() {
        return format!("No data point in the last periods of {seconds} s.");
    }
    let values: Vec<String> = known.iter().rev().map(|value| round(*value)).collect();
    format!(
        "{breaching} of {} data points of {seconds} s were {} {}: {}.",
        known.len(),
        definition.comparison.sign(),
        round(definition.threshold),
        values.join(", ")
    )
}

/// Two digits after the point at most.
fn round(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `0`: within the threshold, `X`: beyond it, `-`: missing.
    fn state(points: &str, to_alarm: u64, missing: &str) -> Option<AlarmState> {
        let definition = Definition::parse(&json!({
            "Namespace": "N", "MetricName": "m", "Statistic": "Sum", "Period": 60,
            "EvaluationPeriods": 3, "DatapointsToAlarm": to_alarm, "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": missing,
        }));
        let points: Vec<Option<f64>> = points
            .split(' ')
            .map(|point| match point {
                "0" => Some(0.0),
                "X" => Some(1.0),
                _ => None,
            })
            .collect();
        let definition = definition.unwrap();
        // What stays is either.
        let [ok, alarm] = [AlarmState::Ok, AlarmState::Alarm]
            .map(|before| evaluate(&definition, &points, Some(before)).0);
        (ok == alarm).then_some(ok)
    }

    /// Both tables of AWS's page: the data points, and the state for missing, ignore, breaching and
    /// notBreaching; `None`: the alarm keeps its state.
    #[test]
    fn the_tables_of_the_documentation_hold() {
        use AlarmState::{Alarm, InsufficientData, Ok};
        let (ok, alarm) = (Some(Ok), Some(Alarm));
        let three_of_three = [
            ("0 - X - X", [ok, ok, ok, ok]),
            ("0 - - - -", [ok, ok, ok, ok]),
            ("- - - - -", [Some(InsufficientData), None, alarm, ok]),
            ("0 X X - X", [alarm, alarm, alarm, alarm]),
            ("- - X - -", [alarm, None, alarm, ok]),
        ];
        let two_of_three = [
            ("0 - X - X", [alarm, alarm, alarm, alarm]),
            ("0 0 X 0 X", [alarm, alarm, alarm, alarm]),
            ("0 - X - -", [ok, ok, alarm, ok]),
            ("- - - - 0", [ok, ok, alarm, ok]),
            ("- - - X -", [alarm, None, alarm, ok]),
        ];
        let treatments = ["missing", "ignore", "breaching", "notBreaching"];
        for (to_alarm, table) in [(3, three_of_three), (2, two_of_three)] {
            for (points, states) in table {
                for (missing, expected) in treatments.into_iter().zip(states) {
                    assert_eq!(
                        state(points, to_alarm, missing),
                        expected,
                        "{points} {to_alarm} of 3 {missing}"
                    );
                }
            }
        }
    }
}
