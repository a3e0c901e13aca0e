//! `cargo xtask rollback`: puts the previous release back into service.

use clap::Args;
use deployer::{
    Error,
    deployment::{Deployment, releases_of},
    lease::LeaseHolder,
    release::{self, AliasMove},
};
use serde_json::json;

use crate::{approval::agree, context::Context};

/// Puts the previous release back into service, or continues the rollback of a stuck stack.
///
/// For stages on AWS. When the rollback of a failed update got stuck, it is continued: fix the
/// resource that `deploy` names first, or leave it as it is with `--skip`. Otherwise the functions
/// return to the versions that were in service before the last deploy. The schema, the site's files
/// and the stacks stay as they are; the next deploy puts the newest code into service.
#[derive(Args)]
pub(crate) struct Rollback {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Roll back without being asked.
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
        releases_of(&*target, &stage)?;
        let holder = LeaseHolder::this_process("rollback");
        let progress = context.ui.progress();
        let deployment =
            Deployment::begin(&*target, &stage, &holder, &progress, &context.interrupt).await?;
        let summary = deployment
            .run(async |deployment| self.roll_back(context, deployment).await)
            .await?;
        let text = match (summary.stacks.as_slice(), summary.moved.as_slice()) {
            ([], moved) => format!("In service again: {}.", release::describe(moved)),
            (stacks, _) => format!("Rolled back: {}.", stacks.join(", ")),
        };
        let value =
            json!({"stage": stage.name(), "stacks": summary.stacks, "functions": summary.moved});
        context.ui.answer(&value, &text);
        Ok(0)
    }

    async fn roll_back(
        &self,
        context: &Context,
        deployment: &Deployment<'_>,
    ) -> Result<RollbackSummary, Error> {
        let stacks = deployment.continue_rollback(&self.skip).await?;
        if !stacks.is_empty() {
            return Ok(RollbackSummary {
                stacks,
                moved: Vec::new(),
            });
        }
        let question = format!(
            "Put the release before into service on `{}`? [y/N]",
            self.stage
        );
        let command = format!("cargo xtask rollback --stage {}", self.stage);
        context
            .interrupt
            .or(agree(context, &command, question, self.yes))
            .await?;
        let moved = deployment.roll_back(&deployment.smoke_test()).await?;
        Ok(RollbackSummary {
            stacks: Vec::new(),
            moved,
        })
    }
}

/// The result of a rollback: of stuck stacks, or of functions.
struct RollbackSummary {
    stacks: Vec<String>,
    moved: Vec<AliasMove>,
}
