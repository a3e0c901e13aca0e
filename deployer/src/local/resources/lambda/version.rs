//! A version of a function: code and configuration that never change, started once before an alias
//! moves to it.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::{function::spec, function_arn, function_name};
use crate::{
    local::{
        lambda::Version as Published,
        resources::{Made, Provider, PutRequest, Record, RunningStage},
    },
    mutex::lock,
    target::Health,
};

pub(in crate::local::resources) struct Version;

#[async_trait]
impl Provider for Version {
    fn properties(&self) -> &'static [&'static str] {
        &["Description", "FunctionName"]
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let name = function_name(request.text("FunctionName")).to_owned();
        let latest = lock(&running.lambda.latest).get(&name).cloned();
        let latest = latest.ok_or_else(|| format!("There is no function {name}."))?;
        // A version never changes: what it kept counts, not what the function is by now.
        // Another description is another version, as on AWS.
        let same = request
            .before
            .as_ref()
            .filter(|before| before.properties == request.properties);
        let kept = same.map(|before| &before.kept);
        let (number, frozen) = match kept.filter(|kept| kept.is_object()) {
            Some(kept) => (
                kept["number"].as_str().unwrap_or_default().to_owned(),
                kept["configuration"].clone(),
            ),
            None => {
                let number = running.files().next(&format!("version/{name}"));
                let number = number.map_err(|error| format!("It has no number: {error}."))?;
                (number.to_string(), latest.configuration.clone())
            }
        };
        let arn = format!("{}:{number}", function_arn(&name));
        let made = Made::new(&arn)
            .with("Version", number.as_str())
            .with("FunctionArn", arn.as_str())
            .keeping(json!({"number": number, "configuration": frozen}));
        if lock(&running.lambda.versions).contains_key(&arn) {
            return Ok(made);
        }
        let spec = spec(running, &name, &frozen)?;
        let version = Published::new(spec, &number, &arn, latest.log, latest.concurrency);
        let version = Arc::new(version);
        running.functions.register(&version);
        lock(&running.lambda.versions).insert(arn.clone(), version.clone());
        if same.is_none()
            && let Err(why) = version.warm().await
        {
            lock(&running.lambda.versions).remove(&arn);
            return Err(format!("It does not start: {why}"));
        }
        Ok(made)
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        let version = lock(&running.lambda.versions).remove(&record.reference);
        let version = version.filter(|version| {
            // One that an alias still stands at ends when the alias moves.
            let all = running.functions.all();
            !all.iter().any(|(_, live)| Arc::ptr_eq(live, version))
        });
        if let Some(version) = version {
            version.retire();
        }
        Ok(())
    }

    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        let version = lock(&running.lambda.versions)
            .get(&record.reference)
            .cloned();
        match version {
            None => (Health::Missing, String::new()),
            Some(version) if version.failures() > 0 => (
                Health::Failing,
                format!(
                    "failed to start or answer {} times in a row",
                    version.failures()
                ),
            ),
            Some(version) => {
                let pids: Vec<String> = version
                    .idle_pids()
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                let detail = match pids.as_slice() {
                    [] => "no environment waits".to_owned(),
                    pids => format!("environments {}", pids.join(", ")),
                };
                (Health::Ok, detail)
            }
        }
    }
}
