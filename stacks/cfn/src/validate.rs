//! Checks a template against AWS's schemas and CloudFormation's own limits. Everything that is
//! wrong is reported at once, each with stack, resource and property.
//!
//! What an intrinsic will give is not known here, so it fits everywhere.

mod properties;
mod references;

use serde_json::Value as Json;

use crate::{Stack, problem::Problem, schema};

/// CloudFormation's limits
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>).
mod limit {
    pub(super) const RESOURCES: usize = 500;
    pub(super) const PARAMETERS: usize = 200;
    pub(super) const OUTPUTS: usize = 200;
    /// Bytes of a template that is passed by URL.
    pub(super) const TEMPLATE: usize = 1_000_000;
    pub(super) const LOGICAL_ID: usize = 255;
}

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
    problems
}

/// The same for a template that was not made by this kit.
pub fn validate_template(stack: &str, template: &Json) -> Vec<Problem> {
    let mut report = Report {
        stack: stack.to_owned(),
        problems: Vec::new(),
    };
    limits(template, &mut report);
    for (id, resource) in template["Resources"].as_object().into_iter().flatten() {
        if !is_logical_id(id) {
            report.add(
                id,
                "",
                format!(
                    "A logical id is 1 to {} letters and digits.",
                    limit::LOGICAL_ID
                ),
            );
        }
        check_resource(id, resource, &mut report);
    }
    references::check(template, &mut report);
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

fn limits(template: &Json, report: &mut Report) {
    for (section, most) in [
        ("Resources", limit::RESOURCES),
        ("Parameters", limit::PARAMETERS),
        ("Outputs", limit::OUTPUTS),
    ] {
        let count = template[section]
            .as_object()
            .map_or(0, serde_json::Map::len);
        if count > most {
            report.add(
                section,
                "",
                format!("There are {count}; CloudFormation takes {most} at most."),
            );
        }
    }
    if template["Resources"]
        .as_object()
        .is_none_or(serde_json::Map::is_empty)
    {
        report.add(
            "Resources",
            "",
            "A template needs at least one resource.".to_owned(),
        );
    }
    let size = template.to_string().len();
    if size > limit::TEMPLATE {
        report.add(
            "",
            "",
            format!(
                "The template has {size} bytes; CloudFormation takes {} at most.",
                limit::TEMPLATE
            ),
        );
    }
}

fn is_logical_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= limit::LOGICAL_ID
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
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
