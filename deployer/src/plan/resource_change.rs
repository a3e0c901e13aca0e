//! What a plan does to one resource, and why.

use serde::{Deserialize, Serialize};

/// What will happen to one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceChange {
    /// Logical id.
    pub logical_id: String,
    /// `AWS::RDS::DBInstance`
    pub resource_type: String,
    /// What will happen.
    pub action: ResourceAction,
    /// What causes a change or a replacement; empty for additions and removals.
    pub causes: Vec<Cause>,
    /// Whether it holds data that its loss would take away.
    pub stateful: bool,
    /// What happens to the existing resource on removal or replacement: the template's
    /// `DeletionPolicy` or `UpdateReplacePolicy`.
    pub retention: Option<Retention>,
}

/// What will happen to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceAction {
    /// Created.
    Add,
    /// Changed in place.
    Change,
    /// Changed in place, or replaced if the schema's condition holds; only the target can tell.
    MayReplace,
    /// A new one is created, then the old one is removed.
    Replace,
    /// Removed.
    Remove,
}

impl ResourceAction {
    /// For people and for `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ResourceAction::Add => "add",
            ResourceAction::Change => "change",
            ResourceAction::MayReplace => "may_replace",
            ResourceAction::Replace => "replace",
            ResourceAction::Remove => "remove",
        }
    }
}

/// Why a resource changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Path of the property: `Properties.Code.S3Key`, or `DeletionPolicy`.
    pub property: String,
    /// The deployed value, shortened, never a secret (templates hold none); `None`: it is new.
    pub from: Option<String>,
    /// The new value; `None`: it goes away, or is known only while applying.
    pub to: Option<String>,
    /// What this property's change does to the resource.
    pub effect: ResourceAction,
    /// The resource (`Role`) or parameter (`VpcId`) that this value comes from, when the template's
    /// own text is unchanged.
    pub through: Option<String>,
}

/// What happens to the existing resource on removal or replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retention {
    /// It stays, outside any stack.
    Retained,
    /// A snapshot stays.
    Snapshot,
    /// Nothing.
    Nothing,
}
