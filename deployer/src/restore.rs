//! The plan that restores a database from a snapshot or to a point in time, and changes nothing else.
//! The origin stands in the template afterwards ([`crate::database_origin`]).

use crate::{
    Error,
    database_origin::{self, RestoreSource},
    migrations, offline,
    plan::{self, DesiredState, Plan, SitePlan, StackAction},
    project::Project,
    site,
    stage::Stage,
    state::Deployed,
    synth,
    target::Target,
};

/// What restoring the database from there would do: the database is replaced, and what needs its new
/// address follows. The code is what is deployed; nothing is built.
///
/// # Errors
///
/// [`crate::ErrorKind::Usage`] when the checkout differs from what is deployed, or the stage has no
/// database that can be restored.
pub async fn plan(
    target: &dyn Target,
    project: &Project,
    stage: &Stage,
    source: &RestoreSource,
) -> Result<Plan, Error> {
    let deployed = target.deployed().await?;
    let templates = || deployed.stacks.values().map(|stack| &stack.template);
    // As deployed, like the code: the site may not be built in this checkout.
    let pages = match offline::pages_of(templates()) {
        Some(pages) => pages,
        None => site::pages(&site::files(project)?)?,
    };
    let app = synth::synth(stage, &offline::assets_of(templates(), pages))?;
    let known = target.known_parameters().await?;
    let desired = DesiredState {
        stage: stage.name().to_owned(),
        stacks: synth::desired_stacks(&app, &known)?,
        assets: Vec::new(),
        migrations: migrations::files(project)?,
        site: Vec::new(),
    };
    let mut plan = plan_from(desired, &deployed, source)?;
    plan.made_from.stage = Some(target.id());
    target.check(&plan.stacks)?;
    Ok(plan)
}

/// The plan of a restore that changes nothing else. Pure.
///
/// # Errors
///
/// As [`plan`].
pub fn plan_from(
    mut desired: DesiredState,
    deployed: &Deployed,
    source: &RestoreSource,
) -> Result<Plan, Error> {
    assert_as_deployed(&plan::make(desired.clone(), deployed)?)?;
    let mut stacks = desired.stacks.iter_mut();
    let Some(stack) = stacks.find(|stack| database_origin::database_of(&stack.template).is_some())
    else {
        return Err(Error::usage(
            format!("The stage `{}` has no database of its own.", desired.stage),
            "Its database was given by address: restore it where it is.",
        ));
    };
    database_origin::restore(&mut stack.template, source)?;
    let plan = plan::make(desired, deployed)?;
    // The files of the site are as they were deployed.
    Ok(Plan {
        site: SitePlan::default(),
        ..plan
    })
}

/// Refuses a restore that would deploy something else with it.
fn assert_as_deployed(plan: &Plan) -> Result<(), Error> {
    let changed = plan
        .stacks
        .iter()
        .filter(|stack| stack.action != StackAction::None)
        .map(|stack| format!("the stack {}", stack.name));
    let reset = plan
        .alias_resets
        .iter()
        .map(|reset| format!("the alias of {}", reset.function));
    let mut differs: Vec<String> = changed.chain(reset).collect();
    if plan.migrations.run {
        differs.push("migrations".to_owned());
    }
    if differs.is_empty() {
        return Ok(());
    }
    let stage = &plan.stage;
    Err(Error::usage(
        format!(
            "A restore changes the database alone, and this checkout differs from the deployed stage: {}. Nothing was changed.",
            differs.join(", ")
        ),
        format!(
            "Check out the deployed commit (`cargo xtask status --stage {stage}` names it), or `cargo xtask deploy --stage {stage}` first."
        ),
    ))
}

#[cfg(test)]
#[path = "restore_tests.rs"]
mod tests;
