//! Functions, versions, aliases and permissions.
//!
//! A version that does not start stops the deploy before the alias moves to it: what ran before
//! still runs.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, FutureExt};
use serde_json::{Value, json};

use super::{Made, Provider, Record, Wish, World, elasticache, lambda_limits};
use crate::{
    local::{
        ACCOUNT, REGION,
        lambda::{Concurrency, Spec, Version as Published},
        secrets::random,
        world::Latest,
    },
    mutex::lock,
    target::Health,
};

pub(super) struct Function;
pub(super) struct Version;
pub(super) struct Alias;
pub(super) struct Permission;

pub(super) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// `tasks` of `arn:..:function:tasks:live` or of `tasks`.
pub(super) fn function_name(reference: &str) -> &str {
    let name = reference.split(":function:").nth(1).unwrap_or(reference);
    name.split(':').next().unwrap_or(name)
}

/// The configuration that the properties of a function say. What is the same at every start is
/// taken from here, and from what a version has kept of it.
fn spec(world: &World, name: &str, properties: &Value) -> Result<Spec, String> {
    let code = &properties["Code"];
    let (bucket, key) = (&code["S3Bucket"], &code["S3Key"]);
    let (Some(bucket), Some(key)) = (bucket.as_str(), key.as_str()) else {
        return Err("Its code is not an object in a bucket.".to_owned());
    };
    let bootstrap: PathBuf = world.files().bucket(bucket).join(key);
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
        ("AWS_ENDPOINT_URL", world.aws_endpoint()),
    ];
    environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
    environment.extend(elasticache::certificates(world, &environment)?);
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
        orphans: world.orphans.clone(),
    })
}

pub(super) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

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

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let name = wish.name(world, "FunctionName");
            let spec = spec(world, &name, &wish.properties)?;
            let log = world.log(&spec.log_group)?;
            let limit = integer(&wish.properties["ReservedConcurrentExecutions"]);
            let mut latest = lock(&world.lambda.latest);
            // Shared by all its versions: a change of the limit counts for those that run, too.
            let concurrency = match latest.get(&name) {
                Some(before) => before.concurrency.clone(),
                None => Concurrency::new(limit),
            };
            concurrency.set(limit);
            let configuration = wish.properties.clone();
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
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        lock(&world.lambda.latest).remove(&record.reference);
        async { Ok(()) }.boxed()
    }

    fn health<'a>(&'a self, _: &'a World, record: &'a Record) -> BoxFuture<'a, (Health, String)> {
        let key = record.properties["Code"]["S3Key"]
            .as_str()
            .unwrap_or_default();
        let hash = key.rsplit('/').next().unwrap_or_default();
        let detail = format!("code {}", hash.get(..12).unwrap_or(hash));
        async move { (Health::Ok, detail) }.boxed()
    }
}

impl Provider for Version {
    fn properties(&self) -> &'static [&'static str] {
        &["Description", "FunctionName"]
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let name = function_name(wish.text("FunctionName")).to_owned();
            let latest = lock(&world.lambda.latest).get(&name).cloned();
            let latest = latest.ok_or_else(|| format!("There is no function {name}."))?;
            // A version never changes: what it kept counts, not what the function is by now.
            // Another description is another version, as on AWS.
            let same = wish
                .before
                .as_ref()
                .filter(|before| before.properties == wish.properties);
            let kept = same.map(|before| &before.kept);
            let (number, frozen) = match kept.filter(|kept| kept.is_object()) {
                Some(kept) => (
                    kept["number"].as_str().unwrap_or_default().to_owned(),
                    kept["configuration"].clone(),
                ),
                None => {
                    let number = world.files().next(&format!("version/{name}"));
                    let number = number.map_err(|error| format!("It has no number: {error}."))?;
                    (number.to_string(), latest.configuration.clone())
                }
            };
            let arn = format!("{}:{number}", function_arn(&name));
            let made = Made::new(&arn)
                .with("Version", number.as_str())
                .with("FunctionArn", arn.as_str())
                .keeping(json!({"number": number, "configuration": frozen}));
            if lock(&world.lambda.versions).contains_key(&arn) {
                return Ok(made);
            }
            let spec = spec(world, &name, &frozen)?;
            let version = Published::new(spec, &number, &arn, latest.log, latest.concurrency);
            let version = Arc::new(version);
            world.functions.register(&version);
            lock(&world.lambda.versions).insert(arn.clone(), version.clone());
            if same.is_none()
                && let Err(why) = version.warm().await
            {
                lock(&world.lambda.versions).remove(&arn);
                return Err(format!("It does not start: {why}"));
            }
            Ok(made)
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        let version = lock(&world.lambda.versions).remove(&record.reference);
        let version = version.filter(|version| {
            // One that an alias still stands at ends when the alias moves.
            let all = world.functions.all();
            !all.iter().any(|(_, live)| Arc::ptr_eq(live, version))
        });
        if let Some(version) = version {
            version.retire();
        }
        async { Ok(()) }.boxed()
    }

    fn health<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, (Health, String)> {
        let version = lock(&world.lambda.versions).get(&record.reference).cloned();
        let health = match version {
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
        };
        async move { health }.boxed()
    }
}

impl Provider for Alias {
    fn properties(&self) -> &'static [&'static str] {
        &["Description", "FunctionName", "FunctionVersion", "Name"]
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
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
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        world.functions.point(&record.reference, None);
        async { Ok(()) }.boxed()
    }

    fn health<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, (Health, String)> {
        let health = match world.functions.by_arn(&record.reference) {
            Some(version) => (Health::Ok, format!("version {}", version.number())),
            None => (Health::Missing, String::new()),
        };
        async move { health }.boxed()
    }
}

impl Provider for Permission {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "Action",
            "FunctionName",
            "Principal",
            "SourceAccount",
            "SourceArn",
        ]
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let id = wish.id(world, "permission-");
            // Others than an API ask with their own events, and need no more than the name.
            if wish.text("SourceArn").contains(":execute-api:") {
                let api = api_of(wish.text("SourceArn"));
                let alias = Some(wish.text("FunctionName").to_owned());
                match (world.apis.get(api), world.sockets.get(api)) {
                    (Some(api), _) => api.set_permission(&id, alias),
                    (_, Some(api)) => api.set_permission(&id, alias),
                    (None, None) => return Err(format!("There is no API {api}.")),
                }
            }
            Ok(Made::new(&id).with("Id", id.as_str()))
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        let api = api_of(record.text("SourceArn"));
        if let Some(api) = world.apis.get(api) {
            api.set_permission(&record.reference, None);
        }
        if let Some(api) = world.sockets.get(api) {
            api.set_permission(&record.reference, None);
        }
        async { Ok(()) }.boxed()
    }
}

/// `a1b2` of `arn:aws:execute-api:region:account:a1b2/*`.
fn api_of(source_arn: &str) -> &str {
    let last = source_arn.rsplit(':').next().unwrap_or_default();
    last.split('/').next().unwrap_or_default()
}
