//! Every command in a document is one that the command line takes.

use std::{fs, path::Path};

use clap::{Parser, error::ErrorKind};

use crate::commands::Cli;

const DOCUMENTS: &[&str] = &[
    "README.md",
    "CONTRIBUTING.md",
    "docs/ARCHITECTURE.md",
    "docs/deploying.md",
    "docs/operating.md",
    "deployer/prices/README.md",
];

/// A command, and whether it is one to type as it stands: a line of a block of code. In a sentence, one may
/// be named without its stage.
type Command = (String, bool);

fn commands(document: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut is_code = false;
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if is_code {
            // Output of a command quotes others between backticks.
            let typed = line.split('`').next().unwrap_or_default();
            let typed = typed.split_once("cargo xtask ");
            found.extend(typed.map(|(_, command)| (alone(command), true)));
        } else {
            let quoted = line.split("`cargo xtask ").skip(1);
            let quoted = quoted.filter_map(|rest| Some(rest.split_once('`')?.0));
            found.extend(quoted.map(|command| (alone(command), false)));
        }
    }
    found.retain(|(command, _)| command != "..");
    found
}

/// Without what the shell or a reader takes: a comment, a pipe, an explanation in a column of its own.
fn alone(command: &str) -> String {
    let ends = ["  ", " #", " |", ";", " >", " &"];
    let end = ends.iter().filter_map(|end| command.find(end)).min();
    command[..end.unwrap_or(command.len())].trim().to_owned()
}

/// As a shell splits it, quotes included.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in command.split('\'').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// Why the command line does not take it.
fn refusal(command: &str, is_whole: bool) -> Option<String> {
    let line = ["cargo xtask".to_owned()].into_iter();
    let refusal = Cli::try_parse_from(line.chain(words(command))).err()?;
    let is_a_part = matches!(
        refusal.kind(),
        ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    (refusal.use_stderr() && (is_whole || !is_a_part)).then(|| refusal.to_string())
}

#[test]
fn every_command_of_a_document_is_taken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut checked = 0;
    for path in DOCUMENTS {
        let document = fs::read_to_string(root.join(path)).unwrap();
        for (command, is_whole) in commands(&document) {
            let refusal = refusal(&command, is_whole);
            assert_eq!(refusal, None, "{path}: `cargo xtask {command}`");
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} commands were found");
}

#[test]
fn a_wrong_command_of_a_document_would_be_found() {
    let document = "`cargo xtask plan` or `cargo xtask plam`\n```\n\
        $ cargo xtask gc --stage dev   # deletes\nhint: `cargo xtask x`\n```\n";
    let found = commands(document);
    let expected = [("plan", false), ("plam", false), ("gc --stage dev", true)];
    let expected = expected.map(|(command, is_whole)| (command.to_owned(), is_whole));
    assert_eq!(found, expected);
    assert_eq!(refusal("plan", false), None);
    assert!(refusal("plan", true).is_some());
    assert!(refusal("plam", false).is_some());
    assert!(refusal("cost --stage prod --request 5", false).is_some());
    assert_eq!(words("psql -- -c 'a b'"), ["psql", "--", "-c", "a b"]);
}
