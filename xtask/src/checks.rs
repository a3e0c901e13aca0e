//! The named checks that `check` and `test` run: each is a tool that ends well or is shown whole.

use std::{path::PathBuf, time::Instant};

use deployer::{Error, project::Project};
use serde::Serialize;

use crate::{
    context::Context,
    process::{Ended, Tool},
    tools::Tools,
    ui::duration,
};

/// A check.
pub(crate) struct Check {
    /// Its name in the summary: `clippy`.
    pub(crate) name: &'static str,
    /// What it does, for people.
    pub(crate) title: &'static str,
    /// The tool.
    pub(crate) tool: Tool,
}

/// What came of a check.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whether it ended well.
    pub(crate) ok: bool,
    /// How long it took.
    pub(crate) seconds: f64,
}

/// The checks of the Rust code that need nothing but Rust.
pub(crate) fn rust(project: &Project) -> Vec<Check> {
    let root = project.root();
    let cargo = |arguments: &[&str]| Tool::cargo(arguments).within(root);
    vec![
        Check {
            name: "fmt",
            title: "Checking the format",
            tool: cargo(&["fmt", "--all", "--check"]),
        },
        Check {
            name: "clippy",
            title: "Checking with clippy",
            tool: cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--features",
                "miyabi-tests/aws,xtask/aws",
                "--",
                "-D",
                "warnings",
            ]),
        },
    ]
}

/// Dependencies against `deny.toml`, and that each is used; what users read against the phrases that
/// `docs/GLOSSARY.md` retires; the numbers of decisions and the links of documents.
/// `test` runs these with all other tests.
pub(crate) fn house_rules(project: &Project) -> Vec<Check> {
    let rule = |name: &'static str, title| Check {
        name,
        title,
        tool: Tool::cargo(&["test", "--quiet", "--package", "xtask", "--test", name])
            .within(project.root()),
    };
    vec![
        rule("dependencies", "Checking licences and dependencies"),
        rule("words", "Checking messages against the glossary"),
        rule("documents", "Checking decisions and links"),
    ]
}

/// The linters of what is not Rust.
pub(crate) fn linters(project: &Project, tools: &Tools) -> Result<Vec<Check>, Error> {
    let mut migrations = files(project, "migrations", "sql")?;
    // The dump is made by PostgreSQL, and nobody runs it.
    migrations.retain(|path| !path.ends_with("schema.sql"));
    let templates = files(project, "stacks/golden", "yaml")?;
    let mut squawk = vec!["--pg-version=15.0"];
    squawk.extend(migrations.iter().map(String::as_str));
    let mut lint = vec!["--non-zero-exit-code", "warning", "--"];
    lint.extend(templates.iter().map(String::as_str));
    let mut checks = vec![Check {
        name: "squawk",
        title: "Linting the migrations",
        tool: Tool::new(tools.program("squawk"), &squawk).within(project.root()),
    }];
    if !templates.is_empty() {
        checks.push(Check {
            name: "cfn-lint",
            title: "Linting the templates",
            tool: Tool::new(tools.program("cfn-lint"), &lint).within(project.root()),
        });
    }
    Ok(checks)
}

/// Runs a check; when it fails, everything that it said is shown.
pub(crate) async fn run(context: &Context, check: Check) -> Result<(Outcome, Ended), Error> {
    let began = Instant::now();
    let step = context.ui.progress().step(check.name, check.title);
    let shown = check.tool.to_string();
    let ended = context
        .interrupt
        .or(check.tool.run(|line| step.doing(line.trim().to_owned())))
        .await?;
    let seconds = began.elapsed().as_secs_f64();
    if ended.well {
        step.done("");
    } else {
        drop(step);
        context.ui.say(&format!(
            "`{shown}` failed after {}:\n{}",
            duration(began.elapsed()),
            ended.said.trim_end()
        ));
    }
    Ok((
        Outcome {
            name: check.name,
            ok: ended.well,
            seconds,
        },
        ended,
    ))
}

/// The files of a folder and its folders with that end, as paths from the root, sorted.
fn files(project: &Project, folder: &str, end: &str) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(project.root().join(&folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == end) {
                found.push(path.display().to_string());
            }
        }
    }
    found.sort();
    Ok(found)
}
