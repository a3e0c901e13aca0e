//! An alias: the name of a function's version that serves requests.

use async_trait::async_trait;

use super::{function_arn, function_name};
use crate::{
    local::resources::{Made, Provider, PutRequest, Record, RunningStage},
    mutex::lock,
    target::Health,
};

pub(in crate::local::resources) struct Alias;

#[async_trait]
impl Provider for Alias {
    fn properties(&self) -> &'static [&'static str] {
        &["Description", "FunctionName", "FunctionVersion", "Name"]
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let function = function_arn(function_name(request.text("FunctionName")));
        let number = request.text("FunctionVersion");
        let version = lock(&running.lambda.versions)
            .get(&format!("{function}:{number}"))
            .cloned();
        let version =
            version.ok_or_else(|| format!("There is no version {number} of {function}."))?;
        let arn = format!("{function}:{}", request.text("Name"));
        running.functions.point(&arn, Some(version));
        Ok(Made::new(&arn).with("AliasArn", arn.as_str()))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        running.functions.point(&record.reference, None);
        Ok(())
    }

    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        match running.functions.by_arn(&record.reference) {
            Some(version) => (Health::Ok, format!("version {}", version.number())),
            None => (Health::Missing, String::new()),
        }
    }
}
