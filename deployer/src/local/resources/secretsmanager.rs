//! Secrets: values in one file that only its owner can read.

use futures_util::future::{BoxFuture, FutureExt};
use serde_json::Value;

use super::{Made, Provider, Record, Wish, World};
use crate::{
    local::secrets::{self, Secrets, generate},
    target::Health,
};

pub(super) struct Secret;

impl Provider for Secret {
    fn properties(&self) -> &'static [&'static str] {
        &["Description", "GenerateSecretString", "Name", "Tags"]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        secrets::refuse(properties)
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
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
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        async move {
            let removed = world.secrets.remove(&record.reference);
            removed.map_err(|error| format!("Its value cannot be removed: {error}."))
        }
        .boxed()
    }

    fn health<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, (Health, String)> {
        let detail = match world.secrets.value(&record.reference) {
            Some(_) => "has a value",
            None => "has no value yet",
        };
        async move { (Health::Ok, detail.to_owned()) }.boxed()
    }

    fn holds_data(&self) -> bool {
        true
    }
}
