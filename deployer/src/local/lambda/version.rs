//! A published version: frozen code and configuration, and the pool of its environments.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{Log, Outcome, PAYLOAD_LIMIT, Refusal, environment::Environment, unhandled};
use crate::local::{metrics::Metric, orphans::Orphans};

/// Idle environments are stopped after this long.
const IDLE_FOR: Duration = Duration::from_secs(600);

/// Code and configuration of a function.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Physical name: `miyabi-local-tasks`.
    pub name: String,
    /// The program.
    pub bootstrap: PathBuf,
    /// What the process gets, besides what Lambda itself sets.
    pub environment: BTreeMap<String, String>,
    /// MB; told to the function, not enforced.
    pub memory: i64,
    /// How long one request may take.
    pub timeout: Duration,
    /// Name of the log group.
    pub log_group: String,
    /// Ends its processes when this one dies.
    pub orphans: Orphans,
}

/// How many requests of a function may run at once, all its versions together.
#[derive(Debug)]
pub struct Concurrency {
    running: AtomicI64,
    /// Negative: no limit.
    limit: AtomicI64,
}

impl Concurrency {
    /// At most that many; `None`: any number.
    pub fn new(limit: Option<i64>) -> Arc<Concurrency> {
        Arc::new(Concurrency {
            running: AtomicI64::new(0),
            limit: AtomicI64::new(limit.unwrap_or(-1)),
        })
    }

    /// Changes the limit; what runs goes on.
    pub fn set(&self, limit: Option<i64>) {
        self.limit.store(limit.unwrap_or(-1), Ordering::Relaxed);
    }

    fn take(self: &Arc<Self>) -> Option<Running> {
        let limit = self.limit.load(Ordering::Relaxed);
        let before = self.running.fetch_add(1, Ordering::Relaxed);
        let running = Running(self.clone());
        (limit < 0 || before < limit).then_some(running)
    }
}

/// One running request.
struct Running(Arc<Concurrency>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A published version.
pub struct Version {
    spec: Spec,
    number: String,
    arn: String,
    log: Log,
    concurrency: Arc<Concurrency>,
    idle: Mutex<Vec<Environment>>,
    retired: AtomicBool,
    /// Starts in a row that failed.
    failures: AtomicU64,
    last_failure: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Version")
            .field("arn", &self.arn)
            .finish_non_exhaustive()
    }
}

impl Version {
    /// Version `number` of a function. Nothing is started yet.
    pub fn new(
        spec: Spec,
        number: &str,
        arn: &str,
        log: Log,
        concurrency: Arc<Concurrency>,
    ) -> Version {
        Version {
            spec,
            number: number.to_owned(),
            arn: arn.to_owned(),
            log,
            concurrency,
            idle: Mutex::default(),
            retired: AtomicBool::new(false),
            failures: AtomicU64::new(0),
            last_failure: Mutex::default(),
        }
    }

    /// Its number.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Its code and configuration.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// How many starts in a row failed; 0 when the last one was well.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Process ids of the environments that wait for work.
    pub fn idle_pids(&self) -> Vec<u32> {
        lock(&self.idle)
            .iter()
            .map(|environment| environment.pid)
            .collect()
    }

    /// Starts one environment before the first request needs it. What the process said last when it
    /// does not start.
    pub async fn warm(&self) -> Result<(), String> {
        if !lock(&self.idle).is_empty() {
            return Ok(());
        }
        let mut environment = self.start().await.map_err(|outcome| explain(&outcome))?;
        match environment.ready().await {
            Ok(()) => {
                lock(&self.idle).push(environment);
                Ok(())
            }
            Err(outcome) => Err(format!("{}\n{}", explain(&outcome), self.log.tail(8))),
        }
    }

    /// One request: in a waiting environment, or in a new one. It goes on when nobody waits for it
    /// any more, as on AWS: a client that went away stops no function.
    pub async fn invoke(self: &Arc<Self>, payload: Vec<u8>) -> Outcome {
        let version = self.clone();
        let running = tokio::spawn(async move { version.run(payload).await });
        running
            .await
            .unwrap_or_else(|error| unhandled("Runtime.Unknown", &error.to_string()))
    }

    async fn run(&self, payload: Vec<u8>) -> Outcome {
        let begun = Instant::now();
        let outcome = self.run_unmeasured(payload).await;
        self.measure(&outcome, begun.elapsed());
        outcome
    }

    /// Records what Lambda measures of each invocation
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>). Its duration
    /// contains the start of the environment here.
    fn measure(&self, outcome: &Outcome, took: Duration) {
        let Some(metrics) = self.log.metrics() else {
            return;
        };
        let record = |name: &str, value: f64| {
            let dimension = [("FunctionName", self.spec.name.as_str())];
            metrics.record(Metric::new("AWS/Lambda", name, dimension), value);
        };
        match outcome {
            Outcome::Refused(Refusal::TooManyRequests) => record("Throttles", 1.0),
            Outcome::Refused(_) => {}
            Outcome::Answer(_) | Outcome::Unhandled(_) => {
                let failed = matches!(outcome, Outcome::Unhandled(_));
                record("Invocations", 1.0);
                record("Errors", f64::from(u8::from(failed)));
                record("Throttles", 0.0);
                record("Duration", took.as_secs_f64() * 1000.0);
            }
        }
    }

    async fn run_unmeasured(&self, payload: Vec<u8>) -> Outcome {
        if payload.len() > PAYLOAD_LIMIT {
            return Outcome::Refused(Refusal::RequestTooLarge);
        }
        if !payload.is_empty() && !is_json(&payload) {
            return Outcome::Refused(Refusal::InvalidJson);
        }
        let Some(_running) = self.concurrency.take() else {
            return Outcome::Refused(Refusal::TooManyRequests);
        };
        let waiting = self.take_idle();
        let mut environment = match waiting {
            Some(environment) => environment,
            None => match self.start().await {
                Ok(environment) => environment,
                Err(outcome) => return outcome,
            },
        };
        let (outcome, usable) = environment.invoke(&self.spec, &self.arn, payload).await;
        if usable && environment.is_alive() {
            self.failures.store(0, Ordering::Relaxed);
            if !self.retired.load(Ordering::Relaxed) {
                lock(&self.idle).push(environment);
            }
        } else {
            self.failed();
        }
        outcome
    }

    /// Stops what waits; what runs ends its request and then stops.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
        lock(&self.idle).clear();
    }

    /// Stops environments that waited for long.
    pub fn sweep(&self) {
        lock(&self.idle).retain(|environment| {
            environment.is_alive() && environment.idle_since.elapsed() < IDLE_FOR
        });
    }

    /// The one that waited the shortest; dead ones are dropped.
    fn take_idle(&self) -> Option<Environment> {
        let mut idle = lock(&self.idle);
        while let Some(environment) = idle.pop() {
            if environment.is_alive() {
                return Some(environment);
            }
        }
        None
    }

    /// A program that dies at every start is not started in a tight loop: after three failures, one
    /// attempt a second.
    async fn start(&self) -> Result<Environment, Outcome> {
        let since = lock(&self.last_failure).map_or(Duration::MAX, |at| at.elapsed());
        if self.failures() >= 3 && since < Duration::from_secs(1) {
            return Err(unhandled(
                "Runtime.ExitError",
                &format!(
                    "The function failed to start {} times in a row; it is tried again in a second.",
                    self.failures()
                ),
            ));
        }
        Environment::start(&self.spec, &self.number, &self.log)
            .await
            .map_err(|error| {
                self.failed();
                unhandled(
                    "Runtime.InvalidEntrypoint",
                    &format!("{}: {error}", self.spec.bootstrap.display()),
                )
            })
    }

    fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        *lock(&self.last_failure) = Some(Instant::now());
    }
}

fn explain(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answer(body) | Outcome::Unhandled(body) => {
            String::from_utf8_lossy(body).into_owned()
        }
        Outcome::Refused(refusal) => format!("{refusal:?}"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether it is one JSON value in UTF-8.
pub(super) fn is_json(payload: &[u8]) -> bool {
    let text = std::str::from_utf8(payload).ok();
    text.is_some_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}
