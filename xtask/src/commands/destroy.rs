//! `cargo xtask destroy`: everything of a stage goes, after somebody typed its name.

use clap::Args;
use deployer::{
    Error, ErrorKind, lock::LeaseHolder, offline, session, stage::Stage, target::Target,
};
use serde_json::json;

use crate::{approval::ask, context::Context, ui::plural};

/// Removes everything of a stage, its data too.
///
/// On `local` no process, no port and no file is left. On AWS the last snapshot of the database stays
/// and is named. A stage whose database is protected needs `--unprotect`.
#[derive(Args)]
pub(crate) struct Destroy {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    /// The name of the stage, as the question would have it typed.
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
        let lease = target.lease(&LeaseHolder::this_process("destroy")).await?;
        let result = self.destroy(context, &stage, &*target).await;
        let unlocked = lease.release().await;
        let stacks = result?;
        unlocked?;
        let value = json!({"stage": stage.name(), "result": "destroyed", "stacks": stacks});
        let text = match stacks.len() {
            0 => format!(
                "The stage `{}` was not deployed; nothing of it is left.",
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
        stage: &Stage,
        target: &dyn Target,
    ) -> Result<Vec<String>, Error> {
        if !self.yes || self.unprotect {
            let name = stage.name();
            let question = format!(
                "Everything of `{name}` goes, its data too. Type the name of the stage to go on:"
            );
            let asked = async { Ok(ask(context, question).await) };
            let typed = match &self.confirm {
                Some(confirm) => Some(confirm.clone()),
                None => context.interrupt.or(asked).await?,
            };
            if typed.as_deref() != Some(name) {
                return Err(Error::new(
                    ErrorKind::ApprovalNeeded,
                    "Destroying was not confirmed. Nothing was changed.",
                    format!(
                        "`cargo xtask destroy --stage {name} --confirm {name}{}`",
                        if self.unprotect { " --unprotect" } else { "" }
                    ),
                ));
            }
        }
        let progress = context.ui.progress();
        if let Some(upkeep) = target.upkeep().filter(|_| self.unprotect) {
            upkeep.unprotect(&progress).await?;
        }
        let stacks = session::destroy(target, stage, &progress, &context.interrupt).await?;
        offline::forget(&context.project, stage.name())?;
        Ok(stacks)
    }
}
