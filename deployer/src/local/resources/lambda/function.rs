//! A function: its code and configuration, as the next version takes them.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use async_trait::async_trait;
use serde_json::Value;

use super::{function_arn, integer};
use crate::{
    local::{
        REGION,
        lambda::{Concurrency, Spec},
        resources::{Made, Provider, PutRequest, Record, RunningStage, elasticache, lambda_limits},
        running_stage::Latest,
        secrets::random,
    },
    mutex::lock,
    target::Health,
};

pub(in crate::local::resources) struct Function;

#[async_trait]
impl Provider for Function {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "Architectures",
            "Code",
            "Description",
            "Environment",
            "FunctionName",
            "Handler",
            "LoggingConfig",
            "MemorySize",
            "ReservedConcurrentExecutions",
            "Role",
            "Runtime",
            "Tags",
            "Timeout",
            "VpcConfig",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        let mut refused = Vec::new();
        let runtime = properties["Runtime"].as_str().unwrap_or_default();
        if !runtime.starts_with("provided.") {
            refused.push(format!("Runtime `{runtime}` is not provided.al2023."));
        }
        if properties["Code"].get("S3Key").is_none() {
            refused.push("Code has no S3Key.".to_owned());
        }
        refused.extend(lambda_limits::refuse(properties));
        refused
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let name = request.name(running, "FunctionName");
        let spec = spec(running, &name, &request.properties)?;
        let log = running.log(&spec.log_group)?;
        let limit = integer(&request.properties["ReservedConcurrentExecutions"]);
        let mut latest = lock(&running.lambda.latest);
        // Shared by all its versions: a change of the limit counts for those that run, too.
        let concurrency = match latest.get(&name) {
            Some(before) => before.concurrency.clone(),
            None => Concurrency::new(limit),
        };
        concurrency.set(limit);
        let configuration = request.properties.clone();
        latest.insert(
            name.clone(),
            Latest {
                configuration,
                concurrency,
                log,
            },
        );
        Ok(Made::new(&name).with("Arn", function_arn(&name)))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        lock(&running.lambda.latest).remove(&record.reference);
        Ok(())
    }

    async fn health(&self, _: &RunningStage, record: &Record) -> (Health, String) {
        let key = record.properties["Code"]["S3Key"]
            .as_str()
            .unwrap_or_default();
        let hash = key.rsplit('/').next().unwrap_or_default();
        let detail = format!("code {}", hash.get(..12).unwrap_or(hash));
        (Health::Ok, detail)
    }
}

/// The configuration that the properties of a function say. What is the same at every start is
/// taken from here, and from what a version has kept of it.
pub(super) fn spec(running: &RunningStage, name: &str, properties: &Value) -> Result<Spec, String> {
    let code = &properties["Code"];
    let (bucket, key) = (&code["S3Bucket"], &code["S3Key"]);
    let (Some(bucket), Some(key)) = (bucket.as_str(), key.as_str()) else {
        return Err("Its code is not an object in a bucket.".to_owned());
    };
    let bootstrap: PathBuf = running.files().bucket(bucket).join(key);
    if !bootstrap.is_file() {
        return Err(format!("Its code, {key}, is not in the bucket {bucket}."));
    }
    let variables = properties["Environment"]["Variables"].as_object();
    let mut environment: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in variables.into_iter().flatten() {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        environment.insert(key.clone(), text);
    }
    lambda_limits::check_environment(&environment)?;
    // What Lambda itself sets, and where it is reached here. The token is how the AWS APIs of the
    // local target know who calls.
    let own = [
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "LOCAL".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", random(40)),
        ("AWS_SESSION_TOKEN", random(64)),
        ("AWS_ENDPOINT_URL", running.aws_endpoint()),
    ];
    environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
    environment.extend(elasticache::certificates(running, &environment)?);
    let log_group = properties["LoggingConfig"]["LogGroup"].as_str();
    Ok(Spec {
        name: name.to_owned(),
        bootstrap,
        environment,
        memory: integer(&properties["MemorySize"]).unwrap_or(128),
        timeout: Duration::from_secs(
            integer(&properties["Timeout"])
                .and_then(|seconds| u64::try_from(seconds).ok())
                .unwrap_or(3),
        ),
        log_group: log_group.map_or_else(|| format!("/aws/lambda/{name}"), str::to_owned),
        orphans: running.orphans.clone(),
    })
}
