//! Functions that stand elsewhere than their templates say: put back to an earlier release, or
//! changed past their stack. CloudFormation does not know of it, so the plan has to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Plan, StackAction, StackPlan,
    diff::{holds_function, resources, type_of},
};

/// A function that is put where its template says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Its stack.
    pub stack: String,
    /// Its short name.
    pub function: String,
    /// Where its alias was put: the number of a version, or `$LATEST`.
    pub version: String,
}

/// What `aside` comes to with these stacks. A function that is in none of them any more is left out.
pub(super) fn switches(aside: &BTreeMap<String, String>, stacks: &[StackPlan]) -> Vec<Switch> {
    let one = |(function, version): (&String, &String)| {
        let stack = stacks
            .iter()
            .find(|stack| holds_function(&stack.template, function))?;
        Some(Switch {
            stack: stack.name.clone(),
            function: function.clone(),
            version: version.clone(),
        })
    };
    aside.iter().filter_map(one).collect()
}

/// The properties of each alias in a template.
pub(crate) fn aliases(template: &Value) -> Vec<&Value> {
    resources(template)
        .into_iter()
        .flatten()
        .filter(|(_, resource)| type_of(resource) == "AWS::Lambda::Alias")
        .map(|(_, resource)| &resource["Properties"])
        .collect()
}

impl Plan {
    /// Whether other versions of functions may be in service after it than before.
    pub fn changes_functions(&self) -> bool {
        let changes = |action| matches!(action, StackAction::Create | StackAction::Update);
        !self.switch.is_empty()
            || self
                .stacks
                .iter()
                .any(|stack| changes(stack.action) && !aliases(&stack.template).is_empty())
    }
}
