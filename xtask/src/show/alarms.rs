//! The alarms of a stage, in a terminal.

use deployer::alarms::{Alarm, AlarmChange, AlarmState, count};

use super::table::{aligned, table};
use crate::ui::{Paint, plain, plural};

/// The heights of a line of values.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Where there was no data point.
const NOTHING: char = '·';

/// Which alarms get a line of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Those that have data points; the others are counted.
    WithData,
    /// Each.
    All,
    /// Each, with what it means.
    InDetail,
}

/// The alarms, those that are raised with what they mean.
pub(crate) fn text(stage: &str, alarms: &[Alarm], shown: Shown, paint: Paint) -> String {
    let raised = count(alarms, AlarmState::Alarm);
    let silent = count(alarms, AlarmState::InsufficientData);
    let all = plural(alarms.len(), "alarm");
    let mut text = match raised {
        0 => format!("None of {all} of the stage `{stage}` is raised"),
        1 => format!("1 of {all} of the stage `{stage}` is raised"),
        raised => format!("{raised} of {all} of the stage `{stage}` are raised"),
    };
    if silent > 0 {
        text += &format!("; {silent} without enough data");
    }
    text += ".\n\n";
    let is_counted = |alarm: &&Alarm| shown == Shown::WithData && has_no_data(alarm);
    let rows: Vec<Vec<String>> = alarms
        .iter()
        .filter(|alarm| !is_counted(alarm))
        .map(|alarm| row(alarm, paint))
        .collect();
    text += &aligned(&rows, &[3]);
    let counted = alarms.iter().filter(is_counted).count();
    if counted > 0 {
        let state = state(AlarmState::InsufficientData, paint);
        text += &format!(
            "{state}  {} without a data point in the last hours; `--all` shows {}.\n",
            plural(counted, "alarm"),
            if counted == 1 { "it" } else { "them" }
        );
    }
    for alarm in alarms {
        if shown == Shown::InDetail || alarm.state == AlarmState::Alarm {
            text += &detail(alarm);
        }
    }
    text
}

/// Whether nothing was measured that the alarm reads.
fn has_no_data(alarm: &Alarm) -> bool {
    alarm.state == AlarmState::InsufficientData && alarm.line.iter().all(Option::is_none)
}

fn row(alarm: &Alarm, paint: Paint) -> Vec<String> {
    let current = alarm.current.map_or_else(|| "none".to_owned(), number);
    vec![
        state(alarm.state, paint),
        plain(&alarm.name).into_owned(),
        alarm.since.clone().unwrap_or_default(),
        current,
        format!("{} {}", alarm.comparison.sign(), number(alarm.threshold)),
        line(&alarm.line, alarm.threshold),
    ]
}

fn detail(alarm: &Alarm) -> String {
    let mut text = format!("\n{}: {}\n", plain(&alarm.name), plain(&alarm.about));
    text += &format!("  because: {}\n", plain(&alarm.reason));
    if !alarm.runbook.is_empty() {
        text += &format!("  runbook: {}\n", plain(&alarm.runbook));
    }
    text += &format!(
        "  reads:   {}, {} of {} data points of {} s\n",
        plain(&alarm.reads),
        alarm.datapoints_to_alarm,
        alarm.evaluation_periods,
        alarm.period
    );
    text
}

/// A line for the change of an alarm, as `--watch` shows it.
pub(crate) fn change(alarm: &Alarm, from: Option<AlarmState>, paint: Paint) -> String {
    let at = alarm.since.as_deref().unwrap_or_default();
    let from = from.map_or_else(|| "new".to_owned(), |from| from.to_string());
    let mut text = format!(
        "{at}  {}  {from} -> {}  {}",
        plain(&alarm.name),
        state(alarm.state, paint),
        plain(&alarm.reason)
    );
    if alarm.state == AlarmState::Alarm && !alarm.runbook.is_empty() {
        text += &format!("\n  runbook: {}", plain(&alarm.runbook));
    }
    text
}

/// The changes of all alarms.
pub(crate) fn changes(changes: &[AlarmChange], paint: Paint) -> String {
    if changes.is_empty() {
        return "No alarm has changed its state.".to_owned();
    }
    let row = |change: &AlarmChange| {
        let from = change
            .from
            .map_or_else(|| "new".to_owned(), |from| from.to_string());
        vec![
            change.at.clone(),
            plain(&change.alarm).into_owned(),
            format!("{from} -> {}", state(change.to, paint)),
            plain(&change.reason).into_owned(),
        ]
    };
    table(&changes.iter().map(row).collect::<Vec<_>>())
}

fn state(state: AlarmState, paint: Paint) -> String {
    // Styles of one length, so that columns line up.
    let style = match state {
        AlarmState::Alarm => "31;1",
        AlarmState::InsufficientData => "33;1",
        AlarmState::Ok => "32;1",
    };
    paint.with(style, &state.to_string())
}

/// The values as heights, from zero to the threshold or what was beyond it.
fn line(values: &[Option<f64>], threshold: f64) -> String {
    let highest = values.iter().flatten().copied().fold(threshold, f64::max);
    let height = |value: f64| {
        let share = if highest > 0.0 { value / highest } else { 0.0 };
        let steps = HEIGHTS.len() - 1;
        let step = (share.clamp(0.0, 1.0) * steps as f64).round() as usize;
        HEIGHTS[step.min(steps)]
    };
    values
        .iter()
        .map(|value| value.map_or(NOTHING, height))
        .collect()
}

/// Short: `0.4`, `312`, `2.1G`.
fn number(value: f64) -> String {
    let (value, unit) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "G"),
        size if size >= 1e6 => (value / 1e6, "M"),
        _ => (value, ""),
    };
    let text = match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    };
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use deployer::alarms::Comparison;

    use super::*;

    fn alarm(name: &str, state: AlarmState, current: Option<f64>) -> Alarm {
        Alarm {
            name: name.to_owned(),
            state,
            since: Some("2026-11-27T09:12:03Z".to_owned()),
            reason: "1 of 1 data points of 10 s were >= 5: 7.".to_owned(),
            about: "It fails.".to_owned(),
            runbook: "Repair it.".to_owned(),
            reads: "AWS/Lambda Errors Sum".to_owned(),
            comparison: Comparison::AtLeast,
            threshold: 5.0,
            period: 10,
            datapoints_to_alarm: 1,
            evaluation_periods: 1,
            current,
            line: vec![None, Some(0.0), Some(1.0), Some(5.0), current],
        }
    }

    #[test]
    fn raised_alarms_are_shown_with_their_runbook_and_every_one_with_its_line() {
        let alarms = [
            alarm("tasks-errors", AlarmState::Alarm, Some(7.0)),
            alarm("quiet", AlarmState::InsufficientData, None),
            alarm("latency-p99", AlarmState::Ok, Some(1_234_567_890.0)),
        ];
        insta::assert_snapshot!(text("local", &alarms, Shown::WithData, Paint::new(false)), @r"
        1 of 3 alarms of the stage `local` is raised; 1 without enough data.

        ALARM              tasks-errors  2026-11-27T09:12:03Z     7  >= 5  ·▁▂▆█
        INSUFFICIENT_DATA  quiet         2026-11-27T09:12:03Z  none  >= 5  ·▁▂█·
        OK                 latency-p99   2026-11-27T09:12:03Z  1.2G  >= 5  ·▁▁▁█

        tasks-errors: It fails.
          because: 1 of 1 data points of 10 s were >= 5: 7.
          runbook: Repair it.
          reads:   AWS/Lambda Errors Sum, 1 of 1 data points of 10 s
        ");
        insta::assert_snapshot!(change(&alarms[0], Some(AlarmState::Ok), Paint::new(false)), @r"
        2026-11-27T09:12:03Z  tasks-errors  OK -> ALARM  1 of 1 data points of 10 s were >= 5: 7.
          runbook: Repair it.
        ");
    }

    #[test]
    fn alarms_without_a_data_point_are_counted_until_they_are_named() {
        let silent = |name: &str| Alarm {
            line: vec![None, None],
            ..alarm(name, AlarmState::InsufficientData, None)
        };
        let alarms = [
            silent("a"),
            silent("b"),
            alarm("c", AlarmState::Ok, Some(1.0)),
        ];
        let lines = |shown| text("local", &alarms, shown, Paint::new(false));
        insta::assert_snapshot!(lines(Shown::WithData), @r"
        None of 3 alarms of the stage `local` is raised; 2 without enough data.

        OK  c  2026-11-27T09:12:03Z  1  >= 5  ·▁▂█▂
        INSUFFICIENT_DATA  2 alarms without a data point in the last hours; `--all` shows them.
        ");
        assert_eq!(lines(Shown::All).matches("INSUFFICIENT_DATA").count(), 2);
        assert!(lines(Shown::InDetail).contains("a: It fails."));
    }

    #[test]
    fn numbers_are_short() {
        let numbers = [0.0, 0.42, 99.96, 312.4, 2_100_000.0, 2_147_483_648.0];
        assert_eq!(
            numbers.map(number),
            ["0", "0.4", "100", "312", "2.1M", "2.1G"]
        );
    }
}
