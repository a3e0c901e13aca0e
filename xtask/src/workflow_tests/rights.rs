//! What the jobs of the pipelines may do, and that they run no action that somebody could exchange.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::{File, files, root};

/// What is wrong with the rights of a workflow or an action.
fn faults(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    for word in ["secrets.", "pull_request_target", "workflow_run", "-latest"] {
        if file.text.contains(word) {
            faults.push(format!("`{word}` occurs"));
        }
    }
    faults.extend(unpinned(&file.text));
    for step in file.steps() {
        let is_checkout = step["uses"]
            .as_str()
            .unwrap_or("")
            .starts_with("actions/checkout@");
        if is_checkout && step["with"]["persist-credentials"] != false {
            faults.push("a checkout keeps its token".to_owned());
        }
    }
    if file.is_workflow() && file.yaml["permissions"] != serde_json::json!({}) {
        faults.push("the workflow has permissions of its own".to_owned());
    }
    for (name, job) in file.jobs() {
        faults.extend(job_faults(job).map(|fault| format!("{name} {fault}")));
    }
    faults
}

fn job_faults(job: &Value) -> impl Iterator<Item = &'static str> {
    let empty = serde_json::Map::new();
    let permissions = job["permissions"].as_object();
    let has = |right: &str| permissions.is_some_and(|all| all.contains_key(right));
    let usual = [
        "contents=read",
        "contents=write",
        "actions=read",
        "id-token=write",
        "issues=write",
        "pull-requests=write",
    ];
    let unusual = permissions.unwrap_or(&empty).iter().any(|(right, level)| {
        !usual.contains(&format!("{right}={}", level.as_str().unwrap_or("")).as_str())
    });
    let runs = job["steps"].is_array();
    let writes_contents =
        permissions.is_some_and(|all| all.get("contents") == Some(&"write".into()));
    let checks_out = job["steps"].to_string().contains("actions/checkout@");
    [
        (permissions.is_none(), "names no permissions"),
        (unusual, "has a permission that no job here needs"),
        (
            has("id-token") && job["environment"].is_null(),
            "gets an identity without an environment, whose rules would protect it",
        ),
        (
            has("pull-requests") && checks_out,
            "may write to a pull request and runs its code",
        ),
        (
            writes_contents && checks_out,
            "may write to the repository and runs its code",
        ),
        (
            runs && job["timeout-minutes"].is_null(),
            "has no time limit",
        ),
    ]
    .into_iter()
    .filter_map(|(is_so, fault)| is_so.then_some(fault))
}

/// Actions of others that are not named by commit and version.
fn unpinned(text: &str) -> Vec<String> {
    let pinned = Regex::new(r"^[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$").unwrap();
    let uses = text.lines().filter_map(|line| {
        let line = line.trim().trim_start_matches("- ");
        line.strip_prefix("uses: ")
    });
    let is_usable = |action: &str| match action.strip_prefix("./") {
        Some(own) => [root().join(own), root().join(own).join("action.yml")]
            .iter()
            .any(|path| path.is_file()),
        None => pinned.is_match(action),
    };
    uses.filter(|action| !is_usable(action))
        .map(|action| format!("`{action}` is not an action that can be used"))
        .collect()
}

#[test]
fn every_job_has_the_least_rights_and_every_action_is_pinned() {
    let files = files();
    assert!(files.len() >= 7, "{} files", files.len());
    for file in files {
        assert_eq!(faults(&file), [""; 0], "{}", file.path);
    }
}

#[test]
fn what_is_wrong_with_a_workflow_is_found() {
    let text = "
on: pull_request_target
jobs:
  plan:
    runs-on: ubuntu-latest
    permissions:
      contents: write
      id-token: write
      packages: write
      pull-requests: write
    steps:
      - uses: actions/checkout@v7 # v7.0.1
      - uses: ./.github/actions/missing
  tests:
    uses: ./.github/workflows/rust-ci.yml
";
    let file = File::new("workflows/wrong.yml", text.to_owned());
    insta::assert_snapshot!(faults(&file).join("\n"), @r"
    `pull_request_target` occurs
    `-latest` occurs
    `actions/checkout@v7 # v7.0.1` is not an action that can be used
    `./.github/actions/missing` is not an action that can be used
    a checkout keeps its token
    the workflow has permissions of its own
    plan has a permission that no job here needs
    plan gets an identity without an environment, whose rules would protect it
    plan may write to a pull request and runs its code
    plan may write to the repository and runs its code
    plan has no time limit
    tests names no permissions
    ");
}

#[test]
fn an_action_has_one_version_in_all_files() {
    let used = Regex::new(r"uses: ([\w./-]+)@(\S+ # \S+)").unwrap();
    let mut versions: BTreeMap<String, String> = BTreeMap::new();
    for file in files() {
        for found in used.captures_iter(&file.text) {
            let version = found[2].to_owned();
            let before = versions
                .entry(found[1].to_owned())
                .or_insert(version.clone());
            assert_eq!(*before, version, "{} in {}", &found[1], file.path);
        }
    }
    assert!(versions.len() >= 6, "{versions:?}");
}
