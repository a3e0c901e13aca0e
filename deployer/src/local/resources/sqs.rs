//! SQS queues: a file each.

use std::time::Duration;

use async_trait::async_trait;

use super::{Made, Provider, PutRequest, Record, RunningStage, lambda::integer};
use crate::{
    local::{ACCOUNT, REGION},
    target::Health,
};

pub(super) struct Queue;

/// How long a queue keeps a message when it does not say so: 4 days
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>).
const RETENTION: i64 = 345_600;

#[async_trait]
impl Provider for Queue {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "MessageRetentionPeriod",
            "QueueName",
            "SqsManagedSseEnabled",
            "Tags",
        ]
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let name = request.name(running, "QueueName");
        let seconds = integer(&request.properties["MessageRetentionPeriod"]).unwrap_or(RETENTION);
        let retention = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}");
        let path = running.files().queue(&name);
        let put = running.queues.put(&arn, path.clone(), retention);
        put.map_err(|error| format!("Its file, {}, cannot be used: {error}.", path.display()))?;
        let url = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}");
        Ok(Made::new(url.as_str())
            .with("Arn", arn)
            .with("QueueName", name)
            .with("QueueUrl", url))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        let removed = running.queues.remove(&arn(record));
        removed.map_err(|error| format!("Its file cannot be removed: {error}."))
    }

    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        let count = running.queues.messages(&arn(record)).len();
        let detail = match count {
            0 => "empty".to_owned(),
            1 => "1 message".to_owned(),
            count => format!("{count} messages"),
        };
        (Health::Ok, detail)
    }
}

fn arn(record: &Record) -> String {
    let arn = record.attributes.get("Arn");
    let arn = arn.and_then(serde_json::Value::as_str);
    arn.unwrap_or_default().to_owned()
}
