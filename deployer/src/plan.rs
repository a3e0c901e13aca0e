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
mod resource_change;
mod risk;
mod rules;
mod sections;
mod shown;
mod site;
mod spread;
mod stack_plan;

use serde::{Deserialize, Serialize};

use crate::{
    Error, asset::Asset, cost::CostChange, database_origin, migrations::Migration, site::SiteFile,
    state::Deployed,
};

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
pub use resource_change::{Cause, ResourceAction, ResourceChange, Retention};
pub use risk::{Risk, RiskKind};
pub use sections::SectionChange;
pub(crate) use site::held;
pub use stack_plan::{Parameter, ParameterChange, StackAction, StackPlan};

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
