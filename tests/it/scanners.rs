//! Public scanners over the templates: what checkov says of the resources and cloudsplaining of
//! the policies is exactly what decision 0011 accepts, with a reason for each finding. A new
//! finding fails, and so does an accepted one that is no longer found.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use miyabi_tests::{Value, expect_success, json, run_tool};
use stacks::{
    Assets, Stage,
    bootstrap::{GithubRepository, bootstrap},
};

mod checkov;
mod cloudsplaining;

/// Without `local`, whose templates never go to AWS.
const STAGES: [&str; 4] = ["sandbox", "dev", "staging", "prod"];

/// A finding: the check or the kind and action, and where.
type Finding = (String, String);

/// The stages of each finding.
type Findings = BTreeMap<Finding, BTreeSet<String>>;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A program of the scanners' environment, of `xtask/tools/scanners/requirements.txt`.
fn program(name: &str) -> PathBuf {
    project().join(".miyabi/tools/scanners/bin").join(name)
}

/// All templates of a stage, by the short names of their stacks.
fn templates(stage: &str) -> BTreeMap<String, Value> {
    let stage = Stage::built_in(stage).unwrap();
    let app = stacks::synth(&stage, &Assets::placeholder()).unwrap();
    let repository = GithubRepository {
        name: "acme/miyabi".to_owned(),
        provider_exists: false,
    };
    let bootstrap = bootstrap(&stage, Some(&repository)).unwrap();
    app.stacks()
        .iter()
        .chain([&bootstrap])
        .map(|stack| (stack.name().to_owned(), stack.template().clone()))
        .collect()
}

/// What decision 0011 accepts, from the table below the heading of the scanner: findings, places, and
/// the stages in which each finding is in each place.
fn accepted(scanner: &str) -> Findings {
    let path = project().join("docs/decisions/0011-accepted-findings.md");
    let record = fs::read_to_string(path).unwrap();
    let (_, section) = record
        .split_once(&format!("\n### {scanner}\n"))
        .expect("a heading for the scanner");
    let section = section.split("\n##").next().unwrap();
    let mut findings = Findings::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [kinds, places, stages, reason] = cells[..] else {
            panic!("a row has four cells: {row}");
        };
        assert!(reason.len() > 20, "no reason: {row}");
        let stages = match stages {
            "all" => STAGES.map(str::to_owned).into(),
            named => named.split(", ").map(str::to_owned).collect(),
        };
        for (kind, place) in pairs(kinds, places) {
            let added = findings.insert((kind, place), BTreeSet::clone(&stages));
            assert!(added.is_none(), "twice: {row}");
        }
    }
    findings
}

/// Each of one list of code spans with each of another.
fn pairs(left: &str, right: &str) -> Vec<Finding> {
    let spans = |cell: &str| -> Vec<String> {
        let spans = cell.split(", ").map(|span| span.trim_matches('`'));
        spans.map(str::to_owned).collect()
    };
    let right = spans(right);
    let each = spans(left).into_iter().flat_map(|left| {
        let with = |right: &String| (left.clone(), right.clone());
        right.iter().map(with).collect::<Vec<_>>()
    });
    each.collect()
}

/// Compares what was found with what is accepted, and shows both differences.
#[track_caller]
fn assert_reviewed(scanner: &str, found: &Findings) {
    let accepted = accepted(scanner);
    let lines = |findings: &Findings| -> BTreeSet<String> {
        let each = findings.iter().flat_map(|((finding, place), stages)| {
            let line = move |stage| format!("{finding} of {place} in {stage}");
            stages.iter().map(line)
        });
        each.collect()
    };
    let (found, accepted) = (lines(found), lines(&accepted));
    let new: Vec<&String> = found.difference(&accepted).collect();
    let stale: Vec<&String> = accepted.difference(&found).collect();
    assert!(
        new.is_empty() && stale.is_empty(),
        "{scanner} finds, and decision 0011 does not accept: {new:#?}\naccepted, and not found: {stale:#?}"
    );
}
