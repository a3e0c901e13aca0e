//! The changes that come to a resource through what it refers to: a replaced resource has another
//! `Ref` and other attributes, and a parameter another value.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Cause, ParameterChange, ResourceAction, ResourceChange,
    diff::type_of,
    references::{is_intrinsic, references},
    rules::{Rules, Schemas},
};

/// Adds the changes that come through references. True when it found a new one.
pub(super) fn spread(
    after: &Map<String, Value>,
    before: &Map<String, Value>,
    parameters: &BTreeMap<String, ParameterChange>,
    schemas: &dyn Schemas,
    changes: &mut BTreeMap<&str, ResourceChange>,
) -> bool {
    let replaced: BTreeMap<String, bool> = changes
        .iter()
        .filter(|(_, change)| change.action != ResourceAction::Add)
        .filter_map(|(id, change)| {
            let worst = change.causes.iter().map(|cause| cause.effect).max()?;
            (worst >= ResourceAction::MayReplace)
                .then(|| ((*id).to_owned(), worst == ResourceAction::Replace))
        })
        .collect();
    let mut found = false;
    for (id, resource) in after {
        let Some(change) = changes.get_mut(id.as_str()) else {
            continue;
        };
        if change.action == ResourceAction::Add || !before.contains_key(id) {
            continue;
        }
        let rules = Rules::of(type_of(resource), schemas);
        let mut expressions = Vec::new();
        intrinsics(
            &mut Vec::new(),
            resource.get("Properties").unwrap_or(&Value::Null),
            &mut expressions,
        );
        for (path, expression) in expressions {
            for reference in references(expression) {
                let (certain, from, to) = if let Some(certain) = replaced.get(&reference.name) {
                    (*certain, None, None)
                } else if let Some(parameters) = parameters.get(&reference.name) {
                    (
                        parameters.certain,
                        parameters.from.clone(),
                        parameters.to.clone(),
                    )
                } else {
                    continue;
                };
                let property = format!("Properties.{}", path.join("."));
                let mut effect = rules.effect(&path, &[expression]);
                if effect == ResourceAction::Replace && !certain {
                    effect = ResourceAction::MayReplace;
                }
                let known = change
                    .causes
                    .iter_mut()
                    .find(|cause| cause.property == property);
                match known {
                    Some(cause) if cause.effect < effect => cause.effect = effect,
                    Some(_) => continue,
                    None => change.causes.push(Cause {
                        property,
                        from,
                        to,
                        effect,
                        through: Some(reference.name),
                    }),
                }
                found = true;
            }
        }
    }
    found
}

/// Every intrinsic function in a value with its path, the outermost ones only.
fn intrinsics<'a>(
    path: &mut Vec<String>,
    value: &'a Value,
    found: &mut Vec<(Vec<String>, &'a Value)>,
) {
    if is_intrinsic(value) {
        found.push((path.clone(), value));
        return;
    }
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                path.push(key.clone());
                intrinsics(path, inner, found);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                path.push(index.to_string());
                intrinsics(path, inner, found);
                path.pop();
            }
        }
        _ => (),
    }
}
