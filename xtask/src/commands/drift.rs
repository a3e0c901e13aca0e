//! `cargo xtask drift`: what was changed by hand.

use std::time::Duration;

use clap::Args;
use deployer::{Error, target::Target};
use serde_json::json;

use crate::{context::Context, show};

/// How long CloudFormation may take to look at a stack.
const WITHIN: Duration = Duration::from_secs(300);

/// Shows what was changed or deleted by hand since it was deployed.
///
/// Resources, properties and how they differ, never a value: one that was set by hand may be a
/// secret. What CloudFormation is known to report without a change is named with its source and
/// does not count as drift. Exit code 1 when there is drift, or when something could not be
/// examined. On `local`, only missing resources can be reported.
#[derive(Args)]
pub(crate) struct Drift {
    /// The stage.
    #[arg(long)]
    stage: String,
}

impl Drift {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let target = context.target(&stage).await?;
        if target.deployed().await?.stacks.is_empty() {
            return Err(Error::failed(
                format!("The stage `{}` is not deployed.", stage.name()),
                format!("`cargo xtask deploy --stage {}`", stage.name()),
            ));
        }
        let drift = look(context, &*target).await?;
        let value = json!({
            "stage": stage.name(),
            "clean": drift.is_clean(),
            "resources": drift.resources,
            "unknown": drift.unknown,
            "noise": drift.noise,
        });
        context.ui.answer(&value, &show::drift::text(&drift));
        Ok(u8::from(!drift.is_clean()))
    }
}

/// What was done by hand to all stacks of the stage.
pub(super) async fn look(
    context: &Context,
    target: &dyn Target,
) -> Result<deployer::drift::Drift, Error> {
    let progress = context.ui.progress();
    let step = progress.step("drift", "Looking for changes made by hand");
    let look = target.drift(None, WITHIN);
    let drift = context.interrupt.or(look).await?;
    step.done("");
    Ok(drift)
}
