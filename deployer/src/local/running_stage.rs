//! Everything that runs on behalf of a stage, inside the supervisor: what the providers put things
//! into and look things up in. It decides nothing and records nothing.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use http::Request;
use hyper::body::Incoming;

use super::{
    alarms::Alarms,
    aws_api::AwsApi,
    cdn::Cdn,
    files::Files,
    gateway::HttpApi,
    http::{CLIENT_PATIENCE, Reply, Server},
    lambda::{Asynchronous, Concurrency, Log, Pauses, Version},
    metrics::Metrics,
    ops::Ops,
    orphans::Orphans,
    queues::Queues,
    registry::Functions,
    schedules::Schedules,
    secrets::Secrets,
    socket::SocketApi,
};
use crate::mutex::lock;

/// What runs of one stage.
pub(super) struct RunningStage {
    stage: String,
    files: Files,
    cache: PathBuf,
    /// What everything here reports.
    pub(super) metrics: Metrics,
    /// Alarms, by name.
    pub(super) alarms: Alarms,
    /// The dashboards, which a page of the site draws.
    pub(super) ops: Ops,
    /// Aliases of functions.
    pub(super) functions: Functions,
    /// Functions and their published versions.
    pub(super) lambda: Lambda,
    /// HTTP APIs.
    pub(super) apis: Apis<HttpApi>,
    /// WebSocket APIs.
    pub(super) sockets: Apis<SocketApi>,
    /// Invocations that nobody waits for.
    pub(super) asynchronous: Asynchronous,
    /// Queues, by ARN.
    pub(super) queues: Arc<Queues>,
    /// Schedules, by name.
    pub(super) schedules: Schedules,
    /// Caches, by name.
    pub(super) caches: Mutex<BTreeMap<String, super::resources::elasticache::Cache>>,
    /// Buckets and distributions.
    pub(super) cdn: Cdn,
    /// Where distributions listen, by id.
    pub(super) sites: Mutex<BTreeMap<String, Server>>,
    /// Database servers, by identifier.
    pub(super) databases: Mutex<BTreeMap<String, postgres_server::Server>>,
    /// Settings of databases, by the name of their group.
    pub(super) parameter_groups: Mutex<BTreeMap<String, serde_json::Value>>,
    /// Values of secrets.
    pub(super) secrets: Arc<Secrets>,
    /// Ends children when this process is killed.
    pub(super) orphans: Orphans,
    aws: Server,
}

impl RunningStage {
    /// Nothing runs yet but the AWS APIs that functions call. `cache` is a folder for downloads that
    /// all stages share.
    pub(super) async fn new(stage: &str, files: Files, cache: &Path) -> io::Result<RunningStage> {
        let functions = Functions::default();
        let secrets = Arc::new(Secrets::open(files.secrets())?);
        let queues = Arc::new(Queues::default());
        let asynchronous = Asynchronous::new(functions.clone(), queues.clone(), Pauses::default());
        let api =
            AwsApi::new(functions.clone(), secrets.clone()).asynchronous(asynchronous.clone());
        let aws = Server::start(0, move |request| {
            let api = api.clone();
            async move { api.serve(request).await }
        })
        .await?;
        let metrics = Metrics::default();
        let ops = Ops::new(stage, metrics.clone());
        Ok(RunningStage {
            stage: stage.to_owned(),
            metrics,
            alarms: Alarms::open(files.alarms()),
            files,
            cache: cache.to_owned(),
            functions,
            lambda: Lambda::default(),
            apis: Apis::default(),
            sockets: Apis::default(),
            asynchronous,
            queues,
            schedules: Schedules::default(),
            caches: Mutex::default(),
            cdn: Cdn::new(ops.clone()),
            ops,
            sites: Mutex::default(),
            databases: Mutex::default(),
            parameter_groups: Mutex::default(),
            secrets,
            orphans: Orphans::watch()?,
            aws,
        })
    }

    /// Name of the stage.
    pub(super) fn stage(&self) -> &str {
        &self.stage
    }

    /// Where the stage keeps what it keeps.
    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// A folder for downloads that all stages share.
    pub(super) fn cache(&self) -> &Path {
        &self.cache
    }

    /// Where functions reach Secrets Manager and Lambda.
    pub(super) fn aws_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.aws.port())
    }

    /// Listens on the port of that name, `preferred` when it is chosen now and that is free. With
    /// `fresh`, nobody knows the port yet: another is chosen when this one was taken meanwhile.
    pub(super) async fn listen<H, F>(
        &self,
        name: &str,
        preferred: u16,
        fresh: bool,
        handler: H,
    ) -> Result<Server, String>
    where
        H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let mut attempts = 10;
        loop {
            attempts -= 1;
            let port = self.files.port(name, preferred);
            let port = port.map_err(|error| format!("It has no port: {error}."))?;
            match Server::start_for_clients(port, CLIENT_PATIENCE, handler.clone()).await {
                Ok(server) => return Ok(server),
                Err(error) if fresh && attempts > 0 && error.kind() == io::ErrorKind::AddrInUse => {
                    let forgotten = self.files.forget_port(name);
                    forgotten.map_err(|error| format!("It has no port: {error}."))?;
                }
                Err(error) => return Err(port_taken(port, &error)),
            }
        }
    }

    /// The log of a log group.
    pub(super) fn log(&self, group: &str) -> Result<Log, String> {
        let path = self.files.log(group);
        Log::open(&path)
            .map(|log| log.with_metrics(self.metrics.clone()))
            .map_err(|error| format!("Its log, {}, cannot be opened: {error}.", path.display()))
    }

    /// The text with each `{{resolve:secretsmanager:ARN:SecretString:KEY}}` replaced by the value,
    /// of which nothing may be recorded or shown.
    pub(super) fn resolve_secrets(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{resolve:secretsmanager:") {
            out.push_str(before);
            let (reference, tail) = after
                .split_once("}}")
                .ok_or("A `{{resolve:` has no end.".to_owned())?;
            out.push_str(&self.secret_value(reference)?);
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// `ARN:SecretString:KEY`; without a key the whole value.
    fn secret_value(&self, reference: &str) -> Result<String, String> {
        let (id, key) = reference
            .split_once(":SecretString")
            .unwrap_or((reference, ""));
        let (_, value) = self
            .secrets
            .value(id)
            .ok_or_else(|| format!("There is no value of the secret {id}."))?;
        let key = key
            .trim_start_matches(':')
            .split(':')
            .next()
            .unwrap_or_default();
        if key.is_empty() {
            return Ok(value);
        }
        let object: serde_json::Value = serde_json::from_str(&value).unwrap_or_default();
        let value = object[key].as_str().map(str::to_owned);
        value.ok_or_else(|| format!("The secret {id} has no text under the key `{key}`."))
    }

    /// Ends everything: requests that run are finished first, for `within` at most.
    pub(super) async fn stop(&self, within: Duration) {
        self.schedules.stop_all();
        let sockets = self.sockets.all();
        let closed = sockets.iter().map(|socket| socket.close(within));
        futures_util::future::join_all(closed).await;
        self.sockets.stop(within).await;
        let sites = std::mem::take(&mut *lock(&self.sites));
        let sites = sites.into_values().map(|server| server.stop(within));
        futures_util::future::join_all(sites).await;
        self.apis.stop(within).await;
        for (alias, _) in self.functions.all() {
            self.functions.point(&alias, None);
        }
        lock(&self.lambda.versions).clear();
        lock(&self.caches).clear();
        let databases = std::mem::take(&mut *lock(&self.databases));
        // Stopping a server waits for it.
        let stopped = tokio::task::spawn_blocking(move || drop(databases)).await;
        debug_assert!(stopped.is_ok());
    }
}

/// Why a port that was given out before cannot be listened on.
pub(super) fn port_taken(port: u16, error: &io::Error) -> String {
    format!(
        "The port {port} of 127.0.0.1 cannot be listened on: {error}. Stop the process that has it \
         (`ss -ltnp 'sport = :{port}'` names it), then run the same command again."
    )
}

/// Functions and their published versions.
#[derive(Debug, Default)]
pub(super) struct Lambda {
    /// What the next version of a function will be, by name.
    pub(super) latest: Mutex<BTreeMap<String, Latest>>,
    /// By ARN.
    pub(super) versions: Mutex<BTreeMap<String, Arc<Version>>>,
}

/// The configuration of a function as it is now.
#[derive(Debug, Clone)]
pub(super) struct Latest {
    /// The properties that a new version keeps.
    pub(super) configuration: serde_json::Value,
    pub(super) concurrency: Arc<Concurrency>,
    pub(super) log: Log,
}

/// APIs of a kind with their ports, by id.
#[derive(Debug)]
pub(super) struct Apis<A>(Mutex<BTreeMap<String, (Arc<A>, Server)>>);

impl<A> Default for Apis<A> {
    fn default() -> Apis<A> {
        Apis(Mutex::default())
    }
}

impl<A> Apis<A> {
    /// The API of that id, for callers inside this process: they need no connection.
    pub(super) fn get(&self, id: &str) -> Option<Arc<A>> {
        lock(&self.0).get(id).map(|(api, _)| api.clone())
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<A>> {
        let apis = lock(&self.0);
        apis.values().map(|(api, _)| api.clone()).collect()
    }

    /// Adds an API and its server.
    pub(super) fn insert(&self, id: &str, api: Arc<A>, server: Server) {
        lock(&self.0).insert(id.to_owned(), (api, server));
    }

    /// Closes the port of an API; requests that run are finished, for `within` at most.
    pub(super) async fn remove(&self, id: &str, within: Duration) {
        let removed = lock(&self.0).remove(id);
        if let Some((_, server)) = removed {
            server.stop(within).await;
        }
    }

    async fn stop(&self, within: Duration) {
        let all = std::mem::take(&mut *lock(&self.0));
        futures_util::future::join_all(all.into_values().map(|(_, server)| server.stop(within)))
            .await;
    }
}
