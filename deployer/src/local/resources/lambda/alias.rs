//! An alias: the name of a function's version that serves requests.

use async_trait::async_trait;

use super::{function_arn, function_name};
use crate::{
    local::resources::{Made, Provider, Record, Wish, World},
    mutex::lock,
    target::Health,
};

pub(in crate::local::resources) struct Alias;

#[async_trait]
impl Provider for Alias {
    fn properties(&self) -> &'static [&'static str] {
        &["Description", "FunctionName", "FunctionVersion", "Name"]
    }

    async fn put(&self, world: &World, wish: &Wish) -> Result<Made, String> {
        let function = function_arn(function_name(wish.text("FunctionName")));
        let number = wish.text("FunctionVersion");
        let version = lock(&world.lambda.versions)
            .get(&format!("{function}:{number}"))
            .cloned();
        let version =
            version.ok_or_else(|| format!("There is no version {number} of {function}."))?;
        let arn = format!("{function}:{}", wish.text("Name"));
        world.functions.point(&arn, Some(version));
        Ok(Made::new(&arn).with("AliasArn", arn.as_str()))
    }

    async fn delete(&self, world: &World, record: &Record) -> Result<(), String> {
        world.functions.point(&record.reference, None);
        Ok(())
    }

    async fn health(&self, world: &World, record: &Record) -> (Health, String) {
        match world.functions.by_arn(&record.reference) {
            Some(version) => (Health::Ok, format!("version {}", version.number())),
            None => (Health::Missing, String::new()),
        }
    }
}
