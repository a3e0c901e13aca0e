//! Values of a metric together: what CloudWatch calls a statistic set, with a histogram.

use std::collections::BTreeMap;

/// A statistic of values
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::local) enum Statistic {
    Average,
    Maximum,
    Minimum,
    SampleCount,
    Sum,
    /// From 0 to 100.
    Percentile(f64),
}

impl Statistic {
    /// `Sum`, `p99`; `None`: another one.
    pub(in crate::local) fn parse(text: &str) -> Option<Statistic> {
        Some(match text {
            "Average" => Statistic::Average,
            "Maximum" => Statistic::Maximum,
            "Minimum" => Statistic::Minimum,
            "SampleCount" => Statistic::SampleCount,
            "Sum" => Statistic::Sum,
            other => {
                let percent: f64 = other.strip_prefix('p')?.parse().ok()?;
                (0.0..=100.0)
                    .contains(&percent)
                    .then_some(Statistic::Percentile(percent))?
            }
        })
    }
}

/// Each class of the histogram ends 2 % above where it begins.
const GROWTH: f64 = 1.02;
/// The class of zero and below.
const NOTHING: i32 = i32::MIN;

/// Some values.
#[derive(Debug, Clone, Default)]
pub(super) struct ValueSet {
    count: u64,
    sum: f64,
    minimum: f64,
    maximum: f64,
    /// How many values each class has.
    histogram: BTreeMap<i32, u64>,
}

impl ValueSet {
    pub(super) fn of(value: f64) -> ValueSet {
        let mut set = ValueSet::default();
        set.add(value);
        set
    }

    pub(super) fn add(&mut self, value: f64) {
        let one = ValueSet {
            count: 1,
            sum: value,
            minimum: value,
            maximum: value,
            histogram: [(class(value), 1)].into(),
        };
        self.merge(&one);
    }

    pub(super) fn merge(&mut self, other: &ValueSet) {
        if self.count == 0 {
            self.clone_from(other);
            return;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        for (class, count) in &other.histogram {
            *self.histogram.entry(*class).or_default() += count;
        }
    }

    /// `None`: it has no value.
    pub(super) fn statistic(&self, statistic: Statistic) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let count = self.count as f64;
        Some(match statistic {
            Statistic::Average => self.sum / count,
            Statistic::Maximum => self.maximum,
            Statistic::Minimum => self.minimum,
            Statistic::SampleCount => count,
            Statistic::Sum => self.sum,
            Statistic::Percentile(percent) => self.percentile(count * percent / 100.0),
        })
    }

    fn percentile(&self, rank: f64) -> f64 {
        let mut passed = 0;
        for (class, count) in &self.histogram {
            passed += count;
            if passed as f64 >= rank {
                let value = match *class {
                    NOTHING => 0.0,
                    class => GROWTH.powi(class),
                };
                return value.clamp(self.minimum, self.maximum);
            }
        }
        self.maximum
    }
}

fn class(value: f64) -> i32 {
    if value <= 0.0 {
        return NOTHING;
    }
    (value.ln() / GROWTH.ln()).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_within_one_percent_of_the_value() {
        let mut set = ValueSet::default();
        for value in 1..=1000 {
            set.add(f64::from(value) / 10.0);
        }
        for (percentile, value) in [("p50", 50.0), ("p95", 95.0), ("p99", 99.0), ("p100", 100.0)] {
            let statistic = Statistic::parse(percentile).unwrap();
            let found = set.statistic(statistic).unwrap();
            assert!(
                (found / value - 1.0).abs() <= 0.0101,
                "{percentile}: {found}"
            );
        }
        let mut zeros = ValueSet::of(0.0);
        zeros.add(0.0);
        assert_eq!(zeros.statistic(Statistic::Percentile(99.0)), Some(0.0));
        for text in ["p101", "p", "tm99", "Median", ""] {
            assert_eq!(Statistic::parse(text), None, "{text}");
        }
    }
}
