//! The rules of `deny.toml`, and that every declared dependency is used: what cargo-deny and
//! cargo-machete check, where neither is installed. `cargo xtask check` runs these tests.

#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use spdx::{Expression, ParseMode};

/// `deny.toml`, as far as it is read here.
#[derive(Deserialize)]
struct Rules {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<CrateRule>,
    skip: Vec<CrateRule>,
}

/// A crate, or a version of it (`syn@2`), with the reason for the rule.
#[derive(Deserialize)]
struct CrateRule {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
    /// Of a banned crate: who may depend on it all the same.
    #[serde(default)]
    wrappers: Vec<String>,
}

/// A package of `Cargo.lock`.
#[derive(Deserialize)]
struct Locked {
    name: String,
    /// `chrono`, or `syn 2.0.1` where there are several.
    #[serde(default)]
    dependencies: Vec<String>,
}

/// The crates that depend on one.
fn dependents(of: &str) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Lockfile {
        package: Vec<Locked>,
    }
    let text = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let lockfile: Lockfile = toml::from_str(&text).unwrap();
    let depends = |package: &Locked| {
        let mut names = package.dependencies.iter();
        names.any(|name| name.split(' ').next() == Some(of))
    };
    let packages = lockfile.package.into_iter().filter(depends);
    packages.map(|package| package.name).collect()
}

impl CrateRule {
    fn fits(&self, package: &Package) -> bool {
        match self.name.split_once('@') {
            None => self.name == package.name,
            Some((name, version)) => {
                let within = package.version.strip_prefix(version);
                name == package.name
                    && within.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }
        }
    }
}

/// A crate that is compiled for one of the targets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    license: String,
    /// `None`: it is part of this workspace.
    source: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rules() -> Rules {
    toml::from_str(&fs::read_to_string(root().join("deny.toml")).unwrap()).unwrap()
}

fn metadata(arguments: &[String]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked"])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packages(targets: &[String]) -> BTreeSet<Package> {
    let mut arguments = vec!["--all-features".to_owned()];
    arguments.extend(
        targets
            .iter()
            .map(|target| format!("--filter-platform={target}")),
    );
    let metadata = metadata(&arguments);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let resolved: BTreeSet<&str> = nodes
        .iter()
        .filter_map(|node| node["id"].as_str())
        .collect();
    let all = metadata["packages"].as_array().unwrap();
    all.iter()
        .filter(|package| resolved.contains(package["id"].as_str().unwrap()))
        .map(|package| Package {
            name: text(&package["name"]),
            version: text(&package["version"]),
            license: text(&package["license"]),
            source: package["source"].as_str().map(str::to_owned),
        })
        .collect()
}

#[test]
fn every_licence_is_allowed() {
    let rules = rules();
    let is_allowed = |license: &str| {
        // As cargo does: before SPDX expressions, a slash stood for OR.
        let expression = Expression::parse_mode(license, ParseMode::LAX);
        expression.is_ok_and(|expression| {
            expression.evaluate(|required| {
                let id = required.license.id().map(|id| id.name);
                id.is_some_and(|id| rules.licenses.allow.iter().any(|allowed| allowed == id))
            })
        })
    };
    assert!(is_allowed("MIT/Apache-2.0") && !is_allowed("AGPL-3.0-only") && !is_allowed(""));
    let refused: Vec<String> = packages(&rules.graph.targets)
        .into_iter()
        .filter(|package| !is_allowed(&package.license))
        .map(|package| format!("{} {}: {}", package.name, package.version, package.license))
        .collect();
    assert!(
        refused.is_empty(),
        "licences that deny.toml does not allow: {refused:#?}"
    );
}

#[test]
fn no_crate_is_banned_or_there_twice_without_a_reason() {
    let rules = rules();
    let packages = packages(&rules.graph.targets);
    for rule in &rules.bans.deny {
        let found = packages.iter().find(|package| rule.fits(package));
        if found.is_some() && !rule.wrappers.is_empty() {
            let allowed: BTreeSet<String> = rule.wrappers.iter().cloned().collect();
            assert_eq!(dependents(&rule.name), allowed, "banned: {}", rule.reason);
            continue;
        }
        assert_eq!(found, None, "banned: {}", rule.reason);
    }
    let mut versions: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in &packages {
        versions.entry(&package.name).or_default().push(package);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let skipped = |package: &&Package| rules.bans.skip.iter().any(|rule| rule.fits(package));
    let twice: Vec<String> = versions
        .values()
        .filter(|versions| versions.iter().filter(|package| !skipped(package)).count() > 1)
        .map(|versions| format!("{versions:?}"))
        .collect();
    assert!(
        twice.is_empty(),
        "several versions, and deny.toml skips none: {twice:#?}"
    );
    for rule in &rules.bans.skip {
        let needed = versions
            .values()
            .flatten()
            .any(|package| rule.fits(package));
        assert!(
            needed,
            "deny.toml skips {}, which is not there twice",
            rule.name
        );
        assert!(!rule.reason.is_empty(), "{} has no reason", rule.name);
    }
}

#[test]
fn every_crate_comes_from_the_registry() {
    let foreign: Vec<Package> = packages(&rules().graph.targets)
        .into_iter()
        .filter(|package| {
            let source = package.source.as_deref();
            source
                .is_some_and(|source| !source.starts_with("registry+https://github.com/rust-lang/"))
        })
        .collect();
    assert!(foreign.is_empty(), "{foreign:#?}");
}

#[test]
fn every_declared_dependency_is_used() {
    let metadata = metadata(&["--no-deps".to_owned()]);
    let unused: Vec<String> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(unused_in)
        .collect();
    assert!(unused.is_empty(), "declared and not used: {unused:#?}");
}

/// The dependencies of a package that none of its sources names.
fn unused_in(package: &Value) -> Vec<String> {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let mut sources = String::new();
    read_sources(manifest.parent().unwrap(), &mut sources);
    let ignored = package["metadata"]["cargo-machete"]["ignored"].as_array();
    let is_unused = |name: &&str| {
        let word = Regex::new(&format!(r"\b{}\b", name.replace('-', "_"))).unwrap();
        !word.is_match(&sources) && !ignored.into_iter().flatten().any(|ignored| ignored == name)
    };
    let declared = package["dependencies"].as_array().unwrap().iter();
    let names = declared.map(|dependency| {
        let renamed = dependency["rename"].as_str();
        renamed.unwrap_or_else(|| dependency["name"].as_str().unwrap())
    });
    names
        .filter(is_unused)
        .map(|name| format!("{name} of {}", package["name"]))
        .collect()
}

/// The Rust sources of one package, without those of packages in folders of it.
fn read_sources(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let is_other = path.join("Cargo.toml").exists() || path.ends_with("target");
        if path.is_dir() && !is_other {
            read_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
