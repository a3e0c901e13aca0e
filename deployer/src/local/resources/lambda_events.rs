//! Retries of asynchronous invocations.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::{
    Made, Provider, PutRequest, Record, RunningStage,
    lambda::{function_arn, function_name, integer},
};
use crate::local::lambda::Retries;

pub(super) struct EventInvokeConfig;

/// The ARN of the alias.
fn alias(properties: &Value) -> String {
    let text = |name: &str| properties[name].as_str().unwrap_or_default();
    let function = function_arn(function_name(text("FunctionName")));
    format!("{function}:{}", text("Qualifier"))
}

#[async_trait]
impl Provider for EventInvokeConfig {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "DestinationConfig",
            "FunctionName",
            "MaximumEventAgeInSeconds",
            "MaximumRetryAttempts",
            "Qualifier",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        let mut refused = Vec::new();
        let within = |name: &str, least: i64, most: i64| {
            let value = integer(&properties[name]);
            value
                .filter(|value| !(least..=most).contains(value))
                .map(|value| format!("{name} is {value}, and Lambda takes {least} to {most}."))
        };
        refused.extend(within("MaximumRetryAttempts", 0, 2));
        refused.extend(within("MaximumEventAgeInSeconds", 60, 21_600));
        if properties["DestinationConfig"].get("OnSuccess").is_some() {
            refused.push("DestinationConfig has OnSuccess.".to_owned());
        }
        refused
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let alias = alias(&request.properties);
        if running.functions.by_arn(&alias).is_none() {
            return Err(format!("There is no alias {alias}."));
        }
        let number = |name: &str| {
            integer(&request.properties[name]).and_then(|value| u64::try_from(value).ok())
        };
        let default = Retries::default();
        let queue = &request.properties["DestinationConfig"]["OnFailure"]["Destination"];
        let queue = queue.as_str().map(str::to_owned);
        if let Some(queue) = &queue
            && !running.queues.has(queue)
        {
            return Err(format!("The destination {queue} is not a queue."));
        }
        running.asynchronous.configure(
            &alias,
            Some(Retries {
                attempts: number("MaximumRetryAttempts").unwrap_or(default.attempts),
                age: number("MaximumEventAgeInSeconds").map_or(default.age, Duration::from_secs),
                on_failure: queue,
            }),
        );
        Ok(Made::new(alias))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        running.asynchronous.configure(&record.reference, None);
        Ok(())
    }
}
