//! `cargo xtask rollback`: the release before, in service again.

use clap::Args;
use deployer::{
    Error,
    lock::LeaseHolder,
    release::{self, AliasMove},
    rollout, smoke,
    stage::Stage,
    state,
    target::{Releases, Target},
};
use serde_json::json;

use super::deploy::smoke_test;
use crate::{approval::agree, context::Context};

/// Puts the release before into service again, or leads a stuck stack back.
///
/// For stages on AWS. When a stack got stuck while it went back from an update that failed, that is
/// led to its end; mend first what `deploy` names, or leave it as it is with `--skip`. Otherwise the
/// functions go back to the versions that were in service before the last deploy. The schema, the
/// site's files and the stacks stay as they are; the next deploy puts the newest code into service
/// again.
#[derive(Args)]
pub(crate) struct Rollback {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Go back without being asked.
    #[arg(long, short)]
    yes: bool,
    /// A resource of a stuck stack that stays as it is. May be given more than once.
    #[arg(long, value_name = "STACK.RESOURCE")]
    skip: Vec<String>,
}

impl Rollback {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let target = context.target(&stage).await?;
        let Some(releases) = target.releases() else {
            return Err(Error::usage(
                format!("The stage `{}` keeps no earlier releases.", stage.name()),
                format!(
                    "Check out what shall run, then `cargo xtask deploy --stage {}`",
                    stage.name()
                ),
            ));
        };
        let lease = target.lease(&LeaseHolder::this_process("rollback")).await?;
        let result = self.back(context, &stage, &*target, releases).await;
        // The lease is released in any case; a failure before that is the one to report.
        let unlocked = lease.release().await;
        let back = result?;
        unlocked?;
        let text = match (back.stacks.as_slice(), back.moved.as_slice()) {
            ([], moved) => format!("In service again: {}.", release::told(moved)),
            (stacks, _) => format!("Back: {}.", stacks.join(", ")),
        };
        let value = json!({"stage": stage.name(), "stacks": back.stacks, "functions": back.moved});
        context.ui.answer(&value, &text);
        Ok(0)
    }

    async fn back(
        &self,
        context: &Context,
        stage: &Stage,
        target: &dyn Target,
        releases: &dyn Releases,
    ) -> Result<Back, Error> {
        let progress = context.ui.progress();
        let stacks = match target.stack_rollback() {
            Some(rollback) => rollback.continue_rollback(&self.skip, &progress).await?,
            None => Vec::new(),
        };
        if !stacks.is_empty() {
            return Ok(Back {
                stacks,
                moved: Vec::new(),
            });
        }
        let question = format!(
            "Put the release before into service on `{}`? [y/N]",
            stage.name()
        );
        let command = format!("rollback --stage {}", stage.name());
        context
            .interrupt
            .or(agree(context, &command, question, self.yes))
            .await?;
        let moved = rollout::roll_back(releases, &progress).await?;
        let outputs = state::public_outputs(&target.deployed().await?.stacks);
        smoke::test(&smoke_test(stage, target), &outputs, &progress)
            .await
            .map_err(|error| error.and(format!("In service is now: {}.", release::told(&moved))))?;
        Ok(Back {
            stacks: Vec::new(),
            moved,
        })
    }
}

/// What went back.
struct Back {
    stacks: Vec<String>,
    moved: Vec<AliasMove>,
}
