//! What a person should look at before saying yes: lost data, more public access, wider security
//! groups, wider permissions. In a deployed stack counts what is more than before, whatever its
//! spelling; in a new stack what is open or unbounded by itself.

mod exposure;
mod network;
mod permissions;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    ResourceAction, ResourceChange,
    diff::{resources, type_of},
};

/// A change that needs an approval of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// What kind.
    pub kind: RiskKind,
    /// The stack.
    pub stack: String,
    /// The resource; empty when the stack as a whole is meant.
    pub logical_id: String,
    /// What exactly, one line.
    pub detail: String,
}

/// Kinds of risk, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskKind {
    /// A resource that holds data is replaced or removed.
    DataLoss,
    /// A resource was changed or deleted outside of the deployer, and is overwritten.
    Drift,
    /// A stack was deleted outside of the deployer and is created again, empty.
    DeletedOutOfBand,
    /// Something becomes reachable or readable by more of the world.
    PublicAccess,
    /// A security group lets in or out more than before.
    Network,
    /// A role may do more than before.
    Permissions,
}

impl RiskKind {
    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            RiskKind::DataLoss => "data is replaced or removed",
            RiskKind::Drift => "changed by hand",
            RiskKind::DeletedOutOfBand => "deleted by hand, created again",
            RiskKind::PublicAccess => "more public access",
            RiskKind::Network => "wider security groups",
            RiskKind::Permissions => "wider permissions",
        }
    }
}

impl Risk {
    /// `data Database`, or `data` when the stack as a whole is meant.
    pub fn place(&self) -> String {
        format!("{} {}", self.stack, self.logical_id)
            .trim_end()
            .to_owned()
    }
}

/// The risks of a stack's changes, the worst first.
pub(crate) fn risks(
    stack: &str,
    old: &Value,
    new: &Value,
    changes: &[ResourceChange],
) -> Vec<Risk> {
    let properties = |template: &Value, id: &str| {
        let resource = resources(template).and_then(|all| all.get(id));
        let properties = resource.map(|resource| resource.get("Properties").cloned());
        // Of a resource that is there without properties, none is open: an empty object.
        properties.map(|properties| properties.unwrap_or_else(|| Value::Object(Map::new())))
    };
    let mut found = Vec::new();
    for change in changes {
        let mut add = |kind, details: Vec<String>| {
            found.extend(details.into_iter().map(|detail| Risk {
                kind,
                stack: stack.to_owned(),
                logical_id: change.logical_id.clone(),
                detail,
            }));
        };
        if change.loses_data() {
            add(RiskKind::DataLoss, vec![data_loss(change)]);
        }
        // What is removed opens nothing.
        let Some(after) = properties(new, &change.logical_id) else {
            continue;
        };
        let before = properties(old, &change.logical_id).unwrap_or_default();
        let kind = change.resource_type.as_str();
        add(
            RiskKind::PublicAccess,
            exposure::public(kind, &before, &after),
        );
        add(RiskKind::Network, network::network(kind, &before, &after));
        add(
            RiskKind::Permissions,
            permissions::widened(kind, &before, &after),
        );
    }
    found.sort_by_key(|risk| risk.kind);
    found
}

/// The risks of a stack that is created: what is open to the world or unbounded by itself.
pub(crate) fn risks_of_new(stack: &str, template: &Value) -> Vec<Risk> {
    let nothing = Map::new();
    let mut found = Vec::new();
    for (id, resource) in resources(template).unwrap_or(&nothing) {
        let kind = type_of(resource);
        let properties = resource.get("Properties").unwrap_or(&Value::Null);
        let open = exposure::open_by_itself(kind, properties)
            .into_iter()
            .map(|detail| (RiskKind::PublicAccess, detail));
        let rules = network::open_rules(kind, properties)
            .into_iter()
            .map(|detail| (RiskKind::Network, detail));
        let unbounded = permissions::unbounded(properties)
            .into_iter()
            .map(|detail| (RiskKind::Permissions, detail));
        found.extend(
            open.chain(rules)
                .chain(unbounded)
                .map(|(kind, detail)| Risk {
                    kind,
                    stack: stack.to_owned(),
                    logical_id: id.clone(),
                    detail,
                }),
        );
    }
    found.sort_by_key(|risk| risk.kind);
    found
}

impl ResourceChange {
    /// Whether data may be lost by it.
    pub(crate) fn loses_data(&self) -> bool {
        self.stateful
            && matches!(
                self.action,
                ResourceAction::Replace | ResourceAction::MayReplace | ResourceAction::Remove
            )
    }
}

/// The loss in words.
pub(super) fn data_loss(change: &ResourceChange) -> String {
    let what = match change.action {
        ResourceAction::Remove => "is removed",
        ResourceAction::MayReplace => "may be replaced by an empty one",
        _ => "is replaced by an empty one",
    };
    let left = match change.retention {
        Some(super::Retention::Retained) => "the old one is kept outside the stack",
        Some(super::Retention::Snapshot) => "a snapshot is kept",
        _ => "nothing is kept",
    };
    format!("{} {what}; {left}", change.resource_type)
}

#[cfg(test)]
#[path = "risk/kinds_tests.rs"]
mod kinds_tests;
#[cfg(test)]
mod tests;
