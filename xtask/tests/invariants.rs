//! The invariants of `docs/ARCHITECTURE.md`: each names what holds it, and the tests exist.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, fs, path::Path};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The names of all functions in the Rust files of a folder.
fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["target", "node_modules"].contains(&name.as_str()) {
            functions(&path, found);
        } else if name.ends_with(".rs") {
            let source = fs::read_to_string(&path).unwrap();
            let names = source.split("fn ").skip(1);
            found.extend(names.filter_map(|rest| Some(rest.split_once('(')?.0.to_owned())));
        }
    }
}

#[test]
fn every_invariant_names_what_holds_it() {
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let (_, section) = page.split_once("## Invariants\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let mut known = BTreeSet::new();
    for folder in ["deployer", "handlers", "stacks", "tests", "xtask"] {
        functions(&root().join(folder), &mut known);
    }
    let mut count = 0;
    for invariant in section.lines().filter(|line| line.starts_with("- ")) {
        let held = ["Test: ", "Tests: ", "Held by "]
            .iter()
            .filter_map(|word| invariant.find(word))
            .min()
            .unwrap_or_else(|| panic!("nothing is named that holds it: {invariant}"));
        let quoted = invariant[held..].split('`').skip(1).step_by(2);
        // A test has a title of several words; other names are types and files.
        for test in quoted.filter(|name| name.matches('_').count() > 2) {
            assert!(known.contains(test), "no test {test}: {invariant}");
        }
        count += 1;
    }
    assert!(count > 10, "only {count} invariants were found");
}

#[test]
fn the_aws_sdk_is_compiled_with_its_feature_alone() {
    let manifest = |member: &str| -> toml::Table {
        let text = fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
        text.parse().unwrap()
    };
    let deployer = manifest("deployer");
    let of_sdk: Vec<(&String, &toml::Value)> = deployer["dependencies"]
        .as_table()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.starts_with("aws-"))
        .collect();
    assert!(of_sdk.len() > 5, "{of_sdk:?}");
    for (name, dependency) in of_sdk {
        let is_optional = dependency.get("optional").and_then(toml::Value::as_bool);
        assert_eq!(is_optional, Some(true), "{name}");
    }
    for member in ["deployer", "xtask"] {
        let manifest = manifest(member);
        let features = manifest["features"].as_table().unwrap();
        let default = features
            .get("default")
            .map(|default| format!("{default:?}"));
        let has_aws = default.is_some_and(|default| default.contains("aws"));
        assert!(!has_aws, "{member} has the feature aws by default");
    }
}
