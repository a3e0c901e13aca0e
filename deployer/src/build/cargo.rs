//! The one call of cargo, and where it put the binaries.

mod environment;

use std::{collections::BTreeMap, path::PathBuf, process::Stdio};

use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Command,
};

use super::{BuildFor, toolchain};
use crate::{Error, progress::Step, project::Project};

pub use environment::cargo;

/// A line of cargo's `--message-format json`, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Builds all functions; returns the executable of each, by name.
pub(super) async fn build(
    project: &Project,
    what_for: BuildFor,
    step: &Step,
) -> Result<BTreeMap<String, PathBuf>, Error> {
    let mut targets = Vec::new();
    for function in miyabi_catalog::FUNCTIONS {
        targets.extend(["--package".to_owned(), format!("miyabi-{}", function.name)]);
        targets.extend(["--bin".to_owned(), function.name.to_owned()]);
    }
    let executables = run(project, what_for, &targets, step).await?;
    let missing: Vec<&str> = miyabi_catalog::FUNCTIONS
        .iter()
        .map(|function| function.name)
        .filter(|name| !executables.contains_key(*name))
        .collect();
    if !missing.is_empty() {
        return Err(Error::failed(
            format!("The build made no binary for {}.", missing.join(", ")),
            "A function of the catalogue needs a crate `miyabi-{name}` with a binary `{name}`: see handlers/tasks/Cargo.toml.",
        ));
    }
    Ok(executables)
}

/// Builds the examples of a package; returns the executable of each, by name.
pub(super) async fn build_examples(
    project: &Project,
    what_for: BuildFor,
    package: &str,
    step: &Step,
) -> Result<BTreeMap<String, PathBuf>, Error> {
    let targets = ["--package", package, "--examples"].map(str::to_owned);
    run(project, what_for, &targets, step).await
}

/// Runs `cargo build` for these targets; returns the executables by name.
async fn run(
    project: &Project,
    what_for: BuildFor,
    targets: &[String],
    step: &Step,
) -> Result<BTreeMap<String, PathBuf>, Error> {
    let mut command = command(project, what_for)?;
    let mut child = command.args(targets).spawn().map_err(|cause| {
        Error::failed(
            "Cargo could not be started.",
            "Check the machine: `cargo xtask doctor`",
        )
        .because(cause)
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (executables, told) =
        tokio::try_join!(read_messages(stdout), read_talk(stderr, step)).map_err(broken_pipe)?;
    let status = child.wait().await.map_err(broken_pipe)?;
    if !status.success() {
        return Err(Error::failed(
            "The functions do not build.",
            "Fix the compiler errors above, then run the same command again.",
        )
        .because(told));
    }
    Ok(executables)
}

fn broken_pipe(cause: std::io::Error) -> Error {
    Error::failed(
        "Cargo's output could not be read.",
        "Run the same command again.",
    )
    .because(cause)
}

fn command(project: &Project, what_for: BuildFor) -> Result<Command, Error> {
    let mut command = Command::from(cargo());
    command
        .arg("build")
        .args([
            "--locked",
            "--message-format",
            "json-render-diagnostics",
            "--color",
            "never",
        ])
        .current_dir(project.root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let BuildFor::Lambda(architecture) = what_for {
        command.args(["--release", "--target", architecture.triple()]);
        command.env("RUSTFLAGS", toolchain::flags_without_paths(project));
        let folder = project.miyabi().join("zig");
        for (name, value) in toolchain::Toolchain::find(architecture)?.environment(&folder)? {
            command.env(name, value);
        }
    }
    Ok(command)
}

async fn read_messages(
    stdout: Option<impl AsyncRead + Unpin>,
) -> std::io::Result<BTreeMap<String, PathBuf>> {
    let mut executables = BTreeMap::new();
    let Some(stdout) = stdout else {
        return Ok(executables);
    };
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        let Ok(message) = serde_json::from_str::<Message>(&line) else {
            continue;
        };
        if message.reason != "compiler-artifact" {
            continue;
        }
        if let (Some(target), Some(executable)) = (message.target, message.executable)
            && target
                .kind
                .iter()
                .any(|kind| kind == "bin" || kind == "example")
        {
            executables.insert(target.name, executable);
        }
    }
    Ok(executables)
}

/// Reads what cargo tells people: its progress goes to the step, diagnostics come back.
async fn read_talk(stderr: Option<impl AsyncRead + Unpin>, step: &Step) -> std::io::Result<String> {
    let mut told = String::new();
    let Some(stderr) = stderr else {
        return Ok(told);
    };
    let mut lines = BufReader::new(stderr).lines();
    let mut compiled = 0_usize;
    while let Some(line) = lines.next_line().await? {
        let words = line.trim_start();
        if let Some(name) = words.strip_prefix("Compiling ") {
            compiled += 1;
            let name = name.split(' ').next().unwrap_or(name);
            step.doing(format!("compiling {name} ({compiled})"));
        } else if let Some(rest) = words.strip_prefix("Blocking waiting for file lock") {
            step.doing(format!("waiting for another cargo to finish{rest}"));
        } else if ["Downloading ", "Downloaded ", "Updating ", "Locking "]
            .iter()
            .any(|status| words.starts_with(status))
        {
            step.doing(words.to_lowercase());
        } else if !words.starts_with("Finished ") {
            told.push_str(&line);
            told.push('\n');
        }
    }
    Ok(told.trim_end().to_owned())
}
