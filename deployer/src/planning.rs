//! Making the plan of a stage: build, synthesize, compare, predict.

use std::time::Duration;

use crate::{
    Error,
    build::{self, BuiltFunction},
    cost,
    drift::Drift,
    plan::{self, DesiredState, Plan, Risk, RiskKind, StackAction, StackPlan},
    progress::Progress,
    project::Project,
    source::Source,
    stage::Stage,
    state::Deployed,
    synth::desired_state,
    target::Target,
};

/// How long a deploy waits for the result of drift detection.
const DRIFT_WITHIN: Duration = Duration::from_secs(120);

/// What a plan is made of, besides what is deployed.
#[derive(Debug, Clone, Copy)]
pub struct PlanInputs<'a> {
    /// The checkout.
    pub project: &'a Project,
    /// What the checkout is.
    pub source: &'a Source,
    /// Short names of the only stacks to change; empty: all.
    pub only: &'a [String],
}

/// The plan of a deploy, and the stacks whose changes the target itself predicted: those for which
/// `which` returns true. Reads only.
///
/// # Errors
///
/// When a function or the site does not build, a template is wrong, or the target refuses a change.
pub async fn plan(
    target: &dyn Target,
    stage: &Stage,
    inputs: PlanInputs<'_>,
    which: for<'p> fn(&'p StackPlan) -> bool,
    progress: &Progress,
) -> Result<(Plan, Vec<String>), Error> {
    // Functions and site know nothing of each other: what waits for the registry of one leaves the
    // processor to the other.
    let (built, ()): (Vec<BuiltFunction>, ()) = futures_util::future::try_join(
        build::build(inputs.project, stage.build_for(), progress),
        build::build_site(inputs.project, progress),
    )
    .await?;
    let desired = desired_state(target, inputs.project, stage, &built).await?;
    let deployed = target.deployed().await?;
    let mut plan = compare(target, desired, inputs.only, &deployed)?;
    plan.cost = cost::of_plan(stage, &deployed, &plan)?;
    plan.made_from.source = Some(inputs.source.clone());
    match target.preview() {
        Some(preview) => preview.preview_changes(plan, which, progress).await,
        None => Ok((plan, Vec::new())),
    }
}

/// The plan for a desired state, from the templates alone. Reads only.
///
/// # Errors
///
/// When the target cannot do what the plan needs.
pub async fn plan_for(
    target: &dyn Target,
    desired: DesiredState,
    only: &[String],
) -> Result<Plan, Error> {
    let deployed = target.deployed().await?;
    compare(target, desired, only, &deployed)
}

fn compare(
    target: &dyn Target,
    desired: DesiredState,
    only: &[String],
    deployed: &Deployed,
) -> Result<Plan, Error> {
    let mut plan = plan::make(desired, deployed)?;
    plan.made_from.stage = Some(target.id());
    if !only.is_empty() {
        plan = plan.only(only, deployed)?;
    }
    target.check(&plan.stacks)?;
    Ok(plan)
}

/// Adds to the plan's risks what was changed by hand in the stacks that it updates. Only protected
/// stages are looked at: on one where changes are tried, detection takes longer than the update.
/// What could not be examined is a warning.
pub async fn add_drift(
    target: &dyn Target,
    stage: &Stage,
    plan: &mut Plan,
    progress: &Progress,
) -> Result<(), Error> {
    let updated: Vec<String> = plan
        .stacks
        .iter()
        .filter(|stack| stack.action == StackAction::Update)
        .map(|stack| stack.name.clone())
        .collect();
    plan.risks.retain(|risk| risk.kind != RiskKind::Drift);
    if updated.is_empty() || !stage.is_protected() {
        return Ok(());
    }
    let step = progress.step("drift", "Looking for changes made by hand");
    let drift = target.drift(Some(&updated), DRIFT_WITHIN).await?;
    step.done(match drift.resources.len() {
        0 => "none found".to_owned(),
        1 => "1 resource".to_owned(),
        count => format!("{count} resources"),
    });
    for unknown in &drift.unknown {
        progress.warn(unknown.clone());
    }
    for noise in &drift.noise {
        progress.warn(format!("Known to be reported without a change: {noise}."));
    }
    plan.risks.extend(risks(&drift));
    plan.risks.sort_by_key(|risk| risk.kind);
    Ok(())
}

fn risks(drift: &Drift) -> impl Iterator<Item = Risk> {
    drift.resources.iter().map(|resource| Risk {
        kind: RiskKind::Drift,
        stack: resource.stack.clone(),
        logical_id: resource.logical_id.clone(),
        detail: resource.what_happened(),
    })
}
