//! Asynchronous invocations: accepted at once, done later, retried, and given to a queue when they
//! fail for good
//! (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>).
//!
//! AWS keeps what waits; here it ends with the supervisor. Nothing may rely on one invocation.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;

use super::{Outcome, Refusal, version::is_json};
use crate::{
    local::{queues::Queues, registry::Functions},
    mutex::lock,
};

/// The largest request of an asynchronous invocation, in bytes: what AWS took before it took 1 MB.
pub const EVENT_LIMIT: usize = 256 * 1024;

/// How long is waited before a retry.
#[derive(Debug, Clone, Copy)]
pub struct Pauses {
    /// Before the first retry of a function that failed; twice that before the second.
    pub after_error: Duration,
    /// Before the first retry of one that was busy; twice that before each further one.
    pub after_throttle: Duration,
    /// The longest of those.
    pub longest: Duration,
}

impl Default for Pauses {
    /// AWS's.
    fn default() -> Pauses {
        Pauses {
            after_error: Duration::from_secs(60),
            after_throttle: Duration::from_secs(1),
            longest: Duration::from_secs(300),
        }
    }
}

/// An `AWS::Lambda::EventInvokeConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retries {
    /// After the first attempt, when the function fails.
    pub attempts: u64,
    /// How old an event may get.
    pub age: Duration,
    /// ARN of the queue that gets what failed for good.
    pub on_failure: Option<String>,
}

impl Default for Retries {
    /// What holds without a configuration.
    fn default() -> Retries {
        Retries {
            attempts: 2,
            age: Duration::from_secs(6 * 3600),
            on_failure: None,
        }
    }
}

/// Takes asynchronous invocations. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Asynchronous {
    functions: Functions,
    queues: Arc<Queues>,
    pauses: Pauses,
    /// By the ARN of an alias.
    configured: Arc<Mutex<BTreeMap<String, Retries>>>,
}

impl Asynchronous {
    /// Invokes these functions, and gives to these queues what failed for good.
    pub fn new(functions: Functions, queues: Arc<Queues>, pauses: Pauses) -> Asynchronous {
        Asynchronous {
            functions,
            queues,
            pauses,
            configured: Arc::default(),
        }
    }

    /// Sets the retries of an alias; `None`: what holds without a configuration.
    pub fn configure(&self, alias: &str, retries: Option<Retries>) {
        let mut configured = lock(&self.configured);
        match retries {
            Some(retries) => drop(configured.insert(alias.to_owned(), retries)),
            None => drop(configured.remove(alias)),
        }
    }

    /// Takes an event for the alias of that ARN and returns at once.
    ///
    /// # Errors
    ///
    /// The event is too large, or is not JSON.
    pub fn accept(&self, alias: &str, payload: Vec<u8>) -> Result<(), Refusal> {
        if payload.len() > EVENT_LIMIT {
            return Err(Refusal::RequestTooLarge);
        }
        if !payload.is_empty() && !is_json(&payload) {
            return Err(Refusal::InvalidJson);
        }
        let (asynchronous, alias) = (self.clone(), alias.to_owned());
        tokio::spawn(async move { asynchronous.run(&alias, payload).await });
        Ok(())
    }

    async fn run(&self, alias: &str, payload: Vec<u8>) {
        let accepted = Instant::now();
        let (mut failures, mut throttles) = (0_u32, 0_u32);
        loop {
            // The version that the alias points to by now, with the retries that hold by now.
            let retries = lock(&self.configured)
                .get(alias)
                .cloned()
                .unwrap_or_default();
            let outcome = match self.functions.by_arn(alias) {
                Some(version) => version.invoke(payload.clone()).await,
                None => return,
            };
            let (pause, error) = match outcome {
                Outcome::Answer(_) => return,
                Outcome::Refused(Refusal::TooManyRequests) => {
                    throttles += 1;
                    let doubled = 1_u32.checked_shl(throttles - 1).unwrap_or(u32::MAX);
                    let pause = self.pauses.after_throttle.saturating_mul(doubled);
                    (pause.min(self.pauses.longest), Value::Null)
                }
                // `accept` has looked at it.
                Outcome::Refused(_) => return,
                Outcome::Unhandled(error) => {
                    failures += 1;
                    let error = serde_json::from_slice(&error).unwrap_or_default();
                    (self.pauses.after_error.saturating_mul(failures), error)
                }
            };
            let condition = if u64::from(failures) > retries.attempts {
                Some("RetriesExhausted")
            } else if accepted.elapsed() + pause > retries.age {
                Some("EventAgeExceeded")
            } else {
                None
            };
            if let Some(condition) = condition {
                let letter = letter(alias, condition, failures + throttles, &payload, &error);
                if let Some(queue) = &retries.on_failure {
                    self.queues.send(queue, &letter.to_string());
                }
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// What a destination for failures is sent
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>).
fn letter(alias: &str, condition: &str, invokes: u32, payload: &[u8], error: &Value) -> Value {
    let now = OffsetDateTime::from(SystemTime::now());
    let payload: Value = serde_json::from_slice(payload).unwrap_or_default();
    json!({
        "version": "1.0",
        "timestamp": now.format(&Rfc3339).unwrap_or_default(),
        "requestContext": {
            "requestId": uuid::Uuid::new_v4().to_string(),
            "functionArn": alias,
            "condition": condition,
            "approximateInvokeCount": invokes,
        },
        "requestPayload": payload,
        "responseContext": { "statusCode": 200, "functionError": "Unhandled" },
        "responsePayload": error,
    })
}

#[cfg(test)]
#[path = "asynchronous_tests.rs"]
mod tests;
