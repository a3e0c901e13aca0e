//! Secrets: values in one file that only its owner can read.

use async_trait::async_trait;
use serde_json::Value;

use super::{Made, Provider, PutRequest, Record, RunningStage};
use crate::{
    local::secrets::{self, Secrets, generate},
    target::Health,
};

pub(super) struct Secret;

#[async_trait]
impl Provider for Secret {
    fn properties(&self) -> &'static [&'static str] {
        &["Description", "GenerateSecretString", "Name", "Tags"]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        secrets::refuse(properties)
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let arn = Secrets::arn(&request.name(running, "Name"));
        // Without a generator its value comes from somebody else, and may be there already.
        if let Some(value) = generate(&request.properties) {
            running
                .secrets
                .get_or_make(&arn, || value)
                .map_err(|error| format!("Its value cannot be kept: {error}."))?;
        }
        Ok(Made::new(&arn).with("Id", arn.as_str()))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        let removed = running.secrets.remove(&record.reference);
        removed.map_err(|error| format!("Its value cannot be removed: {error}."))
    }

    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        let detail = match running.secrets.value(&record.reference) {
            Some(_) => "has a value",
            None => "has no value yet",
        };
        (Health::Ok, detail.to_owned())
    }

    fn holds_data(&self) -> bool {
        true
    }
}
