//! The pipelines in `.github`: each command of a step is one that the command line takes, and
//! production gets what was tested and approved. What linters know is in `tests/it/workflows.rs`,
//! which also runs steps.

mod rights;

use std::{fs, path::PathBuf};

use clap::Parser;
use regex::Regex;
use serde_json::Value;

use crate::commands::Cli;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A workflow, or an action of this repository.
struct File {
    path: String,
    text: String,
    yaml: Value,
}

impl File {
    fn new(path: &str, text: String) -> File {
        let yaml = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let path = path.to_owned();
        File { path, text, yaml }
    }

    fn is_workflow(&self) -> bool {
        self.path.contains("workflows/")
    }

    /// The jobs by name; an action has none.
    fn jobs(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.yaml["jobs"].as_object().into_iter().flatten()
    }

    /// The steps of all jobs, or of the action.
    fn steps(&self) -> impl Iterator<Item = &Value> {
        let of_jobs = self.jobs().map(|(_, job)| &job["steps"]);
        let steps = of_jobs.chain([&self.yaml["runs"]["steps"]]);
        steps.filter_map(Value::as_array).flatten()
    }

    fn scripts(&self) -> impl Iterator<Item = &str> {
        self.steps().filter_map(|step| step["run"].as_str())
    }
}

fn files() -> Vec<File> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in [".github/workflows", ".github/actions"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            paths.push(if path.is_dir() {
                path.join("action.yml")
            } else {
                path
            });
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        File::new(
            &path.strip_prefix(root()).unwrap().display().to_string(),
            text,
        )
    };
    paths.into_iter().map(read).collect()
}

fn file(name: &str) -> File {
    let mut files = files();
    let position = files.iter().position(|file| file.path.ends_with(name));
    files.swap_remove(position.unwrap())
}

/// The arguments of each `cargo xtask` in a script, as the shell would split them, with `filled` for
/// what a variable gives.
fn commands(script: &str) -> Vec<Vec<String>> {
    let script = script.replace("\\\n", " ");
    let variable = Regex::new(r"\$\{?\w+\}?").unwrap();
    let arguments = |command: &str| {
        // Up to where the shell pipes, redirects, or ends the command.
        let ends = command.find(['|', '>', '<', ';', '&', ')', '\n']);
        let command = variable.replace_all(&command[..ends.unwrap_or(command.len())], "filled");
        let words = command.split_whitespace().map(|word| word.replace('"', ""));
        words.collect()
    };
    script
        .split("cargo xtask ")
        .skip(1)
        .map(arguments)
        .collect()
}

#[test]
fn every_command_of_a_step_is_taken_as_it_stands() {
    let mut checked = 0;
    for file in files() {
        for script in file.scripts() {
            // Whatever else a step would do with cargo, nobody could do with the command line.
            let path = &file.path;
            let by_itself = script.replace("cargo xtask ", "");
            assert!(!by_itself.contains("cargo "), "{path}: {script}");
            for arguments in commands(script) {
                let words = ["cargo xtask"].into_iter();
                let words = words.chain(arguments.iter().map(String::as_str));
                if let Err(refusal) = Cli::try_parse_from(words) {
                    panic!("{path}: `cargo xtask {}`\n{refusal}", arguments.join(" "));
                }
                let stage = arguments
                    .iter()
                    .skip_while(|word| *word != "--stage")
                    .nth(1);
                if let Some(stage) = stage.filter(|stage| *stage != "filled") {
                    let stage = root().join(format!("stacks/stages/{stage}.yaml"));
                    assert!(stage.is_file(), "{path}: {}", stage.display());
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 10, "only {checked} commands were found");
}

#[test]
fn a_command_is_found_wherever_a_script_has_it() {
    let script = "a=$(cargo xtask outputs --stage staging --json)\n\
        cargo xtask plan --stage \"$STAGE\" \\\n  --out \"$RUNNER_TEMP/a.json\" >> \"$SUMMARY\"\n";
    assert_eq!(
        commands(script),
        [
            &["outputs", "--stage", "staging", "--json"][..],
            &["plan", "--stage", "filled", "--out", "filled/a.json"],
        ]
    );
}

#[test]
fn the_pipelines_compile_with_the_oldest_rust_that_is_supported() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let oldest = manifest["workspace"]["package"]["rust-version"]
        .as_str()
        .unwrap();
    let version = Regex::new(r"\b1\.\d+\.\d+\b").unwrap();
    for (name, times) in [("rust/action.yml", 2), ("rust-ci.yml", 1)] {
        let file = file(name);
        let found = version.find_iter(&file.text).map(|found| found.as_str());
        assert_eq!(
            found.collect::<Vec<_>>(),
            vec![format!("{oldest}.0"); times],
            "{name}"
        );
    }
}

#[test]
fn production_gets_the_approved_plan_after_staging_was_tested() {
    let deploy = file("deploy.yml");
    let jobs = &deploy.yaml["jobs"];
    for (job, needed) in [
        ("comment", serde_json::json!("plan")),
        ("staging", serde_json::json!(["rust", "frontend"])),
        ("integration", serde_json::json!("staging")),
        ("prod-plan", serde_json::json!("integration")),
        ("approval", serde_json::json!("prod-plan")),
        ("prod", serde_json::json!("approval")),
    ] {
        assert_eq!(jobs[job]["needs"], needed, "{job}");
    }
    assert_eq!(jobs["approval"]["environment"], "prod-approval");
    // What only looks at a stage has the role that can change nothing, by an environment of its own.
    let drift = file("drift.yml");
    let planning = [
        (&jobs["prod-plan"], "prod-plan"),
        (&drift.yaml["jobs"]["drift"], "${{ matrix.stage }}-plan"),
    ];
    for (job, environment) in planning {
        assert_eq!(job["environment"], environment);
        let text = job.to_string();
        assert!(
            text.contains("vars.PLAN_ROLE") && !text.contains("vars.DEPLOY_ROLE"),
            "{text}"
        );
    }
    // The code of a pull request gets no credentials.
    assert_eq!(
        jobs["plan"]["permissions"],
        serde_json::json!({ "contents": "read" })
    );
    // A person is asked before data is lost or somebody's change is overwritten.
    for script in deploy.scripts() {
        for arguments in commands(script)
            .iter()
            .filter(|arguments| arguments[0] == "deploy")
        {
            let has = |option: &str| arguments.iter().any(|argument| argument == option);
            assert!(has("--plan") && has("--yes"), "{arguments:?}");
            assert!(!has("--confirm") && !has("--allow-drift"), "{arguments:?}");
        }
    }
}

#[test]
fn the_scripts_of_the_frontend_exist() {
    // Until somebody writes the frontend, the steps are skipped.
    let Ok(package) = fs::read_to_string(root().join("frontend/package.json")) else {
        return;
    };
    let package: Value = serde_json::from_str(&package).unwrap();
    let script = Regex::new(r"npm (?:run )?([\w:]+)(.*)").unwrap();
    for file in [file("pantheon-ci.yml"), file("site/action.yml")] {
        for found in file.scripts().flat_map(|text| script.captures_iter(text)) {
            let is_optional = &found[1] == "ci" || found[2].contains("--if-present");
            let exists = package["scripts"][&found[1]].is_string();
            assert!(is_optional || exists, "{}: {}", file.path, &found[0]);
        }
    }
}
