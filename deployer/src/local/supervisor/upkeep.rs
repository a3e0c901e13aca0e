//! What the supervisor does by itself: it puts what is recorded, starts again what has ended, measures,
//! and evaluates the alarms.

use std::{sync::Arc, time::Duration};

use super::{Supervisor, name_of};
use crate::{
    local::{
        GITHUB, GITHUB_PORT, alarms,
        github::{StandIn, seeded},
        metrics::Sampler,
        resources::{PutRequest, Record, provider},
        running_stage::port_taken,
    },
    mutex::lock,
};

/// How often it looks after what runs.
const LOOK_AFTER_EVERY: Duration = Duration::from_secs(1);
/// How often everything is measured and alarms are evaluated: twice in the shortest period.
const MEASURE_EVERY: Duration = Duration::from_secs(5);

impl Supervisor {
    /// Starts the stand-in for GitHub, whose port the templates have as a parameter.
    pub(super) async fn play_github(&self) {
        let started = async {
            let people = seeded(&self.project).map_err(|error| error.to_string())?;
            let port = self.running.files().port(GITHUB, GITHUB_PORT);
            let port = port.map_err(|error| format!("It has no port: {error}."))?;
            let stand_in = StandIn::start(port, people).await;
            stand_in.map_err(|error| port_taken(port, &error))
        };
        match started.await {
            Ok(stand_in) => *lock(&self.github) = Some(stand_in),
            Err(why) => {
                self.log
                    .line(&format!("the stand-in for GitHub does not run: {why}"));
                lock(&self.problems).insert(GITHUB.to_owned(), why);
            }
        }
    }

    /// Puts everything that is recorded.
    pub(super) async fn restore(&self) {
        for stack in self.records.stacks() {
            for record in stack.resources {
                self.put_again(&stack.name, record).await;
            }
        }
    }

    /// Tries again what could not be put, and what came after it: all, because putting what is
    /// there changes nothing.
    pub(super) async fn retry(&self) {
        if lock(&self.problems).remove(GITHUB).is_some() {
            self.play_github().await;
        }
        self.restore().await;
    }

    pub(super) async fn put_again(&self, stack: &str, record: Record) {
        let name = name_of(stack, &record);
        let Some(provider) = provider(&record.resource_type) else {
            return;
        };
        let request = PutRequest {
            stack: stack.to_owned(),
            logical_id: record.logical_id.clone(),
            properties: record.properties.clone(),
            before: Some(record),
        };
        match provider.put(&self.running, &request).await {
            Ok(_) => drop(lock(&self.problems).remove(&name)),
            Err(why) => {
                self.log.line(&format!("{name} cannot be put: {why}"));
                lock(&self.problems).insert(name, why);
            }
        }
    }

    /// Stops environments that nobody needs, and starts databases and caches that have ended.
    pub(super) async fn look_after(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_AFTER_EVERY).await;
            for (_, version) in self.running.functions.all() {
                version.sweep();
            }
            let ended = self.ended();
            if ended.is_empty() {
                continue;
            }
            let _one = self.changing.lock().await;
            for stack in self.records.stacks() {
                for record in stack.resources {
                    let is_that = |(of, id): &(&str, String)| {
                        record.resource_type == *of && record.reference == *id
                    };
                    if ended.iter().any(is_that) {
                        self.log.line(&format!(
                            "{} has ended; it is started again",
                            record.logical_id
                        ));
                        self.put_again(&stack.name, record).await;
                    }
                }
            }
        }
    }

    /// Measures what does not report by itself, and evaluates the alarms.
    pub(super) async fn measure(self: Arc<Self>) {
        let mut sampler = Sampler::default();
        let mut ticks = tokio::time::interval(MEASURE_EVERY);
        // A machine that slept has nothing to say about the time between.
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            sampler.look(&self.running).await;
            let evaluated = self
                .running
                .alarms
                .evaluate(&self.running.metrics, alarms::now());
            if let Err(error) = evaluated {
                self.log
                    .line(&format!("the states of the alarms cannot be kept: {error}"));
            }
        }
    }

    /// Servers that do not run any more: type and physical id.
    pub(super) fn ended(&self) -> Vec<(&'static str, String)> {
        let mut ended = Vec::new();
        for (id, server) in lock(&self.running.databases).iter_mut() {
            if !server.is_running() {
                ended.push(("AWS::RDS::DBInstance", id.clone()));
            }
        }
        for (name, server) in lock(&self.running.caches).iter_mut() {
            if !server.is_running() {
                ended.push(("AWS::ElastiCache::ServerlessCache", name.clone()));
            }
        }
        ended
    }
}
