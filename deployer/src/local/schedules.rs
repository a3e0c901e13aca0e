//! Schedules of EventBridge: a task each that invokes its target, asynchronously as AWS does, at once
//! and then at its rate.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use tokio::task::JoinHandle;

use super::lambda::Asynchronous;
use crate::mutex::lock;

/// All schedules, by name.
#[derive(Debug, Default)]
pub(super) struct Schedules(Mutex<BTreeMap<String, Ticking>>);

/// A schedule that runs until this value is dropped.
#[derive(Debug)]
struct Ticking(JoinHandle<()>);

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Schedules {
    /// Starts the schedule of that name; one that has it is replaced.
    pub(super) fn start(
        &self,
        name: &str,
        every: Duration,
        asynchronous: &Asynchronous,
        target: &str,
        input: &str,
    ) {
        let (asynchronous, target) = (asynchronous.clone(), target.to_owned());
        let input = input.as_bytes().to_vec();
        let ticking = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(every);
            // A machine that slept does not make up for what it missed.
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                // The provider has looked at the input.
                let _ = asynchronous.accept(&target, input.clone());
            }
        });
        lock(&self.0).insert(name.to_owned(), Ticking(ticking));
    }

    /// Stops the schedule of that name; one that is missing is not an error.
    pub(super) fn stop(&self, name: &str) {
        lock(&self.0).remove(name);
    }

    /// Stops all of them.
    pub(super) fn stop_all(&self) {
        lock(&self.0).clear();
    }

    /// Whether the schedule of that name runs.
    pub(super) fn runs(&self, name: &str) -> bool {
        lock(&self.0)
            .get(name)
            .is_some_and(|ticking| !ticking.0.is_finished())
    }
}

/// `rate(1 minute)` as a time; `None`: another kind of expression, or not a rate
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>).
pub(super) fn rate(expression: &str) -> Option<Duration> {
    let inner = expression.strip_prefix("rate(")?.strip_suffix(')')?;
    let (number, unit) = inner.split_once(' ')?;
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let singular = number == 1;
    let seconds = match unit {
        "minute" if singular => 60,
        "hour" if singular => 3600,
        "day" if singular => 86_400,
        "minutes" if !singular => 60,
        "hours" if !singular => 3600,
        "days" if !singular => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_the_unit_that_agrees_with_it() {
        assert_eq!(rate("rate(1 minute)"), Some(Duration::from_secs(60)));
        assert_eq!(rate("rate(5 minutes)"), Some(Duration::from_secs(300)));
        assert_eq!(rate("rate(2 days)"), Some(Duration::from_secs(172_800)));
        for expression in [
            "rate(1 minutes)",
            "rate(2 minute)",
            "rate(0 minutes)",
            "rate(10 seconds)",
            "rate(1)",
            "cron(0 * * * ? *)",
            "",
        ] {
            assert_eq!(rate(expression), None, "{expression}");
        }
    }
}
