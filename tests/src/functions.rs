//! A test's functions: their binaries, where they run, and the gateway in front of them.

use std::{
    collections::BTreeMap,
    env, fmt, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use ::http::Response;
use bytes::Bytes;
use deployer::{
    local::github::{self, StandIn},
    project::Project,
};
use http_body_util::Full;
use miyabi_catalog::FUNCTIONS;
use serde_json::Value;

use crate::{
    Database, Setup, environment, gateway,
    host::{self, Host},
};

/// The functions of one application.
pub(crate) struct Functions {
    host: Arc<Host>,
    gateway: SocketAddr,
    github: StandIn,
    logs: PathBuf,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Functions({})", self.gateway)
    }
}

impl Functions {
    pub(crate) async fn start(database: &Database, setup: &Setup) -> Functions {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let logs = run_dir().join(format!("app-{number}"));
        let people = github::seeded(&Project::new(project())).unwrap();
        let github = StandIn::start(0, people).await.unwrap();
        let github_origin = setup
            .github_origin
            .clone()
            .unwrap_or_else(|| github.origin());
        let variables: BTreeMap<_, _> = FUNCTIONS
            .iter()
            .map(|function| {
                (
                    function.name.to_owned(),
                    environment::variables(function, database, setup, &github_origin),
                )
            })
            .collect();
        let host = Host::start(binaries(), &logs, variables, environment::secrets(setup)).await;
        let behind = host.clone();
        let gateway = host::serve(move |request| {
            let host = behind.clone();
            async move {
                let Some((function, route)) =
                    gateway::matching(request.method().as_str(), request.uri().path())
                else {
                    return Response::builder()
                        .status(404)
                        .body(Full::new(Bytes::from_static(
                            b"{\"message\":\"Not Found\"}",
                        )))
                        .unwrap();
                };
                let event = gateway::event(route, &request);
                match host
                    .invoke(function.name, event.to_string().into_bytes())
                    .await
                {
                    Ok(payload) => gateway::answer(&payload),
                    Err(_) => Response::builder()
                        .status(500)
                        .body(Full::new(Bytes::from_static(
                            b"{\"message\":\"Internal Server Error\"}",
                        )))
                        .unwrap(),
                }
            }
        })
        .await;
        Functions {
            host,
            gateway,
            github,
            logs,
        }
    }

    pub(crate) fn gateway(&self) -> SocketAddr {
        self.gateway
    }

    pub(crate) fn github(&self) -> &StandIn {
        &self.github
    }

    /// `Err` is the error that the function reported.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Result<Value, Value> {
        let parse = |bytes: Vec<u8>| serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        self.host
            .invoke(function, event.to_string().into_bytes())
            .await
            .map(parse)
            .map_err(parse)
    }

    /// What the functions wrote so far, one after the other.
    pub(crate) async fn logs(&self) -> String {
        let mut logs = String::new();
        for entry in fs::read_dir(&self.logs).unwrap() {
            logs += &fs::read_to_string(entry.unwrap().path()).unwrap();
        }
        logs
    }
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
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        for line in &lines[lines.len().saturating_sub(20)..] {
            eprintln!("{}: {line}", entry.file_name().to_string_lossy());
        }
    }
}

/// The checkout.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Cargo's target directory, in which the test binary is: `target/debug/deps/it-0123456789abcdef`.
pub(crate) fn target_dir() -> PathBuf {
    let binary = env::current_exe().unwrap();
    binary.ancestors().nth(3).unwrap().to_owned()
}

/// What this run of the tests keeps: `cluster` and the logs of each application.
pub(crate) fn run_dir() -> PathBuf {
    postgres_server::place(&target_dir().join("miyabi-tests"))
        .join(format!("run-{}", std::process::id()))
}

/// A directory with a binary for each function, named after it. Cargo builds them first, so that no
/// test passes because of yesterday's code, unless `MIYABI_FUNCTIONS_DIR` names a directory.
fn binaries() -> &'static Path {
    // A failure is kept, too: a hundred tests need not try again.
    static BINARIES: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let binaries = BINARIES.get_or_init(|| match env::var_os("MIYABI_FUNCTIONS_DIR") {
        Some(dir) => Ok(PathBuf::from(dir)),
        None => build_all(),
    });
    binaries.as_ref().unwrap_or_else(|error| panic!("{error}"))
}

fn build_all() -> Result<PathBuf, String> {
    let names = FUNCTIONS.iter().flat_map(|function| {
        let package = format!("miyabi-{}", function.name);
        [
            "--package".to_owned(),
            package,
            "--bin".to_owned(),
            function.name.to_owned(),
        ]
    });
    let names: Vec<String> = names.collect();
    cargo_build(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
    Ok(target_dir().join("debug"))
}

/// Builds for this machine, into the target directory of the tests.
pub(crate) fn cargo_build(what: &[&str]) -> Result<(), String> {
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet"])
        .args(what)
        .current_dir(project())
        .env("CARGO_TARGET_DIR", target_dir())
        // Queries are checked against the checked-in data, whatever database the shell has set.
        .env("SQLX_OFFLINE", "true")
        .env_remove("DATABASE_URL")
        // Variables that `cargo test` sets for us would make cargo rebuild what reads them.
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("CARGO_MANIFEST_PATH")
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!(
            "`cargo build {}` failed; see above.",
            what.join(" ")
        )),
        Err(error) => Err(format!("cargo does not run: {error}")),
    }
}
