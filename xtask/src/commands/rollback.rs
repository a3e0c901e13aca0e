//! `cargo xtask rollback`: the release before, in service again.

use clap::Args;
use deployer::{
    Error,
    lock::Holder,
    release::{self, AliasMove},
    rollout, smoke,
    stage::Stage,
    stage_target::StageTarget,
    state,
    target::Target,
};
use serde_json::json;

use super::deploy::trial;
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
        if stage.is_local() {
            return Err(Error::usage(
                "The stage `local` keeps no earlier releases.",
                "Check out what shall run, then `cargo xtask deploy --stage local`",
            ));
        }
        let lock = target.lock(&Holder::this_process("rollback")).await?;
        let result = self.back(context, &stage, &target).await;
        // The lock goes back in any case; a failure before that is the one to tell.
        let unlocked = target.unlock(lock).await;
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
        target: &StageTarget,
    ) -> Result<Back, Error> {
        let progress = context.ui.progress();
        let stacks = target.continue_rollback(&self.skip, &progress).await?;
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
        let moved = rollout::roll_back(target, &progress).await?;
        let outputs = state::public_outputs(&target.deployed().await?.stacks);
        smoke::test(&trial(stage, target), &outputs, &progress)
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
