//! Values that one stack takes from another, and whether they will change.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Parameter, ParameterChange, ResourceAction, SectionChange, StackAction, StackPlan,
    desired::DesiredStack, references::references,
};
use crate::state::{Deployed, DeployedStack};

/// The parameters whose value changes, or may change, by name.
pub(super) fn parameter_changes(
    stack: &DesiredStack,
    before: Option<&DeployedStack>,
    deployed: &Deployed,
    planned: &[StackPlan],
) -> BTreeMap<String, ParameterChange> {
    let mut changes = BTreeMap::new();
    for (name, parameter) in &stack.parameters {
        let from = before
            .and_then(|before| before.parameters.get(name))
            .cloned();
        let (to, certain) = match parameter {
            Parameter::Value(value) => (Some(value.clone()), true),
            Parameter::Output { stack, output } => future_output(stack, output, deployed, planned),
        };
        if to.is_none() || to != from {
            let change = ParameterChange {
                name: name.clone(),
                from,
                to,
                certain,
            };
            changes.insert(name.clone(), change);
        }
    }
    changes
}

/// The value that an output will have, if it is known now; if not, whether it is certain that it
/// changes.
pub(super) fn future_output(
    stack: &str,
    output: &str,
    deployed: &Deployed,
    planned: &[StackPlan],
) -> (Option<String>, bool) {
    let Some(before) = deployed.stacks.get(stack) else {
        return (None, true);
    };
    let Some(plan) = planned.iter().find(|plan| plan.name == stack) else {
        return (None, true);
    };
    let known = before.outputs.get(output).cloned();
    if plan.action == StackAction::None {
        return (known, true);
    }
    let expression = |template: &Value| {
        template
            .pointer(&format!("/Outputs/{output}/Value"))
            .cloned()
    };
    let (old, new) = (expression(&before.template), expression(&plan.template));
    let Some(new) = new else { return (None, true) };
    if known.is_none() || old.as_ref() != Some(&new) {
        return (None, true);
    }
    // An output that passes a parameter on has that parameter's value.
    if let Some(parameter) = new["Ref"]
        .as_str()
        .and_then(|name| plan.parameters.get(name))
    {
        return match parameter {
            Parameter::Value(value) => (Some(value.clone()), true),
            Parameter::Output { stack, output } => future_output(stack, output, deployed, planned),
        };
    }
    let mut certain = true;
    for reference in references(&new) {
        let changed_parameter = |change: &ParameterChange| change.name == reference.name;
        let changed_section = |change: &SectionChange| change.name == reference.name;
        if plan.parameter_changes.iter().any(changed_parameter)
            || plan.section_changes.iter().any(changed_section)
        {
            return (None, false);
        }
        let change = plan
            .resources
            .iter()
            .find(|change| change.logical_id == reference.name);
        match change.map(|change| change.action) {
            None | Some(ResourceAction::Remove) => (),
            Some(ResourceAction::Add | ResourceAction::Replace) => return (None, true),
            Some(ResourceAction::MayReplace) => certain = false,
            // A name or an ARN stays what it is; another attribute may be computed again.
            Some(ResourceAction::Change) => {
                certain &= reference.attribute.is_none_or(|attribute| {
                    attribute.ends_with("Arn") || attribute.ends_with("Id")
                });
            }
        }
    }
    // An update that was cut leaves outputs that nobody can vouch for.
    if certain && before.complete {
        (known, true)
    } else {
        (None, false)
    }
}
