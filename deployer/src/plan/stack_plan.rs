//! What a plan does to one stack, and where the values of its parameters come from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ResourceAction, ResourceChange, Retention, SectionChange};

/// What will happen to one stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackPlan {
    /// Short name: `data`.
    pub name: String,
    /// What will happen.
    pub action: StackAction,
    /// Short names of the stacks that must be done before this one begins; for a deletion, those
    /// that must be gone.
    pub after: Vec<String>,
    /// The template to apply, as JSON; the deployed one when the stack is to be deleted.
    pub template: Value,
    /// Where the value of each parameter comes from.
    pub parameters: BTreeMap<String, Parameter>,
    /// Parameters whose value will change.
    pub parameter_changes: Vec<ParameterChange>,
    /// What changes in the template besides its resources, each entry by name.
    #[serde(default)]
    pub section_changes: Vec<SectionChange>,
    /// Whether its last update did not complete, so that it is updated in any case.
    #[serde(default)]
    pub incomplete: bool,
    /// Resources that will change, in the order of the template, removed ones last.
    pub resources: Vec<ResourceChange>,
}

impl StackPlan {
    /// Whether the schemas alone prove that nothing that holds data changes and that nothing in
    /// use is replaced or removed: an update that nobody needs to look at twice. A version of a
    /// function that stays outside of the stack is not lost.
    pub fn is_plain(&self) -> bool {
        self.resources.iter().all(|change| match change.action {
            ResourceAction::Add => true,
            ResourceAction::Change => !change.stateful,
            ResourceAction::MayReplace => false,
            ResourceAction::Replace | ResourceAction::Remove => {
                !change.stateful && change.retention == Some(Retention::Retained)
            }
        })
    }
}

/// What will happen to a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StackAction {
    /// It is not there.
    Create,
    /// Its template or a parameter changes, or its last update did not complete.
    Update,
    /// Nothing.
    None,
    /// The application has no such stack any more.
    Delete,
}

impl StackAction {
    /// For people and for `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            StackAction::Create => "create",
            StackAction::Update => "update",
            StackAction::None => "none",
            StackAction::Delete => "delete",
        }
    }
}

/// Where the value of a parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Parameter {
    /// The deployer knows it.
    Value(String),
    /// An output of another stack, read when that stack is done.
    Output {
        /// That stack.
        stack: String,
        /// Name of its output.
        output: String,
    },
}

/// A parameter whose value will change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterChange {
    /// Its name.
    pub name: String,
    /// The deployed value; `None`: it is new.
    pub from: Option<String>,
    /// The new value; `None`: known when the stack that gives it is done.
    pub to: Option<String>,
    /// False: whether the value changes at all is known only then.
    pub certain: bool,
}
