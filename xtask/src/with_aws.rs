//! How a command that needs AWS becomes itself, built with the feature `aws`.
//!
//! Whoever stays on `local` compiles nothing of the AWS SDK. The build gets the environment of an
//! inner cargo; the command then gets all of ours, since credentials may come from any variable.

use std::{env, os::unix::process::CommandExt, path::PathBuf, process::Command};

use deployer::{
    Error,
    progress::{Progress, Step},
    project::Project,
};
use serde_json::Value;

use crate::process::Tool;

/// Replaces this process by the same command with AWS built in. Returns only when that fails.
pub(crate) async fn with_aws(project: &Project, progress: &Progress) -> Error {
    match build(project, progress).await {
        Ok(program) => {
            not_built().because(Command::new(program).args(env::args_os().skip(1)).exec())
        }
        Err(error) => error,
    }
}

/// Builds the command line with AWS; returns its path. Says so only when something is compiled.
async fn build(project: &Project, progress: &Progress) -> Result<PathBuf, Error> {
    let arguments = [
        "build",
        "--package",
        "xtask",
        "--features",
        "aws",
        "--message-format",
        "json-render-diagnostics",
    ];
    let mut step: Option<Step> = None;
    let mut compiled = 0_usize;
    let built = Tool::cargo(&arguments)
        .within(project.root())
        .run(|line| {
            if let Some(name) = line.trim_start().strip_prefix("Compiling ") {
                compiled += 1;
                let step = step.get_or_insert_with(|| {
                    progress.step("aws", "Building the command line with AWS")
                });
                step.doing(format!("compiling {name} ({compiled})"));
            }
        })
        .await?;
    if !built.well {
        let said: Vec<&str> = built
            .said
            .lines()
            .filter(|line| !line.starts_with('{'))
            .collect();
        return Err(not_built().because(said.join("\n")));
    }
    if let Some(step) = step {
        step.done("");
    }
    built
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .ok_or_else(not_built)
}

fn not_built() -> Error {
    Error::failed(
        "The command line could not be built with AWS.",
        "Fix what the compiler reports, then run `cargo build --package xtask --features aws`",
    )
}
