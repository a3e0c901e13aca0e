//! Applying a plan: exactly what it says, each stack as soon as those before it are done.
//!
//! Every step can be done again, so an interruption at any point is healed by running the same
//! command once more: a stack whose update was cut is recorded as incomplete and is updated by the
//! next plan.

mod stacks;

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use serde::Serialize;

use stacks::Run;

use crate::{
    Error,
    interrupt::Interrupt,
    migrate::Migrated,
    plan::Plan,
    progress::Progress,
    rollout, site,
    state::{DeployedStack, public_outputs},
    target::{Target, Uploaded},
};

/// The result of an apply.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Applied {
    /// The outputs of every stack that are meant for people.
    pub outputs: BTreeMap<String, String>,
    /// The migrations of this apply; `None`: the plan had nothing to migrate.
    pub migrated: Option<Migrated>,
}

/// What an apply works with.
#[derive(Debug)]
pub(crate) struct ApplyContext<'a> {
    /// Where.
    pub(crate) target: &'a dyn Target,
    /// What to do.
    pub(crate) plan: &'a Plan,
    /// Where events go.
    pub(crate) progress: &'a Progress,
    /// A person's wish to stop.
    pub(crate) interrupt: &'a Interrupt,
}

/// Executes the plan. The caller holds the lease of the stage.
pub(crate) async fn apply(context: &ApplyContext<'_>) -> Result<Applied, Error> {
    let ApplyContext {
        target,
        plan,
        progress,
        interrupt,
        ..
    } = *context;
    let deployed = target.deployed().await?;
    target.check(&plan.stacks)?;
    interrupt.check("Nothing was changed.")?;
    // Also when nothing changes: what is deployed on this machine may have been killed since.
    target.prepare(progress).await?;
    if plan.is_empty() {
        return Ok(Applied {
            outputs: public_outputs(&deployed.stacks),
            migrated: None,
        });
    }
    target.assert_room_for(&plan.stacks).await?;
    upload(context).await?;
    rollout::begin(target, plan, deployed.rollout.clone()).await?;
    let run = Run::new(context, &deployed);
    run.stacks().await?;
    interrupt.check(&format!(
        "{} The steps after the stacks were not begun.",
        run.so_far()
    ))?;
    rollout::reset_aliases(target, plan, progress).await?;
    let stacks = run.done.into_inner();
    let outputs = public_outputs(&stacks);
    if plan.site.put {
        put_site(context, &stacks, &outputs).await?;
    }
    Ok(Applied {
        outputs,
        migrated: run.migrated.into_inner(),
    })
}

async fn upload(context: &ApplyContext<'_>) -> Result<(), Error> {
    let ApplyContext {
        target,
        plan,
        progress,
        interrupt,
        ..
    } = context;
    if plan.assets.is_empty() {
        return Ok(());
    }
    let step = progress.step("upload", "Uploading the functions");
    let sent = try_join_all(plan.assets.iter().map(|asset| target.upload(asset))).await?;
    let new = sent.iter().filter(|sent| **sent == Uploaded::Sent).count();
    step.done(match new {
        0 => "all there already".to_owned(),
        _ => format!("{new} of {}", plan.assets.len()),
    });
    interrupt.check("Functions were uploaded; no stack was changed.")
}

async fn put_site(
    context: &ApplyContext<'_>,
    stacks: &BTreeMap<String, DeployedStack>,
    outputs: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let Some(bucket) = stacks
        .values()
        .find_map(|stack| stack.outputs.get("siteBucket"))
    else {
        return Ok(());
    };
    let step = context
        .progress
        .step("site", "Putting the site into its bucket");
    let mut files = context.plan.site.files.clone();
    if site::hash(&files) != context.plan.site.sha256 {
        return Err(Error::failed(
            "The files of the site are not those of the plan.",
            "Make a new plan and apply that.",
        ));
    }
    files.push(site::config(&context.plan.stage, outputs));
    context
        .target
        .put_site(bucket, &files, &site::hash(&files))
        .await?;
    step.done(format!("{} files", files.len()));
    Ok(())
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
