//! The difference of two templates of one stack, resource by resource.
//!
//! A change of a property is a change in place, or a replacement when the resource schema says that
//! the property can only be set at creation. A replacement changes the resource's `Ref` and
//! attributes, so it is followed through everything that refers to it, to a fixed point: an RDS
//! instance behind a replaced subnet group is replaced too, although its own text is the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Cause, ParameterChange, ResourceAction, ResourceChange, Retention,
    data_types::is_stateful,
    references::is_intrinsic,
    rules::{Rules, Schemas},
    sections::changed_definitions,
    shown::shown,
    spread::spread,
};
use crate::template;

/// The changes from `old` to `new`, in the order of the new template, removals last.
/// `parameters` are the parameters whose values differ.
pub(crate) fn diff(
    old: &Value,
    new: &Value,
    parameters: &BTreeMap<String, ParameterChange>,
    schemas: &dyn Schemas,
) -> Vec<ResourceChange> {
    let empty = Map::new();
    let definitions = changed_definitions(old, new, parameters);
    let mut changed = parameters.clone();
    changed.extend(definitions);
    let before = resources(old).unwrap_or(&empty);
    let after = resources(new).unwrap_or(&empty);
    let mut changes: BTreeMap<&str, ResourceChange> = BTreeMap::new();
    for (id, resource) in after {
        let change = match before.get(id) {
            None => whole(id, resource, ResourceAction::Add),
            Some(deployed) => {
                let mut change = whole(id, resource, ResourceAction::Change);
                change.causes = causes(deployed, resource, schemas);
                change.causes.extend(by_condition(resource, &changed));
                change
            }
        };
        changes.insert(id, change);
    }
    // Each round can only add causes, and there are finitely many: it ends.
    while spread(after, before, &changed, schemas, &mut changes) {}
    let mut ordered: Vec<ResourceChange> = Vec::new();
    for (id, resource) in after {
        let Some(mut change) = changes.remove(id.as_str()) else {
            continue;
        };
        if change.action != ResourceAction::Add {
            let Some(worst) = change.causes.iter().map(|cause| cause.effect).max() else {
                continue;
            };
            change.action = worst;
            if worst >= ResourceAction::MayReplace {
                change.retention = Some(policy(resource, "UpdateReplacePolicy"));
            }
        }
        ordered.push(change);
    }
    for (id, resource) in before.iter().filter(|(id, _)| !after.contains_key(*id)) {
        let mut change = whole(id, resource, ResourceAction::Remove);
        change.retention = Some(policy(resource, "DeletionPolicy"));
        ordered.push(change);
    }
    ordered
}

/// The resources of a template.
pub(crate) fn resources(template: &Value) -> Option<&Map<String, Value>> {
    template.get("Resources").and_then(Value::as_object)
}

/// The type of a resource; empty when it has none.
pub(crate) fn type_of(resource: &Value) -> &str {
    resource
        .get("Type")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn whole(id: &str, resource: &Value, action: ResourceAction) -> ResourceChange {
    let resource_type = type_of(resource).to_owned();
    ResourceChange {
        logical_id: id.to_owned(),
        stateful: is_stateful(&resource_type),
        resource_type,
        action,
        causes: Vec::new(),
        retention: None,
    }
}

/// What becomes of a resource by that policy of its.
pub(super) fn policy(resource: &Value, name: &str) -> Retention {
    match resource.get(name).and_then(Value::as_str) {
        Some("Retain" | "RetainExceptOnCreate") => Retention::Retained,
        Some("Snapshot") => Retention::Snapshot,
        _ => Retention::Nothing,
    }
}

/// What differs in the text of a resource.
fn causes(old: &Value, new: &Value, schemas: &dyn Schemas) -> Vec<Cause> {
    if type_of(old) != type_of(new) {
        return vec![Cause {
            property: "Type".to_owned(),
            from: Some(type_of(old).to_owned()),
            to: Some(type_of(new).to_owned()),
            effect: ResourceAction::Replace,
            through: None,
        }];
    }
    let rules = Rules::of(type_of(new), schemas);
    let mut leaves = Vec::new();
    // Absent is the same as empty: CloudFormation hands over no properties either way.
    let nothing = Value::Object(Map::new());
    walk(
        &mut Vec::new(),
        old.get("Properties").unwrap_or(&nothing),
        new.get("Properties").unwrap_or(&nothing),
        &|path| schemas.is_unordered(type_of(new), path),
        &mut leaves,
    );
    let mut causes: Vec<Cause> = leaves
        .into_iter()
        .map(|leaf| Cause {
            property: format!("Properties.{}", leaf.path.join(".")),
            from: shown(leaf.old),
            to: shown(leaf.new),
            effect: rules.effect(&leaf.path, &[leaf.old, leaf.new]),
            through: None,
        })
        .collect();
    causes.extend(attribute_causes(old, new));
    causes
}

/// What differs beside the properties, each attribute by its name: `DependsOn`, `DeletionPolicy` ..
fn attribute_causes(old: &Value, new: &Value) -> Vec<Cause> {
    let empty = Map::new();
    let attributes = |resource: &'_ Value| resource.as_object().unwrap_or(&empty).clone();
    let (before, after) = (attributes(old), attributes(new));
    let removed = before.keys().filter(|name| !after.contains_key(*name));
    let names = after.keys().chain(removed);
    names
        .filter(|name| !matches!(name.as_str(), "Type" | "Properties"))
        .filter_map(|name| {
            let from = attribute(&before, name);
            let to = attribute(&after, name);
            let same = template::equal(&from, &to, &[], &|_| name == "DependsOn");
            (!same).then(|| Cause {
                property: name.clone(),
                from: shown(&from),
                to: shown(&to),
                effect: match name.as_str() {
                    // With another condition it may be created, or removed.
                    "Condition" => ResourceAction::MayReplace,
                    _ => ResourceAction::Change,
                },
                through: None,
            })
        })
        .collect()
}

/// An attribute as it is compared: `DependsOn` is always a list, and none is an empty one.
fn attribute(attributes: &Map<String, Value>, name: &str) -> Value {
    match (name, attributes.get(name)) {
        ("DependsOn", Some(Value::String(one))) => Value::Array(vec![one.clone().into()]),
        ("DependsOn", None) => Value::Array(Vec::new()),
        (_, value) => value.cloned().unwrap_or_default(),
    }
}

/// A changed condition decides whether the resource exists.
fn by_condition(resource: &Value, changed: &BTreeMap<String, ParameterChange>) -> Option<Cause> {
    let name = resource.get("Condition")?.as_str()?;
    let name = format!("Conditions.{name}");
    changed.contains_key(&name).then(|| Cause {
        property: "Condition".to_owned(),
        from: None,
        to: None,
        effect: ResourceAction::MayReplace,
        through: Some(name),
    })
}

struct Leaf<'a> {
    path: Vec<String>,
    old: &'a Value,
    new: &'a Value,
}

/// The smallest places where two values differ.
fn walk<'a>(
    path: &mut Vec<String>,
    old: &'a Value,
    new: &'a Value,
    unordered: template::Unordered<'_>,
    leaves: &mut Vec<Leaf<'a>>,
) {
    if template::equal(old, new, path, unordered) {
        return;
    }
    match (old, new) {
        (Value::Object(before), Value::Object(after))
            if !is_intrinsic(old) && !is_intrinsic(new) =>
        {
            let gone = before.keys().filter(|key| !after.contains_key(*key));
            for key in after.keys().chain(gone) {
                path.push(key.clone());
                let before = before.get(key).unwrap_or(&Value::Null);
                let after = after.get(key).unwrap_or(&Value::Null);
                walk(path, before, after, unordered, leaves);
                path.pop();
            }
        }
        // Lists of one length are compared item by item; otherwise the list is the change, since
        // matching items by content would be guessing.
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                path.push(index.to_string());
                walk(path, before, after, unordered, leaves);
                path.pop();
            }
        }
        _ => leaves.push(Leaf {
            path: path.clone(),
            old,
            new,
        }),
    }
}

/// Whether the template has the function of that name, told by its asset.
pub(super) fn holds_function(template: &Value, function: &str) -> bool {
    let prefix = format!("functions/{function}/");
    let empty = Map::new();
    resources(template)
        .unwrap_or(&empty)
        .values()
        .any(|resource| {
            let key = resource
                .pointer("/Properties/Code/S3Key")
                .and_then(Value::as_str);
            key.is_some_and(|key| key.starts_with(&prefix))
        })
}

/// Whether the template has a resource of that type.
pub(super) fn holds_type(template: &Value, resource_type: &str) -> bool {
    let resources = resources(template).into_iter().flatten();
    resources
        .into_iter()
        .any(|(_, resource)| resource["Type"] == resource_type)
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
