//! Secrets: values in one file that only its owner can read.

use async_trait::async_trait;
use serde_json::Value;

use super::{Made, Provider, Record, Wish, World};
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

    async fn put(&self, world: &World, wish: &Wish) -> Result<Made, String> {
        let arn = Secrets::arn(&wish.name(world, "Name"));
        // Without a generator its value comes from somebody else, and may be there already.
        if let Some(value) = generate(&wish.properties) {
            world
                .secrets
                .get_or_make(&arn, || value)
                .map_err(|error| format!("Its value cannot be kept: {error}."))?;
        }
        Ok(Made::new(&arn).with("Id", arn.as_str()))
    }

    async fn delete(&self, world: &World, record: &Record) -> Result<(), String> {
        let removed = world.secrets.remove(&record.reference);
        removed.map_err(|error| format!("Its value cannot be removed: {error}."))
    }

    async fn health(&self, world: &World, record: &Record) -> (Health, String) {
        let detail = match world.secrets.value(&record.reference) {
            Some(_) => "has a value",
            None => "has no value yet",
        };
        (Health::Ok, detail.to_owned())
    }

    fn holds_data(&self) -> bool {
        true
    }
}
