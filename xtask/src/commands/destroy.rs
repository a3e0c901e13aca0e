//! `cargo xtask destroy`: everything of a stage goes, after somebody typed its name.

use clap::Args;
use deployer::{Error, approval::Approvals, deployment::Deployment, lease::LeaseHolder, offline};
use serde_json::json;

use crate::{approval::complete, context::Context, ui::plural};

/// Deletes everything of a stage, its data too.
///
/// On `local` no process, no port and no file remains. On AWS the last snapshot of the database stays
/// and is named. A stage whose database is protected needs `--unprotect`.
#[derive(Args)]
pub(crate) struct Destroy {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Accepted for symmetry with `deploy`; the loss of data needs `--confirm`.
    #[arg(long, short)]
    yes: bool,
    /// Approve that all data is lost: the name of the stage, as the question would have it typed.
    #[arg(long, value_name = "STAGE")]
    confirm: Option<String>,
    /// Also a stage that is protected, whose name has to be typed or given with `--confirm`.
    ///
    /// Turns off the deletion protection of its database and the termination protection of its stacks,
    /// empties its buckets, old versions too, and deletes the logs that outlive the database.
    #[arg(long)]
    unprotect: bool,
}

impl Destroy {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        if !self.unprotect {
            stage.assert_unprotected()?;
        }
        let target = context.target(&stage).await?;
        let holder = LeaseHolder::this_process("destroy");
        let progress = context.ui.progress();
        let deployment =
            Deployment::begin(&*target, &stage, &holder, &progress, &context.interrupt).await?;
        let stacks = deployment
            .run(async |deployment| self.destroy(context, deployment).await)
            .await?;
        offline::forget(&context.project, stage.name())?;
        let value = json!({"stage": stage.name(), "result": "destroyed", "stacks": stacks});
        let text = match stacks.len() {
            0 => format!(
                "The stage `{}` was not deployed; nothing of it remains.",
                stage.name()
            ),
            count => format!("Destroyed: {}.", plural(count, "stack")),
        };
        context.ui.answer(&value, &text);
        Ok(0)
    }

    async fn destroy(
        &self,
        context: &Context,
        deployment: &Deployment<'_>,
    ) -> Result<Vec<String>, Error> {
        let removal = deployment.plan_removal().await?;
        let stage = removal.plan().stage.clone();
        let given = Approvals {
            typed_name: self.confirm.clone(),
            ..Approvals::default()
        };
        let request = removal.approval();
        if !request.missing(&given).is_empty() {
            context
                .ui
                .say(&format!("Everything of the stage `{stage}` is deleted."));
        }
        let asked = async { Ok(complete(context, &request, &stage, given).await) };
        let given = context.interrupt.or(asked).await?;
        let unprotect = if self.unprotect { " --unprotect" } else { "" };
        let command = format!("cargo xtask destroy --stage {stage}{unprotect}");
        let approved = removal
            .approve(&given)
            .map_err(|refused| refused.error(&command))?;
        deployment.destroy(&approved, self.unprotect).await
    }
}
