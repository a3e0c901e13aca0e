//! One alarm, and how CloudWatch is told of it.

use cfn::{
    Stack,
    cloudwatch::{
        self, AlarmComparisonOperator, AlarmMetric, AlarmMetricDataQuery, AlarmMetricStat,
        AlarmStatistic, AlarmTreatMissingData,
    },
};

use super::{
    Topic,
    source::{Names, Source},
};
use crate::{
    Stage,
    names::{pascal, physical},
};

/// An alarm.
pub(super) struct Alarm {
    /// `latency-p99`
    pub(super) name: String,
    /// What is wrong when it is raised, a sentence.
    pub(super) about: String,
    /// What to do then.
    pub(super) runbook: String,
    pub(super) reading: Reading,
    pub(super) raised_when: Raised,
    pub(super) threshold: f64,
    /// What a data point that is missing says.
    pub(super) missing: AlarmTreatMissingData,
    /// Whether one data point is enough, whatever the stage says.
    pub(super) at_once: bool,
}

/// What an alarm reads.
pub(super) enum Reading {
    /// A statistic of a metric: `Sum`, `Maximum`, `p99`.
    Metric(Source, &'static str),
    /// `100 * of / all`, both sums.
    Percent { of: Source, all: Source },
}

/// On which side of the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raised {
    /// At it or above.
    AtLeast,
    /// Below it.
    Below,
}

/// The description of an alarm: what it means, and its runbook after an empty line, which
/// `cargo xtask alarms` shows.
pub(crate) fn description(about: &str, runbook: &str) -> String {
    format!("{about}\n\nRunbook: {runbook}")
}

impl Alarm {
    /// Adds it. `topic` hears of each change of its state.
    pub(super) fn add(
        self,
        stack: &mut Stack,
        stage: &Stage,
        names: &Names,
        topic: Option<&Topic>,
    ) {
        let settings = &stage.alarms;
        let (datapoints, periods) = match self.at_once {
            true => (1, 1),
            false => (settings.datapoints_to_alarm, settings.evaluation_periods),
        };
        let comparison = match self.raised_when {
            Raised::AtLeast => AlarmComparisonOperator::GreaterThanOrEqualToThreshold,
            Raised::Below => AlarmComparisonOperator::LessThanThreshold,
        };
        let actions = || topic.map(|topic| [topic.clone()].into_iter().collect());
        let alarm = cloudwatch::Alarm {
            alarm_name: Some(physical(stage, &self.name).into()),
            alarm_description: Some(description(&self.about, &self.runbook).into()),
            alarm_actions: actions(),
            ok_actions: actions(),
            comparison_operator: Some(comparison.into()),
            threshold: Some(self.threshold.into()),
            datapoints_to_alarm: Some(datapoints.into()),
            evaluation_periods: Some(periods.into()),
            treat_missing_data: Some(self.missing.into()),
            ..self.reading.properties(names, settings.period)
        };
        stack.add(format!("{}Alarm", pascal(&self.name)), alarm);
    }
}

impl Reading {
    fn properties(&self, names: &Names, period: u32) -> cloudwatch::Alarm {
        match self {
            Reading::Metric(source, statistic) => {
                let simple = match *statistic {
                    "Average" => Some(AlarmStatistic::Average),
                    "Maximum" => Some(AlarmStatistic::Maximum),
                    "Minimum" => Some(AlarmStatistic::Minimum),
                    "Sum" => Some(AlarmStatistic::Sum),
                    _ => None,
                };
                cloudwatch::Alarm {
                    namespace: Some(source.namespace.into()),
                    metric_name: Some(source.name.into()),
                    dimensions: Some(source.dimensions(names)),
                    extended_statistic: simple.is_none().then(|| (*statistic).into()),
                    statistic: simple.map(Into::into),
                    period: Some(period.into()),
                    ..Default::default()
                }
            }
            Reading::Percent { of, all } => {
                let sum = |id: &str, source: &Source| AlarmMetricDataQuery {
                    metric_stat: Some(AlarmMetricStat::new(
                        AlarmMetric {
                            namespace: Some(source.namespace.into()),
                            metric_name: Some(source.name.into()),
                            dimensions: Some(source.dimensions(names)),
                        },
                        period,
                        "Sum",
                    )),
                    return_data: Some(false.into()),
                    ..AlarmMetricDataQuery::new(id)
                };
                let percent = AlarmMetricDataQuery {
                    expression: Some("100 * part / all".into()),
                    return_data: Some(true.into()),
                    ..AlarmMetricDataQuery::new("percent")
                };
                cloudwatch::Alarm {
                    metrics: Some([percent, sum("part", of), sum("all", all)].into()),
                    ..Default::default()
                }
            }
        }
    }
}
