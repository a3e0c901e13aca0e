//! The words that docs/GLOSSARY.md retires, in everything that users read: documents, help, the
//! OpenAPI document, and the messages in the sources. `cargo xtask check` runs this test.

#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use regex::Regex;
use serde_json::Value;

/// A row of the glossary's table of retired phrases.
struct Retired {
    pattern: Regex,
    instead: String,
}

/// A text that a user reads.
struct Text {
    /// File and line, or file and JSON path.
    place: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of the table below the heading "Retired phrases": a pattern between backticks, then
/// what to write.
fn retired() -> Vec<Retired> {
    let glossary = read(&root().join("docs/GLOSSARY.md"));
    let (_, section) = glossary.split_once("## Retired phrases").unwrap();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| {
        let (pattern, instead) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some(Retired {
            pattern: Regex::new(&format!("(?i){}", pattern.replace("\\|", "|"))).unwrap(),
            instead: instead.trim_end_matches(" |").to_owned(),
        })
    });
    rows.collect()
}

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let skipped = [
        "target",
        ".miyabi",
        ".git",
        "node_modules",
        "decisions",
        "tests",
        "golden",
        "types",
    ];
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !skipped.contains(&name.as_str()) {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|end| end == extension)
            && !name.ends_with("tests.rs")
        {
            found.push(path);
        }
    }
}

/// Documents, without the glossary and dated decisions; and the help of all commands.
fn documents() -> Vec<Text> {
    let mut paths = Vec::new();
    files(&root(), "md", &mut paths);
    paths.retain(|path| !path.ends_with("GLOSSARY.md"));
    assert!(paths.iter().any(|path| path.ends_with("README.md")));
    files(&root().join("xtask/src/snapshots"), "snap", &mut paths);
    let lines = paths.iter().flat_map(|path| {
        let text = read(path);
        let numbered = text.lines().enumerate();
        let lines: Vec<Text> = numbered
            .map(|(number, line)| Text {
                place: format!("{}:{}", path.display(), number + 1),
                text: line.to_owned(),
            })
            .collect();
        lines
    });
    lines.collect()
}

/// Every description and summary of the OpenAPI document.
fn openapi() -> Vec<Text> {
    let document: Value =
        serde_json::from_str(&read(&root().join("frontend/openapi.json"))).unwrap();
    let mut texts = Vec::new();
    descriptions(&document, "openapi.json", &mut texts);
    assert!(texts.len() > 100, "{} descriptions", texts.len());
    texts
}

fn descriptions(value: &Value, place: &str, texts: &mut Vec<Text>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let place = format!("{place}/{name}");
                match member {
                    Value::String(text) if matches!(name.as_str(), "description" | "summary") => {
                        let text = text.clone();
                        texts.push(Text { place, text });
                    }
                    other => descriptions(other, &place, texts),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                descriptions(item, place, texts);
            }
        }
        _ => {}
    }
}

/// The string literals of the sources that are more than one word, outside of tests.
fn messages() -> Vec<Text> {
    let mut paths = Vec::new();
    for folder in ["deployer", "handlers", "stacks", "xtask", "bench"] {
        files(&root().join(folder), "rs", &mut paths);
    }
    let mut texts = Vec::new();
    for path in paths {
        let tokens: TokenStream = read(&path).parse().unwrap();
        literals(tokens, &path, &mut texts);
    }
    assert!(texts.len() > 500, "{} messages", texts.len());
    texts
}

fn literals(tokens: TokenStream, path: &Path, texts: &mut Vec<Text>) {
    let mut is_test = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let written = group.stream().to_string();
                match group.delimiter() {
                    // An attribute: its documentation is for readers of the code.
                    Delimiter::Bracket if written.starts_with("doc =") => {}
                    Delimiter::Bracket if written == "cfg (test)" => is_test = true,
                    Delimiter::Brace if is_test => is_test = false,
                    _ => literals(group.stream(), path, texts),
                }
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if text.contains('"') && text.contains(' ') {
                    let line = literal.span().start().line;
                    let place = format!("{}:{line}", path.display());
                    texts.push(Text { place, text });
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => is_test = false,
            _ => {}
        }
    }
}

#[test]
fn no_retired_phrase_reaches_a_user() {
    let retired = retired();
    assert!(
        retired.len() > 8,
        "{} patterns in docs/GLOSSARY.md",
        retired.len()
    );
    let found: Vec<String> = documents()
        .into_iter()
        .chain(openapi())
        .chain(messages())
        .filter_map(|Text { place, text }| {
            let rule = retired.iter().find(|rule| rule.pattern.is_match(&text))?;
            let hit = rule.pattern.find(&text)?.as_str();
            Some(format!(
                "{place}: `{hit}`, write {}: {}",
                rule.instead,
                text.trim()
            ))
        })
        .collect();
    assert!(
        found.is_empty(),
        "{} phrases:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn the_patterns_find_what_they_retire_and_nothing_else() {
    let retired = retired();
    let is_retired = |text: &str| retired.iter().any(|rule| rule.pattern.is_match(text));
    for text in [
        "Mend what is named above",
        "The stack is made anew.",
        "`x` is no route",
        "its port is no number",
        "It went back to what it was",
        "The plan tells what changes",
        "what is there already stays",
    ] {
        assert!(is_retired(text), "{text}");
    }
    for text in [
        "There is no stage `x`.",
        "It is no longer set.",
        "Amends the commit",
        "Go to the settings",
    ] {
        assert!(!is_retired(text), "{text}");
    }
}
