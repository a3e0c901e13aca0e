//! A test's functions: each one's own `bootstrap` behind the local target's Runtime API, with its
//! gateway in front and its Secrets Manager and Invoke endpoints behind. Nothing here is a copy:
//! what the tests prove holds for the stage `local`.

use std::{
    collections::BTreeMap,
    fmt, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use deployer::{
    local::{
        aws_api::AwsApi,
        gateway::{HttpApi, RouteKey},
        github::{self, StandIn},
        http::Server,
        lambda::{Concurrency, Log, Outcome, Spec, Version},
        orphans::Orphans,
        registry::Functions as Registry,
        secrets::Secrets,
    },
    project::Project,
};
use miyabi_catalog::{FUNCTIONS, Function};
use serde_json::Value;

use crate::{
    Database, Setup,
    binaries::{binaries, project, run_dir},
    environment,
};

/// Longer than any stage's, because other tests load the machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The functions of one application. They end when this value is dropped, or with this process.
pub(crate) struct Functions {
    registry: Registry,
    gateway: Server,
    github: StandIn,
    logs: PathBuf,
    environments: BTreeMap<&'static str, BTreeMap<String, String>>,
    _aws: Server,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Functions({})", self.gateway())
    }
}

impl Functions {
    /// No function is started yet: each is when it is first called.
    pub(crate) async fn start(database: &Database, setup: &Setup) -> Functions {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let logs = run_dir().join(format!("app-{number}"));
        fs::create_dir_all(&logs).unwrap();
        let people = github::seeded(&Project::new(project())).unwrap();
        let github = StandIn::start(0, people).await.unwrap();
        let github_origin = setup
            .github_origin
            .clone()
            .unwrap_or_else(|| github.origin());
        let registry = Registry::default();
        let aws = aws_endpoint(&registry, setup, logs.with_extension("secrets.json")).await;
        let programs = setup.programs.as_deref().unwrap_or_else(|| binaries());
        let mut environments = BTreeMap::new();
        for function in FUNCTIONS {
            let mut environment = environment::variables(function, database, setup, &github_origin);
            environment.extend(environment::of_lambda(aws.port()));
            environments.insert(function.name, environment.clone());
            let program = programs.join(function.name);
            let version = Arc::new(version(function, program, environment, &logs));
            registry.register(&version);
            registry.point(&environment::function_arn(function.name), Some(version));
        }
        Functions {
            gateway: gateway(&registry).await,
            registry,
            github,
            logs,
            environments,
            _aws: aws,
        }
    }

    pub(crate) fn gateway(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.gateway.port()))
    }

    pub(crate) fn github(&self) -> &StandIn {
        &self.github
    }

    /// Makes sure that somebody can sign in.
    pub(crate) fn give_account(&self, login: &str) {
        let mut people = self.github.people();
        if people.iter().any(|person| person.login == login) {
            return;
        }
        let last = people.iter().map(|person| person.id).max();
        people.push(github::Person {
            id: last.unwrap_or_default() + 1,
            login: login.to_owned(),
            name: None,
            about: String::new(),
            emails: Vec::new(),
            also_grants: Vec::new(),
        });
        self.github.set_people(people);
    }

    /// `Err` is the error that the function reported, or why it was not called.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Result<Value, Value> {
        self.invoke_raw(function, event.to_string().into_bytes())
            .await
    }

    /// As [`Functions::invoke`], with any bytes as the event.
    pub(crate) async fn invoke_raw(&self, function: &str, event: Vec<u8>) -> Result<Value, Value> {
        let arn = environment::function_arn(function);
        let version = self.registry.by_arn(&arn).unwrap();
        let parse = |bytes: Vec<u8>| serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        match version.invoke(event).await {
            Outcome::Answer(payload) => Ok(parse(payload)),
            Outcome::Unhandled(error) => Err(parse(error)),
            Outcome::Refused(refusal) => Err(refusal.parts().2),
        }
    }

    /// What the function is started with.
    pub(crate) fn environment(&self, function: &str) -> BTreeMap<String, String> {
        self.environments[function].clone()
    }

    /// Ids of the processes of a function that wait for work.
    pub(crate) fn processes(&self, function: &str) -> Vec<u32> {
        let arn = environment::function_arn(function);
        self.registry.by_arn(&arn).unwrap().idle_pids()
    }

    /// What the functions wrote so far, one after the other, without what Lambda adds.
    pub(crate) async fn logs(&self) -> String {
        let mut logs = String::new();
        for entry in fs::read_dir(&self.logs).unwrap() {
            for line in written(&entry.unwrap().path()) {
                logs += &line;
                logs.push('\n');
            }
        }
        logs
    }
}

/// The lines that a function wrote. A log has the time before each, and Lambda's own around each
/// request.
fn written(log: &Path) -> Vec<String> {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(_, line)| line)
        .filter(|line| {
            let of_lambda = ["START ", "END ", "REPORT "];
            !of_lambda.iter().any(|start| {
                line.strip_prefix(start)
                    .is_some_and(|rest| rest.starts_with("RequestId: "))
            })
        })
        .map(str::to_owned)
        .collect()
}

/// Shows the logs of a failed test, which is when the application is dropped by a panic.
impl Drop for Functions {
    fn drop(&mut self) {
        if thread::panicking() {
            eprint_logs(&self.logs);
        }
    }
}

#[allow(clippy::print_stderr)]
fn eprint_logs(logs: &Path) {
    for entry in fs::read_dir(logs).into_iter().flatten().flatten() {
        let lines = written(&entry.path());
        for line in &lines[lines.len().saturating_sub(20)..] {
            eprintln!("{}: {line}", entry.file_name().to_string_lossy());
        }
    }
}

/// Secrets Manager and Lambda, for the functions.
async fn aws_endpoint(registry: &Registry, setup: &Setup, file: PathBuf) -> Server {
    let secrets = Secrets::open(file).unwrap();
    for (arn, value) in environment::secrets(setup) {
        secrets.put(&arn, &value).unwrap();
    }
    let api = AwsApi::new(registry.clone(), Arc::new(secrets));
    let serve = move |request| {
        let api = api.clone();
        async move { api.serve(request).await }
    };
    Server::start(0, serve).await.unwrap()
}

fn version(
    function: &Function,
    bootstrap: PathBuf,
    environment: BTreeMap<String, String>,
    logs: &Path,
) -> Version {
    let name = function.name;
    let spec = Spec {
        name: format!("miyabi-test-{name}"),
        bootstrap,
        environment,
        memory: 256,
        timeout: TIMEOUT,
        log_group: format!("/aws/lambda/miyabi-test-{name}"),
        orphans: orphans(),
    };
    let log = Log::open(&logs.join(format!("{name}.log"))).unwrap();
    let arn = environment::function_arn(name).replace(":live", ":1");
    Version::new(spec, "1", &arn, log, Concurrency::new(None))
}

/// Ends the functions when this process is killed.
pub(crate) fn orphans() -> Orphans {
    static ORPHANS: OnceLock<Orphans> = OnceLock::new();
    ORPHANS.get_or_init(|| Orphans::watch().unwrap()).clone()
}

/// The HTTP API with the routes of the catalogue.
async fn gateway(registry: &Registry) -> Server {
    let api = Arc::new(HttpApi::new("test", registry.clone()));
    for function in FUNCTIONS {
        let alias = environment::function_arn(function.name);
        api.set_integration(function.name, Some(alias.clone()));
        api.set_permission(function.name, Some(alias));
        for route in function.routes {
            let key = format!("{} {}", route.method.as_str(), route.path);
            let parsed = RouteKey::parse(&key).unwrap();
            api.set_route(&key, Some((parsed, function.name.to_owned())));
        }
    }
    let behind = api.clone();
    let serve = move |request| {
        let api = behind.clone();
        async move { api.serve(request).await }
    };
    let server = Server::start(0, serve).await.unwrap();
    api.set_domain(&format!("127.0.0.1:{}", server.port()));
    server
}
