//! One function alone, with an environment of the test's choice.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use deployer::local::{
    aws_api::AwsApi,
    http::Server,
    lambda::{Concurrency, Log, Spec, Version},
    registry::Functions as Registry,
    secrets::Secrets,
};

use crate::{
    binaries::{binary, run_dir},
    environment,
    functions::orphans,
};

/// Starts a function behind the Runtime API with exactly these variables and what Lambda itself
/// sets, until it asks for its first event. `secrets`: ARN -> text.
///
/// # Errors
///
/// What it said when it did not start.
pub async fn start_alone(
    function: &str,
    variables: &BTreeMap<String, String>,
    secrets: &BTreeMap<String, String>,
) -> Result<(), String> {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = run_dir().join(format!("alone-{number}"));
    fs::create_dir_all(&folder).unwrap();
    let store = Secrets::open(folder.join("secrets.json")).unwrap();
    for (arn, text) in secrets {
        store.put(arn, text).unwrap();
    }
    let registry = Registry::default();
    let api = AwsApi::new(registry.clone(), Arc::new(store));
    let server = Server::start(0, move |request| {
        let api = api.clone();
        async move { api.serve(request).await }
    });
    let server = server.await.unwrap();
    let mut environment = variables.clone();
    environment.extend(environment::of_lambda(server.port()));
    let spec = Spec {
        name: format!("miyabi-alone-{function}"),
        bootstrap: binary(function),
        environment,
        memory: 256,
        timeout: Duration::from_secs(30),
        log_group: format!("/aws/lambda/miyabi-alone-{function}"),
        orphans: orphans(),
    };
    let log = Log::open(&folder.join("function.log")).unwrap();
    let arn = environment::function_arn(function).replace(":live", ":1");
    let version = Arc::new(Version::new(spec, "1", &arn, log, Concurrency::new(None)));
    registry.register(&version);
    let started = version.warm().await;
    version.retire();
    started
}
