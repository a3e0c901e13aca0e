//! Templates as YAML: block style, the order of the JSON, quotes where YAML would read something
//! else. Intrinsics stay in their long form (`Fn::GetAtt:`), which every parser reads.

use std::fmt::Write;

use serde_json::Value as Json;

/// The document, ending with a newline.
pub fn write(template: &Json) -> String {
    let mut out = String::new();
    match template {
        Json::Object(object) if !object.is_empty() => block(&mut out, template, 0),
        other => {
            scalar(&mut out, other);
            out.push('\n');
        }
    }
    out
}

/// The lines of a container that is not empty; the cursor is at the beginning of a line.
fn block(out: &mut String, value: &Json, indent: usize) {
    match value {
        Json::Object(object) => {
            for (key, value) in object {
                pad(out, indent);
                entry(out, key, value, indent);
            }
        }
        Json::Array(items) => {
            for item in items {
                pad(out, indent);
                out.push_str("- ");
                match item {
                    Json::Object(object) if !object.is_empty() => {
                        for (index, (key, value)) in object.iter().enumerate() {
                            if index > 0 {
                                pad(out, indent + 2);
                            }
                            entry(out, key, value, indent + 2);
                        }
                    }
                    Json::Array(inner) if !inner.is_empty() => {
                        out.push('\n');
                        block(out, item, indent + 2);
                    }
                    _ => {
                        scalar(out, item);
                        out.push('\n');
                    }
                }
            }
        }
        _ => {}
    }
}

fn entry(out: &mut String, key: &str, value: &Json, indent: usize) {
    text(out, key);
    out.push(':');
    let is_block = match value {
        Json::Object(object) => !object.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::String(value) if value.contains('\n') => return literal(out, value, indent + 2),
        _ => false,
    };
    if is_block {
        out.push('\n');
        block(out, value, indent + 2);
    } else {
        out.push(' ');
        scalar(out, value);
        out.push('\n');
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// A text of several lines, as it is. Falls back to quotes where the block form cannot hold it.
fn literal(out: &mut String, value: &str, indent: usize) {
    let awkward = value.starts_with([' ', '\n'])
        || value.contains(|character: char| character.is_control() && character != '\n');
    if awkward {
        let _ = writeln!(out, " {}", Json::from(value));
        return;
    }
    let body = value.trim_end_matches('\n');
    let ending = match value.len() - body.len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    };
    let _ = writeln!(out, " {ending}");
    let lines = if ending == "|+" {
        &value[..value.len() - 1]
    } else {
        body
    };
    for line in lines.split('\n') {
        if !line.is_empty() {
            pad(out, indent);
            out.push_str(line);
        }
        out.push('\n');
    }
}

fn scalar(out: &mut String, value: &Json) {
    match value {
        Json::String(value) => text(out, value),
        Json::Object(_) => out.push_str("{}"),
        Json::Array(_) => out.push_str("[]"),
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

/// Plain where every YAML version reads it as this text, double-quoted (JSON's form) elsewhere.
fn text(out: &mut String, value: &str) {
    let plain_start = value.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/');
    let plain_rest = value.chars().all(|character| {
        character.is_ascii_alphanumeric()
            || matches!(
                character,
                '_' | '-' | '.' | '/' | ':' | ' ' | '+' | '=' | ',' | '(' | ')' | '$' | ';'
            )
    });
    let reads_as_other = matches!(
        value.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "nan" | "inf"
    );
    if plain_start
        && plain_rest
        && !reads_as_other
        && !value.contains(": ")
        && !value.ends_with([':', ' '])
    {
        out.push_str(value);
    } else {
        let _ = write!(out, "{}", Json::from(value));
    }
}
