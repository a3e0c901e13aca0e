//! Functions whose alias points elsewhere than the template says: after a rollback to an earlier
//! release, after `--hotswap`, or because somebody moved it. CloudFormation does not see it, so the
//! plan has to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Plan, StackAction, StackPlan,
    diff::{holds_function, resources, type_of},
};

/// A function whose alias is set back to what its template says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasReset {
    /// Its stack.
    pub stack: String,
    /// Its short name.
    pub function: String,
    /// Where its alias points now: the number of a version, or `$LATEST`.
    pub version: String,
}

/// The resets for the aliases of `alias_overrides`. A function that no stack has any more is left out.
pub(super) fn alias_resets(
    alias_overrides: &BTreeMap<String, String>,
    stacks: &[StackPlan],
) -> Vec<AliasReset> {
    let one = |(function, version): (&String, &String)| {
        let stack = stacks
            .iter()
            .find(|stack| holds_function(&stack.template, function))?;
        Some(AliasReset {
            stack: stack.name.clone(),
            function: function.clone(),
            version: version.clone(),
        })
    };
    alias_overrides.iter().filter_map(one).collect()
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
        !self.alias_resets.is_empty()
            || self
                .stacks
                .iter()
                .any(|stack| changes(stack.action) && !aliases(&stack.template).is_empty())
    }
}
