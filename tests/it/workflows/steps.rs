//! Each `run:` step of a workflow is run by a test, or has a reason why not.

use std::fs;

use miyabi_tests::Value;

use super::root;

/// Steps that no test here runs, and the reason.
const NOT_RUN: &[(&str, &str)] = &[
    (
        "deploy.yml staging Build the functions",
        "compiles with the release profile",
    ),
    ("deploy.yml staging Plan", "AWS"),
    ("deploy.yml staging Deploy", "AWS"),
    ("deploy.yml staging Address", "AWS"),
    (
        "deploy.yml integration Test staging through its public address",
        "is tests of this binary, deployed::",
    ),
    (
        "deploy.yml prod-plan Build the functions again",
        "compiles with the release profile",
    ),
    ("deploy.yml prod-plan Plan", "AWS"),
    ("deploy.yml prod Deploy", "AWS"),
    (
        "drift.yml drift Compare what is deployed with the templates",
        "AWS",
    ),
    (
        "pantheon-ci.yml frontend Lint",
        "the module dashboard runs it",
    ),
    (
        "pantheon-ci.yml frontend Types",
        "the build of the site checks them",
    ),
    (
        "pantheon-ci.yml frontend Tests",
        "the module dashboard runs it",
    ),
    (
        "pantheon-ci.yml openapi The document is that of the functions",
        "`cargo xtask check` and the module openapi compare it",
    ),
    (
        "pantheon-ci.yml openapi Linters, generated clients, and requests made from the document",
        "is tests of this binary, openapi::",
    ),
    (
        "rust-ci.yml check Format, clippy, generated files, licences and documents",
        "`cargo xtask test` begins with it",
    ),
    ("rust-ci.yml test All tests", "is this"),
];

/// Steps that tests of this module run.
const RUN: &[&str] = &[
    "deploy.yml plan Check out the target branch",
    "deploy.yml plan Templates of the target branch",
    "deploy.yml plan Plan of staging",
    "deploy.yml comment Write the comment, or update the one from before",
    "deploy.yml staging Pack functions and site",
    "deploy.yml prod-plan Refuse to continue when nobody has to approve",
    "deploy.yml prod-plan Unpack functions and site of staging",
    "deploy.yml approval The plan in the summary of this run is approved",
    "deploy.yml prod Unpack functions and site",
    "prices.yml refresh Refresh",
    "prices.yml propose Propose the prices, or update the proposal from before",
];

#[test]
fn every_step_is_run_here_or_has_a_reason_why_not() {
    let mut steps = Vec::new();
    for entry in fs::read_dir(root().join(".github/workflows")).unwrap() {
        let path = entry.unwrap().path();
        let workflow: Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let file = path.file_name().unwrap().to_str().unwrap();
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            for step in job["steps"].as_array().into_iter().flatten() {
                if step["run"].is_string() {
                    steps.push(format!("{file} {name} {}", step["name"].as_str().unwrap()));
                }
            }
        }
    }
    let not_run = NOT_RUN.iter().map(|(step, _)| *step);
    let mut listed: Vec<&str> = not_run.chain(RUN.iter().copied()).collect();
    steps.sort();
    listed.sort_unstable();
    assert_eq!(steps, listed);
    // What is said to run does.
    let own = [include_str!("../workflows.rs"), include_str!("prices.rs")].concat();
    for step in RUN {
        let name = step.splitn(3, ' ').nth(2).unwrap();
        let quoted = format!("\"{name}\"");
        assert!(own.contains(&quoted), "no test runs `{step}`");
    }
}
