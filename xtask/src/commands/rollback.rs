use clap::Args;
use deployer::Error;

use crate::context::Context;

/// Leads stacks back that got stuck while they went back from an update that failed.
///
/// For stages on AWS. Mend first what `deploy` names, or leave it as it is with `--skip`.
#[derive(Args)]
pub(crate) struct Rollback {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// A resource that stays as it is. May be given more than once.
    #[arg(long, value_name = "STACK.RESOURCE")]
    skip: Vec<String>,
}

impl Rollback {
    #[cfg(not(feature = "aws"))]
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        context.target(&stage).await?;
        drop(self.skip);
        Err(Error::usage(
            format!("The stage `{}` cannot get stuck.", stage.name()),
            format!("`cargo xtask deploy --stage {}`", stage.name()),
        ))
    }

    #[cfg(feature = "aws")]
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        use deployer::{lock::Holder, target::Target};

        let stage = context.stage(&self.stage)?;
        let target = context.target(&stage).await?;
        let lock = target.lock(&Holder::this_process("rollback")).await?;
        let result = target
            .aws()?
            .roll_back(&self.skip, &context.ui.progress())
            .await;
        let unlocked = target.unlock(lock).await;
        let stacks = result?;
        unlocked?;
        let text = match stacks.as_slice() {
            [] => format!("No stack of `{}` is stuck.", stage.name()),
            names => format!("Back: {}.", names.join(", ")),
        };
        let value = serde_json::json!({"stage": stage.name(), "stacks": stacks});
        context.ui.answer(&value, &text);
        Ok(0)
    }
}
