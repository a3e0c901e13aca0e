//! CloudWatch's metrics on this machine: what functions, gateways and databases report, in memory, for
//! three hours.
//!
//! Values are kept as sets of ten seconds, of which every statistic can be made. A percentile is
//! within 1 % of the value: it comes from a histogram, as CloudWatch's does.

mod embedded;
mod sample;
mod set;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

pub(super) use sample::Sampler;
pub(super) use set::Statistic;
use set::ValueSet;

use crate::mutex::lock;

/// Seconds of a set of values: the shortest period of an alarm.
const SET: u64 = 10;
/// Seconds that values are kept.
pub(super) const KEPT: u64 = 3 * 3600;

/// All metrics. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Mutex<BTreeMap<Metric, Series>>>);

/// Which metric: namespace, name and dimensions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Metric {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) dimensions: BTreeMap<String, String>,
}

/// The sets of one metric by the second at which they begin, the oldest first.
type Series = VecDeque<(u64, ValueSet)>;

impl Metric {
    pub(super) fn new<'a>(
        namespace: &str,
        name: &str,
        dimensions: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Metric {
        let dimensions = dimensions.into_iter();
        Metric {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}

impl Metrics {
    /// A value that was measured now.
    pub(super) fn record(&self, metric: Metric, value: f64) {
        self.record_at(metric, value, now());
    }

    /// A value of the second `at` since 1970. One that is too old or not a number is dropped.
    pub(super) fn record_at(&self, metric: Metric, value: f64, at: u64) {
        if !value.is_finite() {
            return;
        }
        let begins = at - at % SET;
        let mut all = lock(&self.0);
        let series = all.entry(metric).or_default();
        let newest = series.back().map_or(begins, |(newest, _)| *newest);
        let oldest = newest.max(begins).saturating_sub(KEPT);
        if begins < oldest {
            return;
        }
        while series.front().is_some_and(|(at, _)| *at < oldest) {
            series.pop_front();
        }
        // Values arrive in nearly the order in which they were measured.
        let behind = series.iter().rev().take_while(|(at, _)| *at > begins);
        let place = series.len() - behind.count();
        match place.checked_sub(1).map(|before| &mut series[before]) {
            Some((at, set)) if *at == begins => set.add(value),
            _ => series.insert(place, (begins, ValueSet::of(value))),
        }
    }

    /// A statistic of each period from `from` up to `to`, both seconds since 1970 and multiples of
    /// `period`, which is one of ten seconds. `None`: no value.
    pub(super) fn values(
        &self,
        metric: &Metric,
        statistic: Statistic,
        period: u64,
        from: u64,
        to: u64,
    ) -> Vec<Option<f64>> {
        let count = usize::try_from(to.saturating_sub(from) / period).unwrap_or_default();
        let mut sets: Vec<Option<ValueSet>> = vec![None; count];
        let all = lock(&self.0);
        for (at, set) in all.get(metric).into_iter().flatten() {
            let place = at.checked_sub(from).map(|after| after / period);
            let place = place.and_then(|place| usize::try_from(place).ok());
            if let Some(place) = place.and_then(|place| sets.get_mut(place)) {
                place.get_or_insert_default().merge(set);
            }
        }
        let statistic = |set: Option<ValueSet>| set.and_then(|set| set.statistic(statistic));
        sets.into_iter().map(statistic).collect()
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str) -> Metric {
        Metric::new("N", name, [("d", "1")])
    }

    #[test]
    fn each_period_has_the_statistics_of_its_own_values() {
        let metrics = Metrics::default();
        for (at, value) in [(100, 1.0), (109, 3.0), (121, 8.0), (105, 2.0), (119, 4.0)] {
            metrics.record_at(metric("a"), value, at);
        }
        metrics.record_at(metric("b"), 99.0, 100);
        let values = |statistic, period| metrics.values(&metric("a"), statistic, period, 100, 140);
        let parse = |text| Statistic::parse(text).unwrap();
        assert_eq!(
            values(parse("Sum"), 10),
            [Some(6.0), Some(4.0), Some(8.0), None]
        );
        assert_eq!(values(parse("Average"), 20), [Some(2.5), Some(8.0)]);
        assert_eq!(values(parse("Maximum"), 40), [Some(8.0)]);
        assert_eq!(values(parse("Minimum"), 40), [Some(1.0)]);
        assert_eq!(values(parse("SampleCount"), 40), [Some(5.0)]);
        assert_eq!(
            metrics.values(&metric("c"), parse("Sum"), 10, 100, 120),
            [None, None]
        );
    }

    #[test]
    fn values_are_forgotten_after_three_hours_and_what_is_no_number_at_once() {
        let metrics = Metrics::default();
        metrics.record_at(metric("a"), 1.0, 1000);
        metrics.record_at(metric("a"), f64::NAN, 1010);
        metrics.record_at(metric("a"), 2.0, 1010 + KEPT);
        // Older than what is kept.
        metrics.record_at(metric("a"), 3.0, 1000);
        let sum = Statistic::parse("Sum").unwrap();
        let values = metrics.values(&metric("a"), sum, 10, 1000, 1020 + KEPT);
        let values: Vec<f64> = values.into_iter().flatten().collect();
        assert_eq!(values, [2.0]);
    }
}
