//! A series of measurements of one thing, and how two series compare.

use std::{fmt, time::Duration};

/// Durations of the same action, in the order in which they were measured.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    /// Adds one measurement.
    pub(crate) fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// The value that `percent` of the measurements do not exceed (nearest rank); `None` when
    /// nothing was measured.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }

    /// The median.
    pub(crate) fn median(&self) -> Duration {
        self.percentile(50).unwrap_or_default()
    }

    /// How many times larger this median is than the other's.
    pub(crate) fn over(&self, other: &Sample) -> f64 {
        self.median().as_secs_f64() / other.median().as_secs_f64()
    }

    /// Whether nothing was measured.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many measurements there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds =
            |percent| self.percentile(percent).unwrap_or_default().as_secs_f64() * 1000.0;
        write!(
            f,
            "p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, n = {}",
            milliseconds(50),
            milliseconds(95),
            milliseconds(99),
            self.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let mut sample = Sample::default();
        for milliseconds in [4, 1, 3, 2] {
            sample.push(Duration::from_millis(milliseconds));
        }
        assert_eq!(sample.percentile(50), Some(Duration::from_millis(2)));
        assert_eq!(sample.percentile(99), Some(Duration::from_millis(4)));
        assert_eq!(Sample::default().percentile(50), None);
    }
}
