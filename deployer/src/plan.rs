//! A plan: everything that a deploy will do, as a value. [`crate::apply`] executes exactly this and
//! decides nothing; a plan that was written to a file and read again is the same plan.

mod alias_reset;
mod data_types;
mod deleted_out_of_band;
mod desired;
mod diff;
mod impossible;
mod made_from;
mod make;
mod only;
mod order;
mod parameter_changes;
mod predicted;
mod references;
mod removal;
mod risk;
mod rules;
mod sections;
mod shown;
mod site;
mod spread;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{asset::Asset, migrations::Migration, site::SiteFile};

pub use alias_reset::AliasReset;
#[cfg(feature = "aws")]
pub(crate) use alias_reset::aliases;
#[cfg(feature = "aws")]
pub(crate) use data_types::is_stateful;
pub use desired::{DesiredStack, DesiredState};
pub use made_from::MadeFrom;
pub(crate) use made_from::hash as canonical_hash;
pub use predicted::PredictedChange;
pub(crate) use references::references;
pub use removal::Removal;
pub use sections::SectionChange;
pub(crate) use site::held;

use crate::{Error, cost::CostChange, database_origin, state::Deployed};

/// Compares what is wished with what is deployed, by AWS's own resource schemas. Pure: the same
/// input gives the same plan. Refuses migrations that were edited after they were applied. A database
/// that was restored stays restored ([`crate::database_origin`]).
pub fn make(mut desired: DesiredState, deployed: &Deployed) -> Result<Plan, Error> {
    for stack in &mut desired.stacks {
        if let Some(deployed) = deployed.stacks.get(&stack.name) {
            database_origin::carry_over(&mut stack.template, &deployed.template);
        }
    }
    make::make(desired, deployed, &rules::Vendored)
}

/// A plan that deletes every deployed stack, each after those that use it.
pub fn make_removal(stage: &str, deployed: &Deployed) -> Removal {
    Removal::new(make::make_removal(stage, deployed, &rules::Vendored))
}

/// What a deploy of one stage will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The stage.
    pub stage: String,
    /// What it was made from: it applies to nothing else.
    #[serde(default)]
    pub made_from: MadeFrom,
    /// Every stack, each after those it waits for; stacks to delete come last, in the order in
    /// which they can be deleted.
    pub stacks: Vec<StackPlan>,
    /// What the templates refer to and must be uploaded before any stack.
    pub assets: Vec<Asset>,
    /// Functions whose alias points elsewhere than the template says, and is set back to it.
    #[serde(default)]
    pub alias_resets: Vec<AliasReset>,
    /// What happens to the schema of the database.
    pub migrations: MigrationPlan,
    /// What happens to the files of the site.
    pub site: SitePlan,
    /// What needs an approval of its own.
    pub risks: Vec<Risk>,
    /// The difference that it makes to the monthly cost; `None`: none, or nothing was estimated.
    #[serde(default)]
    pub cost: Option<CostChange>,
}

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

/// What happens to the schema of the database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrationPlan {
    /// Whether apply invokes `migrate`.
    pub run: bool,
    /// False: the database does not exist yet (or will be replaced), and what is pending is known
    /// only then.
    pub known: bool,
    /// The stack after which it is invoked.
    pub after: String,
    /// The files that were not applied as far as is recorded.
    pub pending: Vec<Migration>,
}

/// What happens to the files of the site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SitePlan {
    /// Whether apply puts them into the bucket.
    pub put: bool,
    /// SHA-256 over names and contents, lowercase hex, without `config.json`.
    pub sha256: String,
    /// The files themselves when they are put, without `config.json`. A plan in a file has only
    /// their hash; whoever reads it adds files that match.
    #[serde(skip)]
    pub files: Vec<SiteFile>,
}

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

impl Plan {
    /// Whether applying it would do nothing.
    pub fn is_empty(&self) -> bool {
        !self.migrations.run
            && !self.site.put
            && self.alias_resets.is_empty()
            && self
                .stacks
                .iter()
                .all(|stack| stack.action == StackAction::None)
    }

    /// The risk kinds that it has, the worst first, each once.
    pub fn risk_kinds(&self) -> Vec<RiskKind> {
        let mut kinds: Vec<_> = self.risks.iter().map(|risk| risk.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}
