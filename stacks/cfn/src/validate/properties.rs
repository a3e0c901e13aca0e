//! One value against one node of a schema.

mod object;

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock},
};

use regex::Regex;
use serde_json::Value as Json;

use super::Report;
use crate::Schema;

/// Reports everything in `value` that `node` does not allow.
pub(super) fn check(
    schema: &Schema,
    node: &Json,
    value: &Json,
    id: &str,
    path: &str,
    report: &mut Report,
) {
    if is_intrinsic(value) {
        return;
    }
    let node = schema.resolve(node);
    if !has_type(node, value) {
        let wanted = match &node["type"] {
            Json::Array(types) => types
                .iter()
                .filter_map(Json::as_str)
                .collect::<Vec<_>>()
                .join(" or "),
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        return report.add(
            id,
            path,
            format!("Found {}; it must be of type {wanted}.", short(value)),
        );
    }
    match value {
        Json::Object(fields) => object::check(schema, node, fields, id, path, report),
        Json::Array(items) => array(schema, node, items, id, path, report),
        Json::String(text) => string(node, text, id, path, report),
        Json::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            if node["minimum"].as_f64().is_some_and(|least| number < least)
                || node["maximum"].as_f64().is_some_and(|most| number > most)
            {
                let range = range(&node["minimum"], &node["maximum"]);
                report.add(id, path, format!("Found {value}; it must be {range}."));
            }
        }
        _ => {}
    }
    if let Some(allowed) = node["enum"].as_array()
        && !allowed
            .iter()
            .any(|word| word == value || word.as_str().is_some_and(|word| text_of(value) == word))
    {
        let words: Vec<String> = allowed.iter().take(12).map(short).collect();
        let more = if allowed.len() > 12 {
            format!(" and {} more", allowed.len() - 12)
        } else {
            String::new()
        };
        report.add(
            id,
            path,
            format!(
                "Found {}; allowed are {}{more}.",
                short(value),
                words.join(", ")
            ),
        );
    }
    alternatives(schema, node, value, id, path, report);
}

/// `{"Ref": ..}`, `{"Fn::..": ..}`.
pub(super) fn is_intrinsic(value: &Json) -> bool {
    value.as_object().is_some_and(|object| {
        object.len() == 1
            && object
                .keys()
                .all(|key| key == "Ref" || key.starts_with("Fn::"))
    })
}

/// CloudFormation reads `"5"` as a number and `5` as a text, and so does this.
fn has_type(node: &Json, value: &Json) -> bool {
    let fits = |name: &str| match (name, value) {
        ("string", Json::String(_) | Json::Number(_) | Json::Bool(_)) => true,
        ("integer", Json::Number(number)) => number.is_i64() || number.is_u64(),
        ("number", Json::Number(_)) | ("boolean", Json::Bool(_)) => true,
        ("integer" | "number", Json::String(text)) => text.parse::<f64>().is_ok(),
        ("boolean", Json::String(text)) => matches!(text.as_str(), "true" | "false"),
        ("array", Json::Array(_)) | ("object", Json::Object(_)) => true,
        _ => false,
    };
    match &node["type"] {
        Json::String(name) => fits(name),
        Json::Array(names) => names.iter().filter_map(Json::as_str).any(fits),
        _ => true,
    }
}

fn array(schema: &Schema, node: &Json, items: &[Json], id: &str, path: &str, report: &mut Report) {
    let count = items.len() as f64;
    if node["minItems"].as_f64().is_some_and(|least| count < least)
        || node["maxItems"].as_f64().is_some_and(|most| count > most)
    {
        let range = range(&node["minItems"], &node["maxItems"]);
        report.add(
            id,
            path,
            format!("There are {count} items; it must be {range}."),
        );
    }
    if node["uniqueItems"] == Json::Bool(true) {
        for (index, item) in items.iter().enumerate() {
            if items[..index].contains(item) {
                report.add(
                    id,
                    &format!("{path}.{index}"),
                    "The same item stands there twice.".to_owned(),
                );
            }
        }
    }
    for (index, item) in items.iter().enumerate() {
        check(
            schema,
            &node["items"],
            item,
            id,
            &format!("{path}.{index}"),
            report,
        );
    }
}

fn string(node: &Json, text: &str, id: &str, path: &str, report: &mut Report) {
    // Known only when it is deployed.
    if text.contains("{{resolve:") {
        return;
    }
    let length = text.chars().count();
    if node["minLength"]
        .as_u64()
        .is_some_and(|least| (length as u64) < least)
        || node["maxLength"]
            .as_u64()
            .is_some_and(|most| length as u64 > most)
    {
        let range = range(&node["minLength"], &node["maxLength"]);
        report.add(
            id,
            path,
            format!("The text has {length} characters; it must be {range}."),
        );
    }
    if let Some(pattern) = node["pattern"].as_str()
        && matches(pattern, text) == Some(false)
    {
        report.add(
            id,
            path,
            format!("Found {text:?}; it must match `{pattern}`."),
        );
    }
}

/// `anyOf` and `oneOf`: at least one alternative must allow the value.
fn alternatives(
    schema: &Schema,
    node: &Json,
    value: &Json,
    id: &str,
    path: &str,
    report: &mut Report,
) {
    for key in ["anyOf", "oneOf"] {
        let Some(alternatives) = node[key].as_array() else {
            continue;
        };
        let mut fewest: Option<Vec<_>> = None;
        for alternative in alternatives {
            let mut trial = Report {
                stack: report.stack.clone(),
                problems: Vec::new(),
            };
            check(schema, alternative, value, id, path, &mut trial);
            if fewest
                .as_ref()
                .is_none_or(|fewest| trial.problems.len() < fewest.len())
            {
                fewest = Some(trial.problems);
            }
        }
        report.problems.extend(fewest.unwrap_or_default());
    }
}

/// Whether the text matches; `None` when the pattern is one that Rust's `regex` has no word for
/// (look-around, back references), and is then not checked.
fn matches(pattern: &str, text: &str) -> Option<bool> {
    static COMPILED: OnceLock<Mutex<HashMap<String, Option<Regex>>>> = OnceLock::new();
    let mut compiled = COMPILED
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(regex) = compiled.get(pattern) {
        return regex.as_ref().map(|regex| regex.is_match(text));
    }
    let regex = Regex::new(pattern).ok();
    let answer = regex.as_ref().map(|regex| regex.is_match(text));
    compiled.insert(pattern.to_owned(), regex);
    answer
}

fn range(least: &Json, most: &Json) -> String {
    match (least.as_f64(), most.as_f64()) {
        (Some(least), Some(most)) => format!("from {least} to {most}"),
        (Some(least), None) => format!("{least} or more"),
        (None, Some(most)) => format!("{most} or fewer"),
        (None, None) => "anything".to_owned(),
    }
}

/// A number or truth value as the text that CloudFormation takes for it.
fn text_of(value: &Json) -> String {
    value.to_string()
}

/// The value on one short line.
fn short(value: &Json) -> String {
    let text = match value {
        Json::String(text) => format!("`{text}`"),
        Json::Object(_) => "an object".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        other => other.to_string(),
    };
    if text.chars().count() > 80 {
        format!("{}…", text.chars().take(80).collect::<String>())
    } else {
        text
    }
}
