//! Schedules of EventBridge Scheduler.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Made, Provider, PutRequest, Record, RunningStage};
use crate::{
    local::{ACCOUNT, REGION, schedules::rate},
    target::Health,
};

pub(super) struct Schedule;

#[async_trait]
impl Provider for Schedule {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "Description",
            "FlexibleTimeWindow",
            "Name",
            "ScheduleExpression",
            "State",
            "Target",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        let mut refused = Vec::new();
        let expression = properties["ScheduleExpression"]
            .as_str()
            .unwrap_or_default();
        if rate(expression).is_none() {
            refused.push(format!(
                "ScheduleExpression `{expression}` is not a rate, such as `rate(1 minute)`."
            ));
        }
        if properties["FlexibleTimeWindow"]["Mode"] != "OFF" {
            refused.push("FlexibleTimeWindow is not OFF.".to_owned());
        }
        // Lambda takes JSON alone.
        let input = properties["Target"]["Input"].as_str().unwrap_or("{}");
        if serde_json::from_str::<Value>(input).is_err() {
            refused.push("Target.Input is not JSON.".to_owned());
        }
        refused
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let name = request.name(running, "Name");
        let target = &request.properties["Target"];
        let function = target["Arn"].as_str().unwrap_or_default();
        if running.functions.by_arn(function).is_none() {
            return Err(format!("Its target {function} is not a function."));
        }
        let every = rate(request.text("ScheduleExpression"))
            .ok_or_else(|| "Its ScheduleExpression is not a rate.".to_owned())?;
        let input = target["Input"].as_str().unwrap_or("{}");
        match request.properties["State"] == json!("DISABLED") {
            true => running.schedules.stop(&name),
            false => {
                let asynchronous = &running.asynchronous;
                running
                    .schedules
                    .start(&name, every, asynchronous, function, input);
            }
        }
        let arn = format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}");
        Ok(Made::new(name).with("Arn", arn))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        running.schedules.stop(&record.reference);
        Ok(())
    }

    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        let off = record.properties["State"] == json!("DISABLED");
        let expression = record.text("ScheduleExpression").to_owned();
        let health = match off || running.schedules.runs(&record.reference) {
            true => Health::Ok,
            false => Health::Missing,
        };
        (health, expression)
    }
}
