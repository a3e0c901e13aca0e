//! What somebody did by hand is not gone over unasked: looked for before a deploy, and refused.

use std::time::Duration;

use crate::{
    Error, ErrorKind,
    drift::Drift,
    plan::{Plan, RiskKind, StackAction},
    progress::Progress,
    stage::Stage,
    target::Target,
};

/// How long a deploy waits for an answer about drift.
const DEPLOY_WAITS: Duration = Duration::from_secs(120);

/// What was done by hand to the stacks that the plan updates. A stage that is not protected is not
/// asked: on one where changes are tried, an answer that takes longer than the update is no help.
/// What could not be examined is told and in the way of nothing.
pub async fn look(
    target: &dyn Target,
    stage: &Stage,
    plan: &Plan,
    progress: &Progress,
) -> Result<Drift, Error> {
    let updated: Vec<String> = plan
        .stacks
        .iter()
        .filter(|stack| stack.action == StackAction::Update)
        .map(|stack| stack.name.clone())
        .collect();
    if updated.is_empty() || !stage.is_protected() {
        return Ok(Drift::default());
    }
    let step = progress.step("drift", "Looking for what was changed by hand");
    let drift = target.drift(Some(&updated), DEPLOY_WAITS).await?;
    step.done(match drift.resources.len() {
        0 => "nothing found".to_owned(),
        1 => "1 resource".to_owned(),
        count => format!("{count} resources"),
    });
    for unknown in &drift.unknown {
        progress.warn(unknown.clone());
    }
    Ok(drift)
}

/// Refuses a plan that would go over what somebody did by hand: over the resources in `drift`, or by
/// making anew a stack that was deleted past the deployer. [`ErrorKind::ApprovalNeeded`].
pub fn assert_allowed(plan: &Plan, drift: &Drift) -> Result<(), Error> {
    let gone = plan
        .risks
        .iter()
        .filter(|risk| risk.kind == RiskKind::DeletedOutOfBand)
        .map(|risk| format!("{}: {}", risk.place(), risk.detail));
    let found: Vec<String> = gone.chain(drift.lines()).collect();
    if found.is_empty() {
        return Ok(());
    }
    let stage = &plan.stage;
    Err(Error::new(
        ErrorKind::ApprovalNeeded,
        "Something was changed or deleted by hand since it was deployed. Nothing was changed.",
        format!(
            "Put it into the templates or take it back. To go over it: `cargo xtask deploy --stage {stage} --allow-drift`"
        ),
    )
    .because(found.join("\n")))
}
