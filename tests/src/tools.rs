//! Programs that `cargo xtask test` installs under `.miyabi/tools`: what other people's tools say of
//! what the project writes.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::binaries::project;

/// A program from npm, of `xtask/tools/openapi/package.json`.
pub fn from_npm(name: &str) -> PathBuf {
    node_modules().join(".bin").join(name)
}

/// Where the packages from npm are installed, for programs that import them.
pub fn node_modules() -> PathBuf {
    project().join(".miyabi/tools/openapi/node_modules")
}

/// A program from PyPI, of `xtask/tools/requirements.txt`.
pub fn from_pypi(name: &str) -> PathBuf {
    project().join(".miyabi/tools/venv/bin").join(name)
}

/// What a program wrote and how it ended.
#[derive(Debug)]
pub struct ToolOutput {
    /// Whether it ended with 0.
    pub succeeded: bool,
    /// Standard output and standard error.
    pub text: String,
}

/// Runs a program in a folder. Panics when it is not installed.
pub async fn run_tool(program: &Path, arguments: &[&str], folder: &Path) -> ToolOutput {
    run_tool_with(program, arguments, folder, &[]).await
}

/// Runs a program in a folder, with variables of its environment.
pub async fn run_tool_with(
    program: &Path,
    arguments: &[&str],
    folder: &Path,
    variables: &[(&str, &str)],
) -> ToolOutput {
    let bin = program.parent().unwrap().display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = tokio::process::Command::new(program)
        .args(arguments)
        .current_dir(folder)
        // Tools start others of their folder by name.
        .env("PATH", format!("{bin}:{path}"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("REDOCLY_TELEMETRY", "off")
        .env("NO_COLOR", "1")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap_or_else(|error| {
            panic!(
                "{}: {error}; `cargo xtask test openapi` installs it",
                program.display()
            )
        });
    ToolOutput {
        succeeded: output.status.success(),
        text: format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// Runs a program that must end with 0; returns what it wrote.
#[track_caller]
pub fn expect_success(output: ToolOutput) -> String {
    assert!(output.succeeded, "{}", output.text);
    output.text
}
