//! Documents: each decision record has a number of its own, links lead to files, and messages that are
//! quoted exist.

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path, process::Command};

use regex::Regex;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The Markdown files that git has, or would add.
fn documents() -> Vec<String> {
    let arguments = [
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        "*.md",
    ];
    let output = Command::new("git")
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let paths = String::from_utf8(output.stdout).unwrap();
    let existing = paths.lines().filter(|path| root().join(path).exists());
    existing.map(str::to_owned).collect()
}

#[test]
fn decisions_are_numbered_without_a_gap_and_by_their_titles() {
    let mut names: Vec<String> = documents()
        .into_iter()
        .filter_map(|path| Some(path.strip_prefix("docs/decisions/")?.to_owned()))
        .collect();
    names.sort();
    assert!(names.len() >= 13, "{names:?}");
    for (index, name) in names.iter().enumerate() {
        let number = format!("{:04}", index + 1);
        let text = fs::read_to_string(root().join("docs/decisions").join(name)).unwrap();
        assert!(name.starts_with(&format!("{number}-")), "{name}: {number}");
        assert!(
            text.starts_with(&format!("# {number} ")),
            "{name}: {number}"
        );
    }
}

#[test]
fn links_lead_to_files() {
    let link = Regex::new(r"\]\(([^)#\s]+)(#[^)]*)?\)").unwrap();
    let mut broken = Vec::new();
    let mut count = 0;
    for path in documents() {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let folder = root().join(&path).parent().unwrap().to_owned();
        let targets = link.captures_iter(&text).map(|found| found[1].to_owned());
        for target in targets.filter(|target| !target.contains(':')) {
            count += 1;
            if !folder.join(&target).exists() {
                broken.push(format!("{path}: {target}"));
            }
        }
    }
    assert!(count > 10, "{count} links");
    assert!(broken.is_empty(), "{broken:#?}");
}

/// What the source has as a value: `was not {done}`, `Not approved: {}`.
const WITH_A_VALUE: &[&str] = &[
    "was not created: X failed",
    "was not updated: X failed. It was rolled back",
];

#[test]
fn messages_that_deploying_md_quotes_are_those_of_the_deployer() {
    let text = fs::read_to_string(root().join("docs/deploying.md")).unwrap();
    let source = rust_source(&["deployer/src", "xtask/src"]);
    let quoted = Regex::new(r"`([^`]*\.\.[^`]*)`").unwrap();
    let mut missing = Vec::new();
    let mut count = 0;
    let rows = text.lines().filter(|line| line.starts_with("| "));
    for row in rows.flat_map(|row| row.split(" | ").take(2)) {
        for message in quoted.captures_iter(row).map(|found| found[1].to_owned()) {
            let pieces = message
                .split("..")
                .map(|piece| piece.trim_matches([' ', ',', ':', '.', ';', '(', ')']));
            for piece in pieces.filter(|piece| piece.contains(' ')) {
                count += 1;
                if !source.contains(piece) && !WITH_A_VALUE.contains(&piece) {
                    missing.push(format!("{message}: {piece}"));
                }
            }
        }
    }
    assert!(count >= 12, "{count} pieces");
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The text of all Rust files below these folders, lines of a string joined.
fn rust_source(folders: &[&str]) -> String {
    let mut left: Vec<_> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut source = String::new();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|end| end == "rs") {
            source += &fs::read_to_string(path).unwrap();
        }
    }
    Regex::new(r"\\\n\s*")
        .unwrap()
        .replace_all(&source, "")
        .into_owned()
}
