//! Checks a template against AWS's schemas and against the table of what AWS refuses besides
//! ([`RULES`]). Everything that is
//! wrong is reported at once, each with stack, resource and property.
//!
//! What an intrinsic will give is not known here, so it fits everywhere.

mod properties;

use serde_json::Value as Json;

use crate::{RULES, Stack, problem::Problem, schema};

/// Everything that is wrong with a stack; empty when nothing is.
pub fn validate(stack: &Stack) -> Vec<Problem> {
    let mut problems = validate_template(stack.name(), &stack.template());
    for id in stack.duplicates() {
        problems.push(Problem {
            stack: stack.name().to_owned(),
            resource: id.clone(),
            path: String::new(),
            message: "The name is used twice in this stack; each needs its own.".to_owned(),
        });
    }
    problems.extend(stack.misuses().iter().cloned());
    problems
}

/// The same for a template that was not made by this kit.
pub fn validate_template(stack: &str, template: &Json) -> Vec<Problem> {
    let mut report = Report {
        stack: stack.to_owned(),
        problems: Vec::new(),
    };
    for (id, resource) in template["Resources"].as_object().into_iter().flatten() {
        check_resource(id, resource, &mut report);
    }
    let by_rules = RULES.iter().flat_map(|rule| rule.problems(stack, template));
    report.problems.extend(by_rules);
    report.problems
}

/// Collects problems of one stack.
struct Report {
    stack: String,
    problems: Vec<Problem>,
}

impl Report {
    fn add(&mut self, resource: &str, path: &str, message: String) {
        self.problems.push(Problem {
            stack: self.stack.clone(),
            resource: resource.to_owned(),
            path: path.to_owned(),
            message,
        });
    }
}

fn check_resource(id: &str, resource: &Json, report: &mut Report) {
    const KEYS: &[&str] = &[
        "Type",
        "Properties",
        "DependsOn",
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "UpdatePolicy",
        "Metadata",
        "CreationPolicy",
        "Condition",
    ];
    for key in resource
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::keys)
    {
        if !KEYS.contains(&key.as_str()) {
            report.add(
                id,
                key,
                format!("Unknown; a resource has {}.", KEYS.join(", ")),
            );
        }
    }
    for key in ["DeletionPolicy", "UpdateReplacePolicy"] {
        if let Some(policy) = resource.get(key)
            && !matches!(
                policy.as_str(),
                Some("Delete" | "Retain" | "Snapshot" | "RetainExceptOnCreate")
            )
        {
            report.add(
                id,
                key,
                format!("Found {policy}; allowed are Delete, Retain and Snapshot."),
            );
        }
    }
    let Some(type_name) = resource["Type"].as_str() else {
        return report.add(id, "Type", "It is missing.".to_owned());
    };
    let Some(schema) = schema(type_name) else {
        return report.add(
            id,
            "Type",
            format!("The kit does not know `{type_name}`; add it to stacks/cfn/codegen/src/types.rs and run `cargo xtask codegen`."),
        );
    };
    let empty = Json::Object(serde_json::Map::new());
    let properties = resource.get("Properties").unwrap_or(&empty);
    properties::check(schema, &schema.json, properties, id, "Properties", report);
}
