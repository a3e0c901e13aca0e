//! The members of an object against its schema: which there may be, and which there must be.

use serde_json::{Map, Value as Json};

use super::{check as check_value, matches};
use crate::{Schema, validate::Report};

/// Reports each member that the schema does not allow, and each that is missing.
pub(super) fn check(
    schema: &Schema,
    node: &Json,
    fields: &Map<String, Json>,
    id: &str,
    path: &str,
    report: &mut Report,
) {
    allowed(schema, node, fields, id, path, report);
    required(node, fields, id, path, report);
    dependent(node, fields, id, path, report);
}

/// Members that exist, each by its own schema; the nearest name for one that does not.
fn allowed(
    schema: &Schema,
    node: &Json,
    fields: &Map<String, Json>,
    id: &str,
    path: &str,
    report: &mut Report,
) {
    let known = node["properties"].as_object();
    for (key, field) in fields {
        let below = format!("{path}.{key}");
        if let Some(child) = known.and_then(|known| known.get(key)) {
            check_value(schema, child, field, id, &below, report);
        } else if let Some(child) = pattern_property(node, key) {
            check_value(schema, child, field, id, &below, report);
        } else if node["additionalProperties"] == Json::Bool(false) {
            let mut names: Vec<&str> = known
                .into_iter()
                .flatten()
                .map(|(name, _)| name.as_str())
                .collect();
            names.sort_unstable_by_key(|name| strsim::levenshtein(name, key));
            let hint = names
                .first()
                .map(|name| format!(" The nearest that exists is `{name}`."))
                .unwrap_or_default();
            report.add(id, &below, format!("There is no such property.{hint}"));
        }
    }
}

fn pattern_property<'a>(node: &'a Json, key: &str) -> Option<&'a Json> {
    node["patternProperties"]
        .as_object()?
        .iter()
        .find(|(pattern, _)| matches(pattern, key).unwrap_or(true))
        .map(|(_, child)| child)
}

/// Members that are required, alone or as one of several.
fn required(node: &Json, fields: &Map<String, Json>, id: &str, path: &str, report: &mut Report) {
    for name in names(&node["required"]) {
        if !fields.contains_key(name) {
            report.add(
                id,
                &format!("{path}.{name}"),
                "It is required and missing.".to_owned(),
            );
        }
    }
    let present = |names: &[&str]| {
        let present = names.iter().filter(|name| fields.contains_key(**name));
        present.count()
    };
    let one_of: Vec<&str> = names(&node["requiredXor"]).collect();
    if !one_of.is_empty() && present(&one_of) != 1 {
        report.add(
            id,
            path,
            format!("Exactly one of {} is required.", one_of.join(", ")),
        );
    }
    let any_of: Vec<&str> = names(&node["requiredOr"]).collect();
    if !any_of.is_empty() && present(&any_of) == 0 {
        report.add(
            id,
            path,
            format!("At least one of {} is required.", any_of.join(", ")),
        );
    }
}

/// Members that another one requires or excludes.
fn dependent(node: &Json, fields: &Map<String, Json>, id: &str, path: &str, report: &mut Report) {
    for (key, others) in node["dependentRequired"].as_object().into_iter().flatten() {
        for other in names(others) {
            if fields.contains_key(key) && !fields.contains_key(other) {
                report.add(
                    id,
                    &format!("{path}.{other}"),
                    format!("It is required beside `{key}`."),
                );
            }
        }
    }
    for (key, others) in node["dependentExcluded"].as_object().into_iter().flatten() {
        for other in names(others) {
            // Listed both ways round; said once.
            if fields.contains_key(key) && fields.contains_key(other) && key.as_str() < other {
                report.add(
                    id,
                    &format!("{path}.{other}"),
                    format!("It cannot stand beside `{key}`."),
                );
            }
        }
    }
}

/// The names of a list of names.
fn names(list: &Json) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
}
