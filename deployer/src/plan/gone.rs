//! Stacks that were deployed and are not there any more: somebody deleted them past the deployer. That
//! is not the same as never deployed, and making them anew gives empty ones.
//!
//! Told by what is recorded beside the stacks: migrations that ran in a database, functions that
//! answered, files that were put into a bucket.

use super::{Risk, RiskKind, StackAction, StackPlan, diff::holds_function};
use crate::state::Deployed;

/// One risk for each stack of these that is created again.
pub(super) fn vanished(stacks: &[StackPlan], deployed: &Deployed) -> Vec<Risk> {
    let created = stacks
        .iter()
        .filter(|stack| stack.action == StackAction::Create);
    created
        .filter_map(|stack| {
            let what = trace(stack, deployed)?;
            Some(Risk {
                kind: RiskKind::Gone,
                stack: stack.name.clone(),
                logical_id: String::new(),
                detail: format!(
                    "it was deployed ({what}) and is not there any more; an empty one is made"
                ),
            })
        })
        .collect()
}

/// What is recorded of an earlier stack of this kind.
fn trace(stack: &StackPlan, deployed: &Deployed) -> Option<String> {
    let holds = |function: &str| holds_function(&stack.template, function);
    if holds("migrate") && !deployed.migrations.is_empty() {
        return Some(format!(
            "{} migrations ran in its database",
            deployed.migrations.len()
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
