//! CloudWatch's alarms on this machine: the templates' alarms, evaluated from [`Metrics`].
//!
//! States and changes outlive the supervisor, in a file; what they are computed from does not.

mod definition;
mod evaluate;

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    path::PathBuf,
    sync::Mutex,
};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub(super) use definition::Definition;
use evaluate::evaluate;

use super::{
    files,
    metrics::{self, Metrics},
};
use crate::{
    alarms::{Alarm, AlarmChange, AlarmState, LINE_SECONDS, current, line},
    mutex::lock,
};

/// How many changes of all alarms together are kept.
const CHANGES: usize = 1000;

/// All alarms.
#[derive(Debug)]
pub(super) struct Alarms {
    path: PathBuf,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    /// Each with the second at which it was first put here.
    definitions: BTreeMap<String, (Definition, u64)>,
    kept: Kept,
}

/// What the file has.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    states: BTreeMap<String, State>,
    /// The oldest first.
    changes: VecDeque<AlarmChange>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    state: AlarmState,
    since: String,
    reason: String,
}

impl Alarms {
    /// The alarms whose states that file keeps. One that cannot be read is begun again: it holds
    /// nothing that is not evaluated within a minute.
    pub(super) fn open(path: PathBuf) -> Alarms {
        let kept = files::read(&path).ok().flatten().unwrap_or_default();
        let all = All {
            kept,
            ..All::default()
        };
        Alarms {
            path,
            all: Mutex::new(all),
        }
    }

    /// Adds an alarm at the second `now` since 1970, or changes it. Its state stays until it is
    /// evaluated.
    pub(super) fn put(&self, name: &str, definition: Definition, now: u64) {
        let definitions = &mut lock(&self.all).definitions;
        let since = definitions.get(name).map_or(now, |(_, since)| *since);
        definitions.insert(name.to_owned(), (definition, since));
    }

    /// Removes an alarm with its state; one that is missing is not an error.
    pub(super) fn remove(&self, name: &str) {
        let mut all = lock(&self.all);
        all.definitions.remove(name);
        all.kept.states.remove(name);
    }

    /// Whether there is an alarm of that name, and its state once it has one.
    pub(super) fn state(&self, name: &str) -> Option<Option<AlarmState>> {
        let all = lock(&self.all);
        all.definitions.get(name)?;
        Some(all.kept.states.get(name).map(|state| state.state))
    }

    /// Evaluates every alarm at the second `now` since 1970.
    ///
    /// # Errors
    ///
    /// A change cannot be written. It counts all the same.
    pub(super) fn evaluate(&self, metrics: &Metrics, now: u64) -> io::Result<()> {
        let mut all = lock(&self.all);
        let All { definitions, kept } = &mut *all;
        let mut changed = false;
        for (name, (definition, since)) in &*definitions {
            let before = kept.states.get(name).map(|state| state.state);
            let range = definition.evaluation_range();
            let points = definition.points(metrics, range, now);
            // Nobody measured yet: that nothing is there says nothing.
            let is_new = now < since + range * definition.period;
            if is_new && points.iter().all(Option::is_none) {
                continue;
            }
            let (state, reason) = evaluate(definition, &points, before);
            if before == Some(state) {
                continue;
            }
            changed = true;
            let at = timestamp(now);
            kept.changes.push_back(AlarmChange {
                at: at.clone(),
                alarm: name.clone(),
                from: before,
                to: state,
                reason: reason.clone(),
            });
            let state = State {
                state,
                since: at,
                reason,
            };
            kept.states.insert(name.clone(), state);
        }
        while kept.changes.len() > CHANGES {
            kept.changes.pop_front();
        }
        if !changed {
            return Ok(());
        }
        files::write(&self.path, &*kept)
    }

    /// How each alarm is at the second `now` since 1970, in the order of the names, which lose `prefix`.
    pub(super) fn look(&self, metrics: &Metrics, prefix: &str, now: u64) -> Vec<Alarm> {
        let all = lock(&self.all);
        let alarm = |(name, (definition, _)): (&String, &(Definition, u64))| {
            let values = definition.points(metrics, LINE_SECONDS / definition.period, now);
            let state = all.kept.states.get(name);
            Alarm {
                name: short(name, prefix),
                state: state.map_or(AlarmState::InsufficientData, |state| state.state),
                since: state.map(|state| state.since.clone()),
                reason: state.map(|state| state.reason.clone()).unwrap_or_default(),
                about: definition.about.clone(),
                runbook: definition.runbook.clone(),
                reads: definition.reading.to_string(),
                comparison: definition.comparison,
                threshold: definition.threshold,
                period: definition.period,
                datapoints_to_alarm: definition.datapoints_to_alarm,
                evaluation_periods: definition.evaluation_periods,
                current: current(&values, definition.evaluation_periods),
                line: line(&values, definition.period, definition.comparison),
            }
        };
        all.definitions.iter().map(alarm).collect()
    }

    /// The changes of all alarms, the newest first, whose names lose `prefix`.
    pub(super) fn changes(&self, prefix: &str) -> Vec<AlarmChange> {
        let all = lock(&self.all);
        let changes = all.kept.changes.iter().rev();
        changes
            .map(|change| AlarmChange {
                alarm: short(&change.alarm, prefix),
                ..change.clone()
            })
            .collect()
    }
}

fn short(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

fn timestamp(now: u64) -> String {
    let at = i64::try_from(now).ok();
    let at = at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    at.and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// The second since 1970.
pub(super) fn now() -> u64 {
    metrics::now()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::local::metrics::Metric;

    const NAME: &str = "miyabi-local-errors";

    fn alarms(folder: &std::path::Path) -> Alarms {
        let alarms = Alarms::open(folder.join("alarms.json"));
        let definition = Definition::parse(&json!({
            "AlarmDescription": "It fails.\n\nRunbook: Repair it.",
            "Namespace": "N",
            "MetricName": "errors",
            "Dimensions": [{"Name": "f", "Value": "tasks"}],
            "Statistic": "Sum",
            "Period": 10,
            "EvaluationPeriods": 1,
            "Threshold": 2,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        }));
        alarms.put(NAME, definition.unwrap(), 990);
        alarms
    }

    #[test]
    fn a_failure_raises_an_alarm_and_its_end_ends_it_also_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let metrics = Metrics::default();
        let errors = |at: u64, value: f64| {
            metrics.record_at(Metric::new("N", "errors", [("f", "tasks")]), value, at);
        };
        let first = alarms(folder.path());
        assert_eq!(first.state("another"), None);
        let step = |alarms: &Alarms, now: u64| {
            alarms.evaluate(&metrics, now).unwrap();
            alarms.state(NAME).unwrap().unwrap()
        };
        first.evaluate(&metrics, 1000).unwrap();
        assert_eq!(first.state(NAME), Some(None), "nothing was measured");
        errors(1000, 1.0);
        assert_eq!(step(&first, 1010), AlarmState::Ok);
        // The period is not over.
        errors(1012, 2.0);
        assert_eq!(step(&first, 1019), AlarmState::Ok);
        assert_eq!(step(&first, 1020), AlarmState::Alarm);
        let alarm = first.look(&metrics, "miyabi-local-", 1020).remove(0);
        assert_eq!((alarm.name.as_str(), alarm.current), ("errors", Some(2.0)));
        assert_eq!(alarm.since.as_deref(), Some("1970-01-01T00:17:00Z"));
        assert_eq!(alarm.runbook, "Repair it.");
        assert_eq!(alarm.line.last(), Some(&Some(2.0)));
        // Another supervisor has the state, and not the values.
        let second = alarms(folder.path());
        assert_eq!(second.state(NAME), Some(Some(AlarmState::Alarm)));
        errors(1030, 0.0);
        assert_eq!(step(&second, 1040), AlarmState::Ok);
        let changes = second.changes("miyabi-local-");
        let changes: Vec<_> = changes
            .iter()
            .map(|change| (change.from, change.to))
            .collect();
        assert_eq!(
            changes,
            [
                (Some(AlarmState::Alarm), AlarmState::Ok),
                (Some(AlarmState::Ok), AlarmState::Alarm),
                (None, AlarmState::Ok),
            ]
        );
        second.remove(NAME);
        assert_eq!(second.state(NAME), None);
    }
}
