//! Every command in a message is one that the command line takes, with the options that it needs.

use std::{fs, path::Path};

use clap::Parser;

use crate::commands::Cli;

/// The commands between backticks in the string literals of a source file, tests and comments left out.
fn commands(source: &str) -> Vec<String> {
    let program = source.split("#[cfg(test)]").next().unwrap_or_default();
    let code: String = program
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut found = Vec::new();
    for part in code.split("`cargo xtask ").skip(1) {
        if let Some((command, _)) = part.split_once('`') {
            found.push(command.to_owned());
        }
    }
    found
}

/// The command with what the program fills in, as a shell would split it.
fn filled(command: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = command;
    while let Some((before, after)) = rest.split_once('{') {
        let (_, after) = after.split_once('}').unwrap();
        text += before;
        text += "filled";
        rest = after;
    }
    text += rest;
    text.split_whitespace().map(str::to_owned).collect()
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_command_of_a_hint_is_taken_as_it_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["xtask/src", "deployer/src", "stacks/src"] {
        sources(&root.join(folder), &mut files);
    }
    let mut checked = 0;
    for (file, source) in files {
        for command in commands(&source) {
            // Names that nobody can type as they are: the reader is left to guess.
            assert!(!command.contains("STAGE"), "{file}: `{command}`");
            let words = ["cargo xtask".to_owned()]
                .into_iter()
                .chain(filled(&command));
            if let Err(refusal) = Cli::try_parse_from(words) {
                let is_wrong = refusal.use_stderr();
                assert!(!is_wrong, "{file}: `cargo xtask {command}`\n{refusal}");
            }
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} commands were found");
}

#[test]
fn a_command_without_its_stage_would_be_found() {
    assert_eq!(filled("gc --stage {name}"), ["gc", "--stage", "filled"]);
    assert!(Cli::try_parse_from(["cargo xtask", "gc"]).is_err());
    let source =
        "/// `cargo xtask x`\nlet hint = \"`cargo xtask y`\";\n#[cfg(test)]\n\"`cargo xtask z`\"";
    assert_eq!(commands(source), ["y"]);
}
