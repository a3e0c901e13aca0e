//! Stacks that were deployed and deleted outside of the deployer. That is not the same as never
//! deployed: creating them again gives empty ones.
//!
//! Detected by what is recorded beside the stacks: migrations that ran in a database, functions that
//! passed the smoke test, files that were put into a bucket.

use super::{
    Risk, RiskKind, StackAction, StackPlan,
    diff::{holds_function, holds_type},
};
use crate::state::Deployed;

/// One risk for each stack of these that is created again.
pub(super) fn deleted_out_of_band(stacks: &[StackPlan], deployed: &Deployed) -> Vec<Risk> {
    let created = stacks
        .iter()
        .filter(|stack| stack.action == StackAction::Create);
    created
        .filter_map(|stack| {
            let what = trace(stack, deployed)?;
            Some(Risk {
                kind: RiskKind::DeletedOutOfBand,
                stack: stack.name.clone(),
                logical_id: String::new(),
                detail: format!(
                    "it was deployed ({what}) and has been deleted since; an empty one is created"
                ),
            })
        })
        .collect()
}

/// What is recorded of an earlier stack of this kind.
fn trace(stack: &StackPlan, deployed: &Deployed) -> Option<String> {
    let holds = |function: &str| holds_function(&stack.template, function);
    let migrations = deployed.migrations.len();
    if migrations > 0 && holds_type(&stack.template, "AWS::RDS::DBInstance") {
        return Some(format!("{migrations} migrations ran in its database"));
    }
    if migrations > 0 && holds("migrate") {
        return Some(format!(
            "its function `migrate` ran {migrations} migrations"
        ));
    }
    let release = deployed.rollout.releases.last();
    let mut answered = release.into_iter().flat_map(|release| release.keys());
    if let Some(function) = answered.find(|function| holds(function)) {
        return Some(format!("its function `{function}` answered"));
    }
    let has_site = stack.template["Outputs"].get("siteBucket").is_some();
    (has_site && deployed.site.is_some()).then(|| "it held the files of the site".to_owned())
}
